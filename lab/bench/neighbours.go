package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// probeSample is how many targets grpc-health-probe is started for.
const probeSample = 100

// neighbour is a program that is built from source where it is not there yet.
type neighbour struct{ name, module, command, version string }

func built() []neighbour {
	return []neighbour{
		{"httpx", "github.com/projectdiscovery/httpx", "/cmd/httpx", "1.7.1"},
		{"grpc-health-probe", "github.com/grpc-ecosystem/grpc-health-probe", "", "0.4.40"},
		{"dyff", "github.com/homeport/dyff", "/cmd/dyff", "1.12.0"},
		{"jd", "github.com/josephburnett/jd/v2", "/jd", "2.5.0"},
	}
}

// neighbours finds the programs that govctl is compared with. One that is not
// there is told of and left out.
func (b *bench) neighbours(ctx context.Context) {
	b.found = map[string]string{}
	for _, name := range []string{"curl", "nmap"} {
		if path, err := exec.LookPath(name); err == nil {
			b.found[name] = path
		} else {
			b.missing = append(b.missing, name)
		}
	}
	for _, n := range built() {
		path, err := b.installed(ctx, n)
		if err != nil {
			_, _ = fmt.Fprintf(b.log, "bench: %s is left out: %v\n", n.name, err)
			b.missing = append(b.missing, n.name)
			continue
		}
		b.found[n.name] = path
	}
}

// installed returns the program n. It is built once, into the cache that the
// servers of the lab are in; a build that is cut off leaves nothing there.
func (b *bench) installed(ctx context.Context, n neighbour) (string, error) {
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	path := filepath.Join(cache, n.name+"-"+n.version, n.name)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	_, _ = fmt.Fprintf(b.log, "bench: building %s %s from source, once\n", n.name, n.version)
	module := filepath.Join(b.dir, n.name)
	if err := os.Mkdir(module, 0o700); err != nil {
		return "", err
	}
	text := fmt.Sprintf("module neighbour\n\ngo 1.26.0\n\nrequire %s v%s\n", n.module, n.version)
	if err := os.WriteFile(filepath.Join(module, "go.mod"), []byte(text), 0o600); err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-mod=mod", "-o", n.name, n.module+n.command)
	cmd.Dir = module
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	if said, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, said)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", err
	}
	return path, moveTo(path, filepath.Join(module, n.name))
}

// moveTo makes what stands at from stand at path, whole or not at all.
func moveTo(path, from string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".partial", text, 0o755); err != nil {
		return err
	}
	return os.Rename(path+".partial", path)
}

// cacheDir is where server.Build keeps what it builds.
func cacheDir() (string, error) {
	if dir := os.Getenv("GOVCTL_LAB_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "govctl-lab"), err
}

// beside returns the sides of the neighbours called names, as far as they were
// found.
func (f *fleet) beside(names ...string) ([]side, error) {
	build := map[string]func(path string) (side, error){
		"curl": f.curl, "httpx": f.httpx, "nmap": f.nmap, "grpc-health-probe": f.grpcProbe,
	}
	var sides []side
	for _, name := range names {
		path, ok := f.b.found[name]
		if !ok {
			continue
		}
		s, err := build[name](path)
		if err != nil {
			return nil, err
		}
		s.name = "`" + s.name + "`"
		sides = append(sides, s)
	}
	return sides, nil
}

// curl asks all URLs at once, as far as it can: 300 at a time are its most.
func (f *fleet) curl(path string) (side, error) {
	var config strings.Builder
	config.WriteString("write-out = \"%{http_code}\\n\"\n")
	for _, address := range f.all {
		fmt.Fprintf(&config, "url = %q\noutput = \"/dev/null\"\n", f.url(address))
	}
	p := program{args: []string{path, "--silent", "--parallel", "--parallel-max", "300", "--config", f.file("curl")}}
	if f.mute > 0 {
		p.args = append(p.args, "--max-time", strconv.FormatFloat(hang.Seconds(), 'f', -1, 64))
		p.status = 28 // curl's own for a time that is over
	}
	s := side{name: "curl -Z --parallel-max 300", program: p, counts: map[string]int{"200\n": len(f.all) - f.muted(), "000\n": f.muted()}}
	return s, os.WriteFile(f.file("curl"), []byte(config.String()), 0o600)
}

// httpx prints what answers, and does not verify certificates.
func (f *fleet) httpx(path string) (side, error) {
	args := []string{path, "-silent", "-no-color", "-disable-update-check", "-status-code", "-retries", "0", "-no-fallback-scheme", "-rl", "0", "-t", "200", "-l", f.file("urls")}
	if f.mute > 0 {
		args = append(args, "-timeout", strconv.Itoa(int(hang.Seconds())))
	}
	return side{name: "httpx -t 200", program: program{args: args}, counts: map[string]int{"[200]": len(f.all) - f.muted()}}, nil
}

func (f *fleet) nmap(path string) (side, error) {
	_, port, err := net.SplitHostPort(f.all[0])
	args := []string{path, "-sT", "-T5", "-n", "-Pn", "-oG", "-", "-p", port, "-iL", f.file("hosts")}
	return side{name: "nmap -sT -T5", program: program{args: args}, counts: map[string]int{"/open/": len(f.all)}}, err
}

// grpcProbe is one process a target, two at a time, for the first of them. Its
// status tells that they serve, and xargs hands on that one does not.
func (f *fleet) grpcProbe(path string) (side, error) {
	some := f.all[:min(probeSample, len(f.all))]
	p := program{args: []string{"xargs", "-a", f.file("sample"), "-P", "2", "-I", "{}", path, "-addr={}"}}
	s := side{name: "grpc-health-probe", program: p}
	return s, os.WriteFile(f.file("sample"), []byte(strings.Join(some, "\n")+"\n"), 0o600)
}
