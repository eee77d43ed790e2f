package consul

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"golang.org/x/sync/errgroup"

	"govctl/pkg/registry"
)

// inFlight is how many services are asked for at once, where they must be asked
// for one by one: more is not faster, and Consul allows 200 connections a client.
const inFlight = 32

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
	asked, err := r.summarizeEach(ctx, unchecked)
	if err != nil {
		return nil, err
	}
	return sorted(append(rows, asked...)), nil
}

// foldAndCount folds all checks into f and returns the number of instances of
// each service.
func (r *Registry) foldAndCount(ctx context.Context, f *fold) (map[string]int, error) {
	counts := map[string]int{}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		_, err := r.client.read(ctx, question{path: "/v1/health/state/any"}, each(f.add))
		return err
	})
	g.Go(func() error {
		a, err := r.client.read(ctx, question{path: "/v1/internal/ui/services"}, each(func(s *counted) {
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
	rows, err := r.summarizeEach(ctx, names)
	if err != nil {
		return nil, err
	}
	return sorted(rows), nil
}

// summarizeEach returns a row for each of the named services that is still there,
// asking for several at once.
func (r *Registry) summarizeEach(ctx context.Context, names []string) ([]registry.Summary, error) {
	rows := make([][]registry.Summary, len(names))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(inFlight)
	for i, name := range names {
		g.Go(func() error {
			instances, err := r.Instances(ctx, name)
			if err == nil {
				rows[i] = registry.Summarize(instances)
			}
			if errors.Is(err, registry.ErrNotFound) {
				return nil // it went away meanwhile
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return slices.Concat(rows...), nil
}

func sorted(rows []registry.Summary) []registry.Summary {
	if rows == nil {
		rows = []registry.Summary{}
	}
	slices.SortFunc(rows, func(a, b registry.Summary) int { return cmp.Compare(a.Service, b.Service) })
	return rows
}
