package lab

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestADatacenterAndANamespaceAreAskedFor runs against one Consul CE, whose only
// datacenter is dc1.
func TestADatacenterAndANamespaceAreAskedFor(t *testing.T) {
	t.Parallel()
	at := "consul://" + shared.main.Address
	from := "govctl: list services: consul " + shared.main.Address + ": "
	for name, c := range map[string]struct {
		args []string
		want result
	}{
		"its own datacenter":        {[]string{"-e", at, "--dc", "dc1"}, result{"consul\n", "", 0}},
		"the flag goes before":      {[]string{"-e", at + "?dc=nowhere", "--dc", "dc1"}, result{"consul\n", "", 0}},
		"a folder has none":         {[]string{"-e", "local:///x", "--dc", "dc1"}, result{"", "govctl: datacenter \"dc1\": local:// has no datacenters\nhint: leave out --dc and -n\n", 2}},
		"nor namespaces":            {[]string{"-e", "local:///x", "-n", "a"}, result{"", "govctl: namespace \"a\": local:// has no namespaces\nhint: leave out --dc and -n\n", 2}},
		"an unknown datacenter":     {[]string{"-e", at, "--dc", "nowhere"}, result{"", from + "no path to datacenter \"nowhere\"\nhint: there is only dc1: leave out --dc, and dc in the URL\n", 3}},
		"an unknown one in the URL": {[]string{"-e", at + "?dc=x"}, result{"", from + "no path to datacenter \"x\"\nhint: there is only dc1: leave out --dc, and dc in the URL\n", 3}},
		"a namespace in CE": {[]string{"-e", at, "-n", "team"}, result{"", from +
			"namespaces are a Consul Enterprise feature\nhint: this Consul has neither namespaces nor partitions: leave out -n, and ns and partition in the URL\n", 2}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := run(t, append([]string{"services", "ls", "consul", "-o", "name"}, c.args...)...)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
