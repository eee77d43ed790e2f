package settings

import (
	"io"
	"os"

	"go.yaml.in/yaml/v3"
)

const (
	keySchemas = "schemas"
	maxSchemas = 1000    // rules of a govctl.yaml
	maxSchema  = 1 << 20 // bytes of a schema

	hintSchemas = `write it like schemas: [{key: "order/*.yaml", schema: schemas/order.json}]`
)

// ItemSchema says which JSON Schema holds for the items that Key fits.
type ItemSchema struct {
	// Key is a glob of the item.
	Key string
	// Name is the path of the schema as it is written, Path the same, absolute.
	Name, Path string
	// Pos is where the name stands.
	Pos Pos
}

// Read returns the content of the schema: a regular file of at most 1 MiB. The
// error is an *Error.
func (s ItemSchema) Read() ([]byte, error) {
	f, err := os.OpenFile(s.Path, os.O_RDONLY|atOnce, 0)
	if err != nil {
		return nil, s.Wrong(reason(err).Error())
	}
	defer func() { _ = f.Close() }() // it was only read
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, s.Wrong(reason(err).Error())
	case !info.Mode().IsRegular():
		return nil, s.Wrong("this is not a regular file")
	}
	data, err := io.ReadAll(io.LimitReader(f, maxSchema+1))
	switch {
	case err != nil:
		return nil, s.Wrong(reason(err).Error())
	case len(data) > maxSchema:
		return nil, s.Wrong("the file is larger than 1 MiB")
	}
	return data, nil
}

// Wrong is the *Error for a schema that cannot be used; why holds nothing of the
// file, which may be any.
func (s ItemSchema) Wrong(why string) error {
	return s.Pos.at("", "schema %s: %s", quote(s.Name), why)
}

// schemas reads a list of {key: GLOB, schema: PATH}.
func (p *parser) schemas(e entry) ([]ItemSchema, error) {
	n, err := p.follow(e.value)
	if err != nil {
		return nil, err
	}
	if n.Kind != yaml.SequenceNode {
		return nil, p.posOf(e.value).at(hintSchemas, "%s must be a list, not %s", quote(e.key), kindOf(n))
	}
	if len(n.Content) > maxSchemas {
		return nil, p.posOf(e.value).at("", "%s has more than %d rules", quote(e.key), maxSchemas)
	}
	out := make([]ItemSchema, 0, len(n.Content))
	for _, item := range n.Content {
		s, err := p.itemSchema(item)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

func (p *parser) itemSchema(n *yaml.Node) (ItemSchema, error) {
	s := ItemSchema{Pos: p.posOf(n)}
	err := p.object(n, "a rule of "+quote(keySchemas), false, []field{
		{"key", func(e entry) (err error) {
			if s.Key, err = p.text(e); err == nil {
				err = p.glob(e, s.Key)
			}
			return err
		}},
		{"schema", func(e entry) (err error) {
			if s.Name, err = p.text(e); err != nil {
				return err
			}
			s.Pos = p.posOf(e.value)
			if s.Path, err = resolve(s.Name, p.folder, p.home); err != nil {
				return s.Pos.at("", "%s: %v", quote(e.key), err)
			}
			return nil
		}},
	})
	if err == nil && (s.Key == "" || s.Name == "") {
		err = s.Pos.at(hintSchemas, "a rule of %s must have a key and a schema", quote(keySchemas))
	}
	return s, err
}
