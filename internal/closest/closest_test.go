package closest_test

import (
	"strings"
	"testing"

	"govctl/internal/closest"
)

func TestToFindsWhatWasMeant(t *testing.T) {
	t.Parallel()
	among := []string{"registry", "config", "traces", "metrics", "protected", "e"}
	for word, want := range map[string]string{
		"registry":                    "registry",
		"registyr":                    "registry", // swapped
		"Registry":                    "registry", // another case
		"reigstri":                    "registry", // two mistakes in eight letters
		"rgstr":                       "",         // three in five are too many
		"confg":                       "config",
		"prot":                        "protected", // begun
		"tr":                          "",
		"timeout":                     "",
		"x":                           "", // a whole other letter is not near
		"":                            "",
		strings.Repeat("registry", 9): "",
	} {
		if got := closest.To(word, among); got != want {
			t.Errorf("To(%q) = %q, want %q", word, got, want)
		}
	}
}

func TestToPrefersTheFirstOfEquallyNearOnes(t *testing.T) {
	t.Parallel()
	if got := closest.To("tist", []string{"test", "list"}); got != "test" {
		t.Errorf("To(tist) = %q, want test", got)
	}
	if got := closest.To("pro", []string{"prod-eu", "prod-us"}); got != "" {
		t.Errorf("To(pro) = %q, want nothing: two begin so", got)
	}
}
