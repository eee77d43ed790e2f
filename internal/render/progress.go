package render

import (
	"io"
	"sync"
	"time"
)

const (
	// progressAfter is how long an answer may take before it is said what it is
	// waiting for.
	progressAfter = 300 * time.Millisecond
	// progressEvery bounds how often the line is drawn again.
	progressEvery = 100 * time.Millisecond
	// progressWidth keeps the line from wrapping, after which it could not be
	// erased.
	progressWidth = 60
)

// Progress is a line on a terminal that says what is being waited for. It has no
// goroutine: it is drawn by Update, so what never reports is never shown. It is
// safe for concurrent use.
type Progress struct {
	mu    sync.Mutex
	w     io.Writer // nil: disabled
	now   func() time.Time
	next  time.Time // when it may be drawn
	shown bool
}

// NewProgress returns a Progress on w, which shows nothing unless enabled: w must
// be a terminal, and the user not have asked for quiet. The time runs from here.
func NewProgress(w io.Writer, enabled bool, now func() time.Time) *Progress {
	if !enabled {
		return &Progress{}
	}
	return &Progress{w: w, now: now, next: now().Add(progressAfter)}
}

// Update shows text, unless it is too early, or too soon after the last time.
func (p *Progress) Update(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.w == nil {
		return
	}
	now := p.now()
	if now.Before(p.next) {
		return
	}
	p.next = now.Add(progressEvery)
	p.shown = true
	line, _ := truncate(Safe(text), progressWidth)
	_, _ = io.WriteString(p.w, eraseLine+line) // nobody waits for a progress line
}

// eraseLine goes to the beginning of the line and clears it.
const eraseLine = "\r\x1b[K"

// Done erases the line and shows nothing any more. It must be called before
// anything else is written to the terminal, and may be called again.
func (p *Progress) Done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown {
		_, _ = io.WriteString(p.w, eraseLine) // as in Update
	}
	p.w, p.shown = nil, false
}
