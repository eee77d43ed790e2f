package registrytest

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/registry"
)

// summariesCount expects the counts to be right and to be those that Summarize
// takes from the list. Versions and protocols may lack some (see Summarizer).
func summariesCount(t *testing.T, h Harness) {
	down := inst("order", "o3")
	down.Health = registry.Critical
	all := []registry.Instance{inst("order", "o1"), full("order", "o2"), down, inst("cart", "c1"), inst("a/b", "a1")}
	r := h.New(t, all...)
	for i := range all {
		if all[i].Health == "" {
			all[i].Health = registry.Passing
		}
	}
	want := h.counts(registry.Summarize(all))
	h.eventually(t, func() string {
		got, err := summaries(t.Context(), r)
		if err != nil {
			return fmt.Sprintf("Summaries(): %v", err)
		}
		return cmp.Diff(want, h.counts(got))
	})
	h.eventually(t, func() string {
		names, err := h.services(t, r)
		if err != nil {
			return err.Error()
		}
		var listed []registry.Instance
		for in, err := range registry.List(t.Context(), r, names) {
			if err != nil {
				return err.Error()
			}
			listed = append(listed, in)
		}
		return cmp.Diff(want, h.counts(registry.Summarize(listed)))
	})
}

// counts returns rows without versions and protocols, and without the services
// of the system itself.
func (h Harness) counts(rows []registry.Summary) []registry.Summary {
	rows = slices.DeleteFunc(slices.Clone(rows), func(s registry.Summary) bool {
		return slices.Contains(h.Ignore, s.Service)
	})
	for i := range rows {
		rows[i].Versions, rows[i].Protocols = nil, nil
	}
	return rows
}

func summaries(ctx context.Context, r registry.Registry) ([]registry.Summary, error) {
	s, err := registry.As[registry.Summarizer](r, "summarize")
	if err != nil {
		return nil, err
	}
	return s.Summaries(ctx)
}

// summarizerRules holds Summaries to the rules that Services has.
func summarizerRules(t *testing.T, h Harness) {
	got, err := summaries(t.Context(), h.New(t))
	if got == nil || err != nil || len(h.counts(got)) > 0 {
		t.Errorf("Summaries() of an empty registry = %v, %v; want an empty list that is not nil", got, err)
	}
	r := h.New(t, inst("cart", "1"))
	h.eventually(t, func() string {
		got, err := summaries(t.Context(), r)
		for _, s := range got {
			if s.Versions == nil || s.Protocols == nil {
				return fmt.Sprintf("Summaries() = %#v; want versions and protocols that are not nil", got)
			}
		}
		if err != nil || len(h.counts(got)) != 1 {
			return fmt.Sprintf("Summaries() = %v, %v; want one", got, err)
		}
		return ""
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = summaries(ctx, r)
	wantError(t, "Summaries()", err, context.Canceled, "")
	_, err = summaries(t.Context(), h.Unreachable(t))
	wantError(t, "Summaries()", err, registry.ErrUnavailable, "")
}
