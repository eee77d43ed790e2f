package jaeger

import (
	"context"

	"govctl/pkg/doctor"
)

var _ doctor.Surveyor = (*Jaeger)(nil)

// Inspect implements doctor.Inspector, for the role traces. What it asks for is
// the list of services, and the web page, which alone tells the version.
func (j *Jaeger) Inspect(ctx context.Context, role doctor.Role) doctor.Report {
	r := doctor.Report{
		System: "jaeger", Place: j.base, Read: doctor.Unknown, Write: doctor.No,
		Capabilities: []string{}, Findings: []doctor.Finding{},
	}
	if role != doctor.Traces {
		r.Find(doctor.Unspoken, "a Jaeger has traces and nothing else", "in govctl.yaml it stands as `traces`, beside a registry")
	}
	l, err := j.list(ctx)
	if err != nil {
		j.findFault(ctx, &r, err)
		return r
	}
	r.Server, r.Generation, r.Read = j.server, l.generation, doctor.Yes
	r.Identity = "anonymous"
	if j.token {
		r.Identity = "token"
	}
	r.LatencySeconds = l.took.Seconds()
	if p, ok := j.page(ctx); ok {
		r.Version, r.LatencySeconds = p.version, p.took.Seconds() // without a storage behind it
	}
	r.SetSkew(doctor.Skew(l.date, l.at))
	return r
}

// Survey implements doctor.Surveyor: of a Jaeger the services that have traces
// are told, and its version.
func (j *Jaeger) Survey(ctx context.Context) (doctor.Survey, error) {
	services, err := j.Services(ctx)
	if err != nil {
		return doctor.Survey{}, err
	}
	s := doctor.Survey{Services: services}
	if p, ok := j.page(ctx); ok {
		s.Version = p.version
	}
	return s, nil
}
