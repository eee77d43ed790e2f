package settings_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"govctl/internal/settings"
)

// file is a govctl.yaml whose default environment tells where it lies.
func file(name string) string {
	return "default: " + name + "\nenvironments:\n  " + name + ": {registry: consul://" + name + "}\n  other: {registry: consul://other}\n"
}

// TestTheFirstFileFoundCounts takes away the winner of each step, and sees the
// next one win.
func TestTheFirstFileFoundCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("named.yaml", file("by-flag"))
	w.write("variable.yaml", file("by-variable"))
	w.write("work/sub/govctl.yaml", file("here"))
	w.write("work/govctl.yaml", file("above"))
	w.write("config/govctl/govctl.yaml", file("user"))
	w.write("demo/govctl.yaml", file("demo"))
	w.vars["GOVCTL_CONFIG"] = "../../variable.yaml"
	flag := w.path("named.yaml")
	in := w.inputs()
	in.Dir = w.path("work/sub")
	in.Flags.Config = &flag
	demo := w.path("demo/govctl.yaml")
	in.DemoRunning = func() (string, bool) { return demo, demo != "" }
	remove := func(name string) func() {
		return func() {
			if err := os.Remove(w.path(name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	type seen struct {
		Source        settings.Source
		File, Default string
		Notes         []string
	}
	for _, step := range []struct {
		want seen
		next func()
	}{
		{seen{settings.SourceFlag, flag, "by-flag", nil}, func() { in.Flags.Config = nil }},
		{seen{settings.SourceVariable, "../../variable.yaml", "by-variable", nil}, func() { w.vars["GOVCTL_CONFIG"] = "" }},
		{seen{settings.SourceDirectory, "./govctl.yaml", "here", nil}, remove("work/sub/govctl.yaml")},
		{seen{settings.SourceDirectory, "../govctl.yaml", "above", nil}, remove("work/govctl.yaml")},
		{seen{settings.SourceUser, w.path("config/govctl/govctl.yaml"), "user", nil}, remove("config/govctl/govctl.yaml")},
		{seen{settings.SourceDemo, demo, "demo", []string{"using the running demo's settings: " + demo}}, func() { w.vars["CONSUL_HTTP_ADDR"] = "c:8500" }},
		{seen{settings.SourceDefault, "", "consul", nil}, func() { w.vars["CONSUL_HTTP_ADDR"] = "" }},
		{seen{settings.SourceDemo, demo, "demo", []string{"using the running demo's settings: " + demo}}, remove("demo/govctl.yaml")},
		{seen{settings.SourceDefault, "", "dev", nil}, func() { demo = "" }},
		{seen{settings.SourceDefault, "", "dev", nil}, func() {}},
	} {
		s, err := settings.Load(in)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(step.want, seen{s.Source, s.File, s.Default, s.Notes}); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		step.next()
	}
}

// TestFlagBeatsVariableBeatsFile does the same for each scalar.
func TestFlagBeatsVariableBeatsFile(t *testing.T) {
	t.Parallel()
	type said struct {
		Default, Output, From string
		Color                 settings.Color
		Timeout               time.Duration
	}
	w := newWorld(t)
	w.write("work/govctl.yaml", "default: in.File\noutput: json\ncolor: always\ntimeout: 3s\nenvironments:\n  in.File: {registry: consul://a}\n")
	in := w.inputs()
	check := func(want said) {
		t.Helper()
		s, err := settings.Load(in)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, said{s.Default, s.Output, s.OutputFrom, s.Color, s.Timeout}); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
	check(said{"in.File", "json", "govctl.yaml:2", settings.Always, 3 * time.Second})
	w.vars["GOVCTL_ENV"], w.vars["GOVCTL_OUTPUT"], w.vars["GOVCTL_COLOR"], w.vars["GOVCTL_TIMEOUT"] = "V", "yaml", "never", "2s"
	check(said{"V", "yaml", "GOVCTL_OUTPUT", settings.Never, 2 * time.Second})
	env, output, color, timeout := "F", "name", "auto", "1m"
	in.Flags = settings.Flags{Env: &env, Output: &output, Color: &color, Timeout: &timeout}
	check(said{"F", "name", "--output", settings.Auto, time.Minute})
	w.vars, in.Flags, in.Dir = map[string]string{}, settings.Flags{}, ""
	check(said{"dev", "", "", settings.Auto, settings.DefaultTimeout})
}

func TestTheEmbeddedDefault(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.load()
	var got []string
	for _, e := range s.Environments {
		got = append(got, e.Name+" "+e.Registry.URL.String()+" "+e.Config.URL.String())
	}
	dir := "local://" + w.path("data/govctl/")
	want := []string{
		"dev " + dir + "/dev " + dir + "/dev", "test " + dir + "/test " + dir + "/test", "prod " + dir + "/prod " + dir + "/prod",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestAFileThatIsNamedMustBeThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("bad.yaml", "zzz: 1")
	for _, c := range []struct{ flag, variable, want string }{
		{"nowhere.yaml", "", "--config nowhere.yaml: no such file"},
		{"..", "", "--config ..: this is a folder"},
		{"", "no\x1b[31m.yaml", `GOVCTL_CONFIG no\x1b[31m.yaml: no such file`},
		{"../bad.yaml", "", `../bad.yaml:1: unknown key "zzz" in the file`},
	} {
		in := w.inputs()
		if c.flag != "" {
			in.Flags.Config = &c.flag
		}
		w.vars["GOVCTL_CONFIG"] = c.variable
		if _, err := settings.Load(in); err == nil || err.Error() != c.want {
			t.Errorf("Load = %v; want %s", err, c.want)
		}
	}
}

func TestWrongFlagsAndVariablesNameThemselves(t *testing.T) {
	t.Parallel()
	empty, soon, blue := "", "soon", "blue"
	for want, c := range map[string]struct {
		flags settings.Flags
		vars  map[string]string
	}{
		`--env is empty`:                                 {flags: settings.Flags{Env: &empty}},
		`--config is empty`:                              {flags: settings.Flags{Config: &empty}},
		`timeout "soon" (--timeout) is no duration`:      {flags: settings.Flags{Timeout: &soon}},
		`timeout "-1s" (GOVCTL_TIMEOUT) must be above 0`: {vars: map[string]string{"GOVCTL_TIMEOUT": "-1s"}},
		`unknown color "blue" (--color)`:                 {flags: settings.Flags{Color: &blue}},
	} {
		w := newWorld(t)
		in := w.inputs()
		in.Flags = c.flags
		if c.vars != nil {
			w.vars = c.vars
		}
		_, err := settings.Load(in)
		if e, ok := errors.AsType[*settings.Error](err); !ok || e.Msg != want {
			t.Errorf("Load = %v; want %s", err, want)
		}
	}
}

// TestAFolderOrPipeOfThatNameIsNoFile also holds for one that cannot be opened.
func TestAFolderOfThatNameIsNoFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("work/govctl.yaml/x", "")
	w.write("govctl.yaml", file("above"))
	if s := w.load(); s.File != "../govctl.yaml" {
		t.Errorf("File = %s", s.File)
	}
}

func TestTheUsersOwnFileIsItsOwnWhereverItIsFoundFrom(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("config/govctl/govctl.yaml", file("user"))
	in := w.inputs()
	in.Dir = w.path("config/govctl")
	s, err := settings.Load(in)
	if err != nil || s.Source != settings.SourceUser {
		t.Errorf("Load = %v, %v; want the user's", s, err)
	}
}

// TestAParentIsThatOfTheFolderItself stands in a folder that a link led to.
func TestAParentIsThatOfTheFolderItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("work/in/x", "")
	w.write("work/near.yaml", file("right"))
	w.write("near.yaml", file("wrong"))
	w.symlink("link", "work/in")
	in := w.inputs()
	in.Dir = w.path("link")
	in.Flags.Config = new("../near.yaml")
	s, err := settings.Load(in)
	if err != nil || s.Default != "right" {
		t.Errorf("Load = %v, %v; want the settings of the folder above work/in", s, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(file("a"))
	f.Add("default: dev\ntimeout: 1s\nenvironments:\n  dev: &d\n    registry: {url: 'nacos://a:1,b?x=y', auth: {username: u, password: {env: P}}, tls: {ca: a.pem}}\n    config: nacos://a:1,b/z\n  prod: *d\n")
	f.Add("environments: {dev: {traces: 'local://~/x', metrics: {url: consul+https://x, auth: {token: {command: [a, b]}}}}}")
	f.Add("a: &a [*a]\n\x00\u202e")
	f.Fuzz(func(t *testing.T, text string) {
		w := newWorld(t)
		w.write("work/govctl.yaml", text)
		s, err := settings.Load(w.inputs())
		if err == nil {
			_, err = s.Environment("")
		}
		if err == nil {
			return
		}
		e, ok := errors.AsType[*settings.Error](err)
		if !ok {
			t.Fatalf("%T: %v", err, err)
		}
		if odd := strings.ToValidUTF8(e.Msg+e.Hint, "\x00"); e.Msg == "" || strings.ContainsFunc(odd, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0x202e }) {
			t.Errorf("not one plain line: %q %q", e.Msg, e.Hint)
		}
	})
}
