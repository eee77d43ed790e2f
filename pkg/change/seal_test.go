package change_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/change"
	"govctl/pkg/change/changetest"
)

// secretText is what no file of a plan may hold.
const secretText = "hunter2"

// before and after are what a saved plan is about: a secret moves down a line.
const before, after = "password: hunter2\n", "retry: 5\npassword: hunter2\n"

// saved returns a plan for s as it is saved: one item is changed, one created and
// one removed.
func saved(t *testing.T, s change.Store) *change.Saved {
	t.Helper()
	d, err := change.MakeDigester(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	at, old := put(t, s, "order/app.yaml", before), put(t, s, "order/old", "old")
	seen, gone := change.NewSeen(d, at, []byte(before)), change.NewSeen(d, old, []byte("old"))
	secret := &change.Secret{Where: "password", From: change.NewOrigin("order/app.yaml", at, []byte(before), 10, 17), Digest: d.Sum([]byte(secretText))}
	parts := append(change.TextParts([]byte("retry: 5\npassword: ")), change.Part{Secret: secret}, change.Part{Text: []byte("\n")})
	return &change.Saved{
		ID: "7f3c09ab", Environment: "dev", Identity: "memory", Made: start(), By: "me@here", Why: "<to see>", Command: "govctl config set",
		Changes: []change.SavedChange{
			{Item: "order/app.yaml", Says: []string{"retry added: 5"}, Before: &seen, After: change.NewDraft(d, []byte(after), parts)},
			{Item: "order/new", Says: []string{"created"}, After: change.NewDraft(d, []byte("\xff\x00\na"), change.TextParts([]byte("\xff\x00\na")))},
			{Item: "order/none", Says: []string{"created"}, After: change.NewDraft(d, nil, nil)},
			{Item: "order/old", Says: []string{"removed"}, Before: &gone},
		},
		Notes: []change.Note{{Name: "base/x/app", Content: []byte("of it"), Of: "order/app.yaml"}},
	}
}

func encode(t *testing.T, s *change.Saved) []byte {
	t.Helper()
	file, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestASavedPlanIsTheSameOnceItIsRead(t *testing.T) {
	t.Parallel()
	s := newStore()
	file := encode(t, saved(t, s))
	if text := string(file); strings.Contains(text, secretText) || !strings.Contains(text, `"retry: 5\n",`) || !strings.Contains(text, "<to see>") {
		t.Errorf("the file is\n%s", text)
	}
	got, err := change.DecodeSaved(file)
	if err != nil {
		t.Fatal(err)
	}
	p, err := got.Open(t.Context(), s, change.Outside{})
	if err != nil {
		t.Fatal(err)
	}
	want := &change.Plan{
		ID: "7f3c09ab", Environment: "dev", Identity: "memory", Made: start(), By: "me@here",
		Changes: []change.Change{
			{Name: "order/app.yaml", Expect: read(t, s, "order/app.yaml").Revision, Before: []byte(before), After: []byte(after)},
			{Name: "order/new", After: []byte("\xff\x00\na")},
			{Name: "order/none", After: []byte{}},
			{Name: "order/old", Expect: read(t, s, "order/old").Revision, Before: []byte("old")},
		},
		Notes: []change.Note{{Name: "base/x/app", Content: []byte("of it"), Of: "order/app.yaml"}},
	}
	if diff := cmp.Diff(want, p); diff != "" || p.Changes[2].After == nil {
		t.Errorf("it is another plan (-want +got):\n%s", diff)
	}
	if r, err := change.Apply(t.Context(), s, p, options()); err != nil || r.State != change.Done {
		t.Errorf("it ends %v, %v", r.State, err)
	}
	_, err = got.Open(t.Context(), s, change.Outside{})
	if e, ok := errors.AsType[*change.AppliedError](err); !ok || e.State != change.Done {
		t.Errorf("it is opened again: %v", err)
	}
}

func TestASavedPlanIsRefusedWhereAnyByteIsAnother(t *testing.T) {
	t.Parallel()
	file := encode(t, saved(t, newStore()))
	for i := range file {
		for _, b := range []byte{file[i] ^ 1, file[i] ^ 0x20, ' ', '\n', 0} {
			altered := bytes.Clone(file)
			altered[i] = b
			if _, err := change.DecodeSaved(altered); b != file[i] && !errors.Is(err, change.ErrPlan) {
				t.Errorf("byte %d as %q: %v", i, b, err)
			}
		}
		if _, err := change.DecodeSaved(append(bytes.Clone(file[:i]), file[i+1:]...)); !errors.Is(err, change.ErrPlan) {
			t.Errorf("without byte %d: %v", i, err)
		}
	}
}

func TestWhatIsNoSavedPlanIsToldApart(t *testing.T) {
	t.Parallel()
	file := string(encode(t, saved(t, newStore())))
	rewrite := func(old, text string) string { // as somebody would who makes it whole again
		body := strings.Replace(file[strings.Index(file, `"plan": `)+8:len(file)-3], old, text, 1)
		sum := sha256.Sum256([]byte(body))
		return "{\n  \"govctlPlan\": 1,\n  \"sha256\": \"" + hex.EncodeToString(sum[:]) + "\",\n  \"plan\": " + body + "\n}\n"
	}
	for name, c := range map[string]struct{ file, want string }{
		"nothing":          {"", "not a plan: it does not begin as one"},
		"another document": {`{"a": 1}`, "not a plan: it does not begin as one"},
		"a later version":  {strings.Replace(file, `"govctlPlan": 1`, `"govctlPlan": 2`, 1), "not a plan that can be read here: it is of version 2, and this govctl reads 1"},
		"other ends":       {strings.ReplaceAll(file, "\n", "\r\n"), "not a plan any more: the file was altered since it was saved"},
		"cut off":          {file[:len(file)/2], "not a plan any more: the file was altered since it was saved"},
		"an unknown name":  {rewrite(`"by":`, `"for":`), `not a plan: json: unknown field "for"`},
		"an id that is no": {rewrite(`"7f3c09ab"`, `"../7f3c0"`), "not a plan: its id is none"},
	} {
		if _, err := change.DecodeSaved([]byte(c.file)); err == nil || err.Error() != c.want {
			t.Errorf("%s: %v; want %s", name, err, c.want)
		}
	}
}

func TestASavedPlanIsRefusedWhereTheWorldMoved(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		move func(t *testing.T, s change.Store)
		want []string
	}{
		"changed":       {func(t *testing.T, s change.Store) { t.Helper(); put(t, s, "order/app.yaml", "x") }, []string{"order/app.yaml: changed from revision 2 to 4"}},
		"written again": {func(t *testing.T, s change.Store) { t.Helper(); put(t, s, "order/old", "old") }, []string{"order/old: changed from revision 3 to 4"}},
		"created":       {func(t *testing.T, s change.Store) { t.Helper(); put(t, s, "order/new", "x") }, []string{"order/new: there already"}},
		"removed":       {func(t *testing.T, s change.Store) { t.Helper(); take(t, s, "order/old") }, []string{"order/old: not there any more"}},
		"several of all": {func(t *testing.T, s change.Store) {
			t.Helper()
			take(t, s, "order/app.yaml")
			put(t, s, "order/new", "x")
		}, []string{"order/app.yaml: not there any more", "order/new: there already"}},
	} {
		s := newStore()
		plan := saved(t, s)
		c.move(t, s)
		_, err := plan.Open(t.Context(), s, change.Outside{})
		refused, ok := errors.AsType[*change.RefusedError](err)
		if !ok {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []string
		for _, conflict := range refused.Conflicts {
			got = append(got, conflict.Error())
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func take(t *testing.T, s change.Store, name string) {
	t.Helper()
	if err := s.Swap(t.Context(), []change.Op{{Key: item(name), Expect: read(t, s, name).Revision, Remove: true}}); err != nil {
		t.Fatal(err)
	}
}

// renamed is a store that is called something else, as one that an environment means
// by now.
type renamed struct {
	*changetest.Memory

	identity string
}

func (r renamed) About(ctx context.Context) (change.About, error) {
	about, err := r.Memory.About(ctx)
	about.Identity = r.identity
	return about, err
}

func TestASavedPlanIsForItsStoreAlone(t *testing.T) {
	t.Parallel()
	s := newStore()
	plan := saved(t, s)
	if _, err := plan.Open(t.Context(), renamed{s, "another"}, change.Outside{}); !errors.Is(err, change.ErrElsewhere) {
		t.Errorf("by another store: %v", err)
	}
	if _, err := plan.Open(t.Context(), newStore(), change.Outside{}); !errors.Is(err, change.ErrPlan) || !strings.Contains(err.Error(), "lost the key") {
		t.Errorf("by a store that has lost its key: %v", err)
	}
}

func TestARevisionThatIsAHashOfTheContentIsNotKept(t *testing.T) {
	t.Parallel()
	s := newStore()
	d, err := change.MakeDigester(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(before))
	for at, want := range map[change.Revision]change.Revision{
		"5123": "5123", change.Revision(hex.EncodeToString(sum[:])): "", change.Revision(strings.ToUpper(hex.EncodeToString(sum[:]))): "",
		"5708b54f8fe11384ac110fc9ad2fdbd3": "",
	} {
		if seen, from := change.NewSeen(d, at, []byte(before)), change.NewOrigin("a", at, []byte(before), 0, 1); seen.Revision != want || from.Revision != want {
			t.Errorf("of %q are kept %q and %q", at, seen.Revision, from.Revision)
		}
	}
	plan := saved(t, s)
	plan.Changes[0].Before.Revision, plan.Changes[0].After.Parts[2].Secret.From.Revision = "", ""
	if _, err := plan.Open(t.Context(), s, change.Outside{}); err != nil {
		t.Errorf("by its digest alone: %v", err)
	}
	put(t, s, "order/app.yaml", "password: hunter3\n")
	_, err = plan.Open(t.Context(), s, change.Outside{})
	told := "changed from revision #" + d.Sum([]byte(before))[:12] + " to #" + d.Sum([]byte("password: hunter3\n"))[:12]
	if err == nil || !errors.Is(err, change.ErrConflict) || !strings.Contains(err.Error(), told) {
		t.Errorf("once it was changed: %v; want %s", err, told)
	}
}

func TestASecretIsTakenFromWhereThePlanSays(t *testing.T) {
	t.Parallel()
	elsewhere := func(*testing.T) change.Origin { return change.Origin{Env: "PASSWORD"} }
	other := newStore()
	at := put(t, other, "a/b", "x hunter2")
	from := change.NewOrigin("a/b", at, []byte("x hunter2"), 2, 9)
	from.Environment, from.Identity = "test", "other"
	outside := func(value string, moved change.Store) change.Outside {
		return change.Outside{
			Value: func(change.Origin) ([]byte, error) { return []byte(value), nil },
			Store: func(context.Context, string) (change.Store, error) { return moved, nil },
		}
	}
	for name, c := range map[string]struct {
		from change.Origin
		out  change.Outside
		want error
	}{
		"a variable":             {elsewhere(t), outside(secretText, nil), nil},
		"another value":          {elsewhere(t), outside("hunter3", nil), change.ErrOtherSecret},
		"another store":          {from, outside("", renamed{other, "other"}), nil},
		"a store that is no":     {from, outside("", renamed{other, "third"}), change.ErrElsewhere},
		"beyond the end":         {change.Origin{Item: "order/app.yaml", At: 12, Bytes: 7}, change.Outside{}, change.ErrConflict},
		"before the begin":       {change.Origin{Item: "order/app.yaml", At: -1, Bytes: 7}, change.Outside{}, change.ErrConflict},
		"beyond all":             {change.Origin{Item: "order/app.yaml", At: 12, Bytes: 1<<63 - 1}, change.Outside{}, change.ErrConflict},
		"an item that is not":    {change.Origin{Item: "order/nosuch", At: 10, Bytes: 7}, change.Outside{}, change.ErrConflict},
		"another revision there": {change.Origin{Item: "order/app.yaml", Revision: "1", At: 10, Bytes: 7}, change.Outside{}, change.ErrConflict},
	} {
		s := newStore()
		plan := saved(t, s)
		plan.Changes[0].After.Parts[2].Secret.From = c.from
		p, err := plan.Open(t.Context(), s, c.out)
		if !errors.Is(err, c.want) || err == nil && string(p.Changes[0].After) != after {
			t.Errorf("%s: %v; want %v", name, err, c.want)
		}
	}
}

func TestContentThatIsNotTheSavedOneIsRefused(t *testing.T) {
	t.Parallel()
	s := newStore()
	plan := saved(t, s)
	plan.Changes[0].After.Parts[0].Text = []byte("retry: 6\n")
	if _, err := plan.Open(t.Context(), s, change.Outside{}); !errors.Is(err, change.ErrPlan) {
		t.Errorf("with another line: %v", err)
	}
	plan.Changes[0].After.Parts[0].Text = bytes.Repeat([]byte("x"), limits.Value+1)
	if _, err := plan.Open(t.Context(), s, change.Outside{}); !errors.Is(err, change.ErrTooLarge) {
		t.Errorf("with more than the store takes: %v", err)
	}
	plan = saved(t, s)
	plan.Changes[2].Item = "order/new"
	if _, err := plan.Open(t.Context(), s, change.Outside{}); !errors.Is(err, change.ErrPlan) {
		t.Errorf("with an item twice: %v", err)
	}
}
