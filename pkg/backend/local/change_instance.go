package local

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"govctl/pkg/change"
	"govctl/pkg/registry"
)

// The content of an instance is that of its file.
var _ registry.Planner = (*Changes)(nil)

// instanceFor returns the place of the instance at k.
func instanceFor(k change.Key) (*file, error) {
	folder, name, err := place(registry.OfChange(k.Name))
	if err != nil {
		return nil, err
	}
	return &file{key: k, folders: []string{servicesFolder, folder}, name: name}, nil
}

// Content implements registry.Planner. Of what stands in before, the health and what
// govctl does not know are kept, and its revision is counted on.
func (c *Changes) Content(r *registry.Registration, before []byte) ([]byte, error) {
	f := fileOf(&r.Instance, time.Duration(r.TTLSeconds*float64(time.Second)))
	f.TTLSeconds = r.TTLSeconds // as it was written
	if _, _, err := place(r.Service, r.ID); err != nil {
		return nil, fmt.Errorf("%s: %w", c.store.name(), err)
	}
	if before != nil {
		past, err := parse(before, r.Service, r.ID)
		if err != nil {
			return nil, fmt.Errorf("%s: the file of %s/%s: %w: %w", c.store.name(), r.Service, r.ID, registry.ErrInvalid, err)
		}
		f.Foreign, f.Health = past.Foreign, past.Health
		f.Revision = strconv.FormatUint(counter(past.Revision)+1, 10)
		if f.TTLSeconds == 0 {
			f.TTLSeconds = past.TTLSeconds
		}
	}
	text, err := f.text()
	if err != nil {
		return nil, fmt.Errorf("%s: %s/%s: %w", c.store.name(), r.Service, r.ID, err)
	}
	return text, nil
}

// Registration implements registry.Planner.
func (c *Changes) Registration(key change.Key, content []byte) (registry.Registration, error) {
	service, id := registry.OfChange(key.Name)
	f, err := parse(content, service, id)
	if err != nil {
		return registry.Registration{}, err
	}
	r := registry.Registration{TTLSeconds: f.TTLSeconds}
	f.TTLSeconds = 0 // whether it lives is another matter
	r.Instance = f.instance(time.Time{}, time.Time{})
	return r, nil
}

// Losses implements registry.Planner.
func (c *Changes) Losses([]byte) string { return "" }

// beat returns the time that a file gets when it is written: an instance with a TTL
// has sent no heartbeat yet. Zero is the present.
func (w *write) beat() time.Time {
	if w.Folders[0] != servicesFolder {
		return time.Time{}
	}
	service, _ := decodeName(w.Folders[len(w.Folders)-1])
	id, _ := decodeName(strings.TrimSuffix(w.Name, suffix))
	if f, err := parse(w.Content, service, id); err != nil || f.TTLSeconds == 0 {
		return time.Time{}
	}
	return neverBeat()
}
