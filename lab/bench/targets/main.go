// Command targets is a fleet for the benchmark of probes: many servers in one
// process, each on an address of its own in 127.0.0.0/8, all on one port. It
// prints the addresses, closes its output when all of them listen, and ends when
// its input does. Only Linux has all of 127.0.0.0/8.
package main

import (
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

// perNet is how many addresses are used of each 127.1.x.0/24.
const perNet = 250

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "targets:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("targets", flag.ContinueOnError)
	kind := flags.String("kind", "http", "what they speak: http, https, grpc or tcp")
	n := flags.Int("n", 2000, "how many they are")
	mute := flags.Int("mute", 0, "each how manieth accepts connections and never answers (0: none)")
	ca := flags.String("ca", "", "with https: write the authority's certificate to `FILE`")
	name := flags.String("name", "", "with https: the `NAME` that their certificate is for")
	if err := flags.Parse(args); err != nil {
		return err
	}
	serve, err := server(*kind, *ca, *name)
	if err != nil {
		return err
	}
	listeners, err := listen(*n)
	if err != nil {
		return err
	}
	for i, l := range listeners {
		talk := serve
		if *mute > 0 && i%*mute == *mute-1 {
			talk = hold
		}
		go talk(l)
		if _, err := fmt.Fprintln(os.Stdout, l.Addr()); err != nil {
			return err
		}
	}
	if err := os.Stdout.Close(); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// listen returns n listeners, each on an address of its own.
func listen(n int) ([]net.Listener, error) {
	listeners, port := make([]net.Listener, n), 0
	for i := range listeners {
		l, err := net.Listen("tcp", fmt.Sprintf("127.1.%d.%d:%d", i/perNet, i%perNet+1, port))
		if err != nil {
			return nil, err
		}
		listeners[i] = l
		if address, ok := l.Addr().(*net.TCPAddr); ok {
			port = address.Port
		}
	}
	return listeners, nil
}

// server returns what serves the connections of a listener.
func server(kind, ca, name string) (func(net.Listener), error) {
	web := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "ok\n") // the client may be gone
	})}
	switch kind {
	case "tcp":
		return hold, nil
	case "http":
		return func(l net.Listener) { _ = web.Serve(l) }, nil
	case "https":
		certificate, err := issue(ca, name)
		if err != nil {
			return nil, err
		}
		config := &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{"http/1.1"}}
		return func(l net.Listener) { _ = web.Serve(tls.NewListener(l, config)) }, nil
	case "grpc":
		calls := grpc.NewServer()
		healthpb.RegisterHealthServer(calls, health.NewServer())
		return func(l net.Listener) { _ = calls.Serve(l) }, nil
	}
	return nil, errors.New("no such kind: " + kind)
}

// hold accepts connections and says nothing until the other side has closed.
func hold(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			_, _ = io.Copy(io.Discard, conn)
			_ = conn.Close()
		}()
	}
}
