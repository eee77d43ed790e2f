package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"govctl/lab/server"
)

const (
	// folderKeys is how many keys each of two folders of Consul has.
	folderKeys = 10_000
	// kvBatch is how many keys go into one transaction.
	kvBatch = 64
	// folderExtra is what a comparison may take beyond its share of the fetching.
	folderExtra = 50 * time.Millisecond
)

// folders measures the comparison of two folders of Consul.
func (b *bench) folders(ctx context.Context, consul string) error {
	c, err := b.startConsul(ctx, consul)
	if err != nil {
		return err
	}
	defer func() { _ = c.Stop() }()
	for _, env := range []string{"dev", "prod", "far"} {
		if err := fillFolder(ctx, c.API, env, folderKeys); err != nil {
			return err
		}
	}
	asked, err := b.record(ctx, c.Address, func(at string) program { return b.compareFolders(at, "prod").program })
	if err != nil {
		return err
	}
	fetch, err := b.curl("folders", c.Address, asked)
	if err != nil {
		return err
	}
	m, err := b.contest(ctx, []side{b.compareFolders(c.Address, "prod"), {program: fetch}, b.compareFolders(c.Address, "far")})
	if err != nil {
		return err
	}
	what := fmt.Sprintf("`config diff` of two Consul folders of %d keys, ", folderKeys)
	curl := fmt.Sprintf("curl, the same %d requests", len(asked.paths))
	b.add(row{
		what: what + fmt.Sprintf("%d of them changed", folderKeys/changedEvery), ours: ms(m[0]), neighbour: curl + ": " + ms(m[1]),
		ratio: times(m[0], m[1]), goal: "≤ 1.5× + 50 ms", met: m[0] <= m[1]*3/2+folderExtra,
	})
	b.versus(what+"each of which differs as is meant", m[2], curl, m[1])
	return nil
}

// compareFolders is govctl, which compares dev with another folder of the Consul at
// an address.
func (b *bench) compareFolders(address, other string) side {
	folder := func(name string) string { return "consul://" + address + "/config/" + name }
	p := program{
		args: []string{b.govctl, "config", "diff", folder("dev"), folder(other), "--ignore", "db.url", "--timeout", timeout}, status: 1,
	}
	if other == "far" {
		p.status = 0
		return side{program: p, counts: map[string]int{fmt.Sprintf("no difference in %d items · %[1]d expected differences", folderKeys): 1}}
	}
	return side{program: p, counts: map[string]int{
		"→": folderKeys / changedEvery,
		fmt.Sprintf("%d of %d items differ: %[1]d paths changed\n", folderKeys/changedEvery, folderKeys): 1,
	}}
}

// fillFolder writes the keys of an environment.
func fillFolder(ctx context.Context, api *server.API, env string, keys int) error {
	for from := 0; from < keys; from += kvBatch {
		var ops []map[string]any
		for i := from; i < min(from+kvBatch, keys); i++ {
			key, content := keyOf(i, env)
			ops = append(ops, map[string]any{"KV": map[string]any{
				"Verb": "set", "Key": "config/" + env + "/" + key, "Value": base64.StdEncoding.EncodeToString([]byte(content)),
			}})
		}
		if err := api.Write(ctx, "/v1/txn", ops, nil); err != nil {
			return fmt.Errorf("fill %s: %w", env, err)
		}
	}
	return nil
}

// keyOf returns the item number i of an environment, by turns JSON and YAML. In
// prod every so manieth has a larger pool, in far every one another database.
func keyOf(i int, env string) (key, content string) {
	most, host := 10, "db.example.com"
	if env == "prod" && i%changedEvery == 0 {
		most = 20
	}
	if env == "far" {
		host = "far.example.com"
	}
	url := fmt.Sprintf("postgres://%s:5432/service-%d", host, i)
	key = fmt.Sprintf("service-%03d/app-%05d.json", i/20, i)
	content = fmt.Sprintf("{\"http\": {\"port\": %d, \"timeout\": \"3s\"}, \"db\": {\"url\": %q, \"pool\": {\"max\": %d}}}\n", 10_000+i, url, most)
	if i%2 == 1 {
		key = strings.TrimSuffix(key, "json") + "yaml"
		content = fmt.Sprintf("http:\n  port: %d\n  timeout: 3s\ndb:\n  url: %s\n  pool: {max: %d}\n", 10_000+i, url, most)
	}
	return key, content
}
