package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"
)

const (
	// changedEvery is how manieth value differs between two sides.
	changedEvery = 10
	// perMap is how many values are in a map, and maps in the map around them.
	perMap = 10
)

// pair is two folders of configuration with one item of n values each, in the one
// format. They hold the same but for every so manieth value.
type pair struct {
	b      *bench
	n      int
	format string
	dir    string
}

// diffs measures the comparison of items with many keys.
func (b *bench) diffs(ctx context.Context) error {
	for _, n := range b.keys {
		for _, format := range []string{"json", "yaml"} {
			p, err := b.newPair(n, format)
			if err != nil {
				return err
			}
			if err := p.race(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *bench) newPair(n int, format string) (*pair, error) {
	dir, err := os.MkdirTemp(b.dir, "pair-")
	if err != nil {
		return nil, err
	}
	p := &pair{b: b, n: n, format: format, dir: dir}
	for _, side := range []string{"a", "b"} {
		if err := os.MkdirAll(filepath.Dir(p.file(side)), 0o700); err != nil {
			return nil, err
		}
		text, err := document(n, format, side == "b")
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(p.file(side), text, 0o600); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// file returns the path of the item of a side.
func (p *pair) file(side string) string {
	return filepath.Join(p.dir, side, "config", "app."+p.format)
}

// changed returns how many values differ.
func (p *pair) changed() int { return p.n / changedEvery }

// document returns an item of n values in a format: a map of maps of maps. Changed,
// every so manieth value is another one.
func document(n int, format string, changed bool) ([]byte, error) {
	services := map[string]map[string]map[string]any{}
	for i := range n {
		name, section := fmt.Sprintf("service-%05d", i/perMap/perMap), fmt.Sprintf("section-%d", i/perMap%perMap)
		if services[name] == nil {
			services[name] = map[string]map[string]any{}
		}
		if services[name][section] == nil {
			services[name][section] = map[string]any{}
		}
		services[name][section][fmt.Sprintf("key-%d", i%perMap)] = valueOf(i, changed && i%changedEvery == changedEvery-1)
	}
	if format == "yaml" {
		return yaml.Marshal(services)
	}
	return json.MarshalIndent(services, "", "  ")
}

// valueOf returns the value number i: by turns a number, a text, a truth value and a
// fraction.
func valueOf(i int, changed bool) any {
	shift := 0
	if changed {
		shift = 1
	}
	switch i / perMap % 4 {
	case 0:
		return i + shift
	case 1:
		return fmt.Sprintf("value %d", i+shift)
	case 2:
		return changed
	default:
		return float64(i+shift) + 0.5
	}
}

// ours is govctl, which shows each value that differs; briefly, the item alone.
func (p *pair) ours(brief bool) side {
	args := []string{p.b.govctl, "config", "diff", "local://" + filepath.Join(p.dir, "a"), "local://" + filepath.Join(p.dir, "b")}
	counts := map[string]int{"→": p.changed()}
	if brief {
		args, counts = append(args, "-o", "name"), map[string]int{"app." + p.format + "\n": 1}
	}
	return side{program: program{args: args, status: 1}, counts: counts}
}

// walk is the least of Go programs that shows the same.
func (p *pair) walk() side {
	return side{
		program: program{args: []string{p.b.walk, p.file("a"), p.file("b")}},
		counts:  map[string]int{"→": p.changed()},
	}
}

// others are the neighbours that were found, dyff first.
func (p *pair) others() []side {
	var sides []side
	if path := p.b.found["dyff"]; path != "" {
		sides = append(sides, side{
			name: "`dyff between`", program: program{args: []string{path, "between", p.file("a"), p.file("b")}},
			counts: map[string]int{"± value change": p.changed()},
		})
	}
	if path := p.b.found["jd"]; path != "" {
		args := []string{path}
		if p.format == "yaml" {
			args = append(args, "-yaml")
		}
		sides = append(sides, side{
			name: "`jd`", program: program{args: append(args, p.file("a"), p.file("b")), status: 1},
			counts: map[string]int{"\n@ [": p.changed()},
		})
	}
	return sides
}

// race adds the rows of a pair: with all that differs shown, and without.
func (p *pair) race(ctx context.Context) error {
	start := side{program: program{args: []string{p.b.govctl, "version"}}}
	sides := append([]side{p.ours(false), p.walk(), start}, p.others()...)
	m, err := p.b.contest(ctx, sides)
	if err != nil {
		return err
	}
	what, limit := fmt.Sprintf("`config diff` of %d keys in JSON, %d of them changed", p.n, p.changed()), 1.3
	if p.format == "yaml" {
		what, limit = fmt.Sprintf("`config diff` of %d keys in YAML, %d of them changed", p.n, p.changed()), 1.1
	}
	p.b.add(row{ // both are processes of their own, from start to end
		what: what, ours: fmt.Sprintf("%s, to start %s of it", ms(m[0]), ms(m[2])), neighbour: "a minimal Go walk: " + ms(m[1]),
		ratio: times(m[0], m[1]), goal: fmt.Sprintf("≤ %g×", limit), met: float64(m[0]) <= limit*float64(m[1]),
	})
	for i := 3; i < len(sides); i++ {
		if sides[i].args[0] == p.b.found["dyff"] {
			p.b.faster(what, m[0], sides[i].name, m[i], 3)
		} else {
			p.b.versus(what, m[0], sides[i].name, m[i])
		}
	}
	return p.brief(ctx, what)
}

// brief adds the row of whether there is a difference at all.
func (p *pair) brief(ctx context.Context, what string) error {
	path := p.b.found["dyff"]
	if path == "" {
		return nil
	}
	theirs := side{
		program: program{args: []string{path, "between", "--output", "brief", p.file("a"), p.file("b")}},
		counts:  map[string]int{fmt.Sprintf("%d changes detected", p.changed()): 1},
	}
	m, err := p.b.contest(ctx, []side{p.ours(true), theirs})
	if err != nil {
		return err
	}
	p.b.versus(what+", `-o name`", m[0], "`dyff between -o brief`", m[1])
	return nil
}
