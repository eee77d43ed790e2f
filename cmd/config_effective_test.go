package cmd_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"govctl/internal/settings"
	"govctl/pkg/config"
)

func TestTheSettingsNameTheConsumersThatThereAre(t *testing.T) {
	t.Parallel()
	var known []string
	for _, c := range config.Consumers() {
		known = append(known, string(c))
	}
	named := settings.Consumers()
	if named[0] != string(config.Merge) {
		t.Errorf("the default is %s", named[0])
	}
	slices.Sort(known)
	slices.Sort(named)
	if diff := cmp.Diff(known, named); diff != "" {
		t.Errorf("(-known +named)\n%s", diff)
	}
}
