package local

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"govctl/pkg/registry"
)

func TestNamesBecomeFileNamesAndBack(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"order":             "order",
		"Order-1_b.v2":      "Order-1_b.v2",
		"größe 日本":          "größe 日本",
		"a/b":               "a%2Fb",
		"a%2Fb":             "a%252Fb",
		`a\b:c*d?e"f<g>h|i`: "a%5Cb%3Ac%2Ad%3Fe%22f%3Cg%3Eh%7Ci",
		".":                 "%2E",
		"..":                "%2E%2E",
		"../../etc":         "%2E.%2F..%2Fetc",
		".lock":             "%2Elock",
		"ends. ":            "ends.%20",
		"ends.":             "ends%2E",
		"a\x00b\n\x7f":      "a%00b%0A%7F",
		"c1\u0085":          "c1%C2%85",
		"con":               "%63on",
		"Aux.v2":            "%41ux.v2",
		"com1":              "%63om1",
		"LPT³ .x":           "%4CPT³ .x",
		"con1":              "con1",
		"com":               "com",
		"com10":             "com10",
	} {
		got, err := encodeName(name)
		if got != want || err != nil {
			t.Errorf("encodeName(%q) = %q, %v; want %q", name, got, err, want)
		}
		if back, err := decodeName(want); back != name || err != nil {
			t.Errorf("decodeName(%q) = %q, %v; want %q", want, back, err, name)
		}
	}
}

func TestNamesThatNoFileCanHaveAreRefused(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "\xff", strings.Repeat("x", 251), strings.Repeat("/", 84)} {
		if got, err := encodeName(name); !errors.Is(err, registry.ErrUnsupported) {
			t.Errorf("encodeName(%q) = %q, %v; want ErrUnsupported", name, got, err)
		}
	}
	if _, err := encodeName(strings.Repeat("x", 250)); err != nil {
		t.Errorf("encodeName of 250 bytes: %v; want none", err)
	}
}

func TestFileNamesThatNobodyWouldWriteHaveNoName(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"a%2fb": `the file of the name "a/b" must be called "a%2Fb"`,
		"%61":   `the file of the name "a" must be called "a"`,
		"a:b":   `the file of the name "a:b" must be called "a%3Ab"`,
		"con":   `the file of the name "con" must be called "%63on"`,
		"100%":  "a percent sign that begins no %XX in a file name",
		"a%2":   "a percent sign that begins no %XX in a file name",
		"a%+1":  "a percent sign that begins no %XX in a file name",
		"%FF":   `name "\xff" is not UTF-8: this back-end cannot do that`,
	} {
		if got, err := decodeName(file); err == nil || err.Error() != want {
			t.Errorf("decodeName(%q) = %q, %v; want the error %q", file, got, err, want)
		}
	}
}

// FuzzName holds that names and file names are one to one, and that no name
// leaves its folder or hides in it.
func FuzzName(f *testing.F) {
	for _, s := range []string{"order", "a/b", "%2F", "..", "con.x", "a. ", "größe", "\x00", "%E2%80%AE", "COM¹"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if file, err := encodeName(s); err == nil {
			if strings.ContainsAny(file, `/\:`+"\x00") || strings.HasPrefix(file, ".") || len(file) > maxFileName-len(suffix) || !utf8.ValidString(file) {
				t.Errorf("encodeName(%q) = %q, which is no safe file name", s, file)
			}
			if back, err := decodeName(file); back != s || err != nil {
				t.Errorf("decodeName(encodeName(%q)) = %q, %v", s, back, err)
			}
		}
		if name, err := decodeName(s); err == nil {
			if file, err := encodeName(name); file != s || err != nil {
				t.Errorf("encodeName(decodeName(%q)) = %q, %v", s, file, err)
			}
		}
	})
}
