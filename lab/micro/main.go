// Command micro is a real go-micro v4 service, as the lab registers them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/go-micro/plugins/v4/registry/consul"
	"go-micro.dev/v4"
	"go-micro.dev/v4/registry"
)

// HelloRequest is what Greeter.Hello is asked.
type HelloRequest struct {
	Name string `json:"name"`
}

// HelloReply is what Greeter.Hello answers.
type HelloReply struct {
	Greeting string `json:"greeting"`
	Count    int64  `json:"count"`
}

// Greeter is the service's one handler: go-micro registers each of its methods
// as an endpoint, with the types of its request and response.
type Greeter struct{}

// Hello greets whoever has a name.
func (Greeter) Hello(_ context.Context, req *HelloRequest, rsp *HelloReply) error {
	if req.Name == "" {
		return errors.New("whom to greet?")
	}
	rsp.Greeting, rsp.Count = "hello "+req.Name, 1
	return nil
}

// options are what the command line may say.
type options struct {
	name, version, registry, address string
	metadata                         map[string]string
	ttl, interval                    time.Duration
}

func main() {
	o, err := parse(os.Args[1:], os.Stderr)
	if err == nil {
		err = run(o)
	}
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "micro:", err)
		os.Exit(1)
	}
}

// parse reads args. It uses flags of its own: service.Init would replace the
// TTL by the default of go-micro's own --register_ttl.
func parse(args []string, stderr io.Writer) (options, error) {
	o := options{metadata: map[string]string{}}
	fs := flag.NewFlagSet("micro", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&o.name, "name", "greeter", "service `name`")
	fs.StringVar(&o.version, "version", "latest", "service `version`")
	fs.StringVar(&o.registry, "registry", "127.0.0.1:8500", "Consul's `host:port`")
	fs.StringVar(&o.address, "address", "127.0.0.1:0", "`host:port` to listen on")
	fs.DurationVar(&o.ttl, "ttl", 30*time.Second, "time to live of the registration")
	fs.DurationVar(&o.interval, "interval", 10*time.Second, "time between two heartbeats")
	fs.Func("metadata", "`key=value` of the node's metadata, repeatable", func(s string) error {
		key, value, ok := strings.Cut(s, "=")
		if !ok {
			return fmt.Errorf("%q is not key=value", s)
		}
		o.metadata[key] = value
		return nil
	})
	return o, fs.Parse(args)
}

// run serves until the process is told to stop, and deregisters then. A service
// that is killed stays registered until its TTL has passed.
func run(o options) error {
	service := micro.NewService(
		micro.Name(o.name),
		micro.Version(o.version),
		micro.Metadata(o.metadata),
		micro.Address(o.address),
		micro.RegisterTTL(o.ttl),
		micro.RegisterInterval(o.interval),
		micro.Registry(consul.NewRegistry(registry.Addrs(o.registry))),
	)
	if err := micro.RegisterHandler(service.Server(), new(Greeter)); err != nil {
		return fmt.Errorf("register the handler: %w", err)
	}
	return service.Run()
}
