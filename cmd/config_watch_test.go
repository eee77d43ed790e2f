package cmd

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"govctl/internal/golden"
	"govctl/internal/mask"
	"govctl/internal/render"
	"govctl/pkg/config"
)

// watchedEvents are events of all kinds, a second apart.
func watchedEvents(t *testing.T) []config.Event {
	t.Helper()
	item := func(name, content string) *config.Item {
		return &config.Item{Key: config.Key{Group: "order", Name: name}, Content: []byte(content), Revision: "7"}
	}
	tree := func(content string) *config.Node {
		n, err := config.Parse([]byte(content), config.YAML)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	changes := config.Diff(
		tree("{pool: 10, port: '80', old: '', password: hunter2, cors: {credentials: true}, routes: [{name: a, t: 1s}]}"),
		tree("{pool: 20, port: 80, new: [1, {token: hunter3}], password: hunter4, cors: {credentials: false}, routes: [{name: a, t: \"3s\\e\"}]}"),
		config.Options{})
	broken := &config.ParseError{Line: 2, Column: 1, Text: "the JSON ends too early"}
	events := []config.Event{
		{Kind: config.Present, Item: item("app.yaml", "password: hunter2")},
		{Kind: config.Added, Item: item("b", "x=1\n")},
		{Kind: config.Added, Item: item("b.json", "{"), Err: broken},
		{Kind: config.Changed, Item: item("app.yaml", "password: hunter4"), Changes: changes},
		{Kind: config.Changed, Item: item("app.yaml", "password: hunter4")},
		{Kind: config.Changed, Item: item("app.yaml", "password: hunter4"), Same: true},
		{Kind: config.Changed, Item: item("b.txt", "hunter5"), Whole: true},
		{Kind: config.Changed, Item: item("b.json", "["), Whole: true, Err: broken},
		{Kind: config.Removed, Item: item("\x1b[2J", "x")},
		{Kind: config.Away, Reason: errors.New("connection refused").Error()},
		{Kind: config.Back, Gone: 21 * time.Second, MissedEvents: 1},
		{Kind: config.Removed, Item: item("b", "x=1\n"), Missed: true},
		{Kind: config.Back, Gone: time.Second},
	}
	for i := range events {
		events[i].At = time.Date(2026, 3, 4, 12, 4, i, 0, time.UTC)
	}
	return events
}

func TestWhatAWatchOfConfigurationPrints(t *testing.T) {
	t.Parallel()
	for _, format := range []render.Format{render.Table, render.JSON, render.YAML, render.CSV, render.Name} {
		t.Run(string(format), func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			a := &app{Env: Env{Stdout: &out, Now: func() time.Time { return time.Date(2026, 3, 4, 12, 5, 0, 0, time.UTC) }}}
			tell := a.itemTeller(render.Options{Format: format})
			m := mask.New([]byte("a key for tests"))
			events := watchedEvents(t)
			for i := range events {
				event := itemEventOf(&events[i], m)
				event.Withheld = i == len(events)-2
				if err := tell(&event); err != nil {
					t.Fatal(err)
				}
			}
			if bytes.Contains(out.Bytes(), []byte("hunter")) {
				t.Errorf("a secret is seen:\n%s", out.String())
			}
			golden.String(t, out.String())
		})
	}
}
