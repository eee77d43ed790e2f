// Command loops asks every address of a file in the least way that Go's
// libraries know: 64 goroutines, a new connection each, no engine, no result but
// two counts. It is what the probes of govctl are measured beside.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

// workers is how many are asked at a time.
const workers = 64

// asker asks one address, and returns an error where it is not well.
type asker func(ctx context.Context, address string) error

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "loops:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("loops", flag.ContinueOnError)
	kind := flags.String("kind", "http", "how to ask: http, tls, grpc or tcp")
	file := flags.String("addresses", "", "ask the addresses in `FILE`, one a line")
	ca := flags.String("ca", "", "with tls: trust the authority in `FILE`")
	name := flags.String("name", "", "with tls: the `NAME` that certificates must have")
	timeout := flags.Duration("timeout", 2*time.Second, "the `TIME` that each has")
	if err := flags.Parse(args); err != nil {
		return err
	}
	addresses, err := os.ReadFile(*file)
	if err != nil {
		return err
	}
	ask, err := askerOf(*kind, *ca, *name)
	if err != nil {
		return err
	}
	var well, failed atomic.Int64
	var g errgroup.Group
	g.SetLimit(workers)
	for address := range strings.FieldsSeq(string(addresses)) {
		g.Go(func() error {
			ctx, cancel := context.WithTimeout(context.Background(), *timeout)
			defer cancel()
			if err := ask(ctx, address); err != nil {
				failed.Add(1)
			} else {
				well.Add(1)
			}
			return nil
		})
	}
	_ = g.Wait() // none returns any
	_, err = fmt.Fprintf(os.Stdout, "%d well, %d failed\n", well.Load(), failed.Load())
	return err
}

func askerOf(kind, ca, name string) (asker, error) {
	switch kind {
	case "tcp":
		return askTCP, nil
	case "http":
		return askHTTP(&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}), nil
	case "grpc":
		return askGRPC, nil
	case "tls":
		text, err := os.ReadFile(ca)
		if err != nil {
			return nil, err
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(text) {
			return nil, errors.New("no certificate in " + ca)
		}
		return askTLS(&tls.Dialer{Config: &tls.Config{RootCAs: roots, ServerName: name}}), nil
	}
	return nil, errors.New("no such kind: " + kind)
}

func askTCP(ctx context.Context, address string) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	return conn.Close()
}

func askTLS(d *tls.Dialer) asker {
	return func(ctx context.Context, address string) error {
		conn, err := d.DialContext(ctx, "tcp", address)
		if err != nil {
			return err
		}
		return conn.Close()
	}
}

func askHTTP(client *http.Client) asker {
	return func(ctx context.Context, address string) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/healthz", nil)
		if err != nil {
			return err
		}
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		defer func() { _ = resp.Body.Close() }()
		if resp.StatusCode != http.StatusOK {
			return errors.New(resp.Status)
		}
		_, err = io.Copy(io.Discard, resp.Body)
		return err
	}
}

func askGRPC(ctx context.Context, address string) error {
	conn, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	answer, err := healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{})
	if err == nil && answer.GetStatus() != healthpb.HealthCheckResponse_SERVING {
		err = errors.New(answer.GetStatus().String())
	}
	return err
}
