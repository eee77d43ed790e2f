package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/config"
)

func TestScalarsAreAllThatStandsAtAnEnd(t *testing.T) {
	t.Parallel()
	root, err := config.Parse([]byte("a: 1\nb:\n  c: [x, {d: 2}]\n  e: {}\nf: []\n"), config.YAML)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for path, n := range config.Scalars(root) {
		got = append(got, path.String()+"="+n.Text)
	}
	if diff := cmp.Diff([]string{"a=1", "b.c[0]=x", "b.c[1].d=2", "b.e=", "f="}, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	for path := range config.Scalars(root) { // may be left
		if path.String() != "a" {
			t.Errorf("%s comes first", path)
		}
		break
	}
}
