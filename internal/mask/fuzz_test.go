package mask_test

import (
	"regexp"
	"strings"
	"testing"
)

var hashes = regexp.MustCompile("••[0-9a-f]{4}")

// FuzzMaskText: a secret behind its name does not survive, whatever stands around
// it; masking again changes nothing; and no text grows beyond what its names and
// values can make of it.
func FuzzMaskText(f *testing.F) {
	for _, s := range []string{
		"", "a: b\n", "{\"x\": \"", "'", "x: [", "postgres://u:", "\\", "a:\n  ", "password: |\n  x", "[a]\n", "--token ", "<a>", "name: password\nvalue: ", "••3f9a", "-----BEGIN X KEY-----", "arn:", "# ", "(", "value: x\nname: ",
	} {
		f.Add(s, "\n"+s, uint8(len(s)))
		f.Add(s, s, uint8(len(s)+1))
		f.Add("x", s, uint8(0))
	}
	m := newMasker()
	f.Fuzz(func(t *testing.T, before, after string, way uint8) {
		const canary = "cAn4ryX9kQ7z"
		plants := []string{"\npassword: " + canary, "\npassword=" + canary, "\n\"password\": \"" + canary + "\"", " password: " + canary + "\n", " --password=" + canary + "\n", "\n  password:\n    " + canary + "\n"}
		text := before + plants[int(way)%len(plants)] + after
		got := m.Text(text)
		if strings.Contains(got, canary) && !strings.Contains(before+after, canary) {
			t.Errorf("Text(%q) = %q", text, got)
		}
		if again := m.Text(got); again != got {
			t.Errorf("Text(%q) = %q, and of that %q", text, got, again)
		}
		if len(got) > 12*len(text)+100 {
			t.Errorf("%d bytes became %d", len(text), len(got))
		}
	})
}
