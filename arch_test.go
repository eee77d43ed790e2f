package main

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// module is our own module path; it stands before every import of ours.
const module = "govctl"

// anything in a line of the law stands for every package that has a line, but
// main, cmd and those that serve tests alone.
const anything = "*"

// line is one line of the import law: the packages of ours that pkg may import.
// Both are folders relative to the root, or patterns of path.Match.
type line struct {
	pkg string
	may []string
}

// law returns the import law of the whole project, also for packages that are
// yet to come. A package without a line is a finding. Beside the lines: any
// package may import internal/mask; a contract suite pkg/x/xtest may import x
// and what x may; a _test.go file may import what testMay adds.
func law() []line {
	domain := []string{
		"pkg/change", "pkg/config", "pkg/doctor", "pkg/govern", "pkg/policy", "pkg/probe", "pkg/registry", "pkg/trace", "pkg/traffic",
	}
	return []line{
		{".", []string{"cmd"}},
		{"cmd", []string{anything}},

		{"pkg/change", nil},
		{"pkg/registry", []string{"pkg/change"}},
		{"pkg/registry/gomicro", []string{"pkg/registry"}},
		{"pkg/trace", nil},
		{"pkg/doctor", nil},
		{"pkg/config", []string{"pkg/change"}},
		{"pkg/probe", []string{"pkg/registry"}},
		{"pkg/policy", []string{"pkg/config", "pkg/change", "pkg/registry"}},
		{"pkg/traffic", []string{"pkg/registry", "pkg/probe", "pkg/change"}},
		{"pkg/govern", []string{"pkg/trace", "pkg/registry", "pkg/policy", "pkg/config", "pkg/change"}},
		{"pkg/gate", domain},
		{"pkg/tui", append(slices.Clone(domain), "pkg/gate")},
		{"pkg/demo", []string{"pkg/registry", "pkg/config", "pkg/trace", "pkg/policy", "pkg/change"}},

		{"pkg/backend", append(slices.Clone(domain), "pkg/backend/*")},
		{"pkg/backend/*", append(slices.Clone(domain), "pkg/registry/gomicro", "internal/httpx", "internal/safedial")},

		{"internal/closest", nil},
		{"internal/faultkit", nil},
		{"internal/findings", nil},
		{"internal/golden", nil},
		{"internal/httpx", []string{"internal/safedial"}},
		{"internal/mask", nil},
		{"internal/render", nil},
		{"internal/safedial", nil},
		{"internal/settings", []string{"internal/closest"}},
	}
}

// owners returns the libraries that one package of ours alone may import, or
// none outside of lab. Of several that fit an import, the longest counts.
func owners() map[string]string {
	return map[string]string{
		"github.com/spf13/cobra":              "cmd",
		"github.com/spf13/viper":              "internal/settings",
		"github.com/olekukonko/tablewriter":   "internal/render",
		"github.com/itchyny/gojq":             "internal/render",
		"charm.land/bubbletea":                "pkg/tui",
		"github.com/charmbracelet/bubbletea":  "pkg/tui",
		"github.com/hashicorp/consul/api":     "pkg/backend/consul",
		"github.com/nacos-group/nacos-sdk-go": "pkg/backend/nacos",

		// Servers, and the frameworks that run services on them.
		"github.com/go-micro":              "",
		"github.com/grafana/tempo":         "",
		"github.com/hashicorp/consul":      "",
		"github.com/jaegertracing/jaeger":  "",
		"github.com/prometheus/prometheus": "",
		"go-micro.dev":                     "",
		"go.etcd.io/etcd":                  "",
	}
}

// testLibraries returns what only tests may import: in govctl itself each would
// be dead weight.
func testLibraries() []string {
	return []string{
		"testing",
		"net/http/httptest",
		"github.com/google/go-cmp",
		"github.com/rogpeppe/go-internal",
		"github.com/Shopify/toxiproxy",
		"github.com/santhosh-tekuri/jsonschema",
		"go.uber.org/goleak",
	}
}

// isSuite tells whether pkg is a contract suite (pkg/x/xtest), and of what.
func isSuite(pkg string) (of string, ok bool) {
	of = path.Dir(pkg)
	return of, path.Base(pkg) == path.Base(of)+"test"
}

// isTestSupport tells whether pkg is not a part of govctl but serves its tests.
func isTestSupport(pkg string) bool {
	_, suite := isSuite(pkg)
	return suite || pkg == "internal/golden" || pkg == "internal/faultkit"
}

// allowed returns the patterns that pkg may import of ours, and whether the law
// knows pkg at all.
func allowed(pkg string) (may []string, known bool) {
	if of, ok := isSuite(pkg); ok {
		may, known = allowed(of)
		return append(may, of), known
	}
	for _, l := range law() {
		if matches(l.pkg, pkg) {
			return append(slices.Clone(l.may), "internal/mask"), true
		}
	}
	return nil, false
}

// matches tells whether a pattern of the law stands for pkg.
func matches(pattern, pkg string) bool {
	if pattern == anything {
		_, known := allowed(pkg)
		return known && pkg != "." && pkg != "cmd" && !isTestSupport(pkg)
	}
	ok, err := path.Match(pattern, pkg)
	return ok && err == nil
}

// mayImport tells whether a file of package from may import our package to.
// Test files may also import what is tested (they can be a package of their
// own), the two helpers of tests, and the contract suite of what is allowed.
func mayImport(from, to string, test bool) bool {
	may, _ := allowed(from)
	fits := func(pkg string) bool {
		return slices.ContainsFunc(may, func(p string) bool { return matches(p, pkg) })
	}
	if fits(to) {
		return true
	}
	if !test {
		return false
	}
	of, suite := isSuite(to)
	return to == from || to == "internal/golden" || to == "internal/faultkit" || suite && (of == from || fits(of))
}

// within tells whether the package name is prefix or stands below it.
func within(name, prefix string) bool {
	return name == prefix || strings.HasPrefix(name, prefix+"/")
}

// foreign returns why a file of package from may not import the package name,
// which is not ours, or "".
func foreign(from, name string, test bool) string {
	if !test && !isTestSupport(from) && slices.ContainsFunc(testLibraries(), func(l string) bool { return within(name, l) }) {
		return "only tests may import it"
	}
	longest, owner := "", ""
	for library, pkg := range owners() {
		if within(name, library) && len(library) > len(longest) {
			longest, owner = library, pkg
		}
	}
	switch {
	case longest == "" || owner == from:
		return ""
	case owner == "":
		return "only lab may import it"
	}
	return "only " + owner + " may import it"
}

// ours returns the folder of an imported package of ours.
func ours(name string) (pkg string, ok bool) {
	if name == module {
		return ".", true
	}
	return strings.CutPrefix(name, module+"/")
}

// breach returns why a file of package from may not import name, or "".
func breach(from, name string, test bool) string {
	to, ok := ours(name)
	if !ok {
		return foreign(from, name, test)
	}
	if mayImport(from, to, test) {
		return ""
	}
	may, _ := allowed(from)
	return from + " may import " + strings.Join(may, ", ")
}

// audit returns every finding in the Go files below root, sorted.
func audit(root string) ([]string, error) {
	var findings []string
	err := eachGoFile(root, func(name, rel string) error {
		found, err := auditFile(name, rel)
		findings = append(findings, found...)
		return err
	})
	slices.Sort(findings)
	return slices.Compact(findings), err
}

// eachGoFile calls do for each Go file below root that the law is about, which is rel
// below it. It finds also what the go command would not, such as files for other
// systems.
func eachGoFile(root string, do func(name, rel string) error) error {
	return filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() && outside(rel) {
			return fs.SkipDir
		}
		if d.IsDir() || path.Ext(rel) != ".go" {
			return nil
		}
		return do(name, rel)
	})
}

// outside tells whether the law leaves a folder out: modules of their own, test
// data, and what is hidden.
func outside(dir string) bool {
	base := path.Base(dir)
	return dir == "lab" || dir == "tools" || base == "testdata" || dir != "." && strings.HasPrefix(base, ".")
}

// auditFile returns the findings in the file name, which is rel below the root.
func auditFile(name, rel string) ([]string, error) {
	pkg := path.Dir(rel)
	if _, known := allowed(pkg); !known {
		return []string{pkg + " has no line in the law"}, nil
	}
	imports, err := importsOf(name)
	if err != nil {
		return nil, err
	}
	var findings []string
	for _, imported := range imports {
		if why := breach(pkg, imported, strings.HasSuffix(rel, "_test.go")); why != "" {
			findings = append(findings, fmt.Sprintf("%s imports %s: %s", rel, imported, why))
		}
	}
	return findings, nil
}

func importsOf(file string) ([]string, error) {
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(f.Imports))
	for _, spec := range f.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, nil
}

func TestTheTreeKeepsTheImportLaw(t *testing.T) {
	t.Parallel()
	findings, err := audit(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		t.Error(f)
	}
}
