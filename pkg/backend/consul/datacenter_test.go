package consul

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/registry"
)

// pathless answers as a Consul does that has no path to the datacenter asked for,
// and knows those in known, a JSON text.
func pathless(known string) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		switch {
		case req.URL.Path == "/v1/catalog/datacenters" && known != "" && req.URL.RawQuery == "":
			_, _ = w.Write([]byte(known))
		default:
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = w.Write([]byte("No path to datacenter"))
		}
	}
}

func TestAnUnknownDatacenterIsNamedBesideThoseThatThereAre(t *testing.T) {
	t.Parallel()
	var many []string
	for i := range 30 {
		many = append(many, `"dc`+strconv.Itoa(10+i)+`"`)
	}
	for known, want := range map[string]string{
		`["dc1"]`:        "there is only dc1: leave out --dc, and dc in the URL",
		`["west","dc1"]`: "there are dc1, west: name one by --dc, or by dc in the URL",
		`["nope","dc1"]`: "it is known, and none of its servers can be reached from there: do they run, and does the WAN hold?",
		"[" + strings.Join(many, ",") + "]": "there are dc10, dc11, dc12, dc13, dc14, dc15, dc16, dc17, dc18, dc19, dc20, dc21, dc22, dc23, dc24, dc25, dc26," +
			" dc27, dc28, dc29 and 10 more: name one by --dc, or by dc in the URL",
		"":     hintNotThere(errors.New("")),
		"[]":   hintNotThere(errors.New("")),
		"oops": hintNotThere(errors.New("")),
	} {
		o := serve(t, pathless(known))
		o.Datacenter = "nope"
		_, err := open(t, o).Services(t.Context())
		e, ok := errors.AsType[*registry.Error](err)
		if !ok || !errors.Is(err, registry.ErrUnavailable) {
			t.Fatalf("%s: %v", known, err)
		}
		got := [2]string{e.Error(), e.Hint}
		if diff := cmp.Diff([2]string{"consul " + o.URL.Host + `: no path to datacenter "nope"`, want}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", known, diff)
		}
	}
}

func TestADatacenterAndANamespaceGoBeforeTheURL(t *testing.T) {
	t.Parallel()
	f, o := newFake(t)
	o.URL.RawQuery = "dc=east&ns=old&partition=p"
	o.Datacenter, o.Namespace = "west", "new"
	if _, err := open(t, o).Services(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{"GET /v1/catalog/services?dc=west&ns=new&partition=p&stale="}
	if diff := cmp.Diff(want, f.asked); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
