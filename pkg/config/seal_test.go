package config_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"govctl/internal/mask"
	writes "govctl/pkg/change"
	"govctl/pkg/change/changetest"
	"govctl/pkg/config"
)

// sealed is a store with one item, and what makes plans for it.
type sealed struct {
	*changetest.Memory

	digester writes.Digester
}

func newSealed(t *testing.T, name string, content []byte) sealed {
	t.Helper()
	clock := func() time.Time { return time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC) }
	s := sealed{Memory: changetest.NewMemory(writes.Limits{Ops: 10, Bytes: 1 << 20, Value: 1 << 20}, clock)}
	var err error
	if s.digester, err = writes.MakeDigester(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	s.put(t, name, content)
	return s
}

func (s sealed) put(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := s.Swap(t.Context(), []writes.Op{{Key: writes.Key{Space: writes.Items, Name: name}, Content: content}}); err != nil {
		t.Fatal(err)
	}
}

// at returns the item called name.
func (s sealed) at(t *testing.T, name string) config.Item {
	t.Helper()
	entries, err := s.Read(t.Context(), []writes.Key{{Space: writes.Items, Name: name}})
	if err != nil {
		t.Fatal(err)
	}
	return config.Item{Key: config.KeyOfChange(name), Content: entries[0].Content, Revision: string(entries[0].Revision)}
}

// seal returns the file of a plan that writes after at name, and the plan that the
// file is read as.
func (s sealed) seal(t *testing.T, name string, after []byte, refs config.References, out writes.Outside) (file []byte, opened *writes.Plan, err error) {
	t.Helper()
	var before *config.Item
	if i := s.at(t, name); i.Revision != "" {
		before = &i
	}
	c, _ := config.NewChange(config.KeyOfChange(name), before, after)
	changes, err := config.Seal(&writes.Plan{Changes: []writes.Change{c}}, s.digester, refs)
	if err != nil {
		return nil, nil, err
	}
	file, err = (&writes.Saved{ID: "7f3c09ab", Identity: "memory", Changes: changes}).Encode()
	if err != nil {
		t.Fatal(err)
	}
	saved, err := writes.DecodeSaved(file)
	if err != nil {
		t.Fatal(err)
	}
	opened, err = saved.Open(t.Context(), s, out)
	return file, opened, err
}

func TestNoSecretStandsInTheFileOfAPlan(t *testing.T) {
	t.Parallel()
	for _, i := range corpus(t) {
		s := newSealed(t, i.ChangeName(), i.Content)
		for what, after := range map[string][]byte{
			"the same": i.Content, "a byte order mark": append([]byte("\uFEFF"), i.Content...), "a line more": append(bytes.Clone(i.Content), '\n'),
		} {
			file, p, err := s.seal(t, i.ChangeName(), after, config.References{}, writes.Outside{})
			if err != nil || !bytes.Equal(p.Changes[0].After, after) {
				t.Errorf("%s, %s: %v, %v", i.Key, what, p, err)
			}
			if found := seen(string(file)); len(found) > 0 {
				t.Errorf("%s, %s: these stand in the file: %q", i.Key, what, found)
			}
			if n := bytes.Count(file, []byte(`"secret":`)); n < 3 {
				t.Errorf("%s, %s: %d secrets are found", i.Key, what, n)
			}
		}
	}
}

// drafted is a draft as a test writes it: text, and in brackets what stands for
// secrets.
func drafted(t *testing.T, file []byte) string {
	t.Helper()
	var f struct{ Plan writes.Saved }
	if err := json.Unmarshal(file, &f); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, p := range f.Plan.Changes[0].After.Parts {
		b.Write(p.Text)
		if p.Secret != nil {
			b.WriteString("<" + p.Secret.Where + " of " + p.Secret.From.Env + p.Secret.From.File + p.Secret.From.Item + ">")
		}
	}
	return b.String()
}

func TestASecretIsSavedAsThePlaceWhereItStands(t *testing.T) {
	t.Parallel()
	other := config.Source{Item: config.Item{Key: config.Key{Group: "pay", Name: "b.yaml"}, Content: []byte("token: t0psecretvalue\n"), Revision: "9"}}
	refs := config.References{Sources: func() ([]config.Source, error) { return []config.Source{other}, nil }}
	for name, c := range map[string]struct{ item, before, after, want string }{
		"another value changes": {"a.yaml", "n: 1\npassword: hunter2\n", "n: 2\npassword: hunter2\n", "n: 2\npassword: <password of order/a.yaml>\n"},
		"moved":                 {"a.yaml", "password: hunter2\n", "db:\n  password: \"hunter2\"\n", "db:\n  password: \"<db.password of order/a.yaml>\"\n"},
		"inside of an address":  {"a.json", `{"url": "postgres://u:hunter2@h/d"}`, `{"url": "postgres://u:hunter2@h/e"}`, `{"url": "postgres://u:<url of order/a.json>@h/e"}`},
		"with escapes":          {"a.json", `{"n": 1, "password": "a\"b\\c"}`, `{"n": 2, "password": "a\"b\\c"}`, `{"n": 2, "password": "<password of order/a.json>"}`},
		"in a text":             {"motd", "hi\npassword=hunter2\n", "ho\npassword=hunter2\n", "ho\npassword=<line 2 of order/motd>\n"},
		"in a comment":          {"a.yaml", "a: 1\n# password=hunter2\n", "a: 2\n# password=hunter2\n", "a: 2\n# password=<line 2 of order/a.yaml>\n"},
		"of another item":       {"a.yaml", "a: 1\n", "a: 1\ntoken: t0psecretvalue\n", "a: 1\ntoken: <token of pay/b.yaml>\n"},
		"two of them":           {"a.yaml", "password: one1\ntoken: two2\n", "token: two2\npassword: one1\n", "token: <token of order/a.yaml>\npassword: <password of order/a.yaml>\n"},
		"in lines of Windows":   {"a.properties", "db.password=hunter2\r\nn=1\r\n", "db.password=hunter2\r\nn=2\r\n", "db.password=<db.password of order/a.properties>\r\nn=2\r\n"},
	} {
		s := newSealed(t, "order/"+c.item, []byte(c.before))
		file, _, err := s.seal(t, "order/"+c.item, []byte(c.after), refs, writes.Outside{})
		if err != nil && name != "of another item" { // the store does not have it
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(c.want, drafted(t, file)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestOfSeveralPlacesOfASecretTheSameOneIsSaved(t *testing.T) {
	t.Parallel()
	text := []byte("old: {password: hunter2}\ndb: {password: hunter2}\nmq: {password: hunter2}\n")
	s := newSealed(t, "order/a.yaml", text)
	file, _, err := s.seal(t, "order/a.yaml", append(bytes.Clone(text), "n: 1\n"...), config.References{}, writes.Outside{})
	if err != nil {
		t.Fatal(err)
	}
	var f struct{ Plan writes.Saved }
	if err := json.Unmarshal(file, &f); err != nil {
		t.Fatal(err)
	}
	at := 0
	for _, p := range f.Plan.Changes[0].After.Parts {
		if p.Secret != nil {
			if p.Secret.From.At != at {
				t.Errorf("%s is taken from byte %d, and stands at %d", p.Secret.Where, p.Secret.From.At, at)
			}
			at += p.Secret.From.Bytes
		}
		at += len(p.Text)
	}
}

func TestASecretThatStandsNowhereCannotBeSaved(t *testing.T) {
	t.Parallel()
	broken := errors.New("away")
	for name, c := range map[string]struct {
		after, want string
		sources     error
	}{
		"a new one":          {"a: 1\npassword: hunter3\n", "order/a.yaml: password is a new secret, and would stand in the plan", nil},
		"in a comment":       {"a: 1\n# token=t0psecretvalue\n", "order/a.yaml: line 2 is a new secret, and would stand in the plan", nil},
		"a part of one":      {"password: hunter\n", "order/a.yaml: password is a new secret, and would stand in the plan", nil},
		"no secret there":    {"password: plainword\n", "order/a.yaml: password is a new secret, and would stand in the plan", nil},
		"what was masked":    {"password: ••3f9a\n", `order/a.yaml: its content holds "••", which stands for a secret that was masked`, nil},
		"sources are not":    {"password: hunter3\n", "away", broken},
		"a key is a secret":  {"sk_live_4eC39HqLyjWDarjtT1zdp7dc: 1\n", "order/a.yaml: line 1 is a new secret, and would stand in the plan", nil},
		"below a secret key": {"password: {sk_live_4eC39HqLyjWDarjtT1zdp7dc: abcdefg}\n", "order/a.yaml: line 1 is a new secret, and would stand in the plan", nil},
	} {
		s := newSealed(t, "order/a.yaml", []byte("note: plainword\npassword: hunter2\n"))
		refs := config.References{Sources: func() ([]config.Source, error) { return nil, c.sources }}
		file, _, err := s.seal(t, "order/a.yaml", []byte(c.after), refs, writes.Outside{})
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: %v\n%s", name, err, file)
		}
	}
}

func TestAValueThatWasGivenByReferenceIsSavedAsThat(t *testing.T) {
	t.Parallel()
	out := func(value string) writes.Outside {
		return writes.Outside{Value: func(writes.Origin) ([]byte, error) { return []byte(value), nil }}
	}
	for name, c := range map[string]struct{ item, after, path, value, want string }{
		"by its name no secret": {"a.yaml", "note: abc\n", "note", "abc", "note: <note of NAME>\n"},
		"a secret":              {"a.yaml", "password: hunter3\n", "password", "hunter3", "password: <password of NAME>\n"},
		"in quotes":             {"a.json", `{"password": "hunter 3"}`, "password", "hunter 3", `{"password": "<password of NAME>"}`},
		"quotes of YAML":        {"a.yaml", "password: 'hunter: 3'\n", "password", "hunter: 3", "password: '<password of NAME>'\n"},
		"more quotes":           {"a.toml", "password = '''hunter 3'''\n", "password", "hunter 3", "password = '''<password of NAME>'''\n"},
		"a whole address":       {"a.yaml", "url: postgres://u:hunter3@h/d\n", "url", "postgres://u:hunter3@h/d", "url: <url of NAME>\n"},
		"a key of properties":   {"a.properties", "db.password=hunter3\n", "db.password", "hunter3", "db.password=<db.password of NAME>\n"},
		"beside another":        {"a.yaml", "n: 1\ntoken: hunter2\npassword: hunter3\n", "password", "hunter3", "n: 1\ntoken: <token of order/a.yaml>\npassword: <password of NAME>\n"},
	} {
		s := newSealed(t, "order/"+c.item, []byte("token: hunter2\n"))
		path, err := config.ParsePath(c.path)
		if err != nil {
			t.Fatal(err)
		}
		refs := config.References{Given: []config.Given{
			{Key: config.Key{Group: "order", Name: c.item}, Path: path, From: writes.Origin{Env: "NAME"}},
			{Key: config.Key{Group: "order", Name: "other"}, Path: path, From: writes.Origin{Env: "OTHER"}},
		}}
		file, p, err := s.seal(t, "order/"+c.item, []byte(c.after), refs, out(c.value))
		if err != nil || string(p.Changes[0].After) != c.after || drafted(t, file) != c.want {
			t.Errorf("%s: %v\n%s", name, err, file)
		}
		if _, _, err := s.seal(t, "order/"+c.item, []byte(c.after), refs, out("another")); !errors.Is(err, writes.ErrOtherSecret) {
			t.Errorf("%s, with another value: %v", name, err)
		}
	}
}

func TestAReferenceUncoversNothingAroundIt(t *testing.T) {
	t.Parallel()
	s := newSealed(t, "order/a.yaml", []byte("a: 1\n"))
	given := config.Given{Key: config.Key{Group: "order", Name: "a.yaml"}, Path: config.Path{{Key: "note"}}, From: writes.Origin{Env: "NAME"}}
	_, _, err := s.seal(t, "order/a.yaml", []byte("note: 'it''s'\n"), config.References{Given: []config.Given{given}}, writes.Outside{})
	if bare, ok := errors.AsType[*config.UnsavableError](err); !ok || bare.Where != "note" {
		t.Errorf("one that is written with escapes is saved: %v", err)
	}
	text := []byte("{sk_live_4eC39HqLyjWDarjtT1zdp7dc: 1, note: abc}\n") // its key is masked, and so all of it is written anew
	_, _, err = s.seal(t, "order/a.yaml", text, config.References{Given: []config.Given{given}}, writes.Outside{})
	if _, ok := errors.AsType[*config.UnsavableError](err); !ok {
		t.Errorf("it is saved: %v", err)
	}
}

// FuzzSeal sees that whatever is saved is the same content again, and that it shows
// nothing but what is shown where secrets are masked.
func FuzzSeal(f *testing.F) {
	for _, seed := range []string{
		"password: hunter2\n", `{"password": "a\"b", "url": "postgres://u:p@h"}`, "a: &x hunter2\npassword: *x\n", "password: |\n  a\n  b\n",
		"token = \"x\"\n# token=abc\n", "db.password=a\\\n b\n", "password: 'it''s'\n", "\xff\x00 password=abc", "password: \"\\u00e9é\"\n",
	} {
		for _, format := range []string{"a.yaml", "a.json", "a.toml", "a.properties", "a"} {
			f.Add(format, seed)
		}
	}
	f.Fuzz(func(t *testing.T, name, text string) {
		if strings.Contains(text, mask.Marker) || name == "" {
			t.Skip()
		}
		i := config.Item{Key: config.Key{Group: "g", Name: name}, Content: []byte(text), Revision: "1"}
		c := writes.Change{Name: i.ChangeName(), Expect: "1", Before: i.Content, After: i.Content}
		changes, err := config.Seal(&writes.Plan{Changes: []writes.Change{c}}, writes.Digester{}, config.References{})
		if err != nil {
			t.Fatal(err)
		}
		masked := string(config.MaskedContent(i, mask.Blank()))
		var got, shown []byte
		for _, p := range changes[0].After.Parts {
			if p.Secret == nil {
				got, shown = append(got, p.Text...), append(shown, p.Text...)
				continue
			}
			at := p.Secret.From.At
			got = append(got, text[at:at+p.Secret.From.Bytes]...)
			shown = append(shown, mask.Marker...)
		}
		if string(got) != text {
			t.Errorf("it becomes %q", got)
		}
		for piece := range strings.SplitSeq(string(shown), mask.Marker) {
			if !strings.Contains(masked, strings.TrimSpace(piece)) {
				t.Errorf("%q stands there, and masked it is %q", piece, masked)
			}
		}
		if strings.Contains(masked, mask.Marker) && !slices.ContainsFunc(changes[0].After.Parts, func(p writes.Part) bool { return p.Secret != nil }) {
			t.Errorf("nothing is a secret, and masked it is %q", masked)
		}
	})
}
