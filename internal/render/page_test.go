package render

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"govctl/internal/golden"
)

func document() Document {
	return Document{
		Data: mesh()[2],
		Name: "order\n-1",
		Text: func(p *Page) {
			p.Field("Service", "order", Plain)
			p.Field("Health", "critical", Bad)
			p.Field("Zone", "", Plain)
			p.Section("Checks", func() {
				p.Field("Status\x1b[2J", "passing\nwarning", Good)
				p.Text("HTTP GET\x1b[2J: 200\r\n  ok\n")
				p.Section("More", func() { p.Field("Output", "x", Dim) })
			})
		},
	}
}

func TestADocumentHasALookInEachFormat(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]Options{
		"page": {}, "wide": {Format: Wide, Color: true}, "json": {Format: JSON}, "yaml": {Format: YAML}, "csv": {Format: CSV}, "name": {Format: Name},
		"narrow": {Width: 24},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			if err := WriteDocument(&out, o, document()); err != nil {
				t.Fatal(err)
			}
			golden.Equal(t, out.Bytes())
		})
	}
}

func TestADocumentReturnsTheWritersError(t *testing.T) {
	t.Parallel()
	for _, format := range Formats() {
		if err := WriteDocument(full{}, Options{Format: format}, document()); !errors.Is(err, io.ErrShortWrite) {
			t.Errorf("%s: %v", format, err)
		}
	}
}
