package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"govctl/pkg/change"
	"govctl/pkg/config"
	"govctl/pkg/registry"
)

// typed asks for the name of the environment, which is protected or is to be
// emptied.
func (a *app) typed(ctx context.Context, src configSource, plan *change.Plan, what string) error {
	why, beforehand := src.env+" is protected", "--confirm "+shellQuote(src.env)
	if !src.protected {
		why, beforehand = "This removes all that "+src.env+" has", "--yes"
	}
	if !a.StdinTTY || !a.StderrTTY {
		if src.protected {
			what += ": it is protected, and"
		} else {
			what += ": it removes all that there is, and"
		}
		return withHint(usagef("%s there is no terminal to ask on", what), beforehand+" says so beforehand")
	}
	name, err := a.answer(ctx, fmt.Sprintf("%s. Type its name to apply %s:", why, plural(len(plan.Changes), "change")))
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case strings.TrimSpace(name) == src.env:
		return nil
	}
	return withHint(usagef("%s: not confirmed, nothing was changed", what), "its name is "+src.env)
}

// noteBatches notes in how many writes a plan is made, and refuses one that cannot be.
func (a *app) noteBatches(ctx context.Context, s change.Store, plan *change.Plan, v *planView) error {
	ctx, cancel := a.within(ctx)
	defer cancel()
	about, err := s.About(ctx)
	if err != nil {
		return err
	}
	if err := plan.Check(about.Limits); err != nil {
		return err
	}
	v.Batches, v.Rereads = plan.Batches(about.Limits), about.Rereads
	for _, name := range plan.Alone(about.Limits) {
		v.alone = append(v.alone, config.KeyOfChange(name).String())
	}
	return nil
}

// maxSkew is by how much a clock may differ before it is said.
const maxSkew = 5 * time.Second

// skewOf returns by how much the clock of who wrote r was ahead of the system's, 0
// for not much.
func skewOf(r *change.Record) time.Duration {
	if d := r.At.Sub(r.Stored).Round(time.Second); d.Abs() > maxSkew {
		return d
	}
	return 0
}

// aheadOf says it.
func aheadOf(skew time.Duration) string {
	if skew < 0 {
		return (-skew).String() + " behind"
	}
	return skew.String() + " ahead"
}

// noteSkew warns of a clock that is wrong: the order of the journal is the store's,
// but people go by the time that it shows.
func (a *app) noteSkew(r *change.Record) {
	if skew := skewOf(r); skew != 0 {
		text := fmt.Sprintf("this machine's clock is %s, compared with the back-end's, and the journal tells times by it", aheadOf(skew))
		a.notices.add(registry.Notice{Text: text})
	}
}
