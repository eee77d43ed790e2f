package render

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// Ago returns how long before now t was: "12s", "4m", "3h", after a day the date
// in now's place, and "-" for the zero time. A time to come is "in 12s", or its
// date.
func Ago(now, t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	age := now.Sub(t)
	switch {
	case age.Abs() >= 24*time.Hour:
		return t.In(now.Location()).Format(time.DateOnly)
	case age <= -time.Second:
		return "in " + coarse(-age)
	default:
		return coarse(max(age, 0))
	}
}

// coarse returns d, which is below a day, in its largest unit.
func coarse(d time.Duration) string {
	switch {
	case d >= time.Hour:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d >= time.Minute:
		return fmt.Sprintf("%dm", d/time.Minute)
	default:
		return fmt.Sprintf("%ds", d/time.Second)
	}
}

// Duration returns d as people compare it: "410µs", "4.1ms", "812.4ms", "1.02s",
// "4m12s", "3h05m".
func Duration(d time.Duration) string {
	if d < 0 {
		return "-" + Duration(-max(d, -math.MaxInt64)) // the least Duration has no opposite
	}
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%dµs", d/time.Microsecond)
	case d.Round(100*time.Microsecond) < time.Second:
		return fmt.Sprintf("%.1fms", float64(d)/float64(time.Millisecond))
	case d.Round(10*time.Millisecond) < time.Minute:
		return fmt.Sprintf("%.2fs", d.Seconds())
	case d.Round(time.Second) < time.Hour:
		d = d.Round(time.Second)
		return fmt.Sprintf("%dm%02ds", d/time.Minute, d%time.Minute/time.Second)
	default:
		d = d.Round(time.Minute)
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
	}
}

// Number returns f with the digits it has and no exponent: a weight of 1 is "1".
func Number(f float64) string {
	if math.Abs(f) >= 1e15 {
		return fmt.Sprintf("%g", f)
	}
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.3f", f), "0"), ".")
}
