// Package golden may ask for UPDATE.
package golden

import "os"

// Update says that golden files are to be written anew.
func Update() bool { return os.Getenv("UPDATE") == "1" }
