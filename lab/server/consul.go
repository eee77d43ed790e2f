package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// readyTimeout bounds how long an agent may take to answer and to know a leader.
const readyTimeout = 60 * time.Second

// pollEvery is how often a condition is looked at while waiting for it.
const pollEvery = 50 * time.Millisecond

// startAttempts is how often a start is tried when somebody else took one of
// the free ports before the agent could.
const startAttempts = 3

// Options say what kind of agent to start.
type Options struct {
	// Binary is Consul, as Build returns it.
	Binary string
	// Dir is an existing folder for the agent's data, settings and log.
	Dir string
	// Node is the agent's name; it must differ from that of the others that it joins.
	Node string
	// Client makes it an agent without data of its own, which must Join a server.
	Client bool
	// Servers is how many servers must have met before they elect a leader; 0 is
	// 1. With more, the agent is ready as soon as it answers.
	Servers int
	// Join is an agent to join, nil for none.
	Join *Consul
	// Token switches ACLs on, with the default policy deny, and is the token that
	// may do all.
	Token string
	// TLS, where not nil, has it speak TLS on a port beside that of plain HTTP.
	TLS *TLS
}

// TLS is what an agent shows and wants, as PEM files.
type TLS struct {
	CA, Cert, Key string
	// Mutual has it want a certificate by CA of its clients.
	Mutual bool
}

// ports are where an agent listens, all on 127.0.0.1.
type ports struct{ http, server, serf, https int }

// Consul is one agent.
type Consul struct {
	// API talks to the agent, with its all-powerful token where it has ACLs.
	API *API
	// Address is the host:port of its HTTP interface, TLSAddress that of the one
	// that speaks TLS; "" without Options.TLS.
	Address, TLSAddress string
	// Node is the agent's name.
	Node string

	options Options
	ports   ports
	process *Process
}

// StartConsul starts an agent and returns when it answers and, but for one of
// several servers, knows a leader. The error shows the end of the agent's log.
func StartConsul(ctx context.Context, o Options) (*Consul, error) {
	var err error
	for range startAttempts {
		var c *Consul
		if c, err = newConsul(o); err != nil {
			return nil, err
		}
		if err = c.start(ctx); err == nil {
			return c, nil
		}
		if !strings.Contains(err.Error(), "address already in use") {
			return nil, err
		}
	}
	return nil, err
}

func newConsul(o Options) (*Consul, error) {
	free, err := freePorts(4)
	if err != nil {
		return nil, err
	}
	c := &Consul{options: o, Node: o.Node, ports: ports{free[0], free[1], free[2], -1}}
	c.Address = loopback(c.ports.http)
	if o.TLS != nil {
		c.ports.https = free[3]
		c.TLSAddress = loopback(c.ports.https)
	}
	c.API = NewAPI(c.Address, o.Token)
	return c, c.writeSettings()
}

// writeSettings writes the agent's file. A file, and not flags: a token has no
// place among the arguments of a process.
func (c *Consul) writeSettings() error {
	o := c.options
	settings := map[string]any{
		"node_name":            o.Node,
		"bind_addr":            "127.0.0.1",
		"client_addr":          "127.0.0.1",
		"data_dir":             filepath.Join(o.Dir, "data"),
		"disable_update_check": true,
		"server":               !o.Client,
		// What no test needs costs each start processor time.
		"connect": map[string]any{"enabled": false},
		"peering": map[string]any{"enabled": false},
		// All tests come from one address.
		"limits": map[string]any{"http_max_conns_per_client": -1},
		// The quickest elections that Consul allows, and a dead agent noticed in
		// a few seconds.
		"performance": map[string]any{"raft_multiplier": 1},
		"gossip_lan":  map[string]any{"probe_interval": "200ms", "probe_timeout": "150ms", "suspicion_mult": 3},
		"ports": map[string]int{
			"http": c.ports.http, "server": c.ports.server, "serf_lan": c.ports.serf,
			"https": c.ports.https, "grpc": -1, "grpc_tls": -1, "dns": -1, "serf_wan": -1,
		},
	}
	if !o.Client {
		settings["bootstrap_expect"] = max(1, o.Servers)
	}
	if o.Join != nil {
		settings["retry_join"] = []string{loopback(o.Join.ports.serf)}
		settings["retry_interval"] = "1s"
	}
	if o.Token != "" {
		settings["acl"] = map[string]any{
			"enabled":        true,
			"default_policy": "deny",
			"tokens":         map[string]string{"initial_management": o.Token, "agent": o.Token},
		}
	}
	if t := o.TLS; t != nil {
		settings["tls"] = map[string]any{"defaults": map[string]any{
			"ca_file": t.CA, "cert_file": t.Cert, "key_file": t.Key, "verify_incoming": t.Mutual,
		}}
	}
	text, err := json.Marshal(settings)
	if err != nil {
		return err
	}
	return os.WriteFile(c.settingsFile(), text, 0o600)
}

func (c *Consul) settingsFile() string { return filepath.Join(c.options.Dir, "agent.json") }

func (c *Consul) start(ctx context.Context) error {
	// The agent ends when it is stopped, and not with ctx, which is for the start.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), c.options.Binary, "agent", "-config-file", c.settingsFile())
	p, err := Start(cmd, filepath.Join(c.options.Dir, "agent.log"))
	if err != nil {
		return err
	}
	c.process = p
	if err := c.ready(ctx); err != nil {
		_ = p.Kill()
		return fmt.Errorf("consul agent %s: %w\n%s", c.Node, err, p.Log())
	}
	return nil
}

// ready waits until the agent answers and knows a leader.
func (c *Consul) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	return Wait(ctx, func(ctx context.Context) error {
		select {
		case <-c.process.Exited():
			return Stop(errors.New("ended before it was ready"))
		default:
		}
		var leader string
		if err := c.API.Read(ctx, "/v1/status/leader", &leader); err != nil {
			return err
		}
		if leader == "" && c.options.Servers <= 1 {
			return errors.New("no leader yet")
		}
		return c.settled(ctx)
	})
}

// settled asks something that needs the leader's work after its election, and
// the agent's own registration: until then lists are short by a node.
func (c *Consul) settled(ctx context.Context) error {
	if c.options.Servers > 1 {
		return nil
	}
	var checks []struct{ CheckID, Status string }
	if err := c.API.Read(ctx, "/v1/health/node/"+c.Node, &checks); err != nil {
		return err
	}
	for _, check := range checks {
		if check.CheckID == "serfHealth" && check.Status == "passing" {
			return nil
		}
	}
	return errors.New("not yet in the catalog")
}

// URL is the agent as govctl's -e takes it.
func (c *Consul) URL() string { return "consul://" + c.Address }

// ServerAddress is the host:port at which the agent speaks to other agents, and
// not HTTP.
func (c *Consul) ServerAddress() string { return loopback(c.ports.server) }

// Stop ends the agent in good order. Its data stay: see Restart.
func (c *Consul) Stop() error { return c.process.Stop() }

// Kill ends the agent as a power cut would.
func (c *Consul) Kill() error { return c.process.Kill() }

// Restart starts a stopped agent again, with the same data and ports.
func (c *Consul) Restart(ctx context.Context) error { return c.start(ctx) }

// Log returns the end of the agent's log.
func (c *Consul) Log() string { return c.process.Log() }

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
