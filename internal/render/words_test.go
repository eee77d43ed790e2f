package render

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestFormatTakesItsNamesAndListsThem(t *testing.T) {
	t.Parallel()
	for _, want := range Formats() {
		var f Format
		if err := f.Set(string(want)); err != nil || f != want || f.String() != string(want) {
			t.Errorf("Set(%s): %v, %v", want, f, err)
		}
	}
	var f Format
	err := f.Set("xml")
	if want := `unknown format "xml": it is one of table, wide, json, yaml, csv, name`; err == nil || err.Error() != want {
		t.Errorf("Set(xml): %v, want %s", err, want)
	}
	if f.String() != "table" {
		t.Errorf("the zero Format is %s", f.String())
	}
}

func TestABarShowsEveryPartInTenBlocks(t *testing.T) {
	t.Parallel()
	for want, n := range map[string][3]int{
		"":                         {},
		"██ 2 passing":             {2},
		"██▒ 2 passing 1 critical": {2, 1},
		"█░ 1 passing 1 drained":   {1, 0, 1},
		"████████▒▒ 8 passing 2 critical":                 {8, 2},
		"█████████▒ 9999 passing 1 critical":              {9999, 1},
		"████████▒░ 10000 passing 1 critical 1 drained":   {10000, 1, 1},
		"████▒▒▒░░░ 34 passing 33 critical 33 drained":    {34, 33, 33},
		"█▒▒▒▒▒▒▒▒░ 1 passing 1000000 critical 1 drained": {1, 1e6, 1},
	} {
		got := Bar([]Part{{n[0], '█', "passing", Plain}, {n[1], '▒', "critical", Bad}, {n[2], '░', "drained", Dim}})
		style := Plain
		if n[2] > 0 {
			style = Dim
		}
		if n[1] > 0 {
			style = Bad
		}
		if diff := cmp.Diff(Cell{Text: want, Style: style}, got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", n, diff)
		}
	}
	parts := slices.Repeat([]Part{{N: 3, Glyph: '█'}}, 12)
	if bar, _, _ := strings.Cut(Bar(parts).Text, " "); utf8.RuneCountInString(bar) != 12 {
		t.Errorf("12 parts have the bar %q", bar)
	}
}

func TestAgoIsRelativeForADay(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 1, 30, 0, 0, time.FixedZone("", 2*3600))
	got := map[time.Duration]string{}
	for _, d := range []time.Duration{
		0, -time.Millisecond, 12 * time.Second, 4*time.Minute + 59*time.Second, 3 * time.Hour,
		24*time.Hour - 1, 24 * time.Hour, -90 * time.Second, -25 * time.Hour,
	} {
		got[d] = Ago(now, now.Add(-d).UTC())
	}
	want := map[time.Duration]string{
		0: "0s", -time.Millisecond: "0s", 12 * time.Second: "12s", 4*time.Minute + 59*time.Second: "4m",
		3 * time.Hour: "3h", 24*time.Hour - 1: "23h", 24 * time.Hour: "2026-03-01", -90 * time.Second: "in 1m", -25 * time.Hour: "2026-03-03",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := Ago(now, time.Time{}); got != "-" {
		t.Errorf("a time that is not known is %q", got)
	}
}

func TestNumbersHaveTheDigitsTheyNeed(t *testing.T) {
	t.Parallel()
	for f, want := range map[float64]string{0: "0", 1: "1", 100: "100", 0.25: "0.25", 1.0 / 3: "0.333", 1e21: "1e+21"} {
		if got := Number(f); got != want {
			t.Errorf("Number(%v) = %s, want %s", f, got, want)
		}
	}
}

func TestProgressShowsLateSeldomAndLeavesNothing(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	now := time.Unix(0, 0)
	p := NewProgress(&out, true, func() time.Time { return now })
	for _, step := range []struct {
		wait time.Duration
		text string
		want string
	}{
		{299 * time.Millisecond, "listing 1", ""},
		{time.Millisecond, "listing 120/500 \x1b[2J", "\r\x1b[Klisting 120/500 \\x1b[2J"},
		{99 * time.Millisecond, "listing 121", ""},
		{time.Millisecond, strings.Repeat("x", 100), "\r\x1b[K" + strings.Repeat("x", 59) + "…"},
	} {
		now = now.Add(step.wait)
		p.Update(step.text)
		if got := out.String(); got != step.want {
			t.Errorf("after %v: %q, want %q", step.wait, got, step.want)
		}
		out.Reset()
	}
	for _, want := range []string{"\r\x1b[K", ""} {
		p.Done()
		p.Update("too late")
		if got := out.String(); got != want {
			t.Errorf("done: %q, want %q", got, want)
		}
		out.Reset()
	}
	off := NewProgress(&out, false, nil)
	off.Update("x")
	off.Done()
	if out.Len() > 0 {
		t.Errorf("not enabled: %q", out.String())
	}
}
