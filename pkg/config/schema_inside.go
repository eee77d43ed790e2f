package config

import "regexp"

// schemas reads a list of schemas, at least one.
func (c *compiler) schemas(n *Node) ([]*subschema, error) {
	if n.Kind != List || len(n.Nodes) == 0 {
		return nil, c.mistake(n, "this must be a list of schemas, and not empty")
	}
	all := make([]*subschema, len(n.Nodes))
	for i := range n.Nodes {
		var err error
		if all[i], err = c.compile(&n.Nodes[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// named reads a map of schemas.
func (c *compiler) named(n *Node) (map[string]*subschema, error) {
	if n.Kind != Map {
		return nil, c.mistake(n, "this must be a map of schemas")
	}
	all := make(map[string]*subschema, len(n.Nodes))
	for i, key := range n.Keys {
		s, err := c.compile(&n.Nodes[i])
		if err != nil {
			return nil, err
		}
		all[key] = s
	}
	return all, nil
}

func (c *compiler) definitions(_ *subschema, value *Node) (check, error) {
	_, err := c.named(value)
	return nil, err
}

func (c *compiler) allOf(s *subschema, value *Node) (check, error) {
	all, err := c.schemas(value)
	s.inPlace = append(s.inPlace, all...)
	return func(v *validation, n *Node) bool {
		fits := true
		for _, part := range all {
			fits = part.check(v, n) && fits
		}
		return fits
	}, err
}

func (c *compiler) anyOf(s *subschema, value *Node) (check, error) {
	all, err := c.schemas(value)
	s.inPlace = append(s.inPlace, all...)
	return func(v *validation, n *Node) bool {
		for _, part := range all {
			if part.fits(v, n) {
				return true
			}
		}
		if len(all) == 1 {
			return all[0].check(v, n)
		}
		return v.fail(n, "fits none of the %d that anyOf allows", len(all))
	}, err
}

func (c *compiler) oneOf(s *subschema, value *Node) (check, error) {
	all, err := c.schemas(value)
	s.inPlace = append(s.inPlace, all...)
	return func(v *validation, n *Node) bool {
		fit := 0
		for _, part := range all {
			if part.fits(v, n) {
				fit++
			}
		}
		if fit == 1 {
			return true
		}
		if len(all) == 1 {
			return all[0].check(v, n)
		}
		return v.fail(n, "fits %d of the %d that oneOf has, and must fit one", fit, len(all))
	}, err
}

func (c *compiler) not(s *subschema, value *Node) (check, error) {
	part, err := c.compile(value)
	s.inPlace = append(s.inPlace, part)
	return func(v *validation, n *Node) bool {
		return !part.fits(v, n) || v.fail(n, "is what the schema excludes by not")
	}, err
}

// condition reads "if" with its "then" and "else".
func (c *compiler) condition(s *subschema, value *Node) (check, error) {
	parts := make([]*subschema, 3)
	for i, n := range []*Node{value, s.at.Get("then"), s.at.Get("else")} {
		if n == nil {
			continue
		}
		var err error
		if parts[i], err = c.compile(n); err != nil {
			return nil, err
		}
		s.inPlace = append(s.inPlace, parts[i])
	}
	return func(v *validation, n *Node) bool {
		part := parts[2]
		if parts[0].fits(v, n) {
			part = parts[1]
		}
		return part == nil || part.check(v, n)
	}, nil
}

func (c *compiler) required(_ *subschema, value *Node) (check, error) {
	keys, err := c.texts(value, "required is a list of keys")
	return func(v *validation, n *Node) bool { return v.has(n, keys, "") }, err
}

// has checks that a map has keys; because says why it must.
func (v *validation) has(n *Node, keys []string, because string) bool {
	if n.Kind != Map || !v.cost(len(keys)+len(n.Keys)) {
		return true
	}
	fits := true
	in := finder{keys: n.Keys}
	for _, key := range keys {
		if in.find(key) < 0 {
			fits = v.fail(n, "lacks the key %s%s", quoteKey(key), because)
		}
	}
	return fits
}

// dependencies reads what a key wants: other keys, or a schema of the map.
func (c *compiler) dependencies(s *subschema, value *Node) (check, error) {
	if value.Kind != Map {
		return nil, c.mistake(value, "this must be a map")
	}
	wants := make([]check, len(value.Nodes))
	for i, key := range value.Keys {
		var err error
		if wants[i], err = c.dependency(s, key, &value.Nodes[i]); err != nil {
			return nil, err
		}
	}
	return func(v *validation, n *Node) bool {
		if n.Kind != Map || !v.cost(len(value.Keys)+len(n.Keys)) {
			return true
		}
		fits := true
		in := finder{keys: n.Keys}
		for i, key := range value.Keys {
			if in.find(key) >= 0 {
				fits = wants[i](v, n) && fits
			}
		}
		return fits
	}, nil
}

// dependency reads what one key wants.
func (c *compiler) dependency(s *subschema, key string, n *Node) (check, error) {
	if n.Kind == List {
		keys, err := c.texts(n, "this must be a list of keys")
		return func(v *validation, n *Node) bool {
			return v.has(n, keys, ", which "+quoteKey(key)+" wants beside it")
		}, err
	}
	part, err := c.compile(n)
	if err != nil {
		return nil, err
	}
	s.inPlace = append(s.inPlace, part)
	return part.check, nil
}

func (c *compiler) properties(_ *subschema, value *Node) (check, error) {
	parts, err := c.named(value)
	return func(v *validation, n *Node) bool {
		fits := true
		for i, key := range n.Keys {
			if part := parts[key]; part != nil {
				fits = v.below(Step{Key: key, Flat: n.Flat}, part, &n.Nodes[i]) && fits
			}
		}
		return fits
	}, err
}

// patterned is a schema of the keys that fit a pattern.
type patterned struct {
	*regexp.Regexp
	*subschema
}

// patterns reads the schemas by patterns of keys, nil where there are none.
func (c *compiler) patterns(n *Node) ([]patterned, error) {
	if n == nil {
		return nil, nil
	}
	if n.Kind != Map {
		return nil, c.mistake(n, "this must be a map of schemas")
	}
	var all []patterned
	for i, key := range n.Keys {
		re, err := c.expression(&n.Nodes[i], key)
		if err != nil {
			return nil, err
		}
		part, err := c.compile(&n.Nodes[i])
		if err != nil {
			return nil, err
		}
		all = append(all, patterned{re, part})
	}
	return all, nil
}

func (c *compiler) patternProperties(_ *subschema, value *Node) (check, error) {
	parts, err := c.patterns(value)
	return func(v *validation, n *Node) bool {
		fits := true
		for i, key := range n.Keys {
			for _, p := range parts {
				if v.cost(matching(key)) && p.MatchString(key) {
					fits = v.below(Step{Key: key, Flat: n.Flat}, p.subschema, &n.Nodes[i]) && fits
				}
			}
		}
		return fits
	}, err
}

func (c *compiler) additionalProperties(s *subschema, value *Node) (check, error) {
	part, err := c.compile(value)
	if err != nil {
		return nil, err
	}
	patterns, err := c.patterns(s.at.Get("patternProperties"))
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	if properties := s.at.Get("properties"); properties != nil {
		for _, key := range properties.Keys {
			known[key] = true
		}
	}
	return func(v *validation, n *Node) bool {
		fits := true
		for i, key := range n.Keys {
			if !known[key] && v.cost(1+len(patterns)*matching(key)) && !matchesOne(patterns, key) {
				fits = v.below(Step{Key: key, Flat: n.Flat}, part, &n.Nodes[i]) && fits
			}
		}
		return fits
	}, nil
}

// matching is what it costs to hold a text to a pattern.
func matching(text string) int { return 4 + len(text)/8 }

func matchesOne(patterns []patterned, key string) bool {
	for _, p := range patterns {
		if p.MatchString(key) {
			return true
		}
	}
	return false
}

func (c *compiler) propertyNames(_ *subschema, value *Node) (check, error) {
	part, err := c.compile(value)
	return func(v *validation, n *Node) bool {
		fits := true
		for i, key := range n.Keys {
			at := &n.Nodes[i]
			name := Node{Kind: String, Text: key, Line: at.Line, Column: at.Column}
			if !part.fits(v, &name) {
				v.path = append(v.path, Step{Key: key, Flat: n.Flat})
				fits = v.fail(&name, "has a key that is not allowed")
				v.path = v.path[:len(v.path)-1]
			}
		}
		return fits
	}, err
}

func (c *compiler) prefixItems(_ *subschema, value *Node) (check, error) {
	parts, err := c.schemas(value)
	return func(v *validation, n *Node) bool {
		fits := true
		for i := range min(len(parts), elements(n)) {
			fits = v.below(Step{List: true, Index: i}, parts[i], &n.Nodes[i]) && fits
		}
		return fits
	}, err
}

func elements(n *Node) int {
	if n.Kind != List {
		return 0
	}
	return len(n.Nodes)
}

// items reads the schema of the elements behind those of prefixItems, or, as
// drafts before 2020-12 have it, a list of schemas.
func (c *compiler) items(s *subschema, value *Node) (check, error) {
	if value.Kind == List {
		if len(value.Nodes) == 0 {
			return nil, nil
		}
		return c.prefixItems(s, value)
	}
	return c.rest(value, s.at.Get("prefixItems"))
}

func (c *compiler) additionalItems(s *subschema, value *Node) (check, error) {
	items := s.at.Get("items")
	if items == nil || items.Kind != List {
		_, err := c.compile(value)
		return nil, err
	}
	return c.rest(value, items)
}

// rest reads the schema of the elements behind those that first has schemas for.
func (c *compiler) rest(value, first *Node) (check, error) {
	part, err := c.compile(value)
	from := 0
	if first != nil {
		from = elements(first)
	}
	return func(v *validation, n *Node) bool {
		fits := true
		for i := from; i < elements(n); i++ {
			fits = v.below(Step{List: true, Index: i}, part, &n.Nodes[i]) && fits
		}
		return fits
	}, err
}

func (c *compiler) contains(s *subschema, value *Node) (check, error) {
	part, err := c.compile(value)
	if err != nil {
		return nil, err
	}
	least, most := 1, -1
	if n := s.at.Get("minContains"); n != nil {
		if least, err = c.count(n); err != nil {
			return nil, err
		}
	}
	if n := s.at.Get("maxContains"); n != nil {
		if most, err = c.count(n); err != nil {
			return nil, err
		}
	}
	return func(v *validation, n *Node) bool {
		found := 0
		for i := range elements(n) {
			if part.fits(v, &n.Nodes[i]) {
				found++
			}
		}
		switch {
		case n.Kind != List:
		case found < least:
			return v.fail(n, "has %s that contains wants, and must have %d at least", counted(found, "element"), least)
		case most >= 0 && found > most:
			return v.fail(n, "has %s that contains wants, and must have %d at most", counted(found, "element"), most)
		}
		return true
	}, nil
}

func (c *compiler) uniqueItems(_ *subschema, value *Node) (check, error) {
	if value.Kind != Bool {
		return nil, c.mistake(value, "uniqueItems is true or false")
	}
	if value.Text != "true" {
		return nil, nil
	}
	return func(v *validation, n *Node) bool {
		if n.Kind != List || !v.cost(v.weight(n)) {
			return true
		}
		d := newDiffer(Options{IDs: []string{}})
		seen := make(map[uint64]int, len(n.Nodes))
		for i := range n.Nodes {
			h := d.hash(&n.Nodes[i])
			if first, again := seen[h]; again && d.equal(&n.Nodes[first], &n.Nodes[i]) {
				return v.fail(&n.Nodes[i], "has the same element twice, as number %d and %d", first, i)
			}
			seen[h] = i
		}
		return true
	}, nil
}
