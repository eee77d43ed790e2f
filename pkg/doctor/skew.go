package doctor

import (
	"fmt"
	"net/http"
	"time"
)

// MaxSkew is how far two clocks may be apart before it is a finding: what is
// sorted by time is then no longer in the order in which it happened.
const MaxSkew = 5 * time.Second

// Skew returns how far the clock is ahead of now that wrote date, an answer's
// Date header (RFC 9110 §6.6.1), which tells whole seconds: less than two is 0,
// as the answer took its time too. It is nil where date is none.
func Skew(date string, now time.Time) *float64 {
	at, err := http.ParseTime(date)
	if err != nil {
		return nil
	}
	ahead := at.Sub(now.Truncate(time.Second)).Seconds()
	if ahead > -2 && ahead < 2 {
		ahead = 0
	}
	return &ahead
}

// SetSkew notes how far the server's clock is ahead of ours, and finds fault
// with more than MaxSkew; nil is not known.
func (r *Report) SetSkew(ahead *float64) {
	r.ClockSkewSeconds = ahead
	if ahead == nil {
		return
	}
	d := time.Duration(*ahead * float64(time.Second))
	if d.Abs() <= MaxSkew {
		return
	}
	word := "ahead of"
	if d < 0 {
		word = "behind"
	}
	r.Find(ClockSkew, fmt.Sprintf("the server's clock is %s %s this machine's", d.Abs().Round(time.Second), word),
		"let both follow a time server (NTP): times of changes cannot be compared otherwise")
}
