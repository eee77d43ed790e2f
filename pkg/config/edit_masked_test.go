package config_test

import (
	"errors"
	"strings"
	"testing"

	"govctl/internal/mask"
	"govctl/pkg/config"
)

// maskedCopy returns a copy of an item, and what to replace in its text: {0} is the
// first mark in it, {1} the next other one.
func maskedCopy(t *testing.T, name, content string) (c *config.MaskedCopy, marks []string) {
	t.Helper()
	c, err := config.NewMaskedCopy(config.Item{Key: config.Key{Group: "g", Name: name}, Content: []byte(content)}, mask.New([]byte("key")))
	if err != nil {
		t.Fatal(err)
	}
	rest := string(c.Text)
	for {
		at := strings.Index(rest, mask.Marker)
		if at < 0 {
			return c, marks
		}
		mark := rest[at : at+len(mask.Marker)+4]
		if !strings.Contains(strings.Join(marks, " "), mark) {
			marks = append(marks, mark)
		}
		rest = rest[at+len(mark):]
	}
}

func TestSecretsThatNobodyTouchedComeBackByteByByte(t *testing.T) {
	t.Parallel()
	const pem = "-----BEGIN RSA PRIVATE KEY-----\nMIIBOgIBAAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf9Cnzj4p4WGeKLs1Pt8Qu\n-----END RSA PRIVATE KEY-----\n"
	for name, tt := range map[string]struct{ name, content, old, with, want string }{
		"yaml":          {"a.yaml", "# old: password=hunter1\nmax: 10\ndb: {password: 'hunter''2', max: 3}   # x\n", "max: 10", "max: 11", "# old: password=hunter1\nmax: 11\ndb: {password: 'hunter''2', max: 3}   # x\n"},
		"one line":      {"a.json", `{"db":{"password":"hunt\"er2","max":3,"pin":{"secret":12345}}}`, `"max":3`, `"max":4`, `{"db":{"password":"hunt\"er2","max":4,"pin":{"secret":12345}}}`},
		"in a url":      {"a.yaml", "url: postgres://app:hunter2@db:5432/order\n", "db:5432", "db2:5433", "url: postgres://app:hunter2@db2:5433/order\n"},
		"block":         {"a.yaml", "tls:\n  key: |\n    " + strings.ReplaceAll(strings.TrimSpace(pem), "\n", "\n    ") + "\n  port: 1\n", "port: 1", "port: 2", "tls:\n  key: |\n    " + strings.ReplaceAll(strings.TrimSpace(pem), "\n", "\n    ") + "\n  port: 2\n"},
		"windows":       {"a.properties", "db.password=hunter2\r\nmax=1\r\n", "max=1", "max=2", "db.password=hunter2\r\nmax=2\r\n"},
		"a mark before": {"a.properties", "\uFEFFdb.password=hunter2\nmax=1\n", "max=1", "max=2", "\uFEFFdb.password=hunter2\nmax=2\n"},
		"toml":          {"a.toml", "[db]\npassword = 'hunter2' # it\nmax = 1\n", "max = 1", "max = 2", "[db]\npassword = 'hunter2' # it\nmax = 2\n"},
		"text":          {"motd.txt", "login with password=hunter2\nwelcome\n", "welcome", "hello", "login with password=hunter2\nhello\n"},
		"broken":        {"a.yaml", "a: [\npassword: hunter2\n", "a: [", "a: []", "a: []\npassword: hunter2\n"},
		"moved a place": {"a.yaml", "users:\n- name: a\n  password: hunter2\n", "users:\n", "users:\n- name: new\n", "users:\n- name: new\n- name: a\n  password: hunter2\n"},
		"masked before": {"a.yaml", "password: ••0000\nmax: 1\ntoken: hunter2\n", "max: 1", "max: 2", "password: ••0000\nmax: 2\ntoken: hunter2\n"},
		"guessed":       {"a", "max: 1\npassword: hunter2\n", "max: 1", "max: 2", "max: 2\npassword: hunter2\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := maskedCopy(t, tt.name, tt.content)
			for _, secret := range []string{"hunt", "12345", "MIIB"} {
				if strings.Contains(string(c.Text), secret) {
					t.Errorf("the copy shows %s:\n%s", secret, c.Text)
				}
			}
			edited := strings.Replace(string(c.Text), tt.old, tt.with, 1)
			got, err := c.Restore([]byte(edited))
			if err != nil || string(got) != tt.want || edited == string(c.Text) {
				t.Errorf("of\n%s\ncomes\n%s\n%v; want\n%s", edited, got, err, tt.want)
			}
		})
	}
}

func TestAMarkIsASecretAtItsOwnPlaceAlone(t *testing.T) {
	t.Parallel()
	const content = "# password=hunter0\ndb: {password: hunter1}\nmail: {password: hunter2}\nmax: 1\n"
	c, marks := maskedCopy(t, "a.yaml", content)
	if len(marks) != 3 {
		t.Fatalf("%d marks in\n%s", len(marks), c.Text)
	}
	for name, tt := range map[string]struct{ old, with, want, err string }{
		"swapped":   {"{password: " + marks[2], "{password: " + marks[1], "", "mail.password: " + marks[1] + " stands for a secret of another place"},
		"copied":    {"max: 1", "max: " + marks[1], "", "max: " + marks[1] + " stands for a secret of another place"},
		"commented": {"max: 1", "max: 1 # " + marks[1], "", "line 4: " + marks[1] + " stands for a secret of another place"},
		"altered":   {marks[2], mask.Marker + "0", "", "line 3: ••0 stands for no secret"},
		"replaced":  {marks[2], "new", "# password=hunter0\ndb: {password: hunter1}\nmail: {password: new}\nmax: 1\n", ""},
		"removed":   {"mail: {password: " + marks[2] + "}\n", "", "# password=hunter0\ndb: {password: hunter1}\nmax: 1\n", ""},
		"renamed":   {"mail:", "post:", "", "post.password: " + marks[2] + " stands for a secret of another place"},
		"broken":    {"max: 1", "max: [", "", "line 4: this is not YAML: did not find expected node content"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			edited := strings.Replace(string(c.Text), tt.old, tt.with, 1)
			got, err := c.Restore([]byte(edited))
			switch {
			case tt.err == "" && (err != nil || string(got) != tt.want):
				t.Errorf("of\n%s\ncomes\n%s\n%v; want\n%s", edited, got, err, tt.want)
			case tt.err != "" && (err == nil || err.Error() != tt.err):
				t.Errorf("of\n%s\ncomes %v; want %s", edited, err, tt.err)
			}
		})
	}
}

func TestSecretsThatAreKeysCannotBeEditedMasked(t *testing.T) {
	t.Parallel()
	i := config.Item{Key: config.Key{Group: "g", Name: "a.yaml"}, Content: []byte("users:\n  postgres://app:hunter2@db:5432/order: 1\n")}
	if c, err := config.NewMaskedCopy(i, mask.New([]byte("key"))); !errors.Is(err, config.ErrNotInPlace) {
		t.Errorf("%v, %v; want %v", c, err, config.ErrNotInPlace)
	}
}

// FuzzMaskedCopy: an untouched copy is the content again, and shows no more than
// MaskedContent does.
func FuzzMaskedCopy(f *testing.F) {
	for _, content := range []string{"db: {password: hunter2}\n", `{"password": 12, "url": "http://a:b@c:1"}`, "a=1\npassword = x\\\n y\n", "[a]\ntoken = '''x'''\n", "••12 password: ••3f9a"} {
		for _, name := range []string{"a.yaml", "a.json", "a.properties", "a.toml", "a.txt", "a"} {
			f.Add(name, []byte(content))
		}
	}
	f.Fuzz(func(t *testing.T, name string, content []byte) {
		i := config.Item{Key: config.Key{Group: "g", Name: name}, Content: content}
		c, err := config.NewMaskedCopy(i, mask.New([]byte("key")))
		if errors.Is(err, config.ErrNotInPlace) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if got, err := c.Restore(c.Text); err != nil || string(got) != string(content) {
			t.Errorf("%q comes back as %q, %v", content, got, err)
		}
	})
}
