package server

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// JaegerOptions say how to start a Jaeger.
type JaegerOptions struct {
	// Binary is Jaeger, as BuildJaeger returns it.
	Binary string
	// Dir is an existing folder for its settings and log.
	Dir string
	// BasePath is what its paths begin with, such as "/jaeger"; "" is nothing.
	BasePath string
}

// Jaeger is one Jaeger in a process: what takes spans, keeps them in memory, and
// answers about them. All of it listens on 127.0.0.1 alone.
type Jaeger struct {
	// Address is the host:port of the query service's HTTP interface.
	Address string
	// GRPC is that of its gRPC interface.
	GRPC string
	// OTLP is the host:port that takes spans by OTLP over HTTP.
	OTLP string

	options JaegerOptions
	client  *http.Client
	process *Process
}

// StartJaeger starts a Jaeger and returns when it answers and takes spans. The
// error shows the end of its log.
func StartJaeger(ctx context.Context, o JaegerOptions) (*Jaeger, error) {
	var err error
	for range startAttempts {
		var j *Jaeger
		if j, err = newJaeger(o); err != nil {
			return nil, err
		}
		if err = j.start(ctx); err == nil {
			return j, nil
		}
		if !strings.Contains(err.Error(), "address already in use") {
			return nil, err
		}
	}
	return nil, err
}

func newJaeger(o JaegerOptions) (*Jaeger, error) {
	free, err := freePorts(3)
	if err != nil {
		return nil, err
	}
	j := &Jaeger{
		Address: loopback(free[0]), GRPC: loopback(free[1]), OTLP: loopback(free[2]),
		options: o, client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
	}
	return j, j.writeSettings()
}

// object is one of JSON, which is YAML, too: the language of Jaeger's settings.
type object map[string]any

// writeSettings writes Jaeger's file: no more runs than is needed, without
// health, metrics and sampling, which would listen, too.
func (j *Jaeger) writeSettings() error {
	settings := object{
		"service": object{
			"extensions": []string{"jaeger_storage", "jaeger_query"},
			"pipelines":  object{"traces": object{"receivers": []string{"otlp"}, "exporters": []string{"jaeger_storage_exporter"}}},
			"telemetry":  object{"metrics": object{"level": "none"}, "logs": object{"level": "warn"}},
		},
		"extensions": object{
			"jaeger_storage": object{"backends": object{"memory": object{"memory": object{"max_traces": 10_000}}}},
			"jaeger_query": object{
				"storage":   object{"traces": "memory"},
				"base_path": cmp.Or(j.options.BasePath, "/"),
				// Else it sends spans of its own to port 4317, and waits for it at its end.
				"enable_tracing": false,
				"http":           object{"endpoint": j.Address},
				"grpc":           object{"endpoint": j.GRPC},
			},
		},
		"receivers": object{"otlp": object{"protocols": object{"http": object{"endpoint": j.OTLP}}}},
		"exporters": object{"jaeger_storage_exporter": object{"trace_storage": "memory"}},
	}
	text, err := json.Marshal(settings)
	if err != nil {
		return err
	}
	return os.WriteFile(j.settingsFile(), text, 0o600)
}

func (j *Jaeger) settingsFile() string { return filepath.Join(j.options.Dir, "jaeger.yaml") }

func (j *Jaeger) start(ctx context.Context) error {
	// It ends when it is stopped, and not with ctx, which is for the start.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), j.options.Binary, "--config", j.settingsFile())
	p, err := Start(cmd, filepath.Join(j.options.Dir, "jaeger.log"))
	if err != nil {
		return err
	}
	j.process = p
	if err := j.ready(ctx); err != nil {
		_ = p.Kill()
		return fmt.Errorf("jaeger: %w\n%s", err, p.Log())
	}
	return nil
}

// ready waits until it answers and takes spans.
func (j *Jaeger) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	return Wait(ctx, func(ctx context.Context) error {
		select {
		case <-j.process.Exited():
			return Stop(errors.New("ended before it was ready"))
		default:
		}
		if _, err := j.Read(ctx, "/api/v3/services"); err != nil {
			return err
		}
		return j.Send(ctx, []byte("{}"))
	})
}

// Send sends spans, as OTLP JSON. What it keeps is seen a moment later.
func (j *Jaeger) Send(ctx context.Context, spans []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+j.OTLP+"/v1/traces", bytes.NewReader(spans))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	_, err = j.do(req)
	return err
}

// Read returns what is answered at path, below the base path.
func (j *Jaeger) Read(ctx context.Context, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+j.Address+j.options.BasePath+path, nil)
	if err != nil {
		return nil, err
	}
	return j.do(req)
}

func (j *Jaeger) do(req *http.Request) ([]byte, error) {
	resp, err := j.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s: %s", req.Method, req.URL.Path, resp.Status, text)
	}
	return text, err
}

// URL is it as govctl.yaml takes it under traces.
func (j *Jaeger) URL() string { return "jaeger://" + j.Address + j.options.BasePath }

// Stop ends it in good order. Its traces are lost.
func (j *Jaeger) Stop() error { return j.process.Stop() }

// Restart starts a stopped one again, with the same ports and without traces.
func (j *Jaeger) Restart(ctx context.Context) error { return j.start(ctx) }

// Log returns the end of its log.
func (j *Jaeger) Log() string { return j.process.Log() }
