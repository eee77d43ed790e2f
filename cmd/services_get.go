package cmd

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"govctl/internal/render"
	"govctl/pkg/registry"
)

func newServicesGetCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "get SERVICE[/ID]",
		Short: "Show everything known of a service, or of one instance",
		Long: "Show everything known of a service, or of one of its instances: metadata, endpoints with\n" +
			"their types, every check with its output, weights.\n\n" +
			"Names of services may hold slashes: the longest name that is registered is the service.",
		Example: "  govctl services get order\n  govctl services get order/order-5d0b\n  govctl services get order -o json",
		Args:    exactly(1, "SERVICE or SERVICE/ID"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.servicesGet(c.Context(), args[0])
		},
		ValidArgsFunction: a.completeTarget,
	}
}

// serviceDetail is the answer of `services get SERVICE`.
type serviceDetail struct {
	Service   string              `json:"service"`
	Summary   registry.Summary    `json:"summary"`
	Instances []registry.Instance `json:"instances"`
}

func (a *app) servicesGet(ctx context.Context, target string) error {
	if target == "" {
		return errNameless()
	}
	return a.ask(ctx, "get service", func(ctx context.Context, opts render.Options, src source) error {
		service, id, found, err := resolve(ctx, src, target)
		if err != nil {
			return err
		}
		if id == "" {
			return render.WriteDocument(a.Stdout, opts, serviceDocument(a, src, service, found))
		}
		for i := range found {
			if found[i].ID == id {
				return render.WriteDocument(a.Stdout, opts, instanceDocument(a, src, &found[i]))
			}
		}
		return noSuchInstance(src, service, id, found)
	})
}

// resolve splits target into the service that it begins with and the id that may
// follow after a slash, and returns the service's instances. Longer names are
// tried first: a name may hold slashes.
func resolve(ctx context.Context, src source, target string) (service, id string, found []registry.Instance, err error) {
	var first error
	for service = target; ; service, id = target[:strings.LastIndexByte(service, '/')], target[strings.LastIndexByte(service, '/')+1:] {
		found, err = src.registry.Instances(ctx, service)
		if err == nil || !errors.Is(err, registry.ErrNotFound) {
			return service, id, found, err
		}
		if first == nil {
			first = err
		}
		if strings.LastIndexByte(service, '/') <= 0 {
			return "", "", nil, explainMissing(ctx, src, first)
		}
	}
}

// noSuchInstance is the error for an id that none of found has.
func noSuchInstance(src source, service, id string, found []registry.Instance) error {
	ids := make([]string, 0, len(found))
	for i := range found {
		ids = append(ids, found[i].ID)
	}
	err := fmt.Errorf("%s: service %q has no instance %q: %w", src.at, service, id, registry.ErrNotFound)
	return withHint(err, suggest(id, ids, fmt.Sprintf("`govctl services instances %s` lists them", service)))
}

func serviceDocument(a *app, src source, name string, found []registry.Instance) render.Document {
	summary := registry.Summary{Service: name, Versions: []registry.Count{}, Protocols: []registry.Count{}}
	if rows := registry.Summarize(found); len(rows) == 1 {
		summary = rows[0]
	}
	return render.Document{
		Data: serviceDetail{Service: name, Summary: summary, Instances: found},
		Name: name,
		Text: func(p *render.Page) {
			p.Field("Service", name, render.Plain)
			p.Field("Instances", strconv.Itoa(summary.Instances)+of(summary), render.Plain)
			known(p, "Versions", registry.CountsText(summary.Versions))
			known(p, "Protocols", registry.CountsText(summary.Protocols))
			p.Field("Registry", place(src), render.Plain)
			writeEndpoints(p, commonEndpoints(found))
			for i := range found {
				p.Section("Instance "+found[i].ID, func() { a.writeInstance(p, &found[i]) })
			}
		},
	}
}

func instanceDocument(a *app, src source, in *registry.Instance) render.Document {
	return render.Document{
		Data: in,
		Name: instanceName(*in),
		Text: func(p *render.Page) {
			p.Field("Service", in.Service, render.Plain)
			p.Field("ID", in.ID, render.Plain)
			p.Field("Registry", place(src), render.Plain)
			a.writeInstance(p, in)
			writeEndpoints(p, in.Endpoints)
		},
	}
}

// writeInstance writes what is known of one instance but its endpoints.
func (a *app) writeInstance(p *render.Page, in *registry.Instance) {
	p.Field("Address", in.HostPort(), render.Plain)
	p.Field("Health", string(in.Health), healthStyle(in.Health))
	known(p, "Version", in.Version)
	known(p, "Protocol", in.Protocol)
	known(p, "Zone", in.Zone)
	p.Field("Weight", render.Number(in.Weight), render.Plain)
	known(p, "Node", in.Node)
	known(p, "Tags", strings.Join(in.Tags, ", "))
	known(p, "Since", a.ago(in.Since))
	known(p, "Revision", in.Revision)
	known(p, "Metadata", metadataText(in))
	for i := range in.Checks {
		c := &in.Checks[i]
		p.Field("Check "+c.ID, a.checkText(c), healthStyle(c.Status))
	}
}

// known writes a field where there is something to say.
func known(p *render.Page, label, value string) {
	if value != "" {
		p.Field(label, value, render.Plain)
	}
}

// checkText says what a check is, how it stands, and since when.
func (a *app) checkText(c *registry.Check) string {
	parts := []string{string(c.Status)}
	if c.Kind != "" {
		parts = append(parts, c.Kind)
	}
	if c.Node {
		parts = append(parts, "of the node")
	}
	if !c.Updated.IsZero() {
		parts = append(parts, a.ago(c.Updated)+" ago")
	}
	text := []string{strings.Join(parts, ", ")}
	for _, said := range []string{c.Output, c.Notes} {
		if said = strings.TrimSpace(said); said != "" {
			text = append(text, said)
		}
	}
	return strings.Join(text, ": ")
}

// ago returns how long ago t was, "" for no time.
func (a *app) ago(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return render.Ago(a.Now(), t)
}
