package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// plant writes a file for each name into a new folder and returns the folder.
// Each file has the imports of its list.
func plant(t *testing.T, files map[string][]string) string {
	t.Helper()
	root := t.TempDir()
	for name, imports := range files {
		file := filepath.Join(root, filepath.FromSlash(name))
		text := "package p\n"
		for _, i := range imports {
			text += "import _ \"" + i + "\"\n"
		}
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestPlantedViolationsAreReported(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, file, imports, why string }{
		{"a domain package imports a back-end", "pkg/registry/x.go", "govctl/pkg/backend/local", "may import pkg/change, internal/mask"},
		{"a domain package imports a later one", "pkg/config/x.go", "govctl/pkg/registry", "pkg/config may import"},
		{"a domain package imports internal/httpx", "pkg/probe/x.go", "govctl/internal/httpx", "pkg/probe may import"},
		{"a back-end imports another", "pkg/backend/consul/x.go", "govctl/pkg/backend/local", "pkg/backend/consul may import"},
		{"a back-end imports the table of schemes", "pkg/backend/consul/x.go", "govctl/pkg/backend", "pkg/backend/consul may import"},
		{"a back-end imports the settings", "pkg/backend/consul/x.go", "govctl/internal/settings", "pkg/backend/consul may import"},
		{"a back-end's test imports another", "pkg/backend/consul/x_test.go", "govctl/pkg/backend/local", "pkg/backend/consul may import"},
		{"another than cmd opens back-ends", "pkg/demo/x.go", "govctl/pkg/backend", "pkg/demo may import"},
		{"the TUI sees a back-end", "pkg/tui/x.go", "govctl/pkg/backend/consul", "pkg/tui may import"},
		{"the renderer sees the domain", "internal/render/x.go", "govctl/pkg/registry", "internal/render may import"},
		{"a library imports cmd", "pkg/gate/x.go", "govctl/cmd", "pkg/gate may import"},
		{"main imports more than cmd", "main.go", "govctl/pkg/registry", ". may import cmd"},
		{"something imports main", "cmd/x.go", "govctl", "cmd may import"},
		{"something imports lab", "cmd/x.go", "govctl/lab/server", "cmd may import"},
		{"govctl links a contract suite", "cmd/x.go", "govctl/pkg/registry/registrytest", "cmd may import"},
		{"govctl links a hostile server", "internal/httpx/x.go", "govctl/internal/faultkit", "internal/httpx may import"},
		{"a suite imports what its domain may not", "pkg/registry/registrytest/x.go", "govctl/pkg/backend/local", "pkg/registry/registrytest may import"},
		{"a test imports the suite of a foreign domain", "pkg/registry/x_test.go", "govctl/pkg/trace/tracetest", "pkg/registry may import"},
		{"a package has no line", "pkg/util/x.go", "strings", "pkg/util has no line in the law"},
		{"a package below a known one has no line", "pkg/backend/consul/wire/x.go", "strings", "pkg/backend/consul/wire has no line in the law"},
		{"a file for another system breaks the law", "pkg/trace/x_plan9.go", "govctl/pkg/registry", "pkg/trace may import"},
		{"viper outside internal/settings", "cmd/x.go", "github.com/spf13/viper", "only internal/settings may import it"},
		{"cobra outside cmd", "internal/settings/x.go", "github.com/spf13/cobra", "only cmd may import it"},
		{"cobra/doc outside cmd", "main.go", "github.com/spf13/cobra/doc", "only cmd may import it"},
		{"tablewriter outside internal/render", "pkg/tui/x.go", "github.com/olekukonko/tablewriter", "only internal/render may import it"},
		{"bubbletea outside pkg/tui", "cmd/x_test.go", "charm.land/bubbletea/v2", "only pkg/tui may import it"},
		{"Consul's client outside its back-end", "pkg/backend/local/x.go", "github.com/hashicorp/consul/api", "only pkg/backend/consul may import it"},
		{"Consul itself", "pkg/backend/consul/x_test.go", "github.com/hashicorp/consul/agent", "only lab may import it"},
		{"go-micro itself", "pkg/registry/gomicro/x_test.go", "go-micro.dev/v4/registry", "only lab may import it"},
		{"Jaeger itself", "pkg/backend/jaeger/x.go", "github.com/jaegertracing/jaeger/model", "only lab may import it"},
		{"govctl links testing", "pkg/registry/x.go", "testing", "only tests may import it"},
		{"govctl links go-cmp", "cmd/x.go", "github.com/google/go-cmp/cmp", "only tests may import it"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			findings, err := audit(plant(t, map[string][]string{tc.file: {tc.imports}}))
			if err != nil || len(findings) != 1 || !strings.Contains(findings[0], tc.why) {
				t.Errorf("findings %q, error %v; want one with %q", findings, err, tc.why)
			}
		})
	}
}

func TestWhatTheLawAllowsIsNotReported(t *testing.T) {
	t.Parallel()
	findings, err := audit(plant(t, map[string][]string{
		"main.go":                             {"os", "govctl/cmd"},
		"cmd/ls.go":                           {"govctl/pkg/backend", "govctl/internal/settings", "govctl/pkg/tui", "github.com/spf13/cobra"},
		"cmd/ls_test.go":                      {"govctl/internal/golden", "govctl/internal/faultkit", "govctl/pkg/registry/registrytest", "testing"},
		"internal/faultkit/x.go":              {"testing", "net/http/httptest"},
		"internal/httpx/x.go":                 {"govctl/internal/safedial", "govctl/internal/mask"},
		"pkg/backend/table.go":                {"govctl/pkg/backend/consul", "govctl/pkg/registry"},
		"pkg/backend/table_test.go":           {"govctl/pkg/backend", "govctl/pkg/config/configtest"},
		"pkg/backend/consul/registry.go":      {"govctl/pkg/registry", "govctl/pkg/registry/gomicro", "govctl/internal/httpx", "github.com/hashicorp/consul/api"},
		"pkg/backend/consul/registry_test.go": {"govctl/pkg/backend/consul", "govctl/pkg/registry/registrytest"},
		"pkg/registry/registrytest/suite.go":  {"govctl/pkg/registry", "govctl/pkg/change", "github.com/google/go-cmp/cmp", "testing"},
		"lab/consul_test.go":                  {"github.com/hashicorp/consul/agent", "govctl/cmd"},
		"pkg/demo/testdata/program/main.go":   {"govctl/cmd"},
		"tools/generate/main.go":              {"govctl/cmd"},
		".cache/module/pkg/nobody/nowhere.go": {"govctl/cmd"},
		"pkg/tui/page.go":                     {"charm.land/bubbletea/v2", "govctl/pkg/gate", "govctl/pkg/traffic"},
		"pkg/backend/jaeger/trace.go":         {"github.com/jaegertracing/jaeger-idl/model/v1", "govctl/pkg/trace"},
		"internal/settings/load.go":           {"github.com/spf13/viper", "govctl/internal/closest"},
	}))
	if diff := cmp.Diff([]string(nil), findings); diff != "" || err != nil {
		t.Errorf("error %v, findings (-want +got):\n%s", err, diff)
	}
}

func TestAFileThatIsNoGoIsAnError(t *testing.T) {
	t.Parallel()
	root := plant(t, map[string][]string{"pkg/registry/x.go": {"a\" \"b"}})
	if _, err := audit(root); err == nil {
		t.Error("no error for a file that does not parse")
	}
}
