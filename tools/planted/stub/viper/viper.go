// Package viper stands for the library of that name.
package viper

// Name is the name of the library.
const Name = "viper"
