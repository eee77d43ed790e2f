package cmd

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"govctl/internal/render"
	"govctl/pkg/registry"
)

// played is a Watcher that yields lists, nil being the registry that goes away,
// and then waits.
type played [][]registry.Instance

func (p *played) Watch(ctx context.Context, _ []string) iter.Seq2[[]registry.Instance, error] {
	return func(yield func([]registry.Instance, error) bool) {
		for len(*p) > 0 {
			list := (*p)[0]
			*p = (*p)[1:]
			if list == nil {
				yield(nil, errors.New("connection refused"))
				return
			}
			if !yield(list, nil) {
				return
			}
		}
		<-ctx.Done()
		yield(nil, ctx.Err())
	}
}

func in(service, id string, health registry.Health, version string) registry.Instance {
	return registry.Instance{Service: service, ID: id, Health: health, Version: version}
}

// plays is what `services instances -w -l version` and `services ls -w` are shown.
func plays() played {
	order1, pay1 := in("order", "1", registry.Passing, "v1"), in("pay", "1", registry.Critical, "v1")
	return played{
		{order1, pay1},
		{order1, in("order", "2", registry.Passing, ""), pay1}, // is not selected
		nil,
		{in("order", "1", registry.Warning, "v1"), in("order", "2", registry.Passing, "v2"), in("pay", "1", registry.Critical, "")},
		{},
	}
}

// watchPlay runs w over plays until nothing more happens.
func watchPlay[T any](t *testing.T, w *listWatch[T], o render.Options, row func(T) (string, bool)) (stdout, stderr string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var out, errOut bytes.Buffer
		sel, err := registry.ParseSelector("version", "", "")
		if err != nil {
			t.Fatal(err)
		}
		w.app = &app{Env: Env{Stderr: &errOut, Now: func() time.Time { return time.Now().UTC() }}}
		w.sel, w.picks = sel, func(string) bool { return true }
		head := []render.Column[string]{{Head: "NAME", Cell: func(s string) render.Cell { return render.Cell{Text: s} }}, {Head: "HEALTH"}}
		head[1].Cell = func(string) render.Cell { return render.Cell{Text: "there"} }
		w.stream = render.NewStream(&out, o, rowColumns(head, row), nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		p := plays()
		if err := w.run(ctx, &p, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("it ended with %v", err)
		}
		stdout, stderr = out.String(), errOut.String()
	})
	return stdout, stderr
}

func firstOf[T any](row func(before, after []registry.Instance) []T) func([]registry.Instance) ([]T, error) {
	return func(list []registry.Instance) ([]T, error) { return row(nil, list), nil }
}

func TestAWatchedListTellsEachInstanceThatChanged(t *testing.T) {
	t.Parallel()
	w := &listWatch[instanceRow]{first: firstOf(instanceRows), changed: instanceRows}
	stdout, stderr := watchPlay(t, w, render.Options{}, func(r instanceRow) (string, bool) {
		return instanceName(r.Instance) + " " + string(r.Health), r.Gone
	})
	want := "NAME             HEALTH\n" +
		"order/1 passing  there\n" +
		"pay/1 critical   there\n" +
		"order/1 warning  there\n" +
		"order/2 passing  there\n" +
		"pay/1 critical   gone\n" + // it has no version any more, and is selected no more
		"order/1 warning  gone\n" +
		"order/2 passing  gone\n"
	if diff := cmp.Diff(want, stdout); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	want = "00:00:00  …  registry  away: connection refused\n" +
		"00:00:01  …  registry  was away 1s; missed 3 events\n"
	if diff := cmp.Diff(want, stderr); diff != "" {
		t.Errorf("stderr (-want +got):\n%s", diff)
	}
}

func TestAWatchedListTellsEachServiceThatChanged(t *testing.T) {
	t.Parallel()
	w := &listWatch[summaryRow]{first: firstOf(summaryRows), changed: summaryRows}
	stdout, _ := watchPlay(t, w, render.Options{Format: render.JSON}, func(r summaryRow) (string, bool) { return r.Service, r.Gone })
	const rest = `"critical":0,"maintenance":0,"starting":0,"unknown":0,`
	want := `{"service":"order","instances":1,"passing":1,"warning":0,` + rest + `"versions":[{"value":"v1","count":1}],"protocols":[]}` + "\n" +
		`{"service":"pay","instances":1,"passing":0,"warning":0,"critical":1,"maintenance":0,"starting":0,"unknown":0,` +
		`"versions":[{"value":"v1","count":1}],"protocols":[]}` + "\n" +
		`{"service":"order","instances":2,"passing":1,"warning":1,` + rest +
		`"versions":[{"value":"v1","count":1},{"value":"v2","count":1}],"protocols":[]}` + "\n" +
		`{"service":"pay","instances":0,"passing":0,"warning":0,` + rest + `"versions":[],"protocols":[],"gone":true}` + "\n" +
		`{"service":"order","instances":0,"passing":0,"warning":0,` + rest + `"versions":[],"protocols":[],"gone":true}` + "\n"
	if diff := cmp.Diff(want, stdout); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// closed is a reader that went away.
type closed struct{}

func (closed) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestAWatchedListEndsWhenNobodyReads(t *testing.T) {
	t.Parallel()
	w := &listWatch[instanceRow]{
		app: &app{Env: Env{Stderr: io.Discard, Now: time.Now}}, picks: func(string) bool { return true },
		first: firstOf(instanceRows), changed: instanceRows,
		stream: render.NewStream(closed{}, render.Options{Format: render.JSON}, []render.Column[instanceRow]{}, nil),
	}
	p := plays()
	if err := w.run(t.Context(), &p, nil); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("it ended with %v", err)
	}
}
