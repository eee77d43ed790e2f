package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

const (
	// fleetSize is how many targets are probed, perService how many of them are
	// instances of one service.
	fleetSize  = 2000
	perService = 100
	// muteEvery is how manieth target never answers, where some do not.
	muteEvery = 10
	// certified is the name in the targets' certificate.
	certified = "bench.test"
)

// fleet is targets that listen, and the files that tell the programs of them.
type fleet struct {
	b *bench
	// kind is what they speak; mute is how manieth never answers, or 0.
	kind string
	mute int
	dir  string
	all  []string // their addresses, host:port
	stop func() error
}

// startFleet starts targets that speak kind, and registers them in a folder.
func (b *bench) startFleet(ctx context.Context, kind string, mute int) (*fleet, error) {
	dir, err := os.MkdirTemp(b.dir, "fleet-")
	if err != nil {
		return nil, err
	}
	f := &fleet{b: b, kind: kind, mute: mute, dir: dir}
	cmd := exec.CommandContext(ctx, b.targets,
		"-kind", kind, "-n", strconv.Itoa(b.fleet), "-mute", strconv.Itoa(mute), "-ca", f.file("ca.pem"), "-name", certified)
	cmd.Stderr = b.log
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	f.stop = func() error { return errors.Join(stdin.Close(), cmd.Wait()) }
	addresses, err := io.ReadAll(stdout) // until all of them listen
	f.all = strings.Fields(string(addresses))
	if err == nil && len(f.all) != b.fleet {
		err = fmt.Errorf("%d targets listen, want %d", len(f.all), b.fleet)
	}
	if err == nil {
		err = f.register()
	}
	if err != nil {
		return nil, errors.Join(err, f.stop())
	}
	return f, nil
}

// file returns the path of the file of f that is called name.
func (f *fleet) file(name string) string { return filepath.Join(f.dir, name) }

// muted returns how many targets never answer.
func (f *fleet) muted() int {
	if f.mute == 0 {
		return 0
	}
	return len(f.all) / f.mute
}

// register writes the registry of the targets, and the lists of them that the
// neighbours read.
func (f *fleet) register() error {
	var hosts, urls strings.Builder
	for i, address := range f.all {
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			return err
		}
		number, err := strconv.Atoi(port)
		if err != nil {
			return err
		}
		text, err := json.Marshal(map[string]any{
			"address": host, "port": number, "protocol": "http", "metadata": map[string]string{"health": "/healthz"},
		})
		if err != nil {
			return err
		}
		folder := f.file(filepath.Join("registry", "services", fmt.Sprintf("service-%03d", i/perService)))
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("instance-%05d.json", i)), text, 0o600); err != nil {
			return err
		}
		fmt.Fprintln(&hosts, host)
		fmt.Fprintln(&urls, f.url(address))
	}
	return errors.Join(
		os.WriteFile(f.file("addresses"), []byte(strings.Join(f.all, "\n")+"\n"), 0o600),
		os.WriteFile(f.file("hosts"), []byte(hosts.String()), 0o600),
		os.WriteFile(f.file("urls"), []byte(urls.String()), 0o600))
}

// url is what a web client asks of the target at address.
func (f *fleet) url(address string) string {
	scheme := "http"
	if f.kind == "https" {
		scheme = "https"
	}
	return scheme + "://" + address + "/healthz"
}

// govctl returns govctl with args, asking the registry of f.
func (f *fleet) govctl(args ...string) program {
	return program{args: append([]string{f.b.govctl, "-q", "-e", "local://" + f.file("registry"), "--timeout", timeout}, args...)}
}

// probe returns the side of govctl that probes the targets as kind.
func (f *fleet) probe(kind string, flags ...string) side {
	p := f.govctl(append([]string{"services", "probe", "-o", "json", "--kind", kind}, flags...)...)
	if f.mute > 0 {
		p.status = 1 // zombies
	}
	return side{program: p, counts: map[string]int{`"outcome": "ok"`: len(f.all) - f.muted(), `"outcome": "failed"`: f.muted()}}
}

// loop returns the side of the Go loop that asks the targets as kind.
func (f *fleet) loop(kind string, flags ...string) side {
	args := append([]string{f.b.loops, "-kind", kind, "-addresses", f.file("addresses")}, flags...)
	return side{program: program{args: args}, counts: map[string]int{
		fmt.Sprintf("%d well, %d failed", len(f.all)-f.muted(), f.muted()): 1,
	}}
}
