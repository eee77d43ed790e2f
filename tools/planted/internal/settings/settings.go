// Package settings may import viper.
package settings

import (
	"github.com/spf13/cobra" // want depguard
	"github.com/spf13/viper"
)

// Name is that of the libraries.
const Name = cobra.Name + viper.Name
