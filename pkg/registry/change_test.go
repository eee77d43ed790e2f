package registry_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/registry"
)

// whole returns an instance with every field set.
func whole() registry.Instance {
	return registry.Instance{
		Service: "cart", ID: "1", Address: "10.0.0.1", Port: 80, Health: registry.Passing, Version: "v1", Protocol: "grpc",
		Zone: "eu", Weight: 1, Node: "n1", Tags: []string{"a", "b"}, Metadata: map[string]string{"team": "x", "empty": ""},
		Endpoints: []registry.Endpoint{{
			Name:     "Cart.Get",
			Request:  &registry.Value{Name: "Get", Type: "Get", Values: []registry.Value{{Name: "id", Type: "string"}}},
			Response: &registry.Value{Name: "Cart", Type: "Cart"}, Metadata: map[string]string{"stream": "true"},
		}},
		Checks: []registry.Check{{
			ID: "ttl", Name: "TTL", Kind: "ttl", Target: "t", Status: registry.Passing, Output: "o", Notes: "n", Node: true, Updated: time.Unix(9, 0),
		}},
		Since: time.Unix(1, 0), Revision: "7",
	}
}

func TestDifferencesNameTheFieldAndBothValues(t *testing.T) {
	t.Parallel()
	a, b := whole(), whole()
	b.Address, b.Port, b.Health, b.Version, b.Protocol, b.Zone, b.Weight, b.Node = "", 81, registry.Critical, "v2", "http", "us", 0.5, "n2"
	b.Tags = []string{"b"}
	b.Metadata = map[string]string{"team": "y", "new": ""}
	b.Endpoints = []registry.Endpoint{{Name: "Cart.Get"}, {Name: "Cart.Put"}}
	b.Checks = []registry.Check{{ID: "http", Status: registry.Critical}, {ID: "ttl", Status: registry.Warning}}
	want := []registry.Change{
		{"address", "10.0.0.1", ""},
		{"port", "80", "81"},
		{"health", "passing", "critical"},
		{"version", "v1", "v2"},
		{"protocol", "grpc", "http"},
		{"zone", "eu", "us"},
		{"weight", "1", "0.5"},
		{"node", "n1", "n2"},
		{"tags", "a,b", "b"},
		{"metadata.empty", "", ""},
		{"metadata.new", "", ""},
		{"metadata.team", "x", "y"},
		{
			"endpoints.Cart.Get",
			`{"name":"Cart.Get","request":{"name":"Get","type":"Get","values":[{"name":"id","type":"string"}]},` +
				`"response":{"name":"Cart","type":"Cart"},"metadata":{"stream":"true"}}`,
			`{"name":"Cart.Get"}`,
		},
		{"endpoints.Cart.Put", "", `{"name":"Cart.Put"}`},
		{"checks.http", "", "critical"},
		{"checks.ttl", "passing", "warning"},
	}
	if diff := cmp.Diff(want, registry.Differences(&a, &b)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := registry.Differences(&a, &a); got != nil {
		t.Errorf("an instance differs from itself in %v", got)
	}
}

// uncounted are the fields, by their paths, in which instances may differ and be
// the same to Differences. Service and ID are what makes an instance one.
func uncounted() []string {
	return []string{
		"service", "id", "since", "revision",
		"checks.name", "checks.kind", "checks.target", "checks.output", "checks.notes", "checks.node", "checks.updated",
	}
}

// alter changes v, whatever it is, and reports each way to do so: path is that of
// v, by JSON names. After each report v is as it was.
func alter(t *testing.T, path string, v reflect.Value, report func(path string)) {
	t.Helper()
	old := reflect.New(v.Type()).Elem()
	old.Set(v)
	set := func(to any) {
		v.Set(reflect.ValueOf(to).Convert(v.Type()))
		report(path)
		v.Set(old)
	}
	switch x := v.Interface().(type) {
	case time.Time:
		set(x.Add(time.Hour))
		return
	case *registry.Value:
		set((*registry.Value)(nil))
		alter(t, path, v.Elem(), report)
		return
	}
	switch v.Kind() {
	case reflect.String:
		set(v.String() + "x")
	case reflect.Int:
		set(v.Int() + 1)
	case reflect.Float64:
		set(v.Float() + 1)
	case reflect.Bool:
		set(!v.Bool())
	case reflect.Map:
		set(map[string]string{"other": "x"})
	case reflect.Slice:
		set(reflect.Append(v, reflect.Zero(v.Type().Elem())).Interface())
		if v.Len() > 0 {
			alter(t, path, v.Index(0), report)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			alter(t, strings.TrimPrefix(path+"."+name, "."), v.Field(i), report)
		}
	default:
		t.Fatalf("%s is of kind %s: teach this test to change it", path, v.Kind())
	}
}

func TestDifferencesForgetNoField(t *testing.T) {
	t.Parallel()
	a, b := whole(), whole()
	rest := map[string]bool{}
	for _, path := range uncounted() {
		rest[path] = false
	}
	alter(t, "", reflect.ValueOf(&b).Elem(), func(path string) {
		got := registry.Differences(&a, &b)
		if _, known := rest[path]; known {
			rest[path] = true
			if len(got) > 0 {
				t.Errorf("another %s counts as %v", path, got)
			}
			return
		}
		field, _, _ := strings.Cut(path, ".")
		if len(got) == 0 || got[0].Field != field && !strings.HasPrefix(got[0].Field, field+".") {
			t.Errorf("another %s is told as %v", path, got)
		}
	})
	for path, met := range rest {
		if !met {
			t.Errorf("no field is called %s", path)
		}
	}
	if diff := cmp.Diff(whole(), b); diff != "" {
		t.Errorf("the test spoiled its own instance:\n%s", diff)
	}
}
