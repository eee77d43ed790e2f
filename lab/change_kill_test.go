package lab

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"govctl/lab/server"
)

// bulk is how many items a plan of three batches changes.
const bulk = 130

// bulkFolder fills a folder of its own at c with items, bulk of them in the group
// bulk and one beside them, and returns it, ending in a slash, with what it holds.
func bulkFolder(t *testing.T, c *server.Consul) (folder string, content map[string]string) {
	t.Helper()
	folder = "config/" + unique("bulk") + "/"
	content = map[string]string{"other/app.yaml": "n: 0\n"}
	for i := range bulk {
		content[fmt.Sprintf("bulk/%03d.yaml", i)] = fmt.Sprintf("n: %d\n", i)
	}
	fillKV(t, c, folder, content)
	return folder, content
}

// fillKV writes keys below folder.
func fillKV(t *testing.T, c *server.Consul, folder string, content map[string]string) {
	t.Helper()
	var ops []map[string]any
	flush := func() {
		if err := c.API.Write(t.Context(), "/v1/txn", ops, nil); err != nil {
			t.Fatal(err)
		}
		ops = nil
	}
	for key, text := range content {
		ops = append(ops, map[string]any{"KV": map[string]any{"Verb": "set", "Key": folder + key, "Value": base64.StdEncoding.EncodeToString([]byte(text))}})
		if len(ops) == 60 {
			flush()
		}
	}
	flush()
}

// standing returns what stands below folder.
func standing(t *testing.T, c *server.Consul, folder string) map[string]string {
	t.Helper()
	var pairs []struct {
		Key   string
		Value []byte
	}
	err := c.API.Read(t.Context(), "/v1/kv/"+folder+"?recurse&consistent", &pairs)
	if err != nil && !strings.Contains(err.Error(), "404") {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, p := range pairs {
		out[strings.TrimPrefix(p.Key, folder)] = string(p.Value)
	}
	return out
}

// only returns what of content does not stand in the group bulk.
func only(content map[string]string) map[string]string {
	return map[string]string{"other/app.yaml": content["other/app.yaml"]}
}

// begin prepares a folder and returns the command that changes it, and what stands
// there before and after it.
type begin func(t *testing.T) (folder string, args []string, before, after map[string]string)

// removing removes all of a group.
func removing(t *testing.T) (folder string, args []string, before, after map[string]string) {
	t.Helper()
	folder, before = bulkFolder(t, shared.main)
	return folder, []string{"config", "rm", "bulk/*", "--yes"}, before, only(before)
}

// bringingBack takes that back.
func bringingBack(t *testing.T) (folder string, args []string, before, after map[string]string) {
	t.Helper()
	folder, after = bulkFolder(t, shared.main)
	url := shared.main.URL() + "/" + folder
	if r := run(t, "config", "rm", "bulk/*", "--yes", "-e", url); r.Status != 0 {
		t.Fatalf("%+v", r)
	}
	id := strings.TrimSpace(run(t, "history", "-o", "name", "-e", url).Stdout)
	return folder, []string{"rollback", id, "--yes"}, only(after), after
}

func TestAProcessKilledAtAnyRequestLeavesOldOrNew(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]begin{"removing": removing, "bringing back": bringingBack} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			between := 0 // how often a part was made
			nth := 1
			for lived := false; !lived; nth++ {
				for _, does := range []fate{drop, lose} {
					for _, to := range []string{"--forward", "--back"} {
						alive, half := killedAt(t, start, nth, does, to)
						lived = lived || alive
						if half {
							between++
						}
					}
				}
			}
			if nth < 15 || between < 6 {
				t.Errorf("it lived after %d requests, and a part was made %d times: not what is to be tried", nth, between)
			}
		})
	}
}

// killedAt runs govctl through a gate that kills it at its nth request, and
// recovers. Alive tells that it ended by itself, half that a part was made.
func killedAt(t *testing.T, start begin, nth int, does fate, to string) (alive, half bool) {
	t.Helper()
	folder, args, before, after := start(t)
	cmd := command(t, nil)
	g := gateTo(t, shared.main.Address, func(n int, _ *http.Request, _ []byte) fate {
		if n < nth {
			return pass
		}
		_ = cmd.Process.Kill()
		return map[bool]fate{true: does, false: drop}[n == nth]
	})
	cmd.Args = append(append(cmd.Args, args...), "-e", g.URL(folder))
	_ = cmd.Run() // how it ended is seen below
	alive = cmd.ProcessState.ExitCode() == 0
	at := fmt.Sprintf("killed at request %d (arrived: %t), then %s", nth, does == lose, to)
	g.inside.Wait() // what was sent may be on its way
	now := standing(t, shared.main, folder)
	half = !maps.Equal(now, before) && !maps.Equal(now, after)
	later := gateTo(t, shared.main.Address, nil)
	later.ahead = time.Minute
	open := run(t, "recover", "-o", "name", "-e", later.URL(folder))
	wanted := map[bool]map[string]string{true: after, false: before}
	if id := strings.TrimSpace(open.Stdout); id != "" {
		if r := run(t, "recover", id, to, "--yes", "-e", later.URL(folder)); r.Status != 0 {
			t.Errorf("%s: recover: %+v", at, r)
		}
		if got := standing(t, shared.main, folder); !maps.Equal(got, wanted[to == "--forward"]) {
			t.Errorf("%s: %d items are there", at, len(got))
		}
		if r := run(t, "recover", "-e", later.URL(folder)); r.Status != 0 {
			t.Errorf("%s: after it: %+v", at, r)
		}
	} else if half || open.Status != 0 {
		t.Errorf("%s: %d items are there, and recover says %+v", at, len(now), open)
	}
	if t.Failed() {
		t.FailNow()
	}
	return alive, half
}
