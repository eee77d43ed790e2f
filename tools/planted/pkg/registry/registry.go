// Package registry breaks the rules of the house.
package registry

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra" // want depguard
	"github.com/spf13/viper" // want depguard
)

// Libraries are those that this package may not import.
const Libraries = cobra.Name + viper.Name

// Process reads what only cmd.Env may read.
func Process() []any {
	return []any{
		os.Args,                 // want forbidigo
		os.Stdin,                // want forbidigo
		os.Stdout,               // want forbidigo
		os.Stderr,               // want forbidigo
		os.Environ(),            // want forbidigo
		os.Getenv("HOME"),       // want forbidigo
		time.Now(),              // want forbidigo
		time.Since(time.Time{}), // want forbidigo
		time.Until(time.Time{}), // want forbidigo
		os.Exit,                 // want forbidigo
		log.Fatal,               // want forbidigo
		os.LookupEnv,            // want forbidigo
	}
}

// Global writes and waits where it was not asked to.
func Global() {
	fmt.Print("a")          // want forbidigo
	fmt.Printf("%s", "a")   // want forbidigo
	fmt.Println("a")        // want forbidigo
	log.Print("a")          // want forbidigo
	time.Sleep(time.Second) // want forbidigo
}

// HTTP uses what the whole process shares.
func HTTP() []any {
	return []any{
		http.DefaultClient,    // want forbidigo
		http.DefaultTransport, // want forbidigo
		http.DefaultServeMux,  // want forbidigo
		http.Get,              // want forbidigo
		http.Head,             // want forbidigo
		http.Post,             // want forbidigo
		http.PostForm,         // want forbidigo
		http.Handle,           // want forbidigo
		http.HandleFunc,       // want forbidigo
	}
}

// Connect dials by itself.
func Connect(ctx context.Context) []any {
	d := &net.Dialer{}
	conn, err := d.DialContext(ctx, "tcp", "a:1") // want forbidigo
	return []any{
		conn, err,
		net.Dial,        // want forbidigo
		net.DialTimeout, // want forbidigo
		net.DialTCP,     // want forbidigo
		net.Dialer{}.Control,
	}
}

// Wide is an interface of more than five methods.
type Wide interface { // want interfacebloat
	A()
	B()
	C()
	D()
	E()
	F()
}

// Explained shows that nolint must say which linter, and why.
func Explained(w io.Writer) {
	fmt.Fprintln(w) //nolint // want nolintlint
	fmt.Fprintln(w) //nolint:errcheck // the explanation that is missing elsewhere
	fmt.Fprintln(w) // want errcheck
}

// Long is longer than 60 lines.
func Long(a []int) []int { // want funlen
	a = append(a,
		0,
	)
	a = append(a,
		1,
	)
	a = append(a,
		2,
	)
	a = append(a,
		3,
	)
	a = append(a,
		4,
	)
	a = append(a,
		5,
	)
	a = append(a,
		6,
	)
	a = append(a,
		7,
	)
	a = append(a,
		8,
	)
	a = append(a,
		9,
	)
	a = append(a,
		10,
	)
	a = append(a,
		11,
	)
	a = append(a,
		12,
	)
	a = append(a,
		13,
	)
	a = append(a,
		14,
	)
	a = append(a,
		15,
	)
	a = append(a,
		16,
	)
	a = append(a,
		17,
	)
	a = append(a,
		18,
	)
	a = append(a,
		19,
	)
	return a
}

// Full has more than 35 statements.
func Full(a int) int { // want funlen
	a++
	a++
	a++
	a++
	a++
	a++
	a++
	a++
	a++
	a++
	a++
	a++
	a++
	a++
	a++
	a++
	a++
	a++
	a++
	a++
	a++
	a++
	a++
	a++
	a++
	a++
	a++
	a++
	a++
	a++
	a++
	a++
	a++
	a++
	a++
	a++
	return a
}

// Deep is hard to follow.
func Deep(a []int) (n int) { // want gocognit
	for _, x := range a {
		for _, y := range a {
			if x > y {
				if x > 2*y || y < 0 && x > 0 {
					for range x {
						n++
					}
				} else {
					n--
				}
			}
		}
	}
	return n
}
