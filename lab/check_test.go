package lab

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"govctl/lab/server"
)

// checkSettings writes settings for one environment whose items have schemas, by
// pattern: a file of the shop's, or the schema itself.
func checkSettings(t *testing.T, place string, schemas map[string]string) (path string) {
	t.Helper()
	dir := t.TempDir()
	text := "environments: {shop: {config: " + fmt.Sprintf("%q", place) + "}}\nschemas:\n"
	for key, schema := range schemas {
		file, err := filepath.Abs(filepath.Join(shopConfig, "schemas", schema))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(schema, "{") {
			file = filepath.Join(dir, fmt.Sprintf("%x.json", key))
			writeFile(t, file, schema)
		}
		text += fmt.Sprintf("  - {key: %q, schema: %q}\n", key, file)
	}
	path = filepath.Join(dir, "govctl.yaml")
	writeFile(t, path, text)
	return path
}

func TestConfigCheckFindsWhatIsWrongInTheShopAndNothingElse(t *testing.T) {
	t.Parallel()
	dev, prod := shopFolders(t, shared.main)
	schemas := map[string]string{"order/app.yaml": "order.yaml", "payment/app.json": "payment.json", "audit/stream.json": "stream.json"}
	const wrong = `ITEM               LINE  PATH                 CODE      MESSAGE
audit/stream.json  1:40  firstSequence        ✗ schema  is below the minimum 9007199254740993
order/app.yaml    10:19  http.timeoutSeconds  ✗ schema  is string, and must be integer
payment/app.json   14:14 retry                ✗ schema  lacks the key "maxAttempts"

20 of 23 items are well: 3 failures · `
	for name, c := range map[string]struct {
		place, stdout string
		status        int
	}{
		"dev in Consul":    {dev.url(), "23 items checked: all is well · ", 0},
		"dev in a folder":  {shopCopy(t, "dev"), "23 items checked: all is well · ", 0},
		"prod in Consul":   {prod.url(), wrong, 1},
		"prod in a folder": {shopCopy(t, "prod"), wrong, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := run(t, "config", "check", "--config", checkSettings(t, c.place, schemas))
			got, _, _ := strings.Cut(r.Stdout, "shop (")
			if diff := cmp.Diff(strings.Fields(c.stdout), strings.Fields(got)); diff != "" || r.Status != c.status {
				t.Errorf("status %d, %s (-want +got)\n%s", r.Status, r.Stderr, diff)
			}
			bare := run(t, "config", "check", "-e", c.place)
			if bare.Status != 0 || !strings.HasPrefix(bare.Stdout, "23 items checked: all is well") {
				t.Errorf("without schemas: %+v; want nothing", bare)
			}
		})
	}
}

func TestConfigCheckNamesTheValueThatBreaksGoMicro(t *testing.T) {
	t.Parallel()
	c := startAgent(t, server.Options{Node: "check"})
	h := kvHand{c, ""}
	h.write(t, "micro/config/order", `{"port": 8080}`)
	h.write(t, "micro/config/user", `{"url": "http://${HOST}/"}`)
	h.write(t, "elsewhere/port", "8080")
	for _, folder := range []string{"", "/micro", "/micro/config"} {
		if r := run(t, "config", "check", "micro*", "*er*", "-e", c.URL()+folder); r.Status != 0 || !strings.Contains(r.Stdout, "checked: all is well · 1 variable of the process") {
			t.Errorf("%q: %+v; want nothing", folder, r)
		}
	}
	for name, item := range map[string][3]string{
		"a number":        {"micro/config/scalar", "42", "this is a number, not an object or a list"},
		"no JSON":         {"micro/config/text", "port: 8080\n", "this is not JSON: invalid character 'p' at start of value"},
		"below a value":   {"micro/config/order/port/max", "{}", "it lies below a value that is no object, and the source panics"},
		"below no object": {"micro/config/user/url/a/b", "", "it lies below a value that is no object, and the source panics"},
	} {
		h.write(t, item[0], item[1])
		if values, err := held(microSource(c, "micro/config/")); err == nil {
			t.Errorf("%s: go-micro holds %v", name, values)
		}
		for _, folder := range []string{"", "/micro", "/micro/config"} {
			key := strings.TrimPrefix("/"+item[0], folder+"/")
			r := run(t, "config", "check", "-e", c.URL()+folder, "-o", "json", "--jq", `.[] | .group + " " + .key + " " + .code + " " + .message`)
			group, rest, ok := strings.Cut(key, "/")
			if !ok {
				group, rest = "-", key
			}
			if r.Status != 1 || !strings.HasPrefix(r.Stdout, group+" "+rest+" breaks-consumer go-micro's Consul source fails as a whole") ||
				!strings.HasSuffix(r.Stdout, ": "+item[2]+"\n") || strings.Count(r.Stdout, "\n") != 1 {
				t.Errorf("%s from %q: %+v", name, folder, r)
			}
		}
		if err := c.API.Write(t.Context(), "/v1/txn", []any{map[string]any{"KV": map[string]any{"Verb": "delete", "Key": item[0]}}}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if values, err := held(microSource(c, "micro/config/")); err != nil || len(values) != 2 {
		t.Errorf("at last go-micro holds %v, %v", values, err)
	}
}

// hostile are contents that ask for more than they are worth, with the code of what
// is wrong. They fit into a Consul but for one.
func hostile() map[string][2]string {
	bomb := "a0: &a0 [x, x]\n"
	for i := range 60 {
		bomb += fmt.Sprintf("a%d: &a%d [*a%d, *a%d]\n", i+1, i+1, i, i)
	}
	circle := ""
	for i := range 9000 {
		circle += fmt.Sprintf("a%d=${a%d}\n", i, (i+1)%9000)
	}
	return map[string][2]string{
		"alias bomb.yaml":     {bomb, "unparsable"},
		"merge loop.yaml":     {"a: &a\n  b: &b {<<: *a}\n", "unparsable"},
		"levels.yaml":         {strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000), "unparsable"},
		"levels.json":         {strings.Repeat("[", 200_000) + strings.Repeat("]", 200_000), "unparsable"},
		"not UTF-8.json":      {"{\"a\": \"\xff\"}", "unparsable"},
		"duplicates.json":     {`{"a": 1,` + "\n" + `"a": 2}`, "unparsable"},
		"one line.properties": {"a=" + strings.Repeat("${b}", 100_000), "unresolved"},
		"many lines.yaml":     {strings.Repeat("- no\n", 80_000), "yaml-1.1"},
		"a circle.properties": {circle, "unresolved"},
		"open braces.json":    {`{"a": "` + strings.Repeat("${", 150_000) + `"}`, ""},
		"marks.txt":           {strings.Repeat("••3f9a", 40_000), "mask-marker"},
		"7 MB on a line.json": {`{"a": "` + strings.Repeat("x${b}", 7<<20/5), "unparsable"},
	}
}

func TestConfigCheckOfHostileItemsLeavesTheOthersUnharmed(t *testing.T) {
	t.Parallel()
	h := newFolder(t, shared.main)
	folder := "local://" + t.TempDir()
	if err := os.MkdirAll(filepath.Join(strings.TrimPrefix(folder, "local://"), "config", "hostile"), 0o700); err != nil {
		t.Fatal(err)
	}
	h.write(t, "good/app.yaml", "a: no\n")
	if err := os.Mkdir(filepath.Join(strings.TrimPrefix(folder, "local://"), "config", "good"), 0o700); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(strings.TrimPrefix(folder, "local://"), "config", "good", "app.yaml"), "a: no\n")
	want := map[string][]string{h.url(): {"good/app.yaml yaml-1.1"}, folder: {"good/app.yaml yaml-1.1"}}
	for name, item := range hostile() {
		writeFile(t, filepath.Join(strings.TrimPrefix(folder, "local://"), "config", "hostile", name), item[0])
		line := "hostile/" + name + " " + item[1]
		want[folder] = append(want[folder], line)
		if len(item[0]) <= 512<<10 {
			h.write(t, "hostile/"+name, item[0])
			want[h.url()] = append(want[h.url()], line)
		}
	}
	for place, lines := range want {
		cmd := command(t, nil, "config", "check", "-e", place, "--timeout", "60s", "-o", "json", "--jq", `.[] | .group + "/" + .key + " " + .code`)
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		start := time.Now()
		_ = cmd.Run() // the status is looked at
		took := time.Since(start)
		for _, line := range lines {
			if !strings.HasSuffix(line, " ") && !strings.Contains("\n"+stdout.String(), "\n"+line+"\n") {
				t.Errorf("%s: %q is not told", place, line)
			}
		}
		rss := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
		if cmd.ProcessState.ExitCode() != 1 || stderr.Len() > 0 || took > 20*time.Second || rss > 256<<20 {
			t.Errorf("%s: status %d in %v with %d MiB: %s", place, cmd.ProcessState.ExitCode(), took, rss>>20, stderr.String())
		}
		t.Logf("%d items in %v, %d MiB", len(lines), took, rss>>20)
	}
}

func TestConfigCheckSaysWhatIsTooLargeToBeRead(t *testing.T) {
	t.Parallel()
	place := shopCopy(t, "dev")
	writeFile(t, filepath.Join(strings.TrimPrefix(place, "local://"), "config", "order", "large.json"), `{"a": "`+strings.Repeat("x", 10<<20)+`"}`)
	r := run(t, "config", "check", "-e", place)
	if r.Status != 4 || !strings.HasPrefix(r.Stdout, "23 items checked: all is well") || !strings.Contains(r.Stderr, `"large.json" is larger than`) {
		t.Errorf("%+v; want 4, and the others checked", r)
	}
}

func TestConfigCheckShowsNoPlantedSecret(t *testing.T) {
	t.Parallel()
	secrets := plantedSecrets(t)
	// Nothing fits it, and it says of everything that something else is allowed.
	const never = `{"$ref": "#/$defs/n", "$defs": {"n": {"type": "integer", "enum": [1, "x"], "const": 2, "pattern": "^$", "maxLength": 0,
		"minimum": 1e99, "not": {}, "uniqueItems": true, "additionalProperties": {"$ref": "#/$defs/n"}, "items": {"$ref": "#/$defs/n"},
		"propertyNames": {"maxLength": 0}}}}`
	strange := shopOfStrangers(t, secrets)
	var list strings.Builder
	for i, s := range secrets {
		fmt.Fprintf(&list, "- {password: %q, token: %q}\n", fmt.Sprintf("%s${%s}", s, s), fmt.Sprintf("${a:${b}}%s${", s))
		fmt.Fprintf(&list, "- {secret%d: 0%d%d, pin_secret: 12:30:%02d}\n", i, i%7, 123456, i)
	}
	writeFile(t, filepath.Join(strings.TrimPrefix(strange, "local://"), "config", "strange", "placeholders.yaml"), list.String())
	_, prod := shopFolders(t, shared.main)
	for _, place := range []string{strange, prod.url(), shopCopy(t, "dev")} {
		settings := checkSettings(t, place, map[string]string{"*": never})
		for _, format := range []string{"table", "wide", "json", "yaml", "csv", "name"} {
			r := run(t, "config", "check", "--config", settings, "-o", format)
			if r.Status != 1 || len(r.Stdout) < 300 {
				t.Errorf("%s as %s: status %d, %d bytes: %s", place, format, r.Status, len(r.Stdout), r.Stderr)
			}
			if seen := seenSecrets(secrets, r.Stdout+r.Stderr); len(seen) > 0 {
				t.Errorf("%s as %s shows %q", place, format, seen)
			}
		}
	}
}

func TestConfigCheckOfServersThatDoNotAnswer(t *testing.T) {
	t.Parallel()
	dead := closed(t)
	r := run(t, "config", "check", "-e", "consul://"+dead+"/config/dev")
	if r.Status != 3 || r.Stdout != "" || !strings.Contains(r.Stderr, dead+": connection refused") || strings.Count(r.Stderr, "\n") != 2 {
		t.Errorf("%+v; want 3, one line and a hint", r)
	}
	address, taken := hanging(t)
	cmd := command(t, nil, "config", "check", "-e", "consul://"+address+"/config/dev")
	interruptWhen(t, cmd, func() error {
		if taken.Load() == 0 {
			return fmt.Errorf("it did not connect")
		}
		return nil
	})
}

func TestConfigCheckSaysWhatItCouldNotKnow(t *testing.T) {
	t.Parallel()
	h := newFolder(t, shared.acl)
	h.write(t, "common/app.yaml", "host: a\n")
	h.write(t, "order/app.yaml", "url: http://${host}/${no.such}\n")
	for rules, c := range map[string]struct {
		status int
		says   string
	}{
		`key_prefix "` + h.folder + `" { policy = "read" }`:       {1, "1 of 2 items is well: 1 failure"},
		`key_prefix "` + h.folder + `order/" { policy = "read" }`: {4, "1 item checked: all is well · 2 placeholders may name what was withheld"},
		`key_prefix "elsewhere/" { policy = "read" }`:             {4, "no item to check"},
	} {
		token, err := h.API.NewToken(t.Context(), unique("check-token"), rules)
		if err != nil {
			t.Fatal(err)
		}
		r := runWith(t, []string{"CONSUL_HTTP_TOKEN=" + token}, "config", "check", "-e", h.url())
		silentAbout(t, token, r)
		if r.Status != c.status || !strings.Contains(r.Stdout, c.says) || strings.Contains(r.Stderr, "withheld") != (c.status == 4) {
			t.Errorf("%s: %+v; want %d and %q", rules, r, c.status, c.says)
		}
	}
}
