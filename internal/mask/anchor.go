package mask

import (
	"regexp"
	"strings"
	"sync"
)

var aliased = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`([\w.\-]{1,200})["']?[ \t]*:[ \t]+\*([\w.\-]{1,200})`)
})

// secretAnchors returns the anchors of YAML that an alias puts at a secret name,
// nil for none: what stands at the anchor is that secret.
func secretAnchors(text string) map[string]bool {
	if !strings.Contains(text, "*") || !strings.Contains(text, "&") {
		return nil
	}
	var used map[string]bool
	for _, found := range aliased().FindAllStringSubmatch(text, -1) {
		if judge(found[1]) < address {
			continue
		}
		if used == nil {
			used = map[string]bool{}
		}
		used[found[2]] = true
	}
	return used
}

// anchorAt returns the anchor that a value begins with, "" for none.
func anchorAt(value string) string {
	anchor, ok := strings.CutPrefix(strings.TrimLeft(lineOf(value[:min(len(value), 2*longest)]), " \t"), "&")
	if !ok {
		return ""
	}
	return upTo(anchor, " \t,{}[]")
}
