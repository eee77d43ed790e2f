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

// Number returns f with the digits it has and no exponent: a weight of 1 is "1".
func Number(f float64) string {
	if math.Abs(f) >= 1e15 {
		return fmt.Sprintf("%g", f)
	}
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.3f", f), "0"), ".")
}

// Bytes returns a number of bytes in a unit of 1024: "0B", "812B", "4.2KiB".
func Bytes(n int) string {
	if n < 1024 {
		return fmt.Sprintf("%dB", n)
	}
	size, units := float64(n), []string{"KiB", "MiB", "GiB"}
	for i, unit := range units {
		if size /= 1024; size < 1000 || i == len(units)-1 {
			return fmt.Sprintf("%.1f%s", size, unit)
		}
	}
	return ""
}
