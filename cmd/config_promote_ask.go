package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"govctl/pkg/config"
)

// decide asks of each conflict which side holds. What is skipped stays one, and all
// that is left where nobody is there any more.
func (a *app) decide(ctx context.Context, p *promotion, e *execution) error {
	if err := a.askSides(ctx, p, e); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	p.Resolve()
	p.plan.Changes = p.Changes()
	return nil
}

func (a *app) askSides(ctx context.Context, p *promotion, e *execution) error {
	for i := range p.Items {
		item := &p.Items[i]
		all := decisionsOf(item, e.masker)
		for j := range item.Points {
			if !item.Points[j].Open() {
				continue
			}
			side, err := a.askSide(ctx, p, &all[j])
			if err != nil {
				return err
			}
			item.Points[j].Took = side
		}
	}
	return nil
}

// askSide asks which side holds, "" for neither.
func (a *app) askSide(ctx context.Context, p *promotion, d *decision) (config.Side, error) {
	what := d.String()
	if !d.Whole {
		what += " " + pathText(d.Path) + ": " + values(d)
	}
	for {
		text, err := a.answer(ctx, fmt.Sprintf("%s. A (%s), B (%s) or skip? [a/b/S]", what, p.from().env, p.to().env))
		if err != nil {
			return "", err
		}
		switch strings.ToLower(strings.TrimSpace(text)) {
		case "a":
			return config.SideA, nil
		case "b":
			return config.SideB, nil
		case "", "s", "skip":
			return "", nil
		}
	}
}
