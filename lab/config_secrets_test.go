package lab

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// plantedSecrets returns the secrets of the shop, each of which stands there.
func plantedSecrets(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(shopConfig, "secrets.txt"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

// disguises returns secret as it is and as it may stand in other text: in base64
// at each of its three offsets, in hex, and as a part of a URL.
func disguises(secret string) []string {
	forms := []string{secret, url.QueryEscape(secret), url.PathEscape(secret), hex.EncodeToString([]byte(secret)), strings.ToUpper(hex.EncodeToString([]byte(secret)))}
	for offset := range 3 {
		from, to := []int{0, 2, 3}[offset], (offset+len(secret))*8/6
		text := []byte(strings.Repeat(" ", offset) + secret)
		forms = append(forms, base64.StdEncoding.EncodeToString(text)[from:to], base64.URLEncoding.EncodeToString(text)[from:to])
	}
	slices.Sort(forms)
	return slices.Compact(forms)
}

// seenSecrets returns those of secrets that text shows, in any disguise.
func seenSecrets(secrets []string, text string) []string {
	return slices.DeleteFunc(slices.Clone(secrets), func(s string) bool {
		return !slices.ContainsFunc(disguises(s), func(form string) bool { return strings.Contains(text, form) })
	})
}

// shopOfStrangers is a folder with what the shop would not hold: each secret in
// each disguise, and items that cannot be read.
func shopOfStrangers(t *testing.T, secrets []string) string {
	t.Helper()
	place := shopCopy(t, "prod")
	root := filepath.Join(strings.TrimPrefix(place, "local://"), "config")
	if err := os.Mkdir(filepath.Join(root, "strange"), 0o700); err != nil {
		t.Fatal(err)
	}
	var list, data, aliases strings.Builder
	list.WriteString("env:\n")
	for i, s := range secrets {
		for j, form := range disguises(s) {
			fmt.Fprintf(&list, "- name: S%d_%d_PASSWORD\n  value: %q\n", i, j, form)
			fmt.Fprintf(&data, "s%d.%d.token=%s\n", i, j, form)
		}
		fmt.Fprintf(&aliases, "base%d: &a%d %q\nuse%d: {credentials: {x: *a%d}}\n", i, i, s, i, i)
		fmt.Fprintf(&data, "s%d.url=https://shop:%s@shop.example.com/\n", i, url.QueryEscape(s))
	}
	writeFile(t, filepath.Join(root, "strange", "list.yaml"), list.String())
	writeFile(t, filepath.Join(root, "strange", "data.properties"), data.String())
	writeFile(t, filepath.Join(root, "strange", "aliases.yaml"), aliases.String())
	writeFile(t, filepath.Join(root, "strange", "documents.yaml"), aliases.String()+"---\n"+list.String())
	for key, content := range shopItems(t, "dev") {
		if format := filepath.Ext(key); format != ".properties" { // of which every text is one
			writeFile(t, filepath.Join(root, "strange", "broken-"+strings.ReplaceAll(key, "/", "-")), content+"\n]}: \"\n")
		}
	}
	return place
}

// canaryCommands are the commands that read configuration, of the three
// environments, in every format.
func canaryCommands(t *testing.T, settings string, strange []string) [][]string {
	t.Helper()
	commands := [][]string{
		{"config", "diff", "dev", "prod"},
		{"config", "diff", "prod", "strange", "--show-expected"},
		{"config", "diff", "dev", "prod", "--show-expected"},
		{"config", "diff", "dev", "prod", "strange"},
		{"config", "diff", "dev", "prod", "strange", "--show-expected"},
		{"config", "diff", "dev", shopInGit(t, "prod"), "--show-expected"},
		{"config", "get", "user/auth.json", "serviceToken", "-e", "dev"},
		{"config", "get", "audit/deploy.yaml", "env", "-e", "prod"},
		{"config", "get", "payment/tls.yaml", "tls.privateKey", "-e", "prod"},
		{"config", "get", "strange/broken-order-app.yaml", "db", "-e", "strange"},
		{"config", "grep", "", "--all"},
		{"config", "grep", "-i", "(?s).*", "--all"},
		{"config", "grep", "pass|token|key|secret", "-e", "strange"},
	}
	for _, env := range []string{"dev", "prod", "strange"} {
		commands = append(commands, []string{"config", "ls", "-e", env})
	}
	for key := range shopItems(t, "dev") {
		commands = append(commands, []string{"config", "get", key, "-e", "dev"}, []string{"config", "get", key, "-e", "prod"})
	}
	for _, key := range strange {
		commands = append(commands, []string{"config", "get", key, "-e", "strange"})
	}
	var all [][]string
	for _, c := range commands {
		if c[1] == "diff" {
			all = append(all, append(slices.Clone(c), "-o", "markdown", "--config", settings), append(slices.Clone(c), "-o", "github", "--config", settings))
			if !slices.Contains(c[4:], "strange") {
				all = append(all, append(slices.Clone(c), "--text", "--config", settings))
			}
		}
		all = append(all, append(slices.Clone(c), "--jq", ".", "--config", settings))
		for _, format := range []string{"table", "wide", "json", "yaml", "csv", "name"} {
			all = append(all, append(slices.Clone(c), "-o", format, "--config", settings))
		}
	}
	return all
}

func TestConfigShowsNoPlantedSecretAndKeepsNone(t *testing.T) {
	t.Parallel()
	secrets := plantedSecrets(t)
	dev, prod := shopFolders(t, shared.main)
	settings := shopSettings(t, dev.url(), prod.url())
	strange := "environments:\n  strange:\n    config: " + shopOfStrangers(t, secrets) + "\n"
	text, err := os.ReadFile(settings)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, settings, strings.Replace(string(text), "environments:\n", strange, 1))
	home := t.TempDir()
	env := []string{"HOME=" + home}
	// Where they are asked for, they are all there: what looks for them finds them.
	bare := ""
	names := map[string][]string{}
	for _, place := range []string{"dev", "prod", "strange"} {
		names[place] = strings.Fields(runWith(t, env, "config", "ls", "-o", "name", "-e", place, "--config", settings).Stdout)
	}
	for _, place := range []string{"dev", "prod"} {
		for _, key := range names[place] {
			bare += runWith(t, env, "config", "get", key, "--show-secrets", "--force", "-e", place, "--config", settings).Stdout
		}
	}
	if diff := cmp.Diff(secrets, seenSecrets(secrets, bare)); diff != "" || len(names["strange"]) < 40 {
		t.Fatalf("items %q; secrets (-want +got)\n%s", names["strange"], diff)
	}
	for _, args := range canaryCommands(t, settings, names["strange"]) {
		r := runWith(t, env, args...)
		if seen := seenSecrets(secrets, r.Stdout+r.Stderr); len(seen) > 0 {
			t.Errorf("govctl %s shows %q", strings.Join(args, " "), seen)
		}
		if r.Stdout+r.Stderr == "" && r.Status != 0 {
			t.Errorf("govctl %s: status %d, and not a word", strings.Join(args, " "), r.Status)
		}
	}
	keptNothing(t, home, secrets)
}

// keptNothing looks for secrets in all files below home, of which there are some.
func keptNothing(t *testing.T, home string, secrets []string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(home, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		content, err := os.ReadFile(path)
		if seen := seenSecrets(secrets, path+string(content)); len(seen) > 0 {
			t.Errorf("%s holds %q", path, seen)
		}
		return err
	})
	if err != nil || files == 0 {
		t.Errorf("%d files below the home, %v; want the key of the masks", files, err)
	}
}
