package server

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// stopError ends a Wait at once.
type stopError struct{ error }

// Stop makes Wait give up with err instead of trying again.
func Stop(err error) error { return stopError{err} }

// Wait calls try until it returns nil or a Stop, or until ctx ends; the error
// then says what try last said.
func Wait(ctx context.Context, try func(context.Context) error) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		err := try(ctx)
		if err == nil {
			return nil
		}
		if stop, ok := errors.AsType[stopError](err); ok {
			return stop.error
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		}
	}
}
