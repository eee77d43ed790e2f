package consul

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"golang.org/x/sync/errgroup"

	"govctl/pkg/registry"
)

// Summaries implements registry.Summarizer. It takes two questions: every check
// there is, and how many instances each service has, as one without checks is
// among no checks; the services that have such instances are asked for one by
// one. Where the second question is refused, all are. Versions and protocols are
// those of go-micro's tags, and those of metadata where a service was asked for.
func (r *Registry) Summaries(ctx context.Context) ([]registry.Summary, error) {
	f := newFold(&r.tags)
	counts, err := r.foldAndCount(ctx, f)
	if _, ok := errors.AsType[refusedError](err); ok {
		return r.summariesOneByOne(ctx)
	}
	if err != nil {
		return nil, err
	}
	rows, unchecked := f.rows(counts)
	all, err := r.summarize(ctx, unchecked)
	if err != nil {
		return nil, err
	}
	all = append(all, rows...)
	slices.SortFunc(all, func(a, b registry.Summary) int { return cmp.Compare(a.Service, b.Service) })
	return all, nil
}

// foldAndCount folds all checks into f and returns the number of instances of
// each service.
func (r *Registry) foldAndCount(ctx context.Context, f *fold) (map[string]int, error) {
	counts := map[string]int{}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		_, err := r.read(ctx, "", question{path: "/v1/health/state/any"}, each(f.add))
		return err
	})
	g.Go(func() error {
		a, err := r.read(ctx, "", question{path: "/v1/internal/ui/services"}, each(func(s *counted) {
			// One of another cluster, or named by a gateway or a proxy but never
			// registered, is none of ours.
			if s.PeerName == "" && s.InstanceCount > 0 {
				counts[s.Name] += s.InstanceCount
			}
		}))
		if isStatus(err) {
			return refusedError{err}
		}
		if _, ok := counts[selfService]; err == nil && !ok {
			r.client.remarks.unseen(a)
		}
		return err
	})
	return counts, g.Wait()
}

// counted is an element of /v1/internal/ui/services.
type counted struct {
	Name          string
	InstanceCount int
	PeerName      string
}

// refusedError is why there are no counts. That question is not among those that
// Consul documents: proxies may block it, and later versions may drop it.
type refusedError struct{ error }

func (e refusedError) Unwrap() error { return e.error }

func (r *Registry) summariesOneByOne(ctx context.Context) ([]registry.Summary, error) {
	names, err := r.Services(ctx)
	if err != nil {
		return nil, err
	}
	return r.summarize(ctx, names)
}

// summarize lists the instances of the named services and counts them. A service
// that went away meanwhile has no row.
func (r *Registry) summarize(ctx context.Context, names []string) ([]registry.Summary, error) {
	var counter registry.Counter
	for in, err := range registry.ListKnown(ctx, r, names) {
		if err != nil {
			return nil, err
		}
		counter.Add(&in)
	}
	return counter.Summaries(), nil
}
