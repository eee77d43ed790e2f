package consul

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"govctl/internal/httpx"
)

// maxNamed is how many datacenters a hint names at most.
const maxNamed = 20

// namePaths completes a failure about a datacenter that the server has no path to:
// which one that is, and which there are. The second costs one question, whose own
// failure is no news. Others it returns as they are.
func (c *client) namePaths(ctx context.Context, f *failure) *failure {
	status, refused := errors.AsType[*httpx.StatusError](f)
	asked := c.scope.Get("dc")
	if !refused || asked == "" || !strings.Contains(strings.ToLower(status.Text), "no path to datacenter") {
		return f
	}
	f.why = fmt.Sprintf("no path to datacenter %q", asked)
	names, err := c.datacenters(ctx)
	switch {
	case err != nil || len(names) == 0:
	case slices.Contains(names, asked):
		f.hint = "it is known, and none of its servers can be reached from there: do they run, and does the WAN hold?"
	case len(names) > maxNamed:
		f.hint = fmt.Sprintf("there are %s and %d more: name one by --dc, or by dc in the URL", strings.Join(names[:maxNamed], ", "), len(names)-maxNamed)
	case len(names) == 1:
		f.hint = fmt.Sprintf("there is only %s: leave out --dc, and dc in the URL", names[0])
	default:
		f.hint = fmt.Sprintf("there are %s: name one by --dc, or by dc in the URL", strings.Join(names, ", "))
	}
	return f
}

// datacenters returns those that the server knows, sorted.
func (c *client) datacenters(ctx context.Context) ([]string, error) {
	resp, err := c.http.Get(ctx, "/v1/catalog/datacenters", nil)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // it was only read
	var names []string
	err = httpx.DecodeJSON(resp.Body, &names)
	slices.Sort(names)
	return names, err
}
