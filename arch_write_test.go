package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// writers returns the methods that change something in a foreign system, each with
// the packages that may call it: plans are applied by pkg/change alone, and beside
// that the demo registers its own instances.
func writers() map[string][]string {
	own := []string{"pkg/demo", "pkg/registry/registrytest"}
	return map[string][]string{
		"Swap":     {"pkg/change", "pkg/change/changetest"},
		"Register": own, "Deregister": own, "Heartbeat": own,
	}
}

// writes returns the calls of such methods in a file of package pkg that may not.
// Those of the standard library take one argument: these take a context first.
func writes(name, pkg string) ([]string, error) {
	files := token.NewFileSet()
	f, err := parser.ParseFile(files, name, nil, 0)
	if err != nil {
		return nil, err
	}
	var found []string
	ast.Inspect(f, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) < 2 {
			return true
		}
		method, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if may, isWriter := writers()[method.Sel.Name]; isWriter && !slices.Contains(may, pkg) {
			found = append(found, fmt.Sprintf("%s:%d calls %s: only %s may", pkg, files.Position(call.Pos()).Line, method.Sel.Name, strings.Join(may, ", ")))
		}
		return true
	})
	return found, nil
}

// writesBelow returns what writes does of all files below root, but tests.
func writesBelow(root string) ([]string, error) {
	var findings []string
	err := eachGoFile(root, func(name, rel string) error {
		if strings.HasSuffix(rel, "_test.go") {
			return nil
		}
		found, err := writes(name, path.Dir(rel))
		findings = append(findings, found...)
		return err
	})
	return findings, err
}

func TestNothingButTheEngineWrites(t *testing.T) {
	t.Parallel()
	findings, err := writesBelow(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		t.Error(f)
	}
}

func TestAPlantedWriteIsReported(t *testing.T) {
	t.Parallel()
	text := "package p\nfunc f() { s.Swap(ctx, ops); r.Register(ctx, in, ttl); atomic.Swap(1); w.Write(ctx, 1) }\n"
	root := t.TempDir()
	for pkg, want := range map[string]int{"cmd": 2, "pkg/change": 1, "pkg/demo": 1, "pkg/backend/consul": 2} {
		findings, err := writesBelow(plantText(t, filepath.Join(root, strings.ReplaceAll(pkg, "/", "-")), pkg+"/x.go", text))
		if err != nil || len(findings) != want {
			t.Errorf("in %s: %v, %v; want %d", pkg, findings, err, want)
		}
	}
}

// plantText writes a file below root, and returns root.
func plantText(t *testing.T, root, name, text string) string {
	t.Helper()
	file := filepath.Join(root, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return root
}
