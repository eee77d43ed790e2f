package change

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
)

// decodeHead reads what stands in a record before its changes, which are the most of
// it: a journal has many. Of one that is not written as ours are it reads all.
func decodeHead(e Entry) (Record, error) {
	r, ok := headOf(e.Content)
	if !ok || r.State == "" || r.name() != e.Key {
		return decodeRecord(e)
	}
	return r, nil
}

func headOf(content []byte) (r Record, ok bool) {
	var in io.Reader = bytes.NewReader(content)
	if bytes.HasPrefix(content, []byte{0x1f, 0x8b}) {
		unfolded, err := gzip.NewReader(in)
		if err != nil {
			return r, false
		}
		in = unfolded
	}
	d := json.NewDecoder(io.LimitReader(in, large))
	if _, err := d.Token(); err != nil {
		return r, false
	}
	fields := map[string]json.RawMessage{}
	for d.More() {
		token, err := d.Token()
		name, isName := token.(string)
		if err != nil || !isName {
			return r, false
		}
		if name == "changes" {
			text, err := json.Marshal(fields)
			return r, err == nil && json.Unmarshal(text, &r) == nil
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return r, false
		}
		fields[name] = value
	}
	return r, false
}
