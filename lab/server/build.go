// Package server builds real servers from source and runs them on loopback, for
// the live tests and the benchmark. It is the only place of govctl that knows
// how a server is started.
package server

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// lockRetry is how often a build looks whether another one has ended.
const lockRetry = 200 * time.Millisecond

// progressEvery is how often a long build says that it is still at work.
const progressEvery = 20 * time.Second

// Build returns the path of the Consul that servers/consul/go.mod names, and
// builds it first where the cache has none: minutes once, about 160 MB. The
// cache is govctl-lab in the user's cache folder, or $GOVCTL_LAB_CACHE. Two
// builds at once wait for each other; a build that is cut off leaves nothing
// that a later one could take for the whole. Progress is written to log.
func Build(ctx context.Context, log io.Writer) (string, error) {
	b, err := consul(ctx, log)
	if err != nil {
		return "", err
	}
	return b.inCache(ctx)
}

// BuildJaeger is Build of Jaeger (servers/jaeger/go.mod): about 85 MB. Its web
// page is a placeholder, as the module does not hold the real one.
func BuildJaeger(ctx context.Context, log io.Writer) (string, error) {
	b, err := jaeger(ctx, log)
	if err != nil {
		return "", err
	}
	return b.inCache(ctx)
}

// Version returns the version of the Consul that Build builds, such as 1.14.11.
func Version(ctx context.Context) (string, error) {
	b, err := consul(ctx, io.Discard)
	if err != nil {
		return "", err
	}
	return b.version()
}

// consul is how Consul is built.
func consul(ctx context.Context, log io.Writer) (build, error) {
	root, err := Root(ctx)
	return build{name: "consul", command: "github.com/hashicorp/consul", source: filepath.Join(root, "servers", "consul"), log: log}, err
}

// JaegerVersion returns the version of the Jaeger that BuildJaeger builds, such
// as 1.76.0.
func JaegerVersion(ctx context.Context) (string, error) {
	b, err := jaeger(ctx, io.Discard)
	if err != nil {
		return "", err
	}
	return b.version()
}

// jaeger is how Jaeger is built: its releases, too, are told their version by
// the linker.
func jaeger(ctx context.Context, log io.Writer) (build, error) {
	root, err := Root(ctx)
	const module = "github.com/jaegertracing/jaeger"
	return build{
		name: "jaeger", command: module + "/cmd/jaeger", module: module, versionVar: module + "/internal/version.latestVersion",
		source: filepath.Join(root, "servers", "jaeger"), log: log,
	}, err
}

// build is how one server is built.
type build struct {
	// name is that of the program, command the package that it is built from.
	name, command string
	// module is the command's; "" is the command itself.
	module string
	// versionVar is the variable that the linker sets to the version, with its v;
	// "" is none.
	versionVar string
	// source is the folder of a module that requires the command's module.
	source string
	log    io.Writer
}

// inCache is cached in the user's cache.
func (b build) inCache(ctx context.Context) (string, error) {
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	return b.cached(ctx, cache)
}

// cached returns the program in cache, and builds it where it is missing.
func (b build) cached(ctx context.Context, cache string) (string, error) {
	version, err := b.version()
	if err != nil {
		return "", err
	}
	target := filepath.Join(cache, b.name+"-"+version, b.name)
	if executable(target) {
		return target, nil
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return "", err
	}
	lock := flock.New(target + ".lock")
	if _, err := lock.TryLockContext(ctx, lockRetry); err != nil {
		return "", fmt.Errorf("wait for another build of %s: %w", b.name, err)
	}
	defer func() { _ = lock.Unlock() }()
	if executable(target) {
		return target, nil
	}
	if err := b.compile(ctx, target, version); err != nil {
		return "", fmt.Errorf("build %s %s: %w", b.name, version, err)
	}
	return target, nil
}

// compile builds the program beside target and renames it into place. The
// checksum database is not asked: the module's go.sum holds every sum.
func (b build) compile(ctx context.Context, target, version string) error {
	partial := target + ".partial"
	defer func() { _ = os.Remove(partial) }()
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", "build", "-ldflags", b.linkerFlags(version), "-o", partial, b.command)
	cmd.Dir = b.source
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=mod", "GONOSUMDB=*", "GOWORK=off")
	cmd.Stdout, cmd.Stderr = &said, &said
	started := time.Now()
	b.say("building %s %s from source, once: this takes minutes", b.name, version)
	done := make(chan error, 1)
	go func() { done <- cmd.Run() }()
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			if err != nil {
				return fmt.Errorf("%w\n%s", err, said.Bytes())
			}
			b.say("built %s %s in %s", b.name, version, time.Since(started).Round(time.Second))
			return os.Rename(partial, target)
		case <-tick.C:
			b.say("still building %s %s, %s so far", b.name, version, time.Since(started).Round(time.Second))
		}
	}
}

// linkerFlags tell the program its version, where it wants to know.
func (b build) linkerFlags(version string) string {
	if b.versionVar == "" {
		return ""
	}
	return "-s -w -X " + b.versionVar + "=v" + version
}

// say writes a line of progress.
func (b build) say(format string, args ...any) {
	_, _ = fmt.Fprintf(b.log, "lab: "+format+"\n", args...)
}

// Root returns the folder of the lab's module.
func Root(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOMOD: %w", err)
	}
	mod := strings.TrimSpace(string(out))
	if filepath.Base(mod) != "go.mod" {
		return "", errors.New("not started inside the lab's module")
	}
	return filepath.Dir(mod), nil
}

// version returns the version at which the source's module requires the
// command's, without the v.
func (b build) version() (string, error) {
	path := filepath.Join(b.source, "go.mod")
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	module := cmp.Or(b.module, b.command)
	line := regexp.MustCompile(`(?m)^\s*(?:require )?` + regexp.QuoteMeta(module) + `\s+v(\S+)`)
	m := line.FindSubmatch(text)
	if m == nil {
		return "", fmt.Errorf("%s does not require %s", path, module)
	}
	return string(m[1]), nil
}

func cacheDir() (string, error) {
	if dir := os.Getenv("GOVCTL_LAB_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "govctl-lab"), err
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}
