// Package cobra stands for the library of that name.
package cobra

// Name is the name of the library.
const Name = "cobra"
