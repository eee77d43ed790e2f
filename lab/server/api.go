package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// API is a plain client of Consul's HTTP interface, for what the lab itself
// must set up and look at. It shares no code with what is tested.
type API struct {
	address, token string
	client         *http.Client
}

// NewAPI returns an API of the agent at address, host:port. The token may be "".
func NewAPI(address, token string) *API {
	return &API{address: address, token: token, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}}
}

// Service is what the agent is told of an instance.
type Service struct {
	ID      string            `json:",omitempty"`
	Name    string            `json:"Name"`
	Address string            `json:",omitempty"`
	Port    int               `json:",omitempty"`
	Tags    []string          `json:",omitempty"`
	Meta    map[string]string `json:",omitempty"`
	Check   *TTLCheck         `json:",omitempty"`
	Checks  []AskCheck        `json:",omitempty"`
}

// TTLCheck is a check that is told by heartbeats; Status is the first one.
type TTLCheck struct {
	TTL    string `json:",omitempty"`
	Status string `json:",omitempty"`
}

// AskCheck is a check with which the agent itself asks the instance, again and
// again: an HTTP URL, a TCP host:port, or a GRPC host:port/service.
type AskCheck struct {
	CheckID  string `json:",omitempty"`
	HTTP     string `json:",omitempty"`
	TCP      string `json:",omitempty"`
	GRPC     string `json:",omitempty"`
	Interval string `json:",omitempty"`
}

// The words that a heartbeat may say.
const (
	Pass = "pass"
	Warn = "warn"
	Fail = "fail"
)

// Register registers s with the agent.
func (a *API) Register(ctx context.Context, s Service) error {
	return a.Write(ctx, "/v1/agent/service/register", s, nil)
}

// Deregister removes the instance with the given ID from the agent.
func (a *API) Deregister(ctx context.Context, id string) error {
	return a.Write(ctx, "/v1/agent/service/deregister/"+url.PathEscape(id), nil, nil)
}

// DrainService puts an instance of this agent into maintenance.
func (a *API) DrainService(ctx context.Context, id, reason string) error {
	q := url.Values{"enable": {"true"}, "reason": {reason}}
	return a.Write(ctx, "/v1/agent/service/maintenance/"+url.PathEscape(id)+"?"+q.Encode(), nil, nil)
}

// UndrainService takes an instance of this agent out of maintenance.
func (a *API) UndrainService(ctx context.Context, id string) error {
	return a.Write(ctx, "/v1/agent/service/maintenance/"+url.PathEscape(id)+"?enable=false", nil, nil)
}

// Tell is a heartbeat of the instance with the given ID: Pass, Warn or Fail.
func (a *API) Tell(ctx context.Context, id, word string) error {
	return a.Write(ctx, "/v1/agent/check/"+word+"/service:"+url.PathEscape(id), nil, nil)
}

// DrainNode puts the whole agent into maintenance, or takes it out of it.
func (a *API) DrainNode(ctx context.Context, enable bool) error {
	return a.Write(ctx, fmt.Sprintf("/v1/agent/maintenance?enable=%t&reason=lab", enable), nil, nil)
}

// NewToken makes a token that may do what rules (Consul's HCL) say, and returns
// its secret.
func (a *API) NewToken(ctx context.Context, name, rules string) (string, error) {
	policy := map[string]string{"Name": name, "Rules": rules}
	if err := a.Write(ctx, "/v1/acl/policy", policy, nil); err != nil {
		return "", err
	}
	var token struct{ SecretID string }
	body := map[string]any{"Policies": []map[string]string{{"Name": name}}}
	err := a.Write(ctx, "/v1/acl/token", body, &token)
	return token.SecretID, err
}

// Read asks for path, with its query, and decodes the answer into v.
func (a *API) Read(ctx context.Context, path string, v any) error {
	return a.do(ctx, http.MethodGet, path, nil, v)
}

// Write puts body as JSON to path, and decodes the answer into v unless nil.
func (a *API) Write(ctx context.Context, path string, body, v any) error {
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return err
		}
	}
	return a.do(ctx, http.MethodPut, path, bytes.NewReader(text), v)
}

// WriteText puts text as it is to path.
func (a *API) WriteText(ctx context.Context, path, text string) error {
	return a.do(ctx, http.MethodPut, path, strings.NewReader(text), nil)
}

func (a *API) do(ctx context.Context, method, path string, body io.Reader, v any) error {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+a.address+path, body)
	if err != nil {
		return err
	}
	if a.token != "" {
		req.Header.Set("X-Consul-Token", a.token)
	}
	resp, err := a.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 500))
		return fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, strings.TrimSpace(string(text)))
	}
	if v == nil {
		_, err = io.Copy(io.Discard, resp.Body)
		return err
	}
	return json.NewDecoder(resp.Body).Decode(v)
}
