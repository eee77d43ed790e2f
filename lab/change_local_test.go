package lab

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// filesIn returns what the files below folder hold, by their paths.
func filesIn(t *testing.T, folder string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(folder, func(path string, e os.DirEntry, err error) error {
		if os.IsNotExist(err) {
			return nil
		}
		if err != nil || e.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		name, _ := filepath.Rel(folder, path)
		out[name] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTwoProcessesThatWriteOneFileLoseNothing(t *testing.T) {
	t.Parallel()
	const rounds = 200
	root := t.TempDir()
	url := "local://" + root
	won := 0
	for round := range rounds {
		before := filesIn(t, root+"/config")["order/app.yaml"]
		var ended [2]result
		var both sync.WaitGroup
		for i := range ended {
			both.Go(func() {
				ended[i] = run(t, "config", "set", "order/app.yaml", "--content", fmt.Sprintf("round: %d\nby: %d\n", round, i), "--yes", "-e", url)
			})
		}
		both.Wait()
		possible := map[string]bool{}
		for i, r := range ended {
			switch r.Status {
			case 0:
				won++
				possible[fmt.Sprintf("round: %d\nby: %d\n", round, i)] = true
			case 5:
			default:
				t.Fatalf("round %d: %+v", round, r)
			}
		}
		if now := filesIn(t, root+"/config")["order/app.yaml"]; !possible[now] && (len(possible) > 0 || now != before) {
			t.Fatalf("round %d: there is %q, after %+v", round, now, ended)
		}
	}
	history := run(t, "history", "-o", "name", "-e", url)
	if n := len(strings.Fields(history.Stdout)); n != won || won < rounds {
		t.Errorf("of %d rounds %d were won, and the journal has %d", rounds, won, n)
	}
}

func TestAProcessKilledAtAnyTimeLeavesAFolderOldOrNew(t *testing.T) {
	t.Parallel()
	const runs, files = 300, 40
	random := rand.New(rand.NewPCG(7, 7))
	root := t.TempDir()
	url := "local://" + root
	full := map[string]string{}
	for i := range files {
		full[fmt.Sprintf("bulk/%03d.yaml", i)] = fmt.Sprintf("n: %d\n", i)
	}
	var longest time.Duration
	ended, cut := map[bool]int{}, 0
	for n := range runs {
		if err := os.RemoveAll(root); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(root+"/config/bulk", 0o700); err != nil {
			t.Fatal(err)
		}
		for name, text := range full {
			writeFile(t, filepath.Join(root, "config", name), text)
		}
		cmd := command(t, nil, "config", "rm", "bulk/*", "--yes", "-e", url)
		began := time.Now()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if n >= 3 { // the first ones tell how long it takes
			kill := time.AfterFunc(time.Duration(random.Int64N(int64(longest))), func() { _ = cmd.Process.Kill() })
			defer kill.Stop()
		}
		_ = cmd.Wait()
		longest = max(longest, time.Since(began))
		if _, err := os.Lstat(root + "/.redo"); err == nil {
			cut++
		}
		if r := run(t, "history", "-e", url); r.Status != 0 {
			t.Fatalf("run %d: %+v", n, r)
		}
		now := filesIn(t, root+"/config")
		if isNew := len(now) == 0; !isNew && !maps.Equal(now, full) {
			t.Fatalf("run %d: %d of %d files are there", n, len(now), files)
		} else {
			ended[isNew]++
		}
	}
	t.Logf("%d new and %d old, %d cut in the middle, of %v at most", ended[true], ended[false], cut, longest)
	if ended[true] < 10 || ended[false] < 10 || cut == 0 {
		t.Errorf("%d new and %d old, %d cut in the middle: not what is to be tried", ended[true], ended[false], cut)
	}
}
