// Package cmd may read the process in this file, and import cobra.
package cmd

import (
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/viper" // want depguard
)

// Name uses what this file alone may use.
func Name() string {
	return cobra.Name + viper.Name + os.Args[0] + os.Getenv("HOME") + time.Now().String()
}
