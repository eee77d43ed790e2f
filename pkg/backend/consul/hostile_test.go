package consul

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/registry"
)

// questions are all reads of a registry.
func questions(r *Registry) map[string]func(context.Context) (int, error) {
	return map[string]func(context.Context) (int, error){
		"Services":  func(ctx context.Context) (int, error) { l, err := r.Services(ctx); return len(l), err },
		"Instances": func(ctx context.Context) (int, error) { l, err := r.Instances(ctx, "order"); return len(l), err },
		"Summaries": func(ctx context.Context) (int, error) { l, err := r.Summaries(ctx); return len(l), err },
	}
}

func TestWhatIsNoAnswerIsAnErrorOfItsKind(t *testing.T) {
	t.Parallel()
	text := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			say(w, body)
		}
	}
	tests := []struct {
		name   string
		server http.HandlerFunc
		kind   error
		says   string
	}{
		{"a web page", text(200, "<!DOCTYPE html><html>"), registry.ErrInvalid, "HTML"},
		{"an empty body", text(200, ""), registry.ErrInvalid, "empty"},
		{"no content", text(204, ""), registry.ErrInvalid, "empty"},
		{"cut JSON", text(200, `[{"Service":{"Service":"order","ID":"1"}},{"Serv`), registry.ErrInvalid, ""},
		{"a cut object", text(200, `{"order":["a"],"us`), registry.ErrInvalid, ""},
		{"a number", text(200, "42"), registry.ErrInvalid, "number"},
		{"a list of numbers", text(200, "[1]"), registry.ErrInvalid, ""},
		{"two answers", text(200, "[][]"), registry.ErrInvalid, ""},
		{"too much", text(200, strings.Repeat(" ", 5000)), registry.ErrInvalid, "larger than"},
		{"a redirect", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "http://127.0.0.2:1/v1")
			w.WriteHeader(http.StatusFound)
		}, registry.ErrInvalid, "redirect"},
		{"another API", text(404, "404 page not found"), registry.ErrInvalid, "404"},
		{"denied", text(403, "Permission denied: token with AccessorID 'x' lacks permission 'service:read'"), registry.ErrDenied, "lacks permission"},
		{"an unknown token", text(403, "ACL not found"), registry.ErrDenied, "ACL not found"},
		{"an unknown token of old", text(500, "ACL not found"), registry.ErrDenied, "ACL not found"},
		{"no leader", text(500, "No cluster leader"), registry.ErrUnavailable, "No cluster leader"},
		{"no such datacenter", text(500, "No path to datacenter"), registry.ErrUnavailable, "No path to datacenter"},
		{"namespaces in CE", text(400, `Invalid query parameter: "ns" - Namespaces are a Consul Enterprise feature`), registry.ErrUnsupported, "Enterprise"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := serve(t, tt.server)
			o.MaxBody = 4096
			for name, ask := range questions(open(t, o)) {
				n, err := ask(t.Context())
				e, ok := errors.AsType[*registry.Error](err)
				if !ok || n > 0 || !errors.Is(err, tt.kind) || e.Backend != "consul "+o.URL.Host {
					t.Errorf("%s: %d rows, error %v; want none, and a *registry.Error that is %v", name, n, err, tt.kind)
				}
				if !strings.Contains(fmt.Sprint(err), tt.says) || strings.ContainsAny(fmt.Sprint(err), "\n\x1b") {
					t.Errorf("%s: error %q, want %q in one line", name, err, tt.says)
				}
			}
		})
	}
}

func TestOneStrangeInstanceHarmsNoOther(t *testing.T) {
	t.Parallel()
	broken := "v-zz"
	strange := []string{
		`{"ID":"a","Service":"order","Port":0,"Address":""}`,
		`{"ID":"b","Service":"order","Port":99999,"Tags":["` + broken + `","\u001b[2J","t"]}`,
		`{"ID":"c\u001b]0;x\u0007","Service":"order","Port":-1,"Meta":{"\u202e":"\u0000"},"Weights":{"Passing":-5}}`,
		`{"ID":"d","Service":"other","Port":1}`,
		`{"ID":"e","Service":"order","Port":1,"Meta":null,"Tags":null,"Weights":null,"Unknown":{"x":[1]}}`,
	}
	body := `[{"Node":{"Node":"n","Address":"h"},"Service":` + strings.Join(strange, `,"Checks":null},{"Node":{"Node":"n","Address":"h"},"Service":`) + `}]`
	got, err := open(t, serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { say(w, body) }))).Instances(t.Context(), "order")
	in := func(id string, port int) registry.Instance {
		return registry.Instance{Service: "order", ID: id, Address: "h", Port: port, Health: registry.Passing, Weight: 1, Node: "n", Revision: "0"}
	}
	want := []registry.Instance{in("a", 0), in("b", 99999), in("c\x1b]0;x\a", -1), in("e", 1)}
	want[1].Tags = []string{broken, "\x1b[2J", "t"}
	want[2].Metadata, want[2].Weight = map[string]string{"\u202e": "\x00"}, 0
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
}

func TestServicesAreSortedWhateverTheServerSends(t *testing.T) {
	t.Parallel()
	o := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		say(w, `{"b":["x",{"y":[1]}],"a":null,"b":[],"\u001b[2J":[]}`)
	}))
	got, err := open(t, o).Services(t.Context())
	if diff := cmp.Diff([]string{"\x1b[2J", "a", "b"}, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
}

func TestAWrongURLIsRefused(t *testing.T) {
	t.Parallel()
	for raw, says := range map[string]string{
		"consul://":                         "names its servers",
		"consul://a,":                       "names its servers",
		"consul://a:0":                      "port",
		"consul://a:99999":                  "port",
		"consul://secret:pass@a:8500":       "credential",
		"consul://a:8500?token=secret":      "CONSUL_HTTP_TOKEN",
		"consul://a:8500?dcc=x":             `"dcc" in the Consul URL: it is one of dc, ns, partition`,
		"consul://a:8500?dc=":               "one value",
		"consul://a:8500?dc=x&dc=y":         "one value",
		"consul://a:8500?dc=%zz":            "query",
		"consul://a:8500#x":                 "fragment",
		"http://a:8500":                     "consul://",
		"consul://a:8500?ns=x&partition=%3": "query",
	} {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		_, err = OpenRegistry(Options{URL: u})
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: error %v, want %q and no secret", raw, err, says)
		}
	}
}

func TestServersAreCompletedWithConsulsPorts(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"consul://a":                          "http://a:8500",
		"consul://a,b,c:1/config/dev?dc=x":    "http://a:8500 http://b:8500 http://c:1",
		"consul+https://a":                    "https://a:8501",
		"consul://[::1]":                      "http://[::1]:8500",
		"consul+https://[::1]:7/?partition=p": "https://[::1]:7",
	} {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		servers, err := Options{URL: u}.servers()
		var got []string
		for _, s := range servers {
			got = append(got, s.String())
		}
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: %v, %v; want %s", raw, got, err, want)
		}
	}
}

func TestOfSeveralServersOneIsEnough(t *testing.T) {
	t.Parallel()
	_, o := newFake(t)
	down := unreachable(t).(*Registry).client.names[0]
	both := &url.URL{Scheme: "consul", Host: down + "," + o.URL.Host}
	if got, err := open(t, Options{URL: both}).Services(t.Context()); err != nil || len(got) != 1 {
		t.Errorf("Services = %v, %v; want those of the second server", got, err)
	}
	none := &url.URL{Scheme: "consul", Host: down + "," + unreachable(t).(*Registry).client.names[0]}
	_, err := open(t, Options{URL: none}).Services(t.Context())
	if !errors.Is(err, registry.ErrUnavailable) || !strings.HasPrefix(fmt.Sprint(err), "consul: "+down+": connection refused; 127.0.0.1:") {
		t.Errorf("error %v, want one that names both", err)
	}
}
