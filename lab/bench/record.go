package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// requests are what govctl asked of a server.
type requests struct {
	mu    sync.Mutex
	paths []string
	// compressed is true where it asked for compressed answers.
	compressed bool
}

// record runs what asks gives for the address of a proxy in front of address, and
// returns the requests that were made: the neighbour is to make exactly these.
func (b *bench) record(ctx context.Context, address string, asks func(at string) program) (*requests, error) {
	seen := &requests{}
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: address})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen.mu.Lock()
		seen.paths = append(seen.paths, r.URL.RequestURI())
		seen.compressed = seen.compressed || strings.Contains(r.Header.Get("Accept-Encoding"), "gzip")
		seen.mu.Unlock()
		proxy.ServeHTTP(w, r)
	})}
	go func() { _ = s.Serve(l) }()
	defer func() { _ = s.Close() }()
	_, err = asks(l.Addr().String()).run(ctx)
	return seen, err
}

// curl returns the program that makes the same requests, at most 32 at a time.
// Its settings are written to a file called name.
func (b *bench) curl(name, address string, r *requests) (program, error) {
	var config strings.Builder
	if r.compressed {
		config.WriteString("compressed\n")
	}
	for _, path := range r.paths {
		fmt.Fprintf(&config, "url = \"http://%s%s\"\noutput = \"/dev/null\"\n", address, path)
	}
	file := filepath.Join(b.dir, name+".curl")
	if err := os.WriteFile(file, []byte(config.String()), 0o600); err != nil {
		return program{}, err
	}
	return program{args: []string{"curl", "--silent", "--show-error", "--fail", "--parallel", "--parallel-max", "32", "--config", file}}, nil
}
