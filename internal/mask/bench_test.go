package mask_test

import (
	"strings"
	"testing"
)

// BenchmarkText masks text as it usually is, and text made to be slow: all must
// take time in proportion to their length.
func BenchmarkText(b *testing.B) {
	m := newMasker()
	for name, text := range map[string]string{
		"harmless":    strings.Repeat(harmless, 100),
		"one line":    strings.Repeat(`{"a":"b","key":"x","c":12},`, 10_000),
		"open lists":  strings.Repeat("key:[", 40_000),
		"open quotes": strings.Repeat("key: \"a\\\n", 25_000),
		"nested":      strings.Repeat("dsn=", 50_000) + "://",
		"separators":  strings.Repeat(" key:", 40_000),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				m.Text(text)
			}
		})
	}
}

func BenchmarkValue(b *testing.B) {
	m := newMasker()
	for b.Loop() {
		m.Value("server.host", "db.example.com")
	}
}
