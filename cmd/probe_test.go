package cmd_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"govctl/cmd"
	"govctl/internal/faultkit"
	"govctl/internal/golden"
	"govctl/pkg/registry"
)

// shop is a local registry of real servers: each truth there is, once.
func shop(t *testing.T) (url string) {
	t.Helper()
	ca := faultkit.NewCA(t)
	ended := ca.Issue(t, faultkit.Leaf{NotAfter: now().AddDate(0, 0, -3)})
	not := map[string]healthpb.HealthCheckResponse_ServingStatus{"": healthpb.HealthCheckResponse_NOT_SERVING}
	return local(t,
		instance{"order", "order-1", faultkit.Status(t, 200, ""), "http", map[string]string{"health": "/healthz"}, ""},
		instance{"order", "order-2", faultkit.Closed(t), "http", map[string]string{"health": "/healthz"}, ""},
		instance{"order", "order-3", faultkit.Status(t, 503, ""), "http", nil, ""},
		instance{"payment", "payment-1", faultkit.GRPCHealth(t, nil), "grpc", nil, registry.Critical},
		instance{"payment", "payment-2", faultkit.GRPCHealth(t, not), "grpc", nil, registry.Critical},
		instance{"payment", "payment-3", faultkit.GRPCBare(t), "grpc", nil, registry.Warning},
		instance{"user", "user-1", faultkit.ServeTLS(t, faultkit.Config(ended), faultkit.Answer(200, "")), "http", map[string]string{"scheme": "https"}, ""},
		instance{"user", "user-2", faultkit.Closed(t), "mucp", nil, registry.Maintenance},
		instance{"user", "user-3", "169.254.169.254:80", "", nil, ""},
	)
}

// instance is what a local registry holds of an instance.
type instance struct {
	service, id, address, protocol string
	metadata                       map[string]string
	health                         registry.Health
}

// local makes a local registry of instances, and returns its URL.
func local(t *testing.T, instances ...instance) string {
	t.Helper()
	dir := t.TempDir()
	for _, in := range instances {
		host, text, err := net.SplitHostPort(in.address)
		if err != nil {
			t.Fatal(err)
		}
		port, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		file := map[string]any{"address": host, "port": port, "protocol": in.protocol, "metadata": in.metadata, "health": in.health}
		writeInstance(t, dir, in.service, in.id, file)
	}
	return "local://" + dir
}

func writeInstance(t *testing.T, dir, service, id string, fields map[string]any) {
	t.Helper()
	data, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(dir, "services", service)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, id+".json"), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// now is the clock of all commands in these tests.
func now() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }

// ports hides what differs from run to run: the ports, which all have five
// digits, and the folder.
func ports(url, text string) string {
	text = strings.ReplaceAll(text, strings.TrimPrefix(url, "local://"), "DIR")
	text = regexp.MustCompile(`127\.0\.0\.1:\d{5}`).ReplaceAllString(text, "127.0.0.1:PORT_")
	return regexp.MustCompile(`"port": \d{5}|^port: \d{5}`).ReplaceAllString(text, `"port": PORT_`)
}

func TestProbeScreens(t *testing.T) {
	t.Parallel()
	url := shop(t)
	for name, c := range map[string]struct {
		width int
		args  string
	}{
		"all":     {0, ""},
		"narrow":  {60, ""},
		"explain": {0, "--explain payment user"},
		"json":    {0, "-o json user-* order"},
		"watch":   {0, "--watch --interval 10ms --for 1s order"},
		"agree":   {0, "order -l health --filter id==\"order-1\""},
		"nothing": {0, "-l no=such"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := append([]string{"services", "probe", "-e", url}, strings.Fields(strings.ReplaceAll(c.args, "user-*", "use*"))...)
			stdout, stderr, status := govctl(t, c.width, args...)
			if name == "watch" {
				stdout = regexp.MustCompile(`\d+ rounds|[·x]{2,} *`).ReplaceAllString(stdout, "MANY ")
			}
			golden.String(t, ports(url, fmt.Sprintf("%s--- stderr, status %d\n%s", stdout, status, stderr)))
		})
	}
}

// TestProbeGuardsItsDials is P6: whatever a stranger registered, nothing is
// connected to that should not be, and nothing breaks.
func TestProbeGuardsItsDials(t *testing.T) {
	t.Parallel()
	for address, why := range map[string]string{
		"169.254.169.254":        "link-local",
		"::ffff:169.254.169.254": "link-local",
		"fd00:ec2::254":          "metadata",
		"fe80::1":                "link-local",
		"0.0.0.0":                "unspecified",
		"224.0.0.1":              "multicast",
		"user:pw@127.0.0.1":      "",
		"a\r\nHost: b":           "",
		"":                       "",
		"0xA9FEA9FE":             "",
		"2852039166":             "",
	} {
		for _, port := range []int{80, 0, 99999} {
			dir := t.TempDir()
			writeInstance(t, dir, "s", "i", map[string]any{"address": address, "port": port, "protocol": "http"})
			stdout, stderr, status := govctl(t, 0, "services", "probe", "-e", "local://"+dir, "-o", "json", "--probe-timeout", "300ms")
			var list []struct {
				Result struct{ Outcome, Reason string }
			}
			if err := json.Unmarshal([]byte(stdout), &list); err != nil || len(list) != 1 {
				t.Fatalf("%q port %d: %v, %s%s", address, port, err, stdout, stderr)
			}
			r := list[0].Result
			if r.Outcome == "ok" || port == 80 && !strings.Contains(r.Reason, why) || strings.Contains(r.Reason, "pw") {
				t.Errorf("%q port %d: %+v, status %d; want it refused (%s)", address, port, r, status, why)
			}
			if (port == 0 || port == 99999) && r.Outcome != "unprobeable" {
				t.Errorf("%q port %d: %+v; want it unprobeable", address, port, r)
			}
		}
	}
}

func TestProbeIsInterrupted(t *testing.T) {
	t.Parallel()
	url := local(t,
		instance{"a", "well", faultkit.Status(t, 200, ""), "http", nil, ""},
		instance{"b", "hangs", faultkit.Silent(t), "http", nil, ""})
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	var out, errOut bytes.Buffer
	ended := make(chan int)
	go func() {
		ended <- cmd.Main(cmd.Env{
			Args:   []string{"services", "probe", "-e", url, "--probe-timeout", "1m"},
			Stdout: &out, Stderr: &errOut, Getenv: func(string) string { return "" }, Now: now,
			Dir: t.TempDir(), Notify: func(context.Context) (context.Context, context.CancelFunc) { return context.WithCancel(ctx) },
		})
	}()
	time.AfterFunc(500*time.Millisecond, interrupt)
	status := <-ended
	if status != 130 || !strings.Contains(out.String(), "well") || !strings.Contains(out.String(), "1 of 2 instances asked") || strings.Contains(out.String(), "hangs") {
		t.Errorf("status %d, stdout %s, stderr %s; want what was known, and 130", status, &out, &errOut)
	}
}
