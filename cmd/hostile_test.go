package cmd_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// hostile is a server that answers every path in the same bad way.
func hostile(t *testing.T, answer http.HandlerFunc) (addr string) {
	t.Helper()
	s := httptest.NewServer(answer)
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

func text(status int, header, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if k, v, ok := strings.Cut(header, ": "); ok {
			w.Header().Set(k, v)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// TestBadAnswers holds what each command makes of a server that answers badly:
// nothing that looks like an answer on stdout, one line on stderr, and a status.
func TestBadAnswers(t *testing.T) {
	t.Parallel()
	endless := func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "[")
		for i := 0; ; i++ {
			if _, err := fmt.Fprintf(w, `{"CheckID":"c%d","ServiceName":"s"},`, i); err != nil {
				return
			}
		}
	}
	elsewhere := hostile(t, func(http.ResponseWriter, *http.Request) { t.Error("a redirect to another host was followed") })
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		status int
		stderr string
	}{
		"a page":    {text(200, "Content-Type: text/html", "<html>hello</html>"), 3, "HTML"},
		"nothing":   {text(200, "", ""), 3, "empty"},
		"204":       {text(204, "", ""), 3, ""},
		"cut off":   {text(200, "", `[{"ServiceName": "ord`), 3, ""},
		"a number":  {text(200, "", `17`), 3, ""},
		"denied":    {text(403, "", "Permission denied"), 3, "Permission denied"},
		"no leader": {text(500, "", "No cluster leader"), 3, "No cluster leader"},
		"elsewhere": {text(302, "Location: http://"+elsewhere+"/", ""), 3, "redirect"},
		"endless":   {endless, 3, "consul 127.0.0.1"},
		"escapes":   {text(400, "", "\x1b[31mbad\x1b]0;x\x07"), 2, "400 Bad Request"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr := hostile(t, c.answer)
			for _, args := range []string{
				"services ls", "services ls -o json", "services instances", "services instances order -o json",
				"services get order", "services diff consul://" + addr + " dev",
			} {
				words := append(strings.Fields(args), "-e", "consul://"+addr, "--max-body", "1MiB")
				stdout, stderr, status := govctl(t, 0, words...)
				if stdout != "" || status != c.status || !strings.Contains(stderr, c.stderr) || strings.ContainsAny(stderr, "\x1b\x07") {
					t.Errorf("%s: status %d, stdout %q, stderr %q; want status %d, %q", args, status, stdout, stderr, c.status, c.stderr)
				}
				if lines := strings.Count(stderr, "\n"); lines > 2 {
					t.Errorf("%s: %d lines on stderr: %q", args, lines, stderr)
				}
			}
		})
	}
}
