package settings_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"govctl/internal/settings"
)

const twoEnvironments = "default: a\nenvironments:\n  a: {registry: consul://a}\n  b: {registry: consul://b}\n"

func (w *world) use(name string) *settings.Edit {
	w.t.Helper()
	e, err := w.load().Use(name)
	if err != nil {
		w.t.Fatal(err)
	}
	return e
}

// left lists what lies in a folder, with modes.
func (w *world) left(name string) string {
	w.t.Helper()
	entries, err := os.ReadDir(w.path(name))
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			w.t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%s %v", e.Name(), info.Mode()))
	}
	return strings.Join(out, ", ")
}

func TestANewFileIsTheUsersAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d, err := settings.NewDraft([]string{"consul://a:8500"})
	if err != nil {
		t.Fatal(err)
	}
	e, err := w.load().Add("dev", d)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Write(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := []string{w.left("config"), w.left("config/govctl"), w.read("config/govctl/govctl.yaml")}
	want := []string{
		"govctl drwx------", "govctl.yaml -rw-------",
		"default: dev\nenvironments:\n  dev:\n    registry: consul://a:8500\n    config: consul://a:8500\n",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if s := w.load(); s.Source != settings.SourceUser || s.Default != "dev" {
		t.Errorf("%s, %s", s.Source, s.Default)
	}
	if err := e.Write(t.Context()); !errors.Is(err, settings.ErrChanged) {
		t.Errorf("a second time: %v, want ErrChanged", err)
	}
}

func TestAFileKeepsItsMode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("work/govctl.yaml", twoEnvironments)
	if err := os.Chmod(w.path("work/govctl.yaml"), 0o664); err != nil {
		t.Fatal(err)
	}
	if err := w.use("b").Write(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := w.left("work"), "govctl.yaml -rw-rw-r--"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestWhatCannotBeWrittenLeavesTheOldFile is reliability's S5.
func TestWhatCannotBeWrittenLeavesTheOldFile(t *testing.T) {
	t.Parallel()
	full := func(n int) func(*settings.Edit) {
		return func(e *settings.Edit) { e.FullAfter(n, syscall.ENOSPC) }
	}
	for name, c := range map[string]struct {
		spoil func(*settings.Edit)
		want  string
	}{
		"full":        {full(0), "write ./govctl.yaml: no space left on device"},
		"soon full":   {full(20), "write ./govctl.yaml: no space left on device"},
		"read-only":   {(*settings.Edit).ReadOnly, "write ./govctl.yaml: permission denied"},
		"as it seems": {full(1 << 20), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.write("work/govctl.yaml", twoEnvironments)
			e := w.use("b")
			c.spoil(e)
			got := ""
			if err := e.Write(t.Context()); err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if changed := w.read("work/govctl.yaml") != twoEnvironments; changed != (c.want == "") {
				t.Errorf("changed: %v", changed)
			}
			if got, want := w.left("work"), "govctl.yaml -rw-------"; got != want {
				t.Errorf("left: %s, want %s", got, want)
			}
		})
	}
}

func TestAFolderThatIsAFileIsOneError(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("config/govctl", "")
	in := w.inputs()
	s, err := settings.Load(in)
	if err == nil {
		t.Fatalf("Load = %v", s)
	}
	in.ConfigDir = w.path("config2")
	w.write("config2", "")
	d := settings.Draft{Registry: "consul://a"}
	if s, err = settings.Load(in); err == nil {
		var e *settings.Edit
		if e, err = s.Add("dev", d); err == nil {
			err = e.Write(t.Context())
		}
	}
	if want := w.path("config2/govctl/govctl.yaml") + ": not a directory"; err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestAFileThatChangedMeanwhileIsLeftAlone(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(w *world){
		"other bytes": func(w *world) { w.write("work/govctl.yaml", twoEnvironments+"# x\n") },
		"a link": func(w *world) {
			if err := os.Remove(w.path("work/govctl.yaml")); err != nil {
				w.t.Fatal(err)
			}
			w.write("other.yaml", twoEnvironments)
			w.symlink("work/govctl.yaml", "../other.yaml")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.write("work/govctl.yaml", twoEnvironments)
			e := w.use("b")
			change(w)
			before := w.read("work/govctl.yaml")
			err := e.Write(t.Context())
			if want := "write ./govctl.yaml: it has changed meanwhile"; err == nil || err.Error() != want || !errors.Is(err, settings.ErrChanged) {
				t.Errorf("Write = %v, want %s", err, want)
			}
			if got := w.read("work/govctl.yaml"); got != before {
				t.Errorf("overwritten: %q", got)
			}
		})
	}
}

// TestOfTwoWritersNoneLosesAnEdit has many add an environment each, at the same
// time: each is told either that it is in, or that it is not.
func TestOfTwoWritersNoneLosesAnEdit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("work/govctl.yaml", twoEnvironments)
	const writers = 8
	var wg sync.WaitGroup
	written := make([]int, writers)
	for i := range writers {
		wg.Go(func() {
			for n := range 20 {
				s, err := settings.Load(w.inputs())
				if err != nil {
					t.Error(err)
					return
				}
				e, err := s.Add(fmt.Sprintf("e%d-%d", i, n), settings.Draft{Registry: "consul://x"})
				if err != nil {
					t.Error(err)
					return
				}
				switch err := e.Write(t.Context()); {
				case err == nil:
					written[i]++
				case !errors.Is(err, settings.ErrChanged):
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	total := 0
	for _, n := range written {
		total += n
	}
	if got := len(w.load().Environments); got != total+2 || total == 0 {
		t.Errorf("%d environments, want %d", got, total+2)
	}
	if got, want := w.left("work"), "govctl.yaml -rw-------"; got != want {
		t.Errorf("left: %s, want %s", got, want)
	}
}

func TestNoLinkIsFollowed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("real/govctl.yaml", twoEnvironments)
	w.symlink("work/govctl.yaml", "../real/govctl.yaml")
	_, err := w.load().Use("b")
	target, evalErr := filepath.EvalSymlinks(w.path("real/govctl.yaml"))
	if evalErr != nil {
		t.Fatal(evalErr)
	}
	want := "./govctl.yaml is a link to " + target + ": govctl changes no file through a link|name the file itself: --config " + target
	if got := said(t, err); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestWhatIsNobodysFileIsNotEdited(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("demo/govctl.yaml", twoEnvironments)
	in := w.inputs()
	demo := false
	in.DemoRunning = func() (string, bool) { return w.path("demo/govctl.yaml"), demo }
	const hint = "|`govctl env add NAME URL` makes a file of your own"
	for _, want := range []string{
		"there is no govctl.yaml to change: these are the built-in settings" + hint,
		"there is no govctl.yaml to change: these are the running demo's settings" + hint,
	} {
		s, err := settings.Load(in)
		if err != nil {
			t.Fatal(err)
		}
		_, use := s.Use("dev")
		_, rm := s.Remove("dev")
		if a, b := said(t, use), said(t, rm); a != want || b != want {
			t.Errorf("use %s\nrm  %s\nwant %s", a, b, want)
		}
		add, err := s.Add("dev", settings.Draft{Registry: "consul://a"})
		if err != nil || add.File != w.path("config/govctl/govctl.yaml") {
			t.Errorf("Add = %v, %v", add, err)
		}
		demo = true
	}
}

func TestTheEnvironmentOfAVariableIsNotInTheFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.vars["CONSUL_HTTP_ADDR"] = "c:8500"
	w.write("work/govctl.yaml", twoEnvironments)
	_, err := w.load().Use("consul")
	if got, want := said(t, err), "environment \"consul\" comes from CONSUL_HTTP_ADDR and does not stand in ./govctl.yaml|unset it, or give the file an environment of that name: `govctl env add`"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if _, err := w.load().Add("consul", settings.Draft{Registry: "consul://x"}); err != nil {
		t.Error(err)
	}
}
