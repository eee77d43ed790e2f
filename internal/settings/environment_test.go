package settings_test

import (
	"errors"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"

	"govctl/internal/settings"
)

// brief is what a back-end comes to, in one line of text.
func brief(b *settings.Backend) string {
	if b == nil {
		return ""
	}
	text := b.URL.String()
	if b.Auth != nil {
		text += " token " + b.Auth.Token.String() + " user " + b.Auth.Username.String() + " password " + b.Auth.Password.String()
	}
	if b.TLS.CA != "" {
		text += " ca " + b.TLS.CA
	}
	return text
}

// registry is the registry of an environment, or "MESSAGE|HINT".
func (w *world) registry(name string) string {
	w.t.Helper()
	env, err := w.load().Environment(name)
	if e, ok := errors.AsType[*settings.Error](err); ok {
		return e.Msg + "|" + e.Hint
	}
	return brief(env.Registry)
}

func TestBackendsOfAFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.vars["HOME"] = "/home/me"
	w.write("work/govctl.yaml", `
environments:
  Prod.EU:
    registry: {url: "nacos://Nacos:8848?namespace=p", auth: {username: govctl, password: {env: PW}}, tls: {ca: ca.pem}}
    config: nacos://nacos:8848?namespace=p&group=G
    traces: nacos://nacos:8849
    metrics: prometheus+https://nacos:8848
  own:
    registry: {url: "consul://a:8500,b", auth: {token: {file: ../t}}}
    config: {url: "consul://a:8500,b/x/y%2Fz", auth: {token: {command: [vault, read]}}}
    traces: local://traces/x
    metrics: local://~/m
  folders: {registry: local://., config: local://../c%20d, traces: "local:///abs/./x"}
`)
	got := map[string][]string{}
	for _, e := range w.load().Environments {
		got[e.Name] = []string{brief(e.Registry), brief(e.Config), brief(e.Traces), brief(e.Metrics)}
	}
	shared := " token none user as it stands in the file password {env: PW} ca " + w.path("work/ca.pem")
	want := map[string][]string{
		"Prod.EU": {
			"nacos+https://nacos:8848?namespace=p" + shared, "nacos+https://nacos:8848?namespace=p&group=G" + shared,
			"nacos://nacos:8849", "prometheus+https://nacos:8848",
		},
		"own": {
			"consul://a:8500,b token {file: " + w.path("t") + "} user none password none",
			"consul://a:8500,b/x/y%2Fz token {command: [vault …]} user none password none",
			"local://" + w.path("work/traces/x"), "local:///home/me/m",
		},
		"folders": {"local://" + w.path("work"), "local://" + w.path("c%20d"), "local:///abs/x", ""},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestWhichEnvironment(t *testing.T) {
	t.Parallel()
	const three = "environments:\n  dev: {registry: consul://d}\n  test: {registry: consul://t}\n  prod: {registry: consul://p}\n"
	const one = "environments: {only: {registry: consul://o}}"
	for name, c := range map[string]struct {
		file, ask, variable, consul string
		want                        string // the registry, or "MESSAGE|HINT"
	}{
		"named":             {file: three, ask: "test", want: "consul://t"},
		"default":           {file: "default: prod\n" + three, want: "consul://p"},
		"the only one":      {file: one, want: "consul://o"},
		"several":           {file: three, want: "which environment? -e is required, as ./govctl.yaml has several and no default|it has dev, test, prod; `govctl env use NAME` makes one the default"},
		"none":              {file: "timeout: 1s", want: "there is no environment in ./govctl.yaml|name a back-end by its URL: -e consul://127.0.0.1:8500"},
		"unknown":           {file: three, ask: "staging", want: "environment \"staging\" is not in ./govctl.yaml|it has dev, test, prod; `govctl env add staging URL` adds one"},
		"near":              {file: three, ask: "prd", want: `environment "prd" is not in ./govctl.yaml (did you mean "prod"?)|it has dev, test, prod`},
		"variable":          {file: three, variable: "staging", want: "environment \"staging\" (GOVCTL_ENV) is not in ./govctl.yaml|it has dev, test, prod; `govctl env add staging URL` adds one"},
		"other case":        {file: three, ask: "Dev", want: `environment "Dev" is not in ./govctl.yaml (did you mean "dev"?)|it has dev, test, prod`},
		"built in":          {ask: "staging", want: "environment \"staging\" is not in the built-in settings|it has dev, test, prod; `govctl env add staging URL` adds one"},
		"a server":          {file: three, ask: "127.0.0.1:8500", want: `environment "127.0.0.1:8500" is not in ./govctl.yaml|if that is a Consul: -e consul://127.0.0.1:8500`},
		"a host":            {ask: "localhost", want: `environment "localhost" is not in the built-in settings|if that is a Consul: -e consul://localhost`},
		"an IP address":     {ask: "10.0.0.1", want: `environment "10.0.0.1" is not in the built-in settings|if that is a Consul: -e consul://10.0.0.1`},
		"no port":           {ask: "a:70000", want: "environment \"a:70000\" is not in the built-in settings|it has dev, test, prod; `govctl env add a:70000 URL` adds one"},
		"URL":               {file: three, ask: "consul://u/x", want: "consul://u/x"},
		"URL by variable":   {file: three, variable: "consul://u", want: "consul://u"},
		"bad URL":           {ask: "consul://", want: "environment by URL: the URL names no server|write it like consul://127.0.0.1:8500 or local://PATH"},
		"token in a URL":    {ask: "consul://u?token=CANARY", want: "environment by URL: a token stands in the clear in the URL|for Consul set CONSUL_HTTP_TOKEN or CONSUL_HTTP_TOKEN_FILE; for others name the back-end in govctl.yaml, with auth"},
		"consul, no file":   {consul: "c:8500", want: "consul://c:8500"},
		"consul, default":   {file: "default: prod\n" + three, consul: "c", want: "consul://p"},
		"consul, only one":  {file: one, consul: "c", want: "consul://o"},
		"consul, several":   {file: three, consul: "c", want: "consul://c"},
		"consul by name":    {file: one, consul: "c", ask: "consul", want: "consul://c"},
		"consul of a file":  {file: "environments: {consul: {registry: consul://own}}", consul: "c", ask: "consul", want: "consul://own"},
		"consul twice":      {file: "environments: {consul: {registry: consul://own}, dev: {registry: consul://d}}", consul: "c", want: "which environment? -e is required, as ./govctl.yaml has several and no default|it has consul, dev; `govctl env use NAME` makes one the default"},
		"default is consul": {file: "default: consul\n" + three, consul: "c", want: "consul://c"},
		"consul is wrong":   {file: one, consul: "unix:///s", ask: "only", want: "consul://o"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if c.file != "" {
				w.write("work/govctl.yaml", c.file)
			}
			w.vars["GOVCTL_ENV"], w.vars["CONSUL_HTTP_ADDR"] = c.variable, c.consul
			got := w.registry(c.ask)
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestAURLIsRelativeToTheWorkingDirectory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.environment("local://x/y")
	if e.Registry != e.Config || brief(e.Registry) != "local://"+w.path("work/x/y") || e.Name != brief(e.Registry) {
		t.Errorf("%s: %s, %s", e.Name, brief(e.Registry), brief(e.Config))
	}
}

func TestAProtectedBackendIsProtectedByEveryName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.vars["CONSUL_HTTP_ADDR"] = "kv:8500"
	w.write("work/govctl.yaml", `
environments:
  prod: {protected: true, registry: "consul://127.0.0.1:8500,p2:8500", config: "consul://127.0.0.1:8500/config/prod", traces: local://t}
  alias: {config: "consul+https://p2,p3/config/prod/"}
  alias2: {config: consul://localhost/config/prod}
  dev: {registry: "consul://p2:8500", config: "consul://127.0.0.1:8500/config/dev"}
  other: {registry: "nacos://127.0.0.1:8500"}
  kv: {protected: true, config: "consul://kv:8500/x"}
  anyport: {protected: true, registry: "nacos://edge"}
  linked: {config: local://link}
`)
	w.write("work/t/snapshot.json", "{}")
	w.symlink("work/link", "t")
	got := map[string]string{}
	for _, name := range []string{
		"prod", "alias", "alias2", "dev", "other", "consul", "linked",
		"consul://[::1]:8500/any", "consul+https://P2", "consul://127.0.0.1:8501", "nacos://p2:8500", "local://t", "local://link/", "local://t/u", "nacos://edge:8848",
	} {
		e := w.environment(name)
		if e.Protected {
			got[name] = "all"
		}
		if !e.Protected && e.Registry != nil && e.Registry.Protected {
			got[name] += "registry "
		}
		if !e.Protected && e.Config != nil && e.Config.Protected {
			got[name] += "config"
		}
	}
	want := map[string]string{
		"prod": "all", "alias2": "config", "dev": "registry ", "consul": "all",
		"consul://[::1]:8500/any": "all", "consul+https://P2": "all", "local://t": "all", "linked": "config", "local://link/": "all", "nacos://edge:8848": "all",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestTheVariablesOfConsul(t *testing.T) {
	t.Parallel()
	all := map[string]string{
		"CONSUL_HTTP_TOKEN": "CANARY", "CONSUL_HTTP_SSL_VERIFY": "false", "CONSUL_CACERT": "ca.pem",
		"CONSUL_CLIENT_CERT": "c.pem", "CONSUL_CLIENT_KEY": "/k.pem", "CONSUL_TLS_SERVER_NAME": "server.dc1.consul",
	}
	token := " token {env: CONSUL_HTTP_TOKEN} user none password none"
	for name, c := range map[string]struct {
		set  map[string]string
		ask  string
		want string
	}{
		"host and port":   {map[string]string{"CONSUL_HTTP_ADDR": "c:8500"}, "consul", "consul://c:8500" + token},
		"http":            {map[string]string{"CONSUL_HTTP_ADDR": "http://c:8500/"}, "consul", "consul://c:8500" + token},
		"https":           {map[string]string{"CONSUL_HTTP_ADDR": "https://c"}, "consul", "consul+https://c" + token + " ca WORK/ca.pem"},
		"ssl":             {map[string]string{"CONSUL_HTTP_ADDR": "http://c", "CONSUL_HTTP_SSL": "1"}, "consul", "consul+https://c" + token + " ca WORK/ca.pem"},
		"IPv6":            {map[string]string{"CONSUL_HTTP_ADDR": "[::1]:8500"}, "consul", "consul://[::1]:8500" + token},
		"token file wins": {map[string]string{"CONSUL_HTTP_TOKEN_FILE": "t"}, "consul://u", "consul://u token {file: WORK/t} user none password none"},
		"URL":             {nil, "consul+https://u", "consul+https://u" + token + " ca WORK/ca.pem"},
		"plain URL":       {nil, "consul://u", "consul://u" + token},
		"other system":    {nil, "nacos+https://u", "nacos+https://u"},
		"of a file":       {nil, "dev", "consul+https://dev"},
		"unix": {
			map[string]string{"CONSUL_HTTP_ADDR": "unix:///s"},
			"consul",
			"CONSUL_HTTP_ADDR names a unix socket, which govctl does not speak|it is HOST:PORT, http://HOST:PORT or https://HOST:PORT; let the agent listen on a port",
		},
		"path": {map[string]string{"CONSUL_HTTP_ADDR": "http://c/x"}, "consul", "CONSUL_HTTP_ADDR names more than a server|it is HOST:PORT, http://HOST:PORT or https://HOST:PORT"},
		"user": {
			map[string]string{"CONSUL_HTTP_ADDR": "u:CANARY@c"},
			"consul",
			"CONSUL_HTTP_ADDR: a user or password stands in the clear in the URL|it is HOST:PORT, http://HOST:PORT or https://HOST:PORT",
		},
		"odd ssl":    {map[string]string{"CONSUL_HTTP_ADDR": "c", "CONSUL_HTTP_SSL": "ja"}, "consul", `CONSUL_HTTP_SSL is "ja": it is true or false|unset it, or write https:// in CONSUL_HTTP_ADDR`},
		"odd verify": {map[string]string{"CONSUL_HTTP_SSL_VERIFY": "ja"}, "consul+https://u", `CONSUL_HTTP_SSL_VERIFY is "ja": it is true or false|unset it: certificates are then verified`},
		"cert alone": {map[string]string{"CONSUL_CLIENT_KEY": ""}, "consul+https://u", `CONSUL_CLIENT_CERT and CONSUL_CLIENT_KEY must be set together|set both, or neither`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.write("work/govctl.yaml", "environments: {dev: {registry: consul+https://dev}}")
			maps.Copy(w.vars, all)
			maps.Copy(w.vars, c.set)
			got := w.registry(c.ask)
			if want := replaceWork(c.want, w); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

func TestTLSOfTheVariables(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	maps.Copy(w.vars, map[string]string{
		"CONSUL_HTTP_SSL_VERIFY": "false", "CONSUL_CLIENT_CERT": "c.pem", "CONSUL_CLIENT_KEY": "/k.pem", "CONSUL_TLS_SERVER_NAME": "s",
	})
	want := settings.TLS{Cert: w.path("work/c.pem"), Key: "/k.pem", ServerName: "s", Insecure: true}
	if diff := cmp.Diff(want, w.environment("consul+https://u").Registry.TLS); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if tls := w.environment("consul://u").Registry.TLS; tls != (settings.TLS{}) {
		t.Errorf("TLS of a plain URL = %+v", tls)
	}
}
