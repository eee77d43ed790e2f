package doctor

// Tally counts reports and what was found in them.
type Tally struct {
	// Reports is how many there are, Reached how many back-ends answered.
	Reports, Reached int
	// Failures, Missing and Warnings count findings by level.
	Failures, Missing, Warnings int
}

// Add counts r.
func (t *Tally) Add(r *Report) {
	t.Reports++
	if r.LatencySeconds > 0 {
		t.Reached++
	}
	for _, f := range r.Findings {
		switch f.Level {
		case Fail:
			t.Failures++
		case Inconclusive:
			t.Missing++
		case Warn:
			t.Warnings++
		}
	}
}

// Worst returns the worst level that was found; "" where nothing was.
func (t *Tally) Worst() Level {
	switch {
	case t.Failures > 0:
		return Fail
	case t.Missing > 0:
		return Inconclusive
	case t.Warnings > 0:
		return Warn
	}
	return ""
}
