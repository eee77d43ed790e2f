package registry

import (
	"context"
	"errors"
	"iter"
	"path"
	"slices"
	"strings"
)

// inFlight is how many services are asked for at once. 32 is where Consul's
// answers stop getting faster on two cores; its own limit is 200 connections a
// client.
const inFlight = 32

// List returns the instances of the named services, in the order of names and
// then by ID, asking for a bounded number of services at once while the caller
// reads. It ends at the first error; a name that nobody registered is one.
func List(ctx context.Context, r Registry, names []string) iter.Seq2[Instance, error] {
	return list(ctx, r.Instances, names)
}

// ListKnown is List for names that the registry itself gave: a service that
// went away since has no instances and is no error.
func ListKnown(ctx context.Context, r Registry, names []string) iter.Seq2[Instance, error] {
	return list(ctx, func(ctx context.Context, service string) ([]Instance, error) {
		instances, err := r.Instances(ctx, service)
		if errors.Is(err, ErrNotFound) {
			return nil, nil
		}
		return instances, err
	}, names)
}

// ask returns the instances of one service.
type ask func(ctx context.Context, service string) ([]Instance, error)

func list(ctx context.Context, ask ask, names []string) iter.Seq2[Instance, error] {
	return func(yield func(Instance, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		for a := range inOrder(ctx, ask, names) {
			if a.err != nil {
				yield(Instance{}, a.err)
				return
			}
			for _, in := range a.instances {
				if !yield(in, nil) {
					return
				}
			}
		}
	}
}

// answer is what a registry said of one service.
type answer struct {
	instances []Instance
	err       error
}

// inOrder asks for each service and returns the answers in the order of names.
// About inFlight answers are under way or waiting to be read, which bounds
// memory too. The caller cancels ctx when it stops reading.
func inOrder(ctx context.Context, ask ask, names []string) iter.Seq[answer] {
	return func(yield func(answer) bool) {
		queue := make(chan chan answer, inFlight)
		go send(ctx, ask, names, queue)
		read := 0
		for reply := range queue {
			if !yield(<-reply) {
				return
			}
			read++
		}
		if read < len(names) {
			yield(answer{err: ctx.Err()})
		}
	}
}

// send asks for each service and queues where its answer will come, until ctx
// ends.
func send(ctx context.Context, ask ask, names []string, queue chan<- chan answer) {
	defer close(queue)
	for _, name := range names {
		reply := make(chan answer, 1)
		select {
		case queue <- reply:
		case <-ctx.Done():
			return
		}
		go func() {
			instances, err := ask(ctx, name)
			reply <- answer{instances, err}
		}()
	}
}

// Select returns the names that patterns pick, sorted: those that match a glob
// of path.Match, or are equal to a pattern. No patterns pick all. A pattern
// without glob characters that equals no name is returned in missing.
func Select(names, patterns []string) (picked, missing []string, err error) {
	if len(patterns) == 0 {
		return names, nil, nil
	}
	chosen := map[string]bool{}
	for _, p := range patterns {
		found, err := match(names, p, chosen)
		if err != nil {
			return nil, nil, err
		}
		if !found && !IsGlob(p) {
			missing = append(missing, p)
		}
	}
	picked = slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !chosen[n] })
	return picked, missing, nil
}

// match adds to chosen the names that pattern picks and reports whether there
// was one.
func match(names []string, pattern string, chosen map[string]bool) (found bool, err error) {
	if slices.Contains(names, pattern) {
		chosen[pattern] = true
		return true, nil
	}
	for _, n := range names {
		ok, err := path.Match(pattern, n)
		if err != nil {
			return false, &SelectorError{Text: pattern, Why: "not a glob: " + err.Error(), Hint: "* is any text, ? any one character, [ab] one of those; quote it for the shell"}
		}
		if ok {
			chosen[n], found = true, true
		}
	}
	return found, nil
}

// IsGlob reports whether pattern has a character that path.Match treats
// specially.
func IsGlob(pattern string) bool { return strings.ContainsAny(pattern, `*?[\`) }

// Filter returns those of instances that sel picks. It ends at the first error.
func Filter(instances iter.Seq2[Instance, error], sel Selector) iter.Seq2[Instance, error] {
	if sel.IsZero() {
		return instances
	}
	return func(yield func(Instance, error) bool) {
		for in, err := range instances {
			ok := true
			if err == nil {
				ok, err = sel.Match(&in)
			}
			if err != nil {
				yield(Instance{}, err)
				return
			}
			if ok && !yield(in, nil) {
				return
			}
		}
	}
}
