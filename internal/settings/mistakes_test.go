package settings_test

import (
	"errors"
	"strings"
	"testing"

	"govctl/internal/settings"
)

// mistaken is a govctl.yaml that is wrong, and all that a person reads of it: the
// message, and behind the bar the hint.
type mistaken struct{ yaml, want string }

// mistakes returns files that are wrong, each by what is wrong with it.
func mistakes() map[string]mistaken {
	const smallest = `smallest one: environments: {dev: {registry: "consul://127.0.0.1:8500"}}`
	return map[string]mistaken{
		"unknown key": {
			"environments:\n  dev:\n    registyr: consul://a\n",
			`govctl.yaml:3: unknown key "registyr" in environment "dev" (did you mean "registry"?)|environment "dev" has registry, config, traces, metrics, protected`,
		},
		"unknown top key": {
			"environment: {}\n",
			`govctl.yaml:1: unknown key "environment" in the file (did you mean "environments"?)|the file has default, environments, ignore, protect, layers, schemas, output, timeout, color`,
		},
		"nothing near":  {"zzz: 1\n", `govctl.yaml:1: unknown key "zzz" in the file|the file has default, environments, ignore, protect, layers, schemas, output, timeout, color`},
		"duplicate key": {"timeout: 1s\ncolor: auto\ntimeout: 2s\n", `govctl.yaml:3: the key "timeout" stands twice in the file, first in line 1|`},
		"duplicate environment": {
			"environments:\n  dev: {registry: consul://a}\n  dev: {registry: consul://b}\n",
			`govctl.yaml:3: the key "dev" stands twice in environments, first in line 2|`,
		},
		"list for keys":    {"- a\n", `govctl.yaml:1: the file must be keys with values, not a list|`},
		"text for keys":    {"environments: dev\n", `govctl.yaml:1: environments must be keys with values, not a single value|`},
		"list for text":    {"timeout:\n  [1s]\n", `govctl.yaml:2: "timeout" must be a text, not a list|`},
		"nothing for text": {"output:\n", `govctl.yaml:1: "output" must be a text, not nothing|`},
		"yes for true": {
			"environments:\n  dev:\n    registry: consul://a\n    protected: yes\n",
			`govctl.yaml:4: "protected" must be true or false|`,
		},
		"empty file":        {"", `govctl.yaml:1: the file is empty|the ` + smallest},
		"only a comment":    {"# nothing\n\n", `govctl.yaml:1: the file is empty|the ` + smallest},
		"only a start":      {"---\n", `govctl.yaml:1: the file is empty|the ` + smallest},
		"two documents":     {"timeout: 1s\n---\ncolor: auto\n", `govctl.yaml:2: a second YAML document begins here|keep one, without a --- line`},
		"tab":               {"environments:\n\tdev: {}\n", `govctl.yaml:2: a tab stands in the indentation|indent with blanks`},
		"no YAML":           {"timeout: 1s\ncolor: [auto\n", `govctl.yaml:2: this is not YAML: did not find expected ',' or ']'|a text with special characters wants quotes`},
		"no YAML far below": {"timeout: 1s\nenvironments:\n  dev:\n    config: [a,\n     b]\n    registry: consul://a\n   traces: x\n", `govctl.yaml:7: this is not YAML: did not find expected key|a text with special characters wants quotes`},
		"NUL":               {"timeout: 1s\ncolor: a\x00b\n", `govctl.yaml:2: a control character (U+0000) stands here|`},
		"bad UTF-8":         {"timeout: 1s\n\ncolor: \xff\n", `govctl.yaml:3: this is not UTF-8|`},
		"1 MiB":             {strings.Repeat("#", 1<<20+1), `govctl.yaml:1: the file is larger than 1 MiB|`},
		"merge key":         {"a: &a {}\nenvironments:\n  <<: *a\n", `govctl.yaml:1: unknown key "a" in the file|the file has default, environments, ignore, protect, layers, schemas, output, timeout, color`},
		"merge environment": {"environments:\n  dev: &d {registry: consul://a}\n  prod:\n    <<: *d\n", `govctl.yaml:4: a merge key (<<) has no meaning in environment "prod"|write the keys out, or use an alias for a whole value`},
		"alias of itself":   {"environments: &e\n  dev: *e\n", `govctl.yaml:2: unknown key "dev" in environment "dev"|environment "dev" has registry, config, traces, metrics, protected`},
		"unknown anchor":    {"timeout: *CANARY\n", `govctl.yaml:1: this is not YAML: a value begins with * but names no anchor|a text with special characters wants quotes`},
		"escape sequence":   {"\"a\\e[31m\": 1\n", `govctl.yaml:1: unknown key "a\x1b[31m" in the file|the file has default, environments, ignore, protect, layers, schemas, output, timeout, color`},

		"ignore no list": {"ignore: {key: a}\n", `govctl.yaml:1: "ignore" must be a list, not keys with values|write it like ignore: [{key: "order/*", path: "*.url"}]`},
		"ignore no rule": {"ignore:\n  - a\n", `govctl.yaml:2: a rule of "ignore" must be keys with values, not a single value|`},
		"ignore empty":   {"ignore:\n  - {}\n", `govctl.yaml:2: a rule of "ignore" must have a key or a path|`},
		"protect empty":  {"protect:\n  - {}\n", `govctl.yaml:2: a rule of "protect" must have a key or a path|`},
		"protect none":   {"protect: a\n", `govctl.yaml:1: "protect" must be a list, not a single value|write it like protect: [{key: "order/*", path: "*.url"}]`},
		"ignore unknown": {"ignore:\n  - {kye: a}\n", `govctl.yaml:2: unknown key "kye" in a rule of "ignore" (did you mean "key"?)|a rule of "ignore" has key, path`},

		"schemas no list":          {"schemas: {key: a}\n", `govctl.yaml:1: "schemas" must be a list, not keys with values|write it like schemas: [{key: "order/*.yaml", schema: schemas/order.json}]`},
		"schemas without a key":    {"schemas:\n  - {schema: a.json}\n", `govctl.yaml:2: a rule of "schemas" must have a key and a schema|write it like schemas: [{key: "order/*.yaml", schema: schemas/order.json}]`},
		"schemas without a schema": {"schemas:\n  - {key: a}\n", `govctl.yaml:2: a rule of "schemas" must have a key and a schema|write it like schemas: [{key: "order/*.yaml", schema: schemas/order.json}]`},
		"schemas of no glob":       {"schemas:\n  - {key: \"a[\", schema: a.json}\n", `govctl.yaml:2: "a[" is not a glob|* is any text, ? any one character, [ab] one of those`},
		"schemas unknown":          {"schemas:\n  - {key: a, file: a.json}\n", `govctl.yaml:2: unknown key "file" in a rule of "schemas"|a rule of "schemas" has key, schema`},

		"layers no list":           {"layers: {items: [a]}\n", `govctl.yaml:1: "layers" must be a list, not keys with values|write it like layers: [{service: "*", consumer: merge, items: ["common/*", "{service}/*"]}]`},
		"layers without items":     {"layers:\n  - {service: a}\n", `govctl.yaml:2: an entry of "layers" must have items|write it like layers: [{service: "*", consumer: merge, items: ["common/*", "{service}/*"]}]`},
		"layers of no consumer":    {"layers:\n  - {consumer: gomicro, items: [a]}\n", `govctl.yaml:2: unknown consumer "gomicro" (did you mean "go-micro"?)|it is one of merge, go-micro, spring`},
		"layers of no glob":        {"layers:\n  - {service: \"a[\", items: [a]}\n", `govctl.yaml:2: "a[" is not a glob|* is any text, ? any one character, [ab] one of those`},
		"layers with no such hole": {"layers:\n  - {items: [\"{service}/{profile}\"]}\n", `govctl.yaml:2: "{profile}" in "items" stands for nothing|there are {service}, {env}, {instance}`},

		"no duration":     {"\ntimeout: 10\n", `timeout "10" (govctl.yaml:2) is no duration|write a number with its unit: 500ms, 10s, 2m`},
		"zero timeout":    {"timeout: 0s\n", `timeout "0s" (govctl.yaml:1) must be above 0|write a number with its unit: 500ms, 10s, 2m`},
		"unknown color":   {"color: alway\n", `unknown color "alway" (govctl.yaml:1) (did you mean "always"?)|it is one of auto, always, never`},
		"unknown default": {"default: pord\nenvironments: {prod: {registry: consul://a}}\n", `govctl.yaml:1: "default" names environment "pord", which is not here (did you mean "prod"?)|it has prod`},
		"URL as default":  {"default: consul://evil\n", `govctl.yaml:1: "default" names environment "consul://evil", which is not here|`},

		"unknown system":         {"environments:\n  dev:\n    protected: true\n    registry: consl://a\n", `govctl.yaml:4: "registry": unknown system "consl" (did you mean "consul"?)|it is one of consul, local, nacos, jaeger, zipkin, tempo, prometheus, eureka, etcd, zookeeper`},
		"unknown system, secure": {"environments:\n  dev:\n    traces: {url: \"jager+https://a\"}\n", `govctl.yaml:3: "traces": unknown system "jager+https" (did you mean "jaeger+https"?)|it is one of consul, local, nacos, jaeger, zipkin, tempo, prometheus, eureka, etcd, zookeeper`},
		"http for a system":      {"environments: {dev: {registry: \"https://a:8501/ui\"}}\n", `govctl.yaml:1: "registry": unknown system "https"|if that is a Consul: consul+https://a:8501`},

		"URL as name":    {"environments:\n  consul://a: {}\n", `govctl.yaml:2: an environment cannot be named "consul://a": that is a URL or a file on the command line|`},
		"file as name":   {"environments:\n  'file:x': {}\n", `govctl.yaml:2: an environment cannot be named "file:x": that is a URL or a file on the command line|`},
		"flag as name":   {"environments:\n  -e: {}\n", `govctl.yaml:2: an environment cannot be named "-e": a name has no blanks and does not begin with a dash|`},
		"no back-end":    {"environments:\n  dev: {}\n", `govctl.yaml:2: environment "dev" has no back-end|`},
		"no url":         {"environments:\n  dev:\n    registry: {tls: {insecure: true}}\n", `govctl.yaml:3: "registry" has no url|`},
		"no scheme":      {"environments:\n  dev:\n    registry: 127.0.0.1:8500\n", `govctl.yaml:3: "registry": this is no URL: it begins with its system, as consul://127.0.0.1:8500|`},
		"no server":      {"environments: {dev: {registry: \"consul://\"}}\n", `govctl.yaml:1: "registry": the URL names no server|`},
		"bad server":     {"environments: {dev: {registry: \"consul://a:1,:2\"}}\n", `govctl.yaml:1: "registry": a server of the URL is not well formed: it is HOST or HOST:PORT|`},
		"bad port":       {"environments: {dev: {registry: \"consul://a:65536\"}}\n", `govctl.yaml:1: "registry": a server of the URL has a port that is not one of 1 to 65535|`},
		"fragment":       {"environments: {dev: {registry: \"consul://a#b\"}}\n", `govctl.yaml:1: "registry": the URL of a back-end has no # part|`},
		"folder and tls": {"environments:\n  dev:\n    registry: {url: local://x, tls: {insecure: true}}\n", `govctl.yaml:3: "registry" is a folder: it takes neither auth nor tls|`},
		"cert alone":     {"environments:\n  dev:\n    registry: {url: nacos://x, tls: {cert: a.pem}}\n", `govctl.yaml:3: "tls" must have a cert and a key together|`},
		"list for a URL": {"environments:\n  dev:\n    registry: [consul://a]\n", `govctl.yaml:3: "registry" must be a text, not a list|`},
		"text for true":  {"environments:\n  dev: {registry: consul://a, protected: 1}\n", `govctl.yaml:2: "protected" must be true or false|`},
		"home unknown":   {"environments: {dev: {registry: \"local://~/x\"}}\n", `govctl.yaml:1: "registry": ~ means nothing here: the home folder is not known|`},
	}
}

func TestMistakesInTheFile(t *testing.T) {
	t.Parallel()
	for name, c := range mistakes() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := mistakeOf(t, c.yaml); got != c.want {
				t.Errorf("%q:\n got %s\nwant %s", c.yaml, got, c.want)
			}
		})
	}
}

// leaks returns registries with a secret wherever a person may put one by
// mistake.
func leaks() map[string]struct{ backend, want string } {
	const ways = "write {env: NAME}, {file: PATH} or {command: [PROGRAM, ARGUMENT]} in its place"
	const beside = `write registry: {url: …, auth: {token: {env: NAME}}}, or username and password in place of token`
	return map[string]struct{ backend, want string }{
		"token":               {"{url: consul://a, auth: {token: CANARY}}", `"token" stands in the clear|` + ways},
		"password":            {"{url: nacos://a, auth: {username: u, password: CANARY}}", `"password" stands in the clear|` + ways},
		"password in the URL": {"nacos://user:CANARY@a", `"registry": a user or password stands in the clear in the URL|` + beside},
		"user in the URL":     {"consul://CANARY@a", `"registry": a user or password stands in the clear in the URL|` + beside},
		"second host":         {"consul://a,u:CANARY@b", `"registry": a user or password stands in the clear in the URL|` + beside},
		"at sign in password": {"consul://u:CANARY/@a", `"registry": a server of the URL is not well formed: it is HOST or HOST:PORT|`},
		"token in the URL":    {"consul://a?token=CANARY", `"registry": a token stands in the clear in the URL|` + beside},
		"escaped":             {"nacos://a?access%54oken=CANARY", `"registry": a token stands in the clear in the URL|` + beside},
		"fragment":            {"consul://a#CANARY", `"registry": the URL of a back-end has no # part|`},
		"key of auth":         {"{url: consul://a, auth: {CANARY}}", `unknown key in "auth"|"auth" has token, username, password`},
		"key of token":        {"{url: consul://a, auth: {token: {CANARY}}}", `unknown key in "token"|"token" has env, file, command`},
		"key twice":           {"{url: consul://a, auth: {token: {CANARY, CANARY}}}", `the key stands twice in "token", first in line 3|`},
		"env":                 {"{url: consul://a, auth: {token: {env: CANARY-X}}}", `"env" must be the name of a variable: letters, digits and _|`},
		"two ways":            {"{url: consul://a, auth: {token: {env: A, file: b}}}", `"token" must have one of env, file and command|` + ways},
		"two identities":      {"{url: consul://a, auth: {token: {env: A}, username: b, password: {env: C}}}", `"auth" must have either a token, or a username and a password|`},
		"user alone":          {"{url: consul://a, auth: {username: b}}", `"auth" must have a username and a password together|`},
		"PEM":                 {`{url: nacos://a, tls: {ca: "-----BEGIN CANARY"}}`, `"ca": a key or certificate stands in the clear: name its file|`},
	}
}

// TestSecretsInTheClear holds that the error says what to write, and never
// repeats the secret.
func TestSecretsInTheClear(t *testing.T) {
	t.Parallel()
	for name, c := range leaks() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := mistakeOf(t, "environments:\n  dev:\n    registry: "+c.backend+"\n")
			if want := "govctl.yaml:3: " + c.want; got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
			if strings.Contains(strings.ToUpper(got), "CANARY") {
				t.Errorf("the error repeats the secret: %s", got)
			}
		})
	}
}

func TestAnAliasBombIsOneLine(t *testing.T) {
	t.Parallel()
	words := "&l [" + strings.TrimSuffix(strings.Repeat("x,", 20_000), ",") + "]"
	bomb := "environments:\n  e0: {registry: {url: consul://a, auth: {token: {command: " + words + "}}}}\n"
	for i := range 20 {
		bomb += "  f" + strings.Repeat("f", i) + ": {registry: {url: consul://a, auth: {token: {command: *l}}}}\n"
	}
	got := mistakeOf(t, bomb)
	if want := "govctl.yaml:2: the file has more than 100000 values, counting those that aliases repeat|"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// mistakeOf loads a file that is wrong and returns "MESSAGE|HINT".
func mistakeOf(t *testing.T, yaml string) string {
	t.Helper()
	w := newWorld(t)
	w.write("work/govctl.yaml", yaml)
	s, err := settings.Load(w.inputs())
	if err == nil {
		t.Fatalf("Load = %+v; want an error", s)
	}
	e, ok := errors.AsType[*settings.Error](err)
	if !ok {
		t.Fatalf("Load: %T; want *settings.Error", err)
	}
	return e.Msg + "|" + e.Hint
}
