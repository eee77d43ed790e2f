// Govctl shows what is registered in service registries, and governs it.
package main

import (
	"os"

	"govctl/cmd"
)

func main() { os.Exit(cmd.Main(cmd.OSEnv())) }
