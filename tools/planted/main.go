// Planted shows that main may end the process, and no more.
package main

import (
	"fmt"
	"os"
	"time"

	"govctl/cmd"
)

func main() {
	fmt.Println(time.Now()) // want forbidigo
	time.Sleep(time.Second) // want forbidigo
	os.Exit(len(cmd.Name()))
}
