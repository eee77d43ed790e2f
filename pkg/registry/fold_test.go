package registry_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"govctl/pkg/registry"
)

// listOf makes a list of data: two bytes an instance, one that says which it is
// and one that says how it is. It is sorted, and each instance stands in it once.
func listOf(data []byte) []registry.Instance {
	byKey := map[byte]registry.Instance{}
	for i := 0; i+1 < len(data); i += 2 {
		key, how := data[i]%32, data[i+1]
		in := registry.Instance{
			Service: "s" + strconv.Itoa(int(key/8)), ID: strconv.Itoa(int(key)),
			Port: int(how & 3), Health: registry.Healths()[how>>2&3], Revision: strconv.Itoa(int(how >> 4)),
		}
		if how&16 != 0 {
			in.Metadata = map[string]string{"k": strconv.Itoa(int(how & 1))}
			in.Checks = []registry.Check{{ID: "c", Status: in.Health, Output: in.Revision}}
		}
		byKey[key] = in
	}
	list := []registry.Instance{}
	for _, in := range byKey {
		list = append(list, in)
	}
	slices.SortFunc(list, registry.Compare)
	return list
}

// foldInto carries out events upon list.
func foldInto(t *testing.T, list []registry.Instance, events []registry.Event) []registry.Instance {
	t.Helper()
	list = slices.Clone(list)
	for _, e := range events {
		i, found := slices.BinarySearchFunc(list, *e.Instance, registry.Compare)
		if found == (e.Kind == registry.Appeared) || e.Kind == registry.Changed == (len(e.Changes) == 0) {
			t.Fatalf("%s %+v with changes %v, where there is %v", e.Kind, *e.Instance, e.Changes, list)
		}
		switch e.Kind {
		case registry.Appeared:
			list = slices.Insert(list, i, *e.Instance)
		case registry.Changed:
			list[i] = *e.Instance
		case registry.Left:
			list = slices.Delete(list, i, i+1)
		default:
			t.Fatalf("an event of kind %s between two lists", e.Kind)
		}
	}
	return list
}

// FuzzEventsFold holds Events to its sentence: what it returns turns the list
// before into the list after, but for what Differences leaves out.
func FuzzEventsFold(f *testing.F) {
	f.Add([]byte{}, []byte{})
	f.Add([]byte{1, 1}, []byte{})
	f.Add([]byte{}, []byte{9, 1, 17, 2})
	f.Add([]byte{1, 1, 2, 20, 9, 3}, []byte{1, 1, 2, 21, 3, 3, 9, 0x83})
	f.Fuzz(func(t *testing.T, one, two []byte) {
		before, after := listOf(one), listOf(two)
		events := registry.Events(before, after)
		got := foldInto(t, before, events)
		if diff := cmp.Diff(after, got,
			cmpopts.IgnoreFields(registry.Instance{}, "Revision"), cmpopts.IgnoreFields(registry.Check{}, "Output")); diff != "" {
			t.Errorf("(-after +folded)\n%s", diff)
		}
		if !slices.IsSortedFunc(events, func(a, b registry.Event) int { return registry.Compare(*a.Instance, *b.Instance) }) {
			t.Errorf("the events are not in the order of the instances: %v", events)
		}
		if again := registry.Events(got, after); len(again) > 0 {
			t.Errorf("after the events there is more: %v", again)
		}
	})
}

func BenchmarkEvents(b *testing.B) {
	var before, after []registry.Instance
	for i := range 10_000 {
		in := whole()
		in.ID = strconv.Itoa(100_000 + i)
		before = append(before, in)
		if i%100 == 0 {
			in.Since, in.Port = time.Time{}, 81
		}
		after = append(after, in)
	}
	b.ReportAllocs()
	for b.Loop() {
		if n := len(registry.Events(before, after)); n != 100 {
			b.Fatal(n)
		}
	}
}
