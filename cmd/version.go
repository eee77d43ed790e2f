package cmd

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"govctl/internal/render"
)

// version is set by the linker: make build.
var version string

// versionInfo is the answer of `govctl version`.
type versionInfo struct {
	Version  string `json:"version"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func newVersionCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version of govctl",
		GroupID: groupLearn,
		Args:    exactly(0, "no argument"),
		Example: "  govctl version\n  govctl version -o json",
		RunE: func(*cobra.Command, []string) error {
			// no settings: a file with a mistake must not hide the version
			opts := render.Options{Format: a.flags.output, Query: a.flags.query, NoHeaders: a.flags.noHeaders, Width: a.Width}
			v := versionInfo{Version: buildVersion(), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
			return render.WriteDocument(a.Stdout, opts, render.Document{
				Data: v,
				Name: v.Version,
				Text: func(p *render.Page) { p.Text("govctl " + v.Version + " " + v.Platform + " " + v.Go) },
			})
		},
	}
}

// buildVersion returns what the linker was told, else the module's version,
// else "devel".
func buildVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}
