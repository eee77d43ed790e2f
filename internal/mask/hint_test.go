package mask

import (
	"strings"
	"testing"
)

// FuzzWhatIsSkipped: what is not looked at holds nothing that is looked for.
func FuzzWhatIsSkipped(f *testing.F) {
	for _, s := range []string{
		"", "value 10", "service-00012", "server.port 8080", "a-b\tc", "${DB}", "$(DB)", "{{ .DB }}", "***", "x ${DB}",
		"eyJabcd.e.f", "••3f9a", "密码", "a：b", "dbpasswords", "\xff@\xff", "token is x", "$2a$10$abcdefghijkl",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		in := charsetOf(text)
		for i := range forms() {
			form := &forms()[i]
			if hasOneOf(text, in, form.hints) {
				continue
			}
			for _, h := range form.hints {
				if strings.Contains(text, h.text) {
					t.Errorf("%q has %q, which is not seen", text, h.text)
				}
			}
		}
		if !maySpace(text) && spaced().MatchString(text) {
			t.Errorf("%q has a name and a blank, and is not looked at", text)
		}
		if trimmed := strings.TrimSpace(text); len(trimmed) < maxName && reference().MatchString(trimmed) && !isHarmlessValue(text) {
			t.Errorf("%q is a reference, and is not seen", text)
		}
	})
}
