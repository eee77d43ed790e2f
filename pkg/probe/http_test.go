package probe

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"

	"govctl/internal/faultkit"
)

func TestHTTPAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		code     int
		body     string
		kind     string
		statuses string
		wants    string // in the body
		want     string
	}{
		"well":                      {200, "", "http:/h", "", "", "ok 200"},
		"a redirect is an answer":   {302, "", "http:/h", "", "", "ok 302"},
		"not found":                 {404, "", "http:/h", "", "", "failed status: 404 Not Found"},
		"not found, path unknown":   {404, "", "http", "", "", "ok 404"},
		"unavailable, path unknown": {503, "", "http", "", "", "failed status: 503 Service Unavailable"},
		"wants credentials":         {401, "", "http:/h", "", "", "unprobeable 401 Unauthorized: it wants credentials"},
		"credentials are expected":  {401, "", "http:/h", "401", "", "ok 401"},
		"statuses":                  {200, "", "http:/h", "204,300-399", "", "failed status: 200 OK"},
		"a text":                    {200, "all is well", "http:/h", "", "is well", "ok 200"},
		"no such text":              {200, "all is bad", "http:/h", "", "is well", `failed status: 200, but its body lacks "is well"`},
		"an odd status":             {299, "", "http:/h", "", "", "ok 299"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			to := target(t, c.kind, faultkit.Status(t, c.code, c.body))
			if c.statuses != "" {
				var err error
				if to.Spec.Statuses, err = ParseStatuses(c.statuses); err != nil {
					t.Fatal(err)
				}
			}
			to.Spec.Body = c.wants
			if got := outcome(t, prober(), to); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestTheRequestNamesWhatWasAskedFor(t *testing.T) {
	t.Parallel()
	seen := make(chan string, 1)
	address := faultkit.Serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		seen <- r.Method + " " + r.RequestURI + " " + r.Host + " " + r.UserAgent()
		if len(r.Cookies()) > 0 || r.Header.Get("Authorization") != "" {
			t.Error("a probe bears a credential")
		}
	}))
	outcome(t, prober(), target(t, "http:/a%20b?c=d", address))
	if got, want := <-seen, "GET /a%20b?c=d "+address+" govctl-probe"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// A body that ends too soon, or never, is no reason to wait for a text in it.
func TestABodyThatIsCutOffLacksTheText(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ address, want string }{
		"cut off": {faultkit.Truncated(t), "failed request: the answer was cut off"},
		"endless": {faultkit.EndlessBody(t), `failed status: 200, but its body lacks "needle"`},
		"stalled": {faultkit.Stall(t), "failed request: " + late},
	} {
		to := target(t, "http:/", c.address)
		to.Spec.Body = "needle"
		if got := outcome(t, patient(c.want), to); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestRedirects is P7: not followed unless asked for, three at most, each one
// dialled as the target was.
func TestRedirects(t *testing.T) {
	t.Parallel()
	end := faultkit.Status(t, 418, "")
	once := faultkit.Redirect(t, "http://"+end+"/end")
	follow := prober()
	follow.Follow = true
	forbidding := prober()
	forbidding.Follow = true
	forbidding.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		if address == end {
			return nil, &UnprobeableError{"may not be dialled"}
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	for name, c := range map[string]struct {
		prober *Prober
		at     string
		want   string
	}{
		"not followed":          {prober(), once, "ok 302"},
		"followed":              {follow, once, "failed status: 418 I'm a teapot"},
		"guarded":               {forbidding, once, "unprobeable may not be dialled"},
		"a circle":              {follow, faultkit.Redirect(t, "/"), "failed status: more than 3 redirects"},
		"to another scheme":     {follow, faultkit.Redirect(t, "file:///etc/passwd"), `failed status: redirects to "file:///etc/passwd", which is not followed`},
		"with a credential":     {follow, faultkit.Redirect(t, "http://a:b@"+end), "failed status: redirects to "},
		"nowhere in particular": {follow, faultkit.Redirect(t, "http://"), "failed status: redirects to "},
	} {
		if got := outcome(t, c.prober, target(t, "http:/", c.at)); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
