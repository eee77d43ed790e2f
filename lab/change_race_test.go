package lab

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"govctl/lab/server"
)

// leaderOf waits until one of servers is the leader, and returns it.
func leaderOf(t *testing.T, servers []*server.Consul) *server.Consul {
	t.Helper()
	var found *server.Consul
	eventually(t, func(ctx context.Context) error {
		for _, c := range servers {
			var address string
			if err := c.API.Read(ctx, "/v1/status/leader", &address); err != nil {
				return err
			}
			for _, other := range servers {
				if address == other.ServerAddress() {
					found = other
				}
			}
		}
		if found == nil {
			return errors.New("no leader yet")
		}
		return servers[0].API.WriteText(ctx, "/v1/kv/lab/led", "yes") // it takes writes
	})
	return found
}

func TestOfTwoProcessesWithAPlanEachOneWins(t *testing.T) {
	t.Parallel()
	folder, _ := bulkFolder(t, shared.main)
	for round := range 30 {
		// Neither goes on before both have made their plans: the items were read.
		var planned sync.WaitGroup
		planned.Add(2)
		var ended [2]result
		var both sync.WaitGroup
		for i := range ended {
			var once sync.Once
			g := gateTo(t, shared.main.Address, func(_ int, r *http.Request, _ []byte) fate {
				if r.Method != http.MethodGet {
					once.Do(planned.Done)
					planned.Wait()
				}
				return pass
			})
			both.Go(func() {
				ended[i] = run(t, "config", "set", "other/app.yaml", "--content", fmt.Sprintf("round: %d\nby: %d\n", round, i), "--yes", "-e", g.URL(folder))
			})
		}
		both.Wait()
		won := 0
		if ended[1].Status == 0 {
			won = 1
		}
		if lost := ended[1-won]; ended[won].Status != 0 || lost.Status != 5 || !strings.Contains(lost.Stderr, "hint: ") {
			t.Fatalf("round %d: %+v", round, ended)
		}
		if got, want := standing(t, shared.main, folder)["other/app.yaml"], fmt.Sprintf("round: %d\nby: %d\n", round, won); got != want {
			t.Fatalf("round %d: there is %q, not %q", round, got, want)
		}
	}
	history := run(t, "history", "-o", "name", "-e", shared.main.URL()+"/"+folder)
	if n := len(strings.Fields(history.Stdout)); n != 30 {
		t.Errorf("the journal has %d", n)
	}
}
