// Govctl shows what is registered in service registries, and governs it.
package main

import (
	"io"
	"log"
	"os"

	"govctl/cmd"
)

func main() {
	// net/http logs what a server sent out of turn, raw and to stderr, and
	// offers no other way to keep it from there.
	log.SetOutput(io.Discard)
	os.Exit(cmd.Main(cmd.OSEnv()))
}
