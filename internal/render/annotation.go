package render

import (
	"io"
	"strings"
)

// Annotation is what GitHub shows beside a run of a workflow.
type Annotation struct {
	Level Style // Bad is an error, Warn a warning, all others notices
	Title string
	Text  string
}

// WriteAnnotations writes each as a workflow command of GitHub, one a line, in the
// escapes of its toolkit: docs.github.com, "Workflow commands for GitHub Actions".
func WriteAnnotations(w io.Writer, all []Annotation) error {
	data := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	var b strings.Builder
	for _, n := range all {
		command := "notice"
		switch n.Level {
		case Bad:
			command = "error"
		case Warn:
			command = "warning"
		default:
		}
		b.WriteString("::" + command + " title=" + property.Replace(Safe(n.Title)) + "::" + data.Replace(Safe(n.Text)) + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
