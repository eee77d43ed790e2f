package configtest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/config"
)

// itemsSorted has keys whose order is another where they are one text: "-" and "."
// come before "/".
func itemsSorted(t *testing.T, h Harness) {
	h.filled(t, plain("order/app.yaml", "order-eu/a", "order.b/a", "order/app-x.yaml", "order/app/z", "zz", "a", "payment/b", "payment/a", "Z/a", "größe/a", "0"))
}

func emptyStore(t *testing.T, h Harness) {
	s, _ := h.New(t)
	h.wantContents(t, s, contents{})
}

func missingItem(t *testing.T, h Harness) {
	s, _ := h.filled(t, plain("order/app.yaml", "top"))
	for _, k := range []config.Key{
		key("order/absent"), key("absent/app.yaml"), key("absent"),
		key("order"), key("order/top"), key("app.yaml"), key("order/"), key("order/app.yaml/"), key(""),
		{Group: config.NoGroup, Name: "order/app.yaml"}, // no group is not the first folder of the name
	} {
		got, err := s.Item(t.Context(), k)
		wantError(t, fmt.Sprintf("Item(%q)", k), err, config.ErrNotFound, k)
		if len(got.Content) > 0 {
			t.Errorf("Item(%q) = %q beside its error; want nothing", k, got.Content)
		}
	}
}

// nameIsNoPrefix catches key-value systems that are asked for "app" and answer
// "app.yaml", too.
func nameIsNoPrefix(t *testing.T, h Harness) {
	s, _ := h.filled(t, plain("dev/app.yaml", "dev/app", "dev/app.yaml/more", "dev2/app.yaml"))
	for _, absent := range []string{"dev/ap", "de/app", "dev/app.yam", "dev/app.yaml/mor"} {
		_, err := s.Item(t.Context(), key(absent))
		wantError(t, "Item("+absent+")", err, config.ErrNotFound, key(absent))
	}
	h.wantItem(t, s, "dev/app", "of: dev/app\n")
}

// wantItem expects one item to be there, with that content.
func (h Harness) wantItem(t *testing.T, s config.Store, k, content string) {
	t.Helper()
	h.eventually(t, func() string {
		item, err := s.Item(t.Context(), key(k))
		if err != nil || item.Key != key(k) {
			return fmt.Sprintf("Item(%q) = %q, %v; want that", k, item.Key, err)
		}
		return wrongItem(contents{k: content}, &item)
	})
}

func contentsSurvive(t *testing.T, h Harness) {
	all := contents{
		"g/empty":     "",
		"g/binary":    anyBytes(3),
		"g/large":     anyBytes(400 * 1024 / 256),
		"g/long-line": strings.Repeat("x", 400*1024),
		"g/cjk.yaml":  "größe: 日本語\r\nnul: \"\x00\"\n",
		"g/no-utf8":   "\xff\xfe\x80 latin \xe9",
		"g/blank":     " \n\t\n",
		"g/base64":    "eA==",
		"g/json":      `{"a": "\u0000 </script> \\", "b": 9007199254740993}`,
		"top":         "\n",
	}
	s, _ := h.filled(t, all)
	for k, content := range all {
		h.wantItem(t, s, k, content)
	}
}

func oddNames(t *testing.T, h Harness) {
	all := plain(oddKeys()...)
	s, _ := h.filled(t, all)
	for k, content := range all {
		h.wantItem(t, s, k, content)
	}
}

func oneAsListed(t *testing.T, h Harness) {
	s, _ := h.filled(t, plain("top", "order/app.yaml", "order/a/b.json"))
	h.eventually(t, func() string {
		items, err := listed(t.Context(), s)
		if err != nil {
			return err.Error()
		}
		for _, want := range items {
			got, err := s.Item(t.Context(), want.Key)
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				return fmt.Sprintf("Item(%q): %v (-listed +asked)\n%s", want.Key, err, diff)
			}
		}
		return ""
	})
}

func revisions(t *testing.T, h Harness) {
	s, hand := h.filled(t, contents{"g/a": "1", "g/b": "1"})
	before := revisionsOf(t, s)
	hand.Put(t, key("g/a"), []byte("2"))
	h.wantContents(t, s, contents{"g/a": "2", "g/b": "1"})
	after := revisionsOf(t, s)
	if before["g/a"] == after["g/a"] || before["g/b"] != after["g/b"] {
		t.Errorf("revisions were %v and are %v; want another of g/a, and that of g/b", before, after)
	}
}

// revisionsOf returns the revision of each item.
func revisionsOf(t *testing.T, s config.Store) map[string]string {
	t.Helper()
	items, err := listed(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for i := range items {
		all[items[i].String()] = items[i].Revision
	}
	return all
}

func removedIsGone(t *testing.T, h Harness) {
	s, hand := h.filled(t, plain("g/a", "g/a.b", "g/a/b", "h/a"))
	hand.Remove(t, key("g/a"))
	h.wantContents(t, s, plain("g/a.b", "g/a/b", "h/a"))
	_, err := s.Item(t.Context(), key("g/a"))
	wantError(t, "Item(g/a)", err, config.ErrNotFound, key("g/a"))
	hand.Remove(t, key("h/a"))
	h.wantContents(t, s, plain("g/a.b", "g/a/b"))
}

// callerOwnsContent changes each answer and expects the next one to be as the
// first was, and the items of one to share no bytes.
func callerOwnsContent(t *testing.T, h Harness) {
	all := plain("g/a", "g/b")
	s, _ := h.filled(t, all)
	for range 2 {
		items, err := listed(t.Context(), s)
		if why := differ(all, items); err != nil || why != "" {
			t.Fatalf("Items(): %v; %s", err, why)
		}
		spoil(items[0].Content)
		if why := wrongItem(all, &items[1]); why != "" {
			t.Error(why)
		}
		spoil(items[1].Content)
		item, err := s.Item(t.Context(), key("g/a"))
		if why := wrongItem(all, &item); err != nil || why != "" {
			t.Fatalf("Item(g/a): %v; %s", err, why)
		}
		spoil(item.Content)
	}
}

// spoil changes content, and what lies behind it in memory.
func spoil(content []byte) {
	content = content[:cap(content)]
	for i := range content {
		content[i] = '!'
	}
}

func listEndsUnread(t *testing.T, h Harness) {
	s, _ := h.filled(t, plain("g/a", "g/b", "h/c"))
	for range 2 {
		read := 0
		for _, err := range s.Items(t.Context()) {
			if read++; err != nil {
				t.Error(err)
			}
			break
		}
		if read != 1 {
			t.Errorf("Items() yielded %d, want the first", read)
		}
	}
}

func cancelledQuestion(t *testing.T, h Harness) {
	s, _ := h.filled(t, plain("g/a"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	items, err := listed(ctx, s)
	wantError(t, "Items()", err, context.Canceled, config.Key{})
	if len(items) > 0 {
		t.Errorf("Items() yielded %d items after the end of its context", len(items))
	}
	_, err = s.Item(ctx, key("g/a"))
	wantError(t, "Item(g/a)", err, context.Canceled, key("g/a"))
}

func unreachableQuestion(t *testing.T, h Harness) {
	s := h.Unreachable(t)
	_, err := listed(t.Context(), s)
	wantError(t, "Items()", err, config.ErrUnavailable, config.Key{})
	_, err = s.Item(t.Context(), key("g/a"))
	wantError(t, "Item(g/a)", err, config.ErrUnavailable, key("g/a"))
}

// concurrentQuestions is worth most under the race detector.
func concurrentQuestions(t *testing.T, h Harness) {
	all := plain("g/a", "g/b", "h/c", "top")
	s, _ := h.filled(t, all)
	var askers sync.WaitGroup
	for range 8 {
		askers.Go(func() {
			for range 10 {
				h.wantContents(t, s, all)
				h.wantItem(t, s, "g/b", all["g/b"])
			}
		})
	}
	askers.Wait()
}
