package change_test

import (
	"errors"
	"testing"
	"time"

	"govctl/pkg/change"
	"govctl/pkg/change/changetest"
)

func TestAnInstanceIsNotTheItemOfItsName(t *testing.T) {
	t.Parallel()
	journal, registry := changetest.NewMemory(limits, time.Now), changetest.NewMemory(limits, time.Now)
	s := change.Beside(journal, registry, change.Instances)
	about, err := s.About(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	item := change.Key{Space: change.Items, Name: "order/o1"}
	instance := change.Key{Space: change.Instances, Name: "order/o1"}
	if err := s.Swap(t.Context(), []change.Op{{Key: item, Content: []byte("an item")}}); err != nil {
		t.Fatal(err)
	}
	p := &change.Plan{ID: change.NewID(), Identity: about.Identity, Changes: []change.Change{{Space: change.Instances, Name: "order/o1", After: []byte("an instance")}}}
	r, err := change.Apply(t.Context(), s, p, change.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	there, err := registry.Read(t.Context(), []change.Key{item, instance})
	if err != nil || there[0].Revision != change.Absent || string(there[1].Content) != "an instance" {
		t.Errorf("the registry has %v, %v", there, err)
	}
	records, err := change.Journal(t.Context(), journal)
	if err != nil || len(records) != 1 || records[0].Changes[0].Space != change.Instances || records[0].Changes[0].To != r.Changes[0].To {
		t.Errorf("the journal has %+v, %v", records, err)
	}
	back, err := change.Revert(t.Context(), s, &records[0], nil, false)
	if err != nil || len(back) != 1 || back[0].Key() != instance || back[0].After != nil {
		t.Errorf("taken back by %+v, %v", back, err)
	}
	if err := s.Swap(t.Context(), []change.Op{{Key: item}, {Key: instance}}); err == nil || errors.Is(err, change.ErrConflict) {
		t.Errorf("a swap of both ended with %v", err)
	}
}
