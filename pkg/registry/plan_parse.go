package registry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"unicode/utf8"

	"govctl/pkg/change"
)

// ParseRegistrations reads what is to be registered: an instance as `services get
// SERVICE/ID -o json` prints it or a person writes it, a list of them, or a service
// as `services get SERVICE -o json` prints it. A name that is not known is an error.
func ParseRegistrations(text []byte) ([]Registration, error) {
	text = bytes.TrimSpace(text)
	var raw []json.RawMessage
	var detail struct {
		Service   string            `json:"service"`
		Summary   json.RawMessage   `json:"summary"`
		Instances []json.RawMessage `json:"instances"`
	}
	switch {
	case bytes.HasPrefix(text, []byte("[")):
		if err := strict(text, &raw); err != nil {
			return nil, err
		}
	case strict(text, &detail) == nil && detail.Instances != nil:
		raw = detail.Instances
	default:
		raw = []json.RawMessage{text}
	}
	all := make([]Registration, len(raw))
	seen := make(map[change.Key]bool, len(raw))
	for i := range raw {
		r, err := parseRegistration(raw[i])
		if err == nil && seen[ChangeKey(r.Service, r.ID)] {
			err = fmt.Errorf("%s/%s is there twice", r.Service, r.ID)
		}
		if err != nil && len(raw) > 1 {
			err = fmt.Errorf("instance %d: %w", i+1, err)
		}
		if err != nil {
			return nil, err
		}
		all[i], seen[ChangeKey(r.Service, r.ID)] = r, true
	}
	return all, nil
}

// strict reads one value and nothing after it.
func strict(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return errors.New("it ends before the JSON of an instance does")
		}
		return withoutGo(err)
	}
	end := d.InputOffset()
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("something follows at byte %d", end)
	}
	return nil
}

// withoutGo takes the names of Go out of an error about JSON.
func withoutGo(err error) error {
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("%q cannot be a %s", strings.TrimPrefix(e.Field, "Registration.Instance."), e.Value)
	}
	return errors.New(strings.TrimPrefix(err.Error(), "json: "))
}

func parseRegistration(text []byte) (Registration, error) {
	var r struct {
		Registration

		Weight *float64 `json:"weight"` // 1 where it is left out
	}
	if err := strict(text, &r); err != nil {
		return Registration{}, err
	}
	r.Registration.Weight = 1
	if r.Weight != nil {
		r.Registration.Weight = *r.Weight
	}
	return r.Registration, r.check()
}

// maxPort is the last port that there is.
const maxPort = math.MaxUint16

// check refuses what no registry should hold.
func (r *Registration) check() error {
	switch {
	case r.Service == "" || r.ID == "":
		return errors.New("an instance needs a service and an id")
	case !utf8.ValidString(r.Service + r.ID):
		return errors.New("service and id must be UTF-8")
	case r.Port < 0 || r.Port > maxPort:
		return fmt.Errorf("port %d is not between 0 and %d", r.Port, maxPort)
	case r.Weight < 0:
		return fmt.Errorf("weight %s is below 0", formatWeight(r.Weight))
	case r.TTLSeconds < 0:
		return fmt.Errorf("ttlSeconds %s is below 0", formatWeight(r.TTLSeconds))
	}
	return nil
}
