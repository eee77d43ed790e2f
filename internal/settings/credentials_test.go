package settings_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"govctl/internal/settings"
)

// withAuth is a file whose environment dev has this auth.
func withAuth(auth string) string {
	return "environments:\n  dev:\n    registry:\n      url: consul://a:8500\n      auth: " + auth + "\n"
}

// resolve resolves the credentials of dev's registry in a file that the user
// named, and returns them or the error's text.
func resolve(t *testing.T, w *world, auth string) (settings.Credentials, string) {
	t.Helper()
	w.write("named/govctl.yaml", withAuth(auth))
	w.vars["GOVCTL_CONFIG"] = "../named/govctl.yaml"
	s := w.load()
	c, err := s.Credentials(t.Context(), w.environment("dev").Registry)
	if err == nil {
		return c, ""
	}
	if _, ok := errors.AsType[*settings.Error](err); !ok {
		t.Errorf("Credentials: %T; want *settings.Error", err)
	}
	return c, strings.ReplaceAll(err.Error(), w.root, "")
}

func TestSecretsAreFoundWhereTheFileSays(t *testing.T) {
	t.Parallel()
	for auth, want := range map[string]settings.Credentials{
		"{token: {env: TOKEN}}":                                       {Token: "CANARY one"},
		"{token: {file: secret}}":                                     {Token: "CANARY two"},
		"{token: {command: [cat, secret]}}":                           {Token: "CANARY two"},
		"{token: {command: [./tool, CANARY, $HOME]}}":                 {Token: "CANARY $HOME"},
		"{username: me, password: {env: TOKEN}}":                      {Username: "me", Password: "CANARY one"},
		"{username: {file: ../named/secret}, password: {env: TOKEN}}": {Username: "CANARY two", Password: "CANARY one"},
	} {
		t.Run(auth, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.vars["TOKEN"] = "CANARY one"
			w.write("named/secret", "CANARY two\r\n")
			w.link("named/tool", "echo")
			got, err := resolve(t, w, auth)
			if err != "" || got != want {
				t.Errorf("Credentials = %q, %s", got.Token+got.Username+got.Password, err)
			}
		})
	}
}

func TestSecretsThatAreNotThere(t *testing.T) {
	t.Parallel()
	for auth, want := range map[string]string{
		"{token: {env: UNSET}}":            "the variable UNSET is not set",
		"{token: {env: BLANK}}":            "the variable BLANK is empty",
		"{token: {env: LINES}}":            "the variable LINES is not one line of text",
		"{token: {file: nowhere}}":         "/named/nowhere: no such file",
		"{token: {file: .}}":               "/named: is a directory",
		"{token: {file: large}}":           "/named/large is longer than 64 KiB",
		"{token: {command: [nowhere]}}":    `"nowhere": no such program`,
		"{token: {command: [./no]}}":       `"./no": no such file`,
		"{token: {command: [\"true\"]}}":   `what "true" printed is empty`,
		"{token: {command: [cat, large]}}": `what "cat" printed is longer than 64 KiB`,
		"{token: {command: [sh, fails]}}":  `"sh" ended with exit status 3: "locked\x1b[31m"`,
	} {
		t.Run(auth, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.vars["LINES"], w.vars["BLANK"] = "CANARY\nX-Evil: 1", " "
			w.write("named/large", "CANARY"+strings.Repeat("x", 64<<10))
			w.write("named/fails", "echo CANARY\nprintf 'locked\\033[31m\\nCANARY\\n' >&2\nexit 3\n")
			_, got := resolve(t, w, auth)
			if want := "../named/govctl.yaml:5: token: " + want; got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

func TestACommandEndsWithItsContext(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("govctl.yaml", withAuth("{token: {command: [sleep, '60']}}"))
	w.vars["GOVCTL_CONFIG"] = w.path("govctl.yaml")
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	_, err := w.load().Credentials(ctx, w.environment("dev").Registry)
	if _, ok := errors.AsType[*settings.Error](err); ok || !errors.Is(err, context.Canceled) {
		t.Errorf("Credentials = %v; want that they were cancelled", err)
	}
}

func TestACommandEndsAtTheTimeout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("govctl.yaml", "timeout: 50ms\n"+withAuth("{token: {command: [sleep, '60']}}"))
	w.vars["GOVCTL_CONFIG"] = w.path("govctl.yaml")
	_, err := w.load().Credentials(t.Context(), w.environment("dev").Registry)
	if _, ok := errors.AsType[*settings.Error](err); !ok || !strings.HasSuffix(err.Error(), `: token: "sleep": nothing came within 50ms`) {
		t.Errorf("Credentials = %v; want a mistake that names the time", err)
	}
}

func TestNothingPrintsCredentials(t *testing.T) {
	t.Parallel()
	c := settings.Credentials{Token: "CANARY", Username: "CANARY", Password: "CANARY"}
	out := ""
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		out += fmt.Sprintf(verb, c) + fmt.Sprintf(verb, &c) + fmt.Sprintf(verb, []settings.Credentials{c})
	}
	data, err := json.Marshal(map[string]any{"c": c, "p": &c})
	if out += string(data); err != nil || strings.Contains(out, "CANARY") || strings.Contains(out, "43414e") {
		t.Errorf("%s, %v", out, err)
	}
	if got := (settings.Secret{Command: []string{"vault", "CANARY"}}).String(); strings.Contains(got, "CANARY") {
		t.Errorf("Secret: %s", got)
	}
}

// TestAFileThatNobodyNamed is reliability's S6: what a cloned repository may
// not do, and what lets it.
func TestAFileThatNobodyNamedMayNotUseSecrets(t *testing.T) {
	t.Parallel()
	const run = "govctl.yaml:5: a file that you did not name may not run a command|`govctl env trust` if you know this file, or name it: --config ./govctl.yaml"
	send := func(server string) string {
		return "govctl.yaml:4: a file that you did not name may not send a credential to " + server +
			"|`govctl env trust` if you know this file, or name it: --config ./govctl.yaml, or name the server in /config/govctl/govctl.yaml"
	}
	auth := "\n      auth: {token: {env: TOKEN}}"
	for name, c := range map[string]struct{ backend, own, want string }{
		"a token":              {"consul://a:8500" + auth, "", send("consul://a:8500")},
		"a command":            {"consul://a:8500\n      auth: {token: {command: [touch, CANARY]}}", "consul://a:8500", run},
		"no secret":            {"consul://a:8500", "", ""},
		"a server of the user": {"consul://a:8500" + auth, "consul://a:8500/x", ""},
		"one of its servers":   {"consul://a:8500" + auth, "consul://b:8500,a:8500", ""},
		"one more server":      {"consul://a:8500,evil:8500" + auth, "consul://a:8500", send("consul://evil:8500")},
		"another port":         {"consul://a:8501" + auth, "consul://a:8500", send("consul://a:8501")},
		"in the clear":         {"consul://a:8500" + auth, "consul+https://a:8500", send("consul://a:8500")},
		"another system":       {"nacos://a:8500" + auth, "consul://a:8500", send("nacos://a:8500")},
		"any certificate":      {"consul+https://a\n      tls: {insecure: true}" + auth, "consul+https://a", send("consul+https://a")},
		"its own authority":    {"consul+https://a\n      tls: {ca: ca.pem}" + auth, "consul+https://a", send("consul+https://a")},
		"a client certificate": {"consul+https://a\n      tls: {cert: c.pem, key: k.pem}", "", send("consul+https://a")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.vars["TOKEN"] = "CANARY"
			text := "environments:\n  dev:\n    registry:\n      url: " + c.backend + "\n"
			w.write("work/govctl.yaml", text)
			if c.own != "" {
				w.write("config/govctl/govctl.yaml", "environments: {mine: {config: \""+c.own+"\"}}")
			}
			got := ""
			_, err := w.load().Credentials(t.Context(), w.environment("dev").Registry)
			if e, ok := errors.AsType[*settings.Error](err); ok {
				got = strings.ReplaceAll(e.Msg+"|"+e.Hint, w.root, "")
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if w.exists("work/CANARY") {
				t.Error("the command ran")
			}
			path := w.path("work/govctl.yaml")
			in := w.inputs()
			in.Flags.Config = &path
			s, err := settings.Load(in)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Credentials(t.Context(), s.Environments[0].Registry); err != nil && name != "a command" {
				t.Errorf("named by --config: %v", err)
			}
		})
	}
}

func TestTheTokenOfConsulGoesToWhatTheUserTyped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.vars["CONSUL_HTTP_TOKEN"], w.vars["CONSUL_HTTP_ADDR"] = "CANARY", "c:8500"
	w.write("work/govctl.yaml", "default: dev\nenvironments: {dev: {registry: consul://evil}}")
	for name, want := range map[string]string{"dev": "", "": "", "consul": "CANARY", "consul://u": "CANARY", "nacos://u": ""} {
		got, err := w.load().Credentials(t.Context(), w.environment(name).Registry)
		if err != nil || got.Token != want {
			t.Errorf("%q: token %q, %v; want %q", name, got.Token, err, want)
		}
	}
}
