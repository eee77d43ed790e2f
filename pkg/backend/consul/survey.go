package consul

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"govctl/internal/httpx"
	"govctl/pkg/doctor"
)

var _ doctor.Surveyor = (*Inspector)(nil)

const (
	// maxFolders bounds the folders of one level that are looked into, and maxSurveyed all
	// that are told: one that is called dev must not be lost among many others.
	maxFolders  = 100
	maxSurveyed = 2000
	// foldersAtOnce is how many are looked into at the same time.
	foldersAtOnce = 16
	// maxFolderName is the longest name of a folder that is told, in bytes.
	maxFolderName = 200
)

// Survey implements doctor.Surveyor. Services that the token may not read, and
// folders in which it may list nothing, are not seen.
func (in *Inspector) Survey(ctx context.Context) (doctor.Survey, error) {
	c, err := in.options.client()
	if err != nil {
		return doctor.Survey{}, err
	}
	defer c.http.Close()
	services, err := (&Registry{client: c}).Services(ctx)
	if err != nil {
		return doctor.Survey{}, err
	}
	s := doctor.Survey{Services: services}
	e := &examination{client: c}
	var group sync.WaitGroup
	group.Go(func() { e.askAgent(ctx) })
	group.Go(func() { s.Datacenters, _ = c.datacenters(ctx) }) // what cannot be had is left out
	group.Go(func() { s.Folders = c.folders(ctx) })
	group.Wait()
	s.Version = e.version
	return s, nil
}

// folders returns those of the key-value store, two levels of them, without our own.
func (c *client) folders(ctx context.Context) []string {
	top := c.foldersIn(ctx, "")
	below := make([][]string, len(top))
	var group errgroup.Group
	group.SetLimit(foldersAtOnce)
	for i, folder := range top {
		group.Go(func() error {
			below[i] = c.foldersIn(ctx, folder+"/")
			return nil
		})
	}
	_ = group.Wait() // none fails
	all := slices.Concat(append(below, top)...)
	slices.Sort(all)
	return all[:min(len(all), maxSurveyed)]
}

var errEnough = errors.New("enough folders")

// foldersIn returns the folders directly in one, "" or ending in a slash; none
// where they cannot be listed.
func (c *client) foldersIn(ctx context.Context, folder string) []string {
	var found []string
	_, _ = c.read(ctx, question{ // what cannot be had is left out
		path: "/v1/kv/" + escapeKey(folder), query: url.Values{"keys": {""}, "separator": {"/"}},
	}, func(resp *httpx.Response) error {
		return httpx.EachElement(resp.Body, func(key *string) error {
			name, isFolder := strings.CutSuffix(*key, "/")
			if isFolder && name != "" && *key != ownFolder && name+"/" != folder && len(name) <= maxFolderName {
				found = append(found, strings.Clone(name))
			}
			if len(found) == maxFolders {
				return errEnough
			}
			return nil
		})
	})
	return found
}
