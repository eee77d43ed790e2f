package cmd

import (
	"context"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"govctl/internal/render"
	"govctl/internal/settings"
	"govctl/pkg/registry"
)

const (
	// completeTime bounds what a shell waits for when TAB is pressed; countTime is
	// the part of it in which a registry may count instances: else its names do.
	completeTime = time.Second
	countTime    = 600 * time.Millisecond
	// maxOffers is more than anybody reads and a shell can sort at once: above it
	// nothing is offered.
	maxOffers = 2_000
)

// offer is one word that a shell may complete to, and what is said of it.
type offer struct {
	Name  string `json:"name"`
	About string `json:"about,omitempty"`
}

// fileFlags are the flags whose value is a file. All others that have no list of
// their own complete to nothing: the names of files would mislead.
func fileFlags() []string { return []string{"config", "file", "out", "tls-ca"} }

// addCompletions adds to the commands below c, and to their flags, what they
// complete to where they do not say so themselves.
func (a *app) addCompletions(c *cobra.Command) {
	c.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)
	for _, name := range fileFlags() {
		if c.LocalFlags().Lookup(name) != nil {
			_ = c.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault)) // the flag exists
		}
	}
	if !c.HasParent() {
		_ = c.RegisterFlagCompletionFunc("env", a.completeEnvironments) // the flag exists
	}
	for _, sub := range c.Commands() {
		a.addCompletions(sub)
	}
}

// completes reports whether a shell asks, with these arguments, for words.
func completes(args []string) bool {
	return len(args) > 0 && (args[0] == cobra.ShellCompRequestCmd || args[0] == cobra.ShellCompNoDescRequestCmd)
}

// plainFlagTexts takes out of the flags' texts the quotes that mark a value's
// name: shells show the texts as they are.
func plainFlagTexts(c *cobra.Command) {
	plain := func(f *pflag.Flag) { f.Usage = strings.ReplaceAll(f.Usage, "`", "") }
	c.Flags().VisitAll(plain)
	c.PersistentFlags().VisitAll(plain)
	for _, sub := range c.Commands() {
		plainFlagTexts(sub)
	}
}

// silently returns an app like a, with the flags that were typed so far, that
// nobody hears: what goes wrong while a word is completed is not worth a line in
// the middle of another one.
func (a *app) silently() *app {
	env := a.Env
	env.Stderr, env.StderrTTY = io.Discard, false
	return &app{Env: env, flags: a.flags}
}

// completeEnvironments completes to the names of the settings' environments.
func (a *app) completeEnvironments(_ *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return complete(a.silently().environmentOffers(), typed, nil), cobra.ShellCompDirectiveNoFileComp
}

// completeEnvironment is completeEnvironments for a command that takes one.
func (a *app) completeEnvironment(c *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.completeEnvironments(c, args, typed)
}

// completeServices completes to the names of services, none of them twice.
func (a *app) completeServices(c *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return a.completeServicesOf(c.Context(), "", args, typed), cobra.ShellCompDirectiveNoFileComp
}

// completeService is completeServices for a command that takes one.
func (a *app) completeService(c *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.completeServices(c, args, typed)
}

// completeSides completes two environments, and then services of the first.
func (a *app) completeSides(c *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) < 2 {
		return a.completeEnvironments(c, args, typed)
	}
	return a.completeServicesOf(c.Context(), args[0], args[2:], typed), cobra.ShellCompDirectiveNoFileComp
}

func (a *app) completeServicesOf(ctx context.Context, env string, but []string, typed string) []cobra.Completion {
	ctx, cancel := context.WithTimeout(ctx, completeTime)
	defer cancel()
	_, offers := a.silently().serviceOffers(ctx, env)
	return complete(offers, typed, but)
}

// completeTarget completes SERVICE or SERVICE/ID. Behind a service no blank is
// put: a slash may follow.
func (a *app) completeTarget(c *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	ctx, cancel := context.WithTimeout(c.Context(), completeTime)
	defer cancel()
	src, services := a.silently().serviceOffers(ctx, "")
	words, directive := complete(services, typed, nil), cobra.ShellCompDirectiveNoFileComp
	if len(words) > 0 {
		directive |= cobra.ShellCompDirectiveNoSpace
	}
	if service := serviceOf(services, typed); service != "" {
		words = append(words, complete(instanceOffers(ctx, src, service), typed, nil)...)
	}
	return words, directive
}

// serviceOf returns the longest of services that typed is, or begins with before
// a slash; "" where there is none.
func serviceOf(services []offer, typed string) string {
	longest := ""
	for _, o := range services {
		if (typed == o.Name || strings.HasPrefix(typed, o.Name+"/")) && len(o.Name) > len(longest) {
			longest = o.Name
		}
	}
	return longest
}

// complete returns those of offers that begin with what was typed and may stand
// on a command line, without those that stand there already.
func complete(offers []offer, typed string, but []string) []cobra.Completion {
	var words []cobra.Completion
	for _, o := range offers {
		if strings.HasPrefix(o.Name, typed) && isWord(o.Name) && !slices.Contains(but, o.Name) {
			words = append(words, cobra.CompletionWithDesc(o.Name, render.Safe(o.About)))
		}
	}
	if len(words) > maxOffers {
		return nil
	}
	return words
}

// isWord reports whether a shell takes name as one word and as nothing else, and
// govctl takes it as no flag. Whoever may register chooses the names, and a shell
// writes them into a line that is about to be run.
func isWord(name string) bool {
	plain := func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_./:@+,", r)
	}
	return name != "" && name[0] != '-' && strings.IndexFunc(name, func(r rune) bool { return !plain(r) }) < 0
}

// environmentOffers are the environments of the settings, none where those
// cannot be read.
func (a *app) environmentOffers() []offer {
	cfg, err := a.load()
	if err != nil {
		return nil
	}
	offers := make([]offer, 0, len(cfg.Environments))
	for i := range cfg.Environments {
		env := &cfg.Environments[i]
		var about []string
		if env.Registry != nil {
			about = append(about, whereIs(env.Registry.URL))
		}
		if env.Name == cfg.Default {
			about = append(about, "the default")
		}
		if env.Protected {
			about = append(about, "protected")
		}
		offers = append(offers, offer{env.Name, strings.Join(about, ", ")})
	}
	return offers
}

// serviceOffers are the services of an environment, the chosen one where name is
// "", and its registry. There are none where nothing answers in time, or where a
// program would have to be run for a credential.
func (a *app) serviceOffers(ctx context.Context, name string) (source, []offer) {
	cfg, err := a.load()
	if err != nil {
		return source{}, nil
	}
	env, err := cfg.Environment(name)
	if err != nil || env.Registry == nil || runsCommand(env.Registry.Auth) {
		return source{}, nil
	}
	src, err := a.open(ctx, name) // also where the cache has the names: it refuses what the settings may not do
	if err != nil {
		return source{}, nil
	}
	return src, a.cached(cacheKey(env.Registry, a.flags.dc, a.flags.ns), func() ([]offer, error) {
		return askServices(ctx, src.registry)
	})
}

// cached returns what the cache has under key, else what ask answers, which is
// then kept; nothing where ask fails.
func (a *app) cached(key string, ask func() ([]offer, error)) []offer {
	cache := completionCache{a.CacheDir, a.Now}
	if offers, ok := cache.get(key); ok {
		return offers
	}
	offers, err := ask()
	if err != nil {
		return nil
	}
	cache.put(key, offers)
	return offers
}

// runsCommand reports whether a program must be run to know the credential.
func runsCommand(auth *settings.Auth) bool {
	return auth != nil && (len(auth.Token.Command) > 0 || len(auth.Username.Command) > 0 || len(auth.Password.Command) > 0)
}

// askServices asks r for its services, with their counts where it can count by
// itself in time.
func askServices(ctx context.Context, r registry.Registry) ([]offer, error) {
	if s, ok := r.(registry.Summarizer); ok {
		counting, cancel := context.WithTimeout(ctx, countTime)
		defer cancel()
		rows, err := s.Summaries(counting)
		if err == nil {
			offers := make([]offer, 0, len(rows))
			for i := range rows {
				offers = append(offers, offer{rows[i].Service, plural(rows[i].Instances, "instance") + of(rows[i])})
			}
			return offers, nil
		}
		if counting.Err() == nil {
			return nil, err
		}
	}
	names, err := r.Services(ctx)
	offers := make([]offer, 0, len(names))
	for _, name := range names {
		offers = append(offers, offer{Name: name})
	}
	return offers, err
}

// instanceOffers are the instances of service, as SERVICE/ID.
func instanceOffers(ctx context.Context, src source, service string) []offer {
	found, err := src.registry.Instances(ctx, service)
	if err != nil {
		return nil
	}
	offers := make([]offer, 0, len(found))
	for i := range found {
		offers = append(offers, offer{instanceName(found[i]), strings.TrimSpace(string(found[i].Health) + " " + found[i].Version)})
	}
	return offers
}
