package cmd

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"govctl/pkg/config"
	"govctl/pkg/demo"
)

func TestTheTourEndsWellOnlyWhereWhatIsPlantedIsShownAndNothingElse(t *testing.T) {
	t.Parallel()
	faults := []demo.Fault{{ID: "order-1", Finding: "zombie", Reason: "refused"}}
	mistakes := []demo.Mistake{{Key: config.Key{Group: "order", Name: "app.yaml"}, Path: "retry.max", Value: "30", Others: "5"}}
	const (
		fault   = "order-1  127.0.0.1:9  passing  failed  connect: refused  zombie\n"
		mistake = "  retry.max  5 → 30\n"
		totals  = "1 of 9 items differs: 1 path changed · 12 expected differences (--show-expected)\n"
	)
	for name, tt := range map[string]struct {
		shown, last string
		err         error
	}{
		"all":              {fault + mistake + totals, "1 planted fault and 1 mistake in the configuration shown. ", nil},
		"no fault":         {mistake + totals, "1 of 1 planted fault and 1 mistake in the configuration not shown\n", errFinding},
		"another reason":   {strings.Replace(fault, "refused", "reset", 1) + mistake + totals, "1 of 1 planted fault ", errFinding},
		"no mistake":       {fault + totals, "1 of 1 planted fault and 1 mistake in the configuration not shown\n", errFinding},
		"another value":    {fault + "  retry.max  5 → 6\n" + totals, "1 of 1 planted fault ", errFinding},
		"another path":     {fault + "  retry.min  5 → 30\n" + totals, "1 of 1 planted fault ", errFinding},
		"more differs":     {fault + mistake + strings.Replace(totals, "1 path", "2 paths", 1), "more than the 1 mistake was shown ", errFinding},
		"nothing expected": {fault + mistake + strings.Replace(totals, " · 12 expected differences (--show-expected)", "", 1), "more than the 1 mistake ", errFinding},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			err := (&app{Env: Env{Stdout: &out}}).tourVerdict(faults, mistakes, tt.shown)
			if !errors.Is(err, tt.err) || !strings.Contains(out.String(), "\n"+tt.last) {
				t.Errorf("error %v, want %v, and at the end %q:\n%s", err, tt.err, tt.last, out.String())
			}
		})
	}
}

func TestTheTourTakesBackThePlanThatWasAppliedLast(t *testing.T) {
	t.Parallel()
	shown := "Applied as 0a0a0a0a in 1ms. Undo: govctl rollback 0a0a0a0a\nApplied as 7f3c09ab in 1ms. Undo: govctl rollback 7f3c09ab\n"
	args := []string{"rollback", lastPlan, "-e", "prod"}
	if got := strings.Join(named(args, shown), " "); got != "rollback 7f3c09ab -e prod" {
		t.Errorf("it runs %s", got)
	}
	if got := strings.Join(named(args, "nothing was applied"), " "); got != strings.Join(args, " ") {
		t.Errorf("without a plan it runs %s", got)
	}
}
