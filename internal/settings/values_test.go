package settings_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"govctl/internal/settings"
)

func TestEachSettingSaysWhoGaveIt(t *testing.T) {
	t.Parallel()
	const three = "environments:\n  dev: {registry: consul://d}\n  test: {registry: consul://t}\n"
	for name, c := range map[string]struct {
		file  string
		vars  map[string]string
		flags []string // env, timeout
		want  []string // of env, output, timeout, color and config: "VALUE FROM"
	}{
		"nobody":    {want: []string{"dev built in", "table default", "10s default", "auto default", " built in"}},
		"the file":  {file: "default: test\n\noutput: json\ntimeout: 2m\ncolor: never\n" + three, want: []string{"test govctl.yaml:1", "json govctl.yaml:3", "2m govctl.yaml:4", "never govctl.yaml:5", "./govctl.yaml the working directory or a folder above it"}},
		"variables": {file: three, vars: map[string]string{"GOVCTL_ENV": "dev", "GOVCTL_TIMEOUT": "1h"}, want: []string{"dev GOVCTL_ENV", "table default", "1h GOVCTL_TIMEOUT", "auto default", "./govctl.yaml the working directory or a folder above it"}},
		"flags":     {file: three, vars: map[string]string{"GOVCTL_ENV": "dev"}, flags: []string{"test", "90m30s"}, want: []string{"test --env", "table default", "1h30m30s --timeout", "auto default", "./govctl.yaml the working directory or a folder above it"}},
		"only one":  {file: "environments: {x: {registry: consul://x}}", want: []string{"x the only environment", "table default", "10s default", "auto default", "./govctl.yaml the working directory or a folder above it"}},
		"required":  {file: three, want: []string{" default", "table default", "10s default", "auto default", "./govctl.yaml the working directory or a folder above it"}},
		"consul":    {vars: map[string]string{"CONSUL_HTTP_ADDR": "c:8500"}, want: []string{"consul CONSUL_HTTP_ADDR", "table default", "10s default", "auto default", " built in"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if c.file != "" {
				w.write("work/govctl.yaml", c.file)
			}
			if c.vars != nil {
				w.vars = c.vars
			}
			in := w.inputs()
			if len(c.flags) > 0 {
				in.Flags.Env, in.Flags.Timeout = &c.flags[0], &c.flags[1]
			}
			s, err := settings.Load(in)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, v := range s.Values() {
				got = append(got, v.Value+" "+v.From)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestTheFileSaysWhyItIsTheOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("work/govctl.yaml", file("here"))
	w.write("config/govctl/govctl.yaml", file("user"))
	w.write("demo/govctl.yaml", file("demo"))
	named := w.path("work/govctl.yaml")
	for want, change := range map[string]func(*settings.Inputs){
		"--config":          func(in *settings.Inputs) { in.Flags.Config = &named },
		"GOVCTL_CONFIG":     func(in *settings.Inputs) { in.Getenv = func(string) string { return "" }; setConfig(in, named) },
		"your own settings": func(in *settings.Inputs) { in.Dir = "" },
		"the running demo": func(in *settings.Inputs) {
			in.Dir, in.ConfigDir = "", ""
			in.DemoRunning = func() (string, bool) { return w.path("demo/govctl.yaml"), true }
		},
	} {
		in := w.inputs()
		change(&in)
		s, err := settings.Load(in)
		if err != nil {
			t.Fatal(err)
		}
		values := s.Values()
		if got := values[len(values)-1].From; got != want {
			t.Errorf("from %q, want %q", got, want)
		}
	}
}

func setConfig(in *settings.Inputs, path string) {
	in.Getenv = func(name string) string {
		if name == "GOVCTL_CONFIG" {
			return path
		}
		return ""
	}
}

func TestEachPartOfABackendHasItsPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.vars["CONSUL_HTTP_ADDR"] = "c:8500"
	w.write("work/govctl.yaml", `environments:
  dev:
    registry:
      url: nacos://a
      auth:
        username: me
        password: {env: PW}
      tls:
        ca: ca.pem
    config: nacos://a/x
`)
	var got []string
	for _, e := range w.load().Environments {
		for _, b := range []*settings.Backend{e.Registry, e.Config} {
			text := e.Name + " " + e.From() + " " + b.Pos.String()
			if b.Auth != nil {
				text += " " + b.Auth.Username.Pos().String() + " " + b.Auth.Password.Pos().String() + " " + b.TLSPos.String()
			}
			got = append(got, text)
		}
	}
	want := []string{
		"dev govctl.yaml:2 govctl.yaml:4 govctl.yaml:6 govctl.yaml:7 govctl.yaml:8",
		"dev govctl.yaml:2 govctl.yaml:10 govctl.yaml:6 govctl.yaml:7 govctl.yaml:8",
		"consul CONSUL_HTTP_ADDR ", "consul CONSUL_HTTP_ADDR ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestASecretThatNeverComesEndsInTime plants what is no file at all where a
// secret should be.
func TestASecretThatIsNoFileEndsInTime(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"loop":      "/named/loop: too many levels of symbolic links",
		"folder":    "/named/folder: is a directory",
		"fifo":      "/named/fifo: nothing came within 50ms",
		"/dev/zero": "/dev/zero is longer than 64 KiB",
		"/dev/null": "/dev/null is empty",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.write("named/folder/x", "")
			w.symlink("named/loop", "loop")
			w.fifo("named/fifo")
			w.vars["GOVCTL_TIMEOUT"] = (50 * time.Millisecond).String()
			if _, got := resolve(t, w, "{token: {file: "+name+"}}"); got != "../named/govctl.yaml:5: token: "+want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

// TestSettingsThatAreNoFile does the same for govctl.yaml itself.
func TestSettingsThatAreNoFile(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"loop":      "--config loop: too many levels of symbolic links",
		"fifo":      "fifo:1: the file is empty",
		"/dev/zero": "/dev/zero:1: the file is larger than 1 MiB",
		"folder":    "--config folder: this is a folder",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.write("work/folder/x", "")
			w.symlink("work/loop", "loop")
			w.fifo("work/fifo")
			in := w.inputs()
			in.Flags.Config = &name
			if _, err := settings.Load(in); err == nil || err.Error() != want {
				t.Errorf("Load = %v, want %s", err, want)
			}
		})
	}
}

func TestALoopInTheWorkingDirectoryIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.symlink("work/govctl.yaml", "govctl.yaml")
	_, err := settings.Load(w.inputs())
	if want := w.path("work/govctl.yaml") + ": too many levels of symbolic links"; err == nil || err.Error() != want {
		t.Errorf("Load = %v, want %s", err, want)
	}
}

func TestAFileMayBeAheadOfTheProgram(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	text := "environments:\n"
	for i, scheme := range []string{
		"nacos", "nacos+https", "jaeger", "jaeger+https", "zipkin", "zipkin+https", "tempo", "tempo+https",
		"prometheus", "prometheus+https", "eureka", "etcd", "zookeeper", "Consul",
	} {
		text += "  e" + string(rune('a'+i)) + ": {registry: " + scheme + "://h}\n"
	}
	w.write("work/govctl.yaml", text)
	if _, err := settings.Load(w.inputs()); err != nil {
		t.Error(err)
	}
}
