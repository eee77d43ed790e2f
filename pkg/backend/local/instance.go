package local

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"govctl/pkg/registry"
)

// neverBeat is the time of the file of an instance that has sent no heartbeat
// yet: no real one is so old.
func neverBeat() time.Time { return time.Unix(0, 0) }

// longestTTL bounds ttlSeconds, so that it is always a time.Duration.
const longestTTL = 100 * 365 * 24 * time.Hour

// instanceFile is what stands in the file of an instance. A person may leave out
// whatever is not known, also service and id, which follow from the file's
// place.
type instanceFile struct {
	Service string `json:"service,omitempty"`
	ID      string `json:"id,omitempty"`
	Address string `json:"address"`
	Port    int    `json:"port"`
	// Health counts where there is no TTL; empty is passing. Registrar never
	// writes it.
	Health   registry.Health `json:"health,omitempty"`
	Version  string          `json:"version,omitempty"`
	Protocol string          `json:"protocol,omitempty"`
	Zone     string          `json:"zone,omitempty"`
	// Weight is 1 where it is left out.
	Weight    *float64            `json:"weight,omitempty"`
	Tags      []string            `json:"tags,omitempty"`
	Metadata  map[string]string   `json:"metadata,omitempty"`
	Endpoints []registry.Endpoint `json:"endpoints,omitempty"`
	// TTLSeconds is how long a heartbeat counts: the file's time plus this much.
	TTLSeconds float64 `json:"ttlSeconds,omitzero"`
	// Revision is the text of a decimal number that grows.
	Revision string `json:"revision,omitempty"`
	// Foreign is what else stands in the file, kept when it is rewritten.
	Foreign jsontext.Value `json:",embed"`
}

// parse returns what data, the content of the file of instance id of service,
// says. It takes strict JSON alone: no duplicate names, no bad UTF-8.
func parse(data []byte, service, id string) (*instanceFile, error) {
	f := &instanceFile{}
	if err := json.Unmarshal(data, f); err != nil {
		return nil, fmt.Errorf("not the JSON of an instance: %w", plain(err))
	}
	if jsontext.Value(data).Kind() != '{' {
		return nil, errors.New("not the JSON of an instance: no object")
	}
	if f.Service != "" && f.Service != service || f.ID != "" && f.ID != id {
		return nil, &ownerError{service: f.Service, id: f.ID}
	}
	f.Service, f.ID = service, id
	return f, f.check()
}

// check returns what no instance can have.
func (f *instanceFile) check() error {
	if f.Weight != nil && (*f.Weight < 0 || math.IsNaN(*f.Weight) || math.IsInf(*f.Weight, 0)) {
		return fmt.Errorf("weight %v is not a number from 0 up", *f.Weight)
	}
	if !(f.TTLSeconds >= 0 && f.TTLSeconds <= longestTTL.Seconds()) {
		return fmt.Errorf("ttlSeconds %v is not a number from 0 to %v", f.TTLSeconds, longestTTL.Seconds())
	}
	if f.Health == "" {
		return nil
	}
	_, err := registry.ParseHealth(string(f.Health))
	return err
}

// ownerError says that a file holds another instance than its name tells.
type ownerError struct{ service, id string }

func (e *ownerError) Error() string {
	return fmt.Sprintf("it says service %q and id %q, which is not what it is called", e.service, e.id)
}

// plain returns what is wrong with a JSON text, for a person.
func plain(err error) error {
	if e, ok := errors.AsType[*json.SemanticError](err); ok {
		if e.Err != nil {
			return fmt.Errorf("%q: %w", string(e.JSONPointer), e.Err)
		}
		return fmt.Errorf("%q is of the wrong type", string(e.JSONPointer))
	}
	if e, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		if e.JSONPointer == "" {
			return fmt.Errorf("byte %d: %w", e.ByteOffset, e.Err)
		}
		return fmt.Errorf("byte %d, %q: %w", e.ByteOffset, string(e.JSONPointer), e.Err)
	}
	return err
}

// fileOf returns what is written for in: what stands in it but for the fields
// that are the system's own.
func fileOf(in *registry.Instance, ttl time.Duration) *instanceFile {
	return &instanceFile{
		Service: in.Service, ID: in.ID,
		Address: in.Address, Port: in.Port,
		Version: in.Version, Protocol: in.Protocol, Zone: in.Zone,
		Weight: &in.Weight, Tags: in.Tags, Metadata: in.Metadata, Endpoints: in.Endpoints,
		TTLSeconds: max(ttl, 0).Seconds(),
	}
}

// text returns the file's content: indented, the same for the same instance.
func (f *instanceFile) text() ([]byte, error) {
	if err := f.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", err, registry.ErrUnsupported)
	}
	data, err := json.Marshal(f, json.Deterministic(true), jsontext.WithIndent("  "))
	if err != nil {
		return nil, fmt.Errorf("cannot be written as JSON: %w: %w", plain(err), registry.ErrUnsupported)
	}
	if len(data) >= maxFile {
		return nil, fmt.Errorf("its file would be larger than %d bytes: %w", maxFile, registry.ErrUnsupported)
	}
	return append(data, '\n'), nil
}

// instance returns the instance that the file tells of, at the time now; the
// file was last changed at beat.
func (f *instanceFile) instance(beat, now time.Time) registry.Instance {
	in := registry.Instance{
		Service: f.Service, ID: f.ID,
		Address: f.Address, Port: f.Port, Health: f.Health,
		Version: f.Version, Protocol: f.Protocol, Zone: f.Zone,
		Weight: 1, Tags: f.Tags, Metadata: f.Metadata, Endpoints: f.Endpoints,
		Revision: f.Revision,
	}
	if f.Weight != nil {
		in.Weight = *f.Weight
	}
	switch {
	case f.TTLSeconds > 0:
		check := f.ttlCheck(beat, now)
		in.Health, in.Checks = check.Status, []registry.Check{check}
	case in.Health == "":
		in.Health = registry.Passing
	}
	return in
}

// ttl returns how long a heartbeat counts, 0 where none is needed.
func (f *instanceFile) ttl() time.Duration {
	return time.Duration(math.Round(f.TTLSeconds * float64(time.Second)))
}

// ttlCheck returns what the heartbeats say.
func (f *instanceFile) ttlCheck(beat, now time.Time) registry.Check {
	ttl := f.ttl()
	check := registry.Check{ID: "ttl", Kind: "ttl", Status: registry.Critical}
	if !beat.After(neverBeat()) {
		check.Output = fmt.Sprintf("no heartbeat yet (TTL %v)", ttl)
		return check
	}
	check.Updated = beat.UTC()
	silent := now.Sub(beat)
	if silent <= ttl {
		check.Status = registry.Passing
		return check
	}
	check.Output = fmt.Sprintf("no heartbeat for %v (TTL %v)", coarse(silent), ttl)
	return check
}

// coarse drops what is too fine to matter of a duration.
func coarse(d time.Duration) time.Duration {
	if d < time.Second {
		return d.Truncate(time.Millisecond)
	}
	return d.Truncate(time.Second)
}
