package server

import (
	"os"
	"strings"
	"testing"
)

func jaegerBinary(t *testing.T) string {
	t.Helper()
	path, err := BuildJaeger(t.Context(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestARestartedJaegerHasItsAddressAgain(t *testing.T) {
	t.Parallel()
	j, err := StartJaeger(t.Context(), JaegerOptions{Binary: jaegerBinary(t), Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Stop(); err != nil {
			t.Error(err)
		}
	})
	if err := j.Stop(); err != nil {
		t.Fatal(err)
	}
	if text, err := j.Read(t.Context(), "/api/v3/services"); err == nil {
		t.Errorf("a stopped Jaeger answers %q", text)
	}
	if err := j.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if text, err := j.Read(t.Context(), "/api/v3/services"); err != nil || string(text) != "{}" {
		t.Errorf("after the restart: %q, %v; want {}", text, err)
	}
}

func TestAJaegerThatCannotStartShowsItsLog(t *testing.T) {
	t.Parallel()
	j, err := newJaeger(JaegerOptions{Binary: jaegerBinary(t), Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	j.OTLP = "127.0.0.1:99999"
	if err := j.writeSettings(); err != nil {
		t.Fatal(err)
	}
	if err := j.start(t.Context()); err == nil || !strings.Contains(err.Error(), "invalid port") {
		t.Errorf("start at no port: %v; want Jaeger's own words", err)
	}
}
