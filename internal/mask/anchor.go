package mask

import (
	"regexp"
	"strings"
	"sync"
)

var aliases = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?:^|[\s\[{,:])\*([\w.\-]{1,200})`)
})

// maxChain bounds how many anchors of YAML may lead to each other.
const maxChain = 8

// noteAliases notes the aliases of YAML in what is masked: what stands at their
// anchors is secret too, and may stand before.
func (n *named) noteAliases(masked string) {
	if !n.anchored || !strings.Contains(masked, "*") {
		return
	}
	for _, found := range aliases().FindAllStringSubmatch(masked, -1) {
		if n.found == nil {
			n.found = map[string]bool{}
		}
		n.found[found[1]] = true
	}
}

// anchorAt returns the anchor that a value begins with, "" for none.
func anchorAt(value string) string {
	anchor, ok := strings.CutPrefix(strings.TrimLeft(lineOf(value[:min(len(value), 2*longest)]), " \t"), "&")
	if !ok {
		return ""
	}
	return upTo(anchor, " \t,{}[]")
}
