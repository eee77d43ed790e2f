package config

import "strings"

// lineEndOf returns how the lines of a text end.
func lineEndOf(text string) string {
	i := strings.IndexAny(text, "\r\n")
	switch {
	case i < 0 || text[i] == '\n':
		return "\n"
	case strings.HasPrefix(text[i:], "\r\n"):
		return "\r\n"
	default:
		return "\r"
	}
}

// lineStart returns where the line of an offset begins.
func (e *editor) lineStart(at int) int { return 1 + strings.LastIndexAny(e.text[:at], "\r\n") }

// lineStop returns where the line of an offset ends, before what ends it.
func (e *editor) lineStop(at int) int {
	if i := strings.IndexAny(e.text[at:], "\r\n"); i >= 0 {
		return at + i
	}
	return len(e.text)
}

// nextLine returns where the line after that of an offset begins; false where
// the text ends without an end of line.
func (e *editor) nextLine(at int) (int, bool) {
	stop := e.lineStop(at)
	switch {
	case stop == len(e.text):
		return stop, false
	case strings.HasPrefix(e.text[stop:], "\r\n"):
		return stop + 2, true
	default:
		return stop + 1, true
	}
}

// indentation returns the blanks with which the line of an offset begins.
func (e *editor) indentation(at int) string {
	line := e.text[e.lineStart(at):at]
	return line[:leading(line, " \t")]
}

// startsLine tells whether nothing but blanks stands before an offset in its line.
func (e *editor) startsLine(at int) bool {
	return strings.Trim(e.text[e.lineStart(at):at], " \t") == ""
}

// endsLine tells whether nothing but blanks and a comment stand in the line from
// an offset on.
func (e *editor) endsLine(at int) bool {
	rest := strings.TrimLeft(e.text[at:e.lineStop(at)], " \t")
	return rest == "" || rest[0] == '#'
}

// cutLines takes out the lines from one offset to another.
func (e *editor) cutLines(start, end int) {
	start = e.lineStart(start)
	stop, more := e.nextLine(end)
	if !more && start > 0 { // then the line before is the one that has no end
		start--
		if start > 0 && e.text[start-1:start+1] == "\r\n" {
			start--
		}
	}
	e.cut(start, stop, "")
}

// addLines writes lines, the last one without its end, after that of an offset.
func (e *editor) addLines(after int, lines string) {
	if at, more := e.nextLine(after); more {
		e.cut(at, at, lines+e.text[e.lineStop(after):at])
	} else {
		e.cut(at, at, e.lineEnd+lines)
	}
}

// afterSpace returns the offset of what follows blanks, ends of lines and
// comments.
func (e *editor) afterSpace(at int) int {
	for {
		at += leading(e.text[at:], " \t\r\n")
		if at == len(e.text) || e.text[at] != '#' {
			return at
		}
		at = e.lineStop(at)
	}
}

// flowStyle is how a format writes lists and maps in brackets.
type flowStyle struct {
	write    func(m member) (string, error) // a member that is new
	comments bool                           // a # begins one
	gap      string                         // after a comma
	// lead and tail stand inside the brackets of what was empty.
	lead, tail string
}

// rebuildFlow does what partWriter.rebuild does for what stands in brackets.
func (e *editor) rebuildFlow(p *part, f flowStyle) error {
	stay, added := p.split()
	texts := make([]string, 0, len(added))
	for _, m := range added {
		text, err := f.write(m)
		if err != nil {
			return err
		}
		texts = append(texts, text)
	}
	old := p.members[:len(p.members)-len(added)]
	if len(stay) == 0 {
		e.refillFlow(p, old, texts, f)
		return nil
	}
	for i := range old {
		if old[i].gone {
			e.cutFlow(old, i, stay[0].start, f)
		}
	}
	if len(texts) > 0 {
		last := stay[len(stay)-1].part
		e.addFlow(p, texts, last, f, last == old[len(old)-1].part)
	}
	return nil
}

// refillFlow writes all that stands in brackets.
func (e *editor) refillFlow(p *part, old []member, texts []string, f flowStyle) {
	inside := e.text[p.start+1 : p.end-1]
	gap := f.gap
	if len(old) == 0 && f.comments && strings.ContainsAny(inside, "\r\n") {
		e.cut(p.end-1, p.end-1, strings.Join(texts, ","+gap))
		return
	}
	if inside != "" && strings.Trim(inside, " \t") == "" {
		f.lead, f.tail = inside, inside
	}
	if len(old) > 0 {
		f.lead = inside[:leading(inside, " \t\r\n")]
		f.tail = inside[len(strings.TrimRight(inside, " \t\r\n")):]
	}
	if strings.ContainsAny(f.lead, "\r\n") {
		gap = f.lead
	}
	with := ""
	if len(texts) > 0 {
		with = f.lead + strings.Join(texts, ","+gap) + f.tail
	}
	e.cut(p.start+1, p.end-1, with)
}

// cutFlow takes out one of the members that stand in brackets, of which the first
// that stays begins at an offset.
func (e *editor) cutFlow(old []member, i, firstStays int, f flowStyle) {
	m := old[i]
	after := m.part.end
	if f.comments {
		if comma := after + leading(e.text[after:], " \t"); strings.HasPrefix(e.text[comma:], ",") {
			after = comma + 1
		}
		if e.startsLine(m.start) && e.endsLine(after) {
			e.cutLines(m.start, after)
			return
		}
	}
	isLast := i == len(old)-1
	commented := i > 0 && f.comments && strings.Contains(e.text[old[i-1].part.end:m.start], "#")
	if !isLast && (m.start < firstStays || commented) {
		e.cut(m.start, old[i+1].start, "")
		return
	}
	e.cut(old[i-1].part.end, m.part.end, "")
}

// addFlow writes new members after the last one that stays, which may be the last
// there was.
func (e *editor) addFlow(p *part, texts []string, last *part, f flowStyle, wasLast bool) {
	gap := e.gap(p, f)
	comma := e.text[last.end]
	after := last.end + leading(e.text[last.end:], " \t")
	trailing := wasLast && f.comments && e.text[after] == ','
	if trailing {
		after++
	}
	if wasLast && f.comments && strings.ContainsAny(gap, "\r\n") && (trailing || comma != ',') && e.endsLine(after) {
		if !trailing {
			e.cut(last.end, last.end, ",")
		}
		with := gap + strings.Join(texts, ","+gap)
		if trailing {
			with += ","
		}
		stop := e.lineStop(after)
		e.cut(stop, stop, with)
		return
	}
	e.cut(last.end, last.end, ","+gap+strings.Join(texts, ","+gap))
}

// gap returns what stands after a comma between the members of p.
func (e *editor) gap(p *part, f flowStyle) string {
	between := e.text[p.start+1 : p.members[0].start]
	if len(p.members) > 1 && !p.members[1].added {
		_, between, _ = strings.Cut(e.text[p.members[0].part.end:p.members[1].start], ",")
	}
	if i := strings.LastIndexAny(between, "\r\n"); i >= 0 {
		return e.lineEnd + between[i+1:]
	}
	if len(p.members) > 1 && !p.members[1].added && strings.Trim(between, " \t") == "" {
		return between
	}
	return f.gap
}
