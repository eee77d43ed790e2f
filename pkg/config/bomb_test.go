package config_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"govctl/pkg/config"
)

// grown returns the lines that grow returns for 1 to n, below the first.
func grown(first string, n int, grow func(i int) string) string {
	var b strings.Builder
	b.WriteString(first)
	for i := range n {
		b.WriteString(grow(i + 1))
	}
	return b.String()
}

const tooDeep = "nested deeper than 1000 levels"

// bombs are small contents that would grow without end, and large ones; each is
// to fail with why, or to be read where that is "".
func bombs() []struct {
	name    string
	f       config.Format
	content string
	why     string
} {
	many := func(s string) string { return strings.Repeat(s, 200_000) }
	return []struct {
		name    string
		f       config.Format
		content string
		why     string
	}{
		{"alias bomb", config.YAML, grown("a0: &a0 [x, x]\n", 60, func(i int) string {
			return fmt.Sprintf("a%d: &a%d [*a%d, *a%d]\n", i, i, i-1, i-1)
		}), "repeat more than 100000 values"},
		{"merge bomb", config.YAML, grown("a0: &a0 {k: 1}\n", 60, func(i int) string {
			return fmt.Sprintf("a%d: &a%d {<<: [*a%d, *a%d], k%d: 1}\n", i, i, i-1, i-1, i)
		}), "repeat more than 100000 values"},
		{"alias loop", config.YAML, "a: &a [b, *a]\n", "line 1, column 11: an alias stands within what it stands for"},
		{"merge loop", config.YAML, "a: &a\n  b: &b {<<: *a}\n", "line 2, column 14: an alias stands within what it stands for"},
		{"chain of aliases", config.YAML, grown("a0: &a0 [x]\n", 200, func(i int) string { return fmt.Sprintf("a%d: &a%d [*a%d]\n", i, i, i-1) }), ""},
		{"longer chain of aliases", config.YAML, grown("a0: &a0 [x]\n", 20_000, func(i int) string {
			return fmt.Sprintf("a%d: &a%d [*a%d]\n", i, i, i-1)
		}), "repeat more than 100000 values"},
		{"lists in YAML", config.YAML, many("["), "exceeded max depth"},
		{"maps in YAML", config.YAML, many("{a: "), "exceeded max depth"},
		{"block lists in YAML", config.YAML, many("- "), "exceeded max depth"},
		{"fewer lists in YAML", config.YAML, strings.Repeat("[", 5000) + strings.Repeat("]", 5000), tooDeep},
		{"lists in JSON", config.JSON, many("["), tooDeep},
		{"maps in JSON", config.JSON, many(`{"a":`), tooDeep},
		{"lists in TOML", config.TOML, "a = " + many("["), "nested more than the maximum"},
		{"fewer lists in TOML", config.TOML, "a = " + strings.Repeat("[", 1001) + strings.Repeat("]", 1001), tooDeep},
		{"dots in a key in TOML", config.TOML, many("a.") + "a = 1", tooDeep},
		{"dots in a header in TOML", config.TOML, "[" + many("a.") + "a]", tooDeep},
		{"dots in properties", config.Properties, many("a.") + "a = 1", ""},
		{"many values", config.JSON, "[" + strings.Repeat("0,", 500_000) + "0, 0]", "more than 500000 lines and commas"},
		{"10 MB on a line of YAML", config.YAML, "a: " + strings.Repeat("x ", 5<<20), ""},
		{"10 MB on a line of JSON", config.JSON, `{"a": "` + strings.Repeat("x", 10<<20) + `"}`, ""},
		{"10 MB on a line of TOML", config.TOML, `a = "` + strings.Repeat("x", 10<<20) + `"`, ""},
		{"10 MB on a line of properties", config.Properties, "a=" + strings.Repeat("x", 10<<20), ""},
	}
}

// It is not parallel: it counts what the process allocates.
func TestC9NoContentCostsMoreThan256MiBNorGetsStuck(t *testing.T) {
	for _, c := range bombs() {
		check(t, c.name, c.f, []byte(c.content), c.why)
	}
	check(t, "1 GB", config.YAML, make([]byte, 1<<30), "line 1: this is longer than 64 MiB")
}

// stuck is what no content takes, nor on a busy machine under the race detector,
// unless it is a bomb that goes off: on an idle one none takes a second.
const stuck = 30 * time.Second

// check parses content, and holds it to why and to the bounds.
func check(t *testing.T, name string, f config.Format, content []byte, why string) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	_, err := config.Parse(content, f)
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	if got := fmt.Sprint(err); why == "" && err != nil || !strings.Contains(got, why) {
		t.Errorf("%s: %.200s, want %q", name, got, why)
	}
	if mib := (after.TotalAlloc - before.TotalAlloc) >> 20; took > stuck || mib >= 256 {
		t.Errorf("%s: %v, %d MiB", name, took, mib)
	}
}
