package settings_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"govctl/internal/settings"
)

// mayRun reports whether ./govctl.yaml may run the command of its environment
// dev, and what stands in the way.
func (w *world) mayRun() (trust settings.Trust, ran bool, err error) {
	w.t.Helper()
	s := w.load()
	_, err = s.Credentials(w.t.Context(), s.Environments[0].Registry)
	ran = w.exists("work/ran")
	_ = os.Remove(w.path("work/ran")) // for the next question
	return s.Trust, ran, err
}

const running = "environments:\n  dev:\n    registry: {url: \"consul://a\", auth: {token: {command: [sh, -c, 'touch ran; echo x']}}}\n  b: {registry: consul://b}\n"

// trust trusts the file that is found by in.
func trust(in settings.Inputs) error {
	s, err := settings.Load(in)
	if err != nil {
		return err
	}
	return s.TrustIt()
}

func TestTrustEndsWithTheFirstChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("work/govctl.yaml", running)
	give := func() {
		if err := trust(w.inputs()); err != nil {
			t.Error(err)
		}
	}
	for _, step := range []struct {
		what string
		do   func()
		want settings.Trust
		why  string
	}{
		{"found", func() {}, settings.TrustNone, "govctl.yaml:3: a file that you did not name may not run a command"},
		{"trusted", give, settings.TrustGiven, ""},
		{"one blank more", func() { w.write("work/govctl.yaml", running+"\n") }, settings.TrustChanged, "govctl.yaml:3: a file that changed since you trusted it may not run a command"},
		{"as before", func() { w.write("work/govctl.yaml", running) }, settings.TrustGiven, ""},
		{"edited by govctl", func() {
			if err := w.use("b").Write(t.Context()); err != nil {
				t.Error(err)
			}
		}, settings.TrustGiven, ""},
		{"as before again", func() { w.write("work/govctl.yaml", running) }, settings.TrustChanged, "govctl.yaml:3: a file that changed since you trusted it may not run a command"},
		{"edited by govctl, not trusted", func() {
			if err := w.use("b").Write(t.Context()); err != nil {
				t.Error(err)
			}
			w.write("work/govctl.yaml", strings.Replace(w.read("work/govctl.yaml"), "consul://b", "consul://c", 1))
			if err := w.use("dev").Write(t.Context()); err != nil {
				t.Error(err)
			}
		}, settings.TrustChanged, "govctl.yaml:4: a file that changed since you trusted it may not run a command"},
		{"trusted again", give, settings.TrustGiven, ""},
		{"no longer", func() {
			if was, err := w.load().Distrust(); err != nil || !was {
				t.Errorf("Distrust = %v, %v", was, err)
			}
		}, settings.TrustNone, "govctl.yaml:4: a file that you did not name may not run a command"},
	} {
		step.do()
		trust, ran, err := w.mayRun()
		why := ""
		if err != nil {
			why = err.Error()
		}
		if trust != step.want || why != step.why || ran != (why == "") {
			t.Errorf("%s: %s, ran %v, %s; want %s, %s", step.what, trust, ran, why, step.want, step.why)
		}
	}
	if was, err := w.load().Distrust(); err != nil || was {
		t.Errorf("Distrust of what is not trusted = %v, %v", was, err)
	}
}

// TestTrustIsInOnePlace holds that the same bytes elsewhere are not trusted: what
// they run would be another thing.
func TestTrustIsInOnePlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("mine/govctl.yaml", running)
	if err := trust(w.in("mine")); err != nil {
		t.Fatal(err)
	}
	w.write("work/govctl.yaml", running)
	w.symlink("alias", "mine")
	w.write("evil/x", "")
	w.symlink("evil/govctl.yaml", "../mine/govctl.yaml")
	got := map[string]settings.Trust{}
	for _, name := range []string{"mine", "work", "alias", "evil"} {
		in := w.inputs()
		in.Dir = w.path(name)
		s, err := settings.Load(in)
		if err != nil {
			t.Fatal(err)
		}
		got[name] = s.Trust
	}
	want := map[string]settings.Trust{
		"mine": settings.TrustGiven, "work": settings.TrustNone, "alias": settings.TrustGiven, "evil": settings.TrustNone,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestALinkDoesNotMoveWhatRelativePathsMean plants a stranger's programs beside
// links to the user's own file, and to a folder that is trusted.
func TestALinkDoesNotMoveWhatRelativePathsMean(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const text = "environments: {dev: {registry: {url: \"consul://a\", auth: {token: {file: ../secret}}}}}\n"
	for name, text := range map[string]string{
		"config/govctl/govctl.yaml": text, "config/secret": "own",
		"mine/trusted/govctl.yaml": text, "mine/secret": "trusted",
		"evil/file/x": "", "evil/secret": "evil",
	} {
		w.write(name, text)
	}
	if err := trust(w.in("mine/trusted")); err != nil {
		t.Fatal(err)
	}
	w.symlink("evil/file/govctl.yaml", "../../config/govctl/govctl.yaml")
	w.symlink("evil/folder", "../mine/trusted")
	got := map[string]string{}
	for _, name := range []string{"evil/file", "evil/folder"} {
		in := w.inputs()
		in.Dir = w.path(name)
		s, err := settings.Load(in)
		if err != nil {
			t.Fatal(err)
		}
		c, err := s.Credentials(t.Context(), s.Environments[0].Registry)
		if err != nil {
			t.Error(err)
		}
		got[name] = c.Token
	}
	if diff := cmp.Diff(map[string]string{"evil/file": "own", "evil/folder": "trusted"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestWhatIsTrustedIsWhatWasShown has the file change between the look at it and
// the yes.
func TestWhatIsTrustedIsWhatWasShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("work/govctl.yaml", "environments: {dev: {registry: consul://a}}\n")
	shown := w.load()
	w.write("work/govctl.yaml", running)
	if err := shown.TrustIt(); err != nil {
		t.Fatal(err)
	}
	if trust, ran, _ := w.mayRun(); trust != settings.TrustChanged || ran {
		t.Errorf("%s, ran %v", trust, ran)
	}
}

func TestARecordIsTheUsersAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("work/govctl.yaml", running)
	if err := w.load().TrustIt(); err != nil {
		t.Fatal(err)
	}
	got := w.left("config") + ", " + w.left("config/govctl") + ", " + w.left("config/govctl/trusted")
	names, err := filepath.Glob(w.path("config/govctl/trusted/*"))
	if err != nil || len(names) != 1 {
		t.Fatalf("%v, %v", names, err)
	}
	if want := "govctl drwx------, trusted drwx------, " + filepath.Base(names[0]) + " -rw-------"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestWhatCannotBeTrustedSaysWhy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("work/govctl.yaml", running)
	w.write("work/other.yaml", running)
	in := w.inputs()
	in.ConfigDir = ""
	got := []string{
		said(t, trust(in)),
	}
	in = w.inputs()
	in.Dir = ""
	s, err := settings.Load(in)
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, said(t, s.TrustIt()))
	in = w.inputs()
	named := "other.yaml"
	in.Flags.Config = &named
	if s, err = settings.Load(in); err != nil {
		t.Fatal(err)
	}
	got = append(got, said(t, s.TrustIt()))
	want := []string{
		"the folder for your settings is not known: nothing can be trusted|set HOME or XDG_CONFIG_HOME",
		"there is no govctl.yaml to trust|it is about a file that was found in the working directory or above it",
		"other.yaml is yours by being named, and is never found by itself: there is nothing to trust|a file that is found is called govctl.yaml",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestAFileTellsAllThatItWants(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.vars["CONSUL_HTTP_ADDR"], w.vars["CONSUL_HTTP_TOKEN"] = "c:8500", "x"
	w.write("work/govctl.yaml", `environments:
  dev:
    registry:
      url: consul+https://a:8501,b:8501
      auth: {token: {command: [./tool, "a b", "`+strings.Repeat("x", 200)+`; evil"]}}
      tls: {cert: c.pem, key: k.pem, insecure: true}
    config: consul+https://a:8501,b:8501/x
    traces: {url: "jaeger://j", auth: {username: me, password: {file: ~/.ssh/id_rsa}}}
  free: {registry: consul://f}
  prod:
    metrics: {url: prometheus://p, auth: {token: {env: PROM}}}
`)
	w.vars["HOME"] = "/home/me"
	var got []string
	for _, wish := range w.load().Wishes() {
		got = append(got, wish.Pos.String()+" "+wish.Environment+": "+strings.ReplaceAll(wish.Text, w.root, ""))
	}
	want := []string{
		`govctl.yaml:5 dev: run ./tool "a b" "` + strings.Repeat("x", 200) + `; evil" in /work`,
		"govctl.yaml:5 dev: send what it prints to consul+https://a:8501,b:8501",
		"govctl.yaml:6 dev: show the certificate /work/c.pem to consul+https://a:8501,b:8501",
		"govctl.yaml:6 dev: believe any certificate of consul+https://a:8501,b:8501",
		"govctl.yaml:8 dev: send the content of /home/me/.ssh/id_rsa to jaeger://j",
		"govctl.yaml:11 prod: send the variable PROM to prometheus://p",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestAnEditKeepsTheTrustHoweverTheFileIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("work/govctl.yaml", running)
	if err := trust(w.inputs()); err != nil {
		t.Fatal(err)
	}
	in := w.inputs()
	in.Flags.Config = new("govctl.yaml")
	named, err := settings.Load(in)
	if err != nil {
		t.Fatal(err)
	}
	e, err := named.Use("b")
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Write(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := w.load(); s.Trust != settings.TrustGiven || s.Default != "b" {
		t.Errorf("default %s, %s", s.Default, s.Trust)
	}
}

// TestAFileIsMadeWhereNoTrustCanBe has a file stand where the records would be.
func TestAFileIsMadeWhereNoTrustCanBe(t *testing.T) {
	t.Parallel()
	for want, like := range map[string]*settings.Backend{
		"": nil,
		"govctl.yaml was written: trust WORK/govctl.yaml: not a directory": {Auth: &settings.Auth{Token: settings.Secret{Env: "T"}}},
	} {
		w := newWorld(t)
		w.write("config", "")
		p := settings.Proposal{Default: "dev", Environments: []settings.ProposedEnvironment{
			{Name: "dev", Draft: settings.Draft{Registry: "consul://a"}, Like: like},
		}}
		got := ""
		if err := settings.Create(t.Context(), w.inputs(), "govctl.yaml", p); err != nil {
			got = err.Error()
		}
		if got != replaceWork(want, w) || w.read("work/govctl.yaml") != p.Text() {
			t.Errorf("%q, want %q; the file holds %s", got, want, w.read("work/govctl.yaml"))
		}
	}
}
