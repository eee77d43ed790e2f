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

func TestAPlanIsInTheWayOfItsOwnSpaceAlone(t *testing.T) {
	t.Parallel()
	journal := changetest.NewMemory(limits, time.Now)
	s := change.Beside(journal, changetest.NewMemory(limits, time.Now), change.Instances)
	about, err := s.About(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	cutOff := change.Op{
		Key:     change.Key{Space: change.Records, Name: "plan/00000000"},
		Content: []byte(`{"id":"00000000","state":"open","until":"9999-01-01T00:00:00Z","changes":[{"name":"order/o1"},{"space":"instances","name":"order/o2"}]}`),
	}
	if err := journal.Swap(t.Context(), []change.Op{cutOff}); err != nil {
		t.Fatal(err)
	}
	for key, busy := range map[change.Key]bool{
		{Space: change.Instances, Name: "order/o1"}: false, {Space: change.Items, Name: "order/o1"}: true,
		{Space: change.Instances, Name: "order/o2"}: true, {Space: change.Items, Name: "order/o2"}: false,
	} {
		p := &change.Plan{ID: change.NewID(), Identity: about.Identity, Changes: []change.Change{{Space: key.Space, Name: key.Name, After: []byte("x")}}}
		_, err := change.Apply(t.Context(), s, p, change.Options{Now: time.Now})
		if _, is := errors.AsType[*change.BusyError](err); is != busy {
			t.Errorf("%v of %s ended with %v", key, key.Space, err)
		}
	}
}
