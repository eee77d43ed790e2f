package demo

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"

	"govctl/pkg/config"
)

// files holds the configuration: a folder an environment, in it one a group.
//
//go:embed files
var files embed.FS

// Items returns the configuration of all services and of the group "common" in an
// environment, sorted by key. Its secrets are none: each begins with FAKE. An
// environment of another name than "test" and "prod" has that of "dev".
func Items(environment string) ([]config.Item, error) {
	root := "files/dev"
	if environment == "test" || environment == "prod" {
		root = "files/" + environment
	}
	var items []config.Item
	err := fs.WalkDir(files, root, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		content, err := files.ReadFile(name)
		group, key, _ := strings.Cut(strings.TrimPrefix(name, root+"/"), "/")
		items = append(items, config.Item{Key: config.Key{Group: group, Name: key}, Content: content})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("the demo's configuration: %w", err)
	}
	return items, nil
}

// MeantToDiffer returns what of the configuration is meant to differ between
// environments: all that differs but for the Mistakes.
func MeantToDiffer() []config.Rule {
	return []config.Rule{
		{Path: "**.url"},
		{Path: "**.endpoint"},
		{Path: "**.brokers"},
		{Path: "**.replicas"},
		{Path: "**.pool.max"},
		{Path: "**.password"},
		{Path: "**.apiKey"},
		{Path: "**.signingKey"},
		{Path: "**.token"},
		{Key: "common/logging.yaml", Path: "level"},
		{Key: "common/tracing.properties", Path: "otel.sampler.ratio"},
		{Key: "gateway/debug.yaml"},
	}
}

// Mistake is a planted mistake in the configuration: a value that one environment
// has and no other.
type Mistake struct {
	Environment string
	Key         config.Key
	Path        string
	// Value is what stands there, and Others what does in every other environment,
	// as a difference shows them.
	Value, Others string
	// Truth is what comes of it: a clause without a full stop.
	Truth string
}

// Text returns the mistake as one sentence, without a full stop.
func (m *Mistake) Text() string {
	return fmt.Sprintf("%s in %s: %s is %s, elsewhere %s: %s", m.Key, m.Environment, m.Path, m.Value, m.Others, m.Truth)
}

// Mistakes returns the planted mistakes, by key.
func Mistakes() []Mistake {
	return []Mistake{
		{
			Environment: "prod", Key: config.Key{Group: gateway, Name: "app.yaml"}, Path: "server.port",
			Value: `"8080"`, Others: "8080", Truth: "it is text, and a reader that wants a number does not start",
		},
		{
			Environment: "prod", Key: config.Key{Group: payment, Name: "app.json"}, Path: "charge.timeout",
			Value: "300ms", Others: "3s", Truth: "charges are given up while the bank still books them",
		},
	}
}
