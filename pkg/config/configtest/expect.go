package configtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"govctl/pkg/config"
)

// poll is how often a system that may lag is asked again.
const poll = 20 * time.Millisecond

// eventually fails t unless wrong returns "" before the harness's lag is over;
// otherwise what it returned last is why.
func (h Harness) eventually(t *testing.T, wrong func() string) {
	t.Helper()
	over, again := time.NewTimer(h.Lag), time.NewTicker(poll)
	defer over.Stop()
	defer again.Stop()
	for {
		why := wrong()
		if why == "" {
			return
		}
		select {
		case <-over.C:
			t.Error(why)
			return
		case <-again.C:
		}
	}
}

// listed returns what s lists.
func listed(ctx context.Context, s config.Store) ([]config.Item, error) {
	items := []config.Item{}
	for item, err := range s.Items(ctx) {
		if err != nil {
			return items, err
		}
		items = append(items, item)
	}
	return items, nil
}

// wantContents expects s to list exactly all, in order.
func (h Harness) wantContents(t *testing.T, s config.Store, all contents) {
	t.Helper()
	h.eventually(t, func() string {
		items, err := listed(t.Context(), s)
		if err != nil {
			return fmt.Sprintf("Items(): %v", err)
		}
		return differ(all, items)
	})
}

// differ returns how items are not exactly those of all, in order.
func differ(all contents, items []config.Item) string {
	want, got := inOrder(all), []config.Key{}
	for i := range items {
		got = append(got, items[i].Key)
	}
	if !slices.Equal(want, got) {
		return fmt.Sprintf("the keys are %q, want %q", got, want)
	}
	for i := range items {
		if why := wrongItem(all, &items[i]); why != "" {
			return why
		}
	}
	return ""
}

// wrongItem returns what is wrong with item, which is one of all.
func wrongItem(all contents, item *config.Item) string {
	for k, content := range all {
		switch {
		case key(k) != item.Key:
		case content != string(item.Content):
			return fmt.Sprintf("%s holds %d bytes, %.60q, want %d, %.60q", item.Key, len(item.Content), item.Content, len(content), content)
		case item.Revision == "":
			return fmt.Sprintf("%s has no revision", item.Key)
		}
	}
	return ""
}

// wantError expects err to be a *config.Error about key that wraps sentinel and
// names the back-end.
func wantError(t *testing.T, call string, err, sentinel error, key config.Key) {
	t.Helper()
	e, ok := errors.AsType[*config.Error](err)
	if !ok || !errors.Is(err, sentinel) || e.Key != key || e.Backend == "" {
		t.Errorf("%s: error %#v (%v); want a *config.Error of a back-end about %q that wraps %q", call, err, err, key, sentinel)
	}
}
