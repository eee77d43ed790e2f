// Govctl shows what is registered in service registries, and governs it.
package main

import (
	"io"
	"log"
	"os"
	"runtime/debug"

	"govctl/cmd"
)

func main() {
	// net/http logs what a server sent out of turn, raw and to stderr, and
	// offers no other way to keep it from there.
	log.SetOutput(io.Discard)
	// A list of 10,000 instances is read and forgotten in a second: collecting
	// half as often takes a tenth less time, and the memory stays far below that
	// of the answers.
	debug.SetGCPercent(200)
	os.Exit(cmd.Main(cmd.OSEnv()))
}
