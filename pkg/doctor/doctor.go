// Package doctor says how well a back-end can be used: what it tells of itself,
// and what is wrong with it.
package doctor

import (
	"cmp"
	"context"
	"slices"
)

// Role is what an environment uses a back-end for.
type Role string

// The roles, as govctl.yaml names them.
const (
	Registry Role = "registry"
	Config   Role = "config"
	Traces   Role = "traces"
	Metrics  Role = "metrics"
)

// Inspector is a back-end that can say how it is.
type Inspector interface {
	// Inspect asks the back-end about itself in a role that it can have, and
	// changes nothing. What it could not learn stays zero; where that matters a
	// Finding says why, so that also of a dead back-end there is a Report. It
	// ends with ctx.
	Inspect(ctx context.Context, role Role) Report
}

// Report is what is known of one back-end in one role. The JSON names are an
// interface.
type Report struct {
	// System and Version are the back-end's: "consul", "1.14.11".
	System  string `json:"system"`
	Version string `json:"version,omitempty"`
	// Generation names which of its interfaces is spoken: "http v1".
	Generation string `json:"generation,omitempty"`
	// Server is who answered, host:port or a folder; "" where nobody did.
	Server string `json:"server,omitempty"`
	// Place is what of it is used: "dc1", "config/dev".
	Place string `json:"place,omitempty"`
	// LatencySeconds is how long Server took for one answer, on an open
	// connection where it has one; 0 where nobody answered.
	LatencySeconds float64 `json:"latencySeconds,omitempty"`
	// Leader is the address of the cluster's leader, "" where there is none or
	// the system has none.
	Leader string `json:"leader,omitempty"`
	// Members are the servers of the cluster by name, as one of them tells.
	Members []Member `json:"members,omitempty"`
	// Identity is who the back-end takes us for: "anonymous", a token's name.
	Identity string `json:"identity,omitempty"`
	// Read and Write say what may be done there. Nothing was written to find out.
	Read  Access `json:"read"`
	Write Access `json:"write"`
	// Capabilities is what govctl can do there, in its own order: "list", "watch".
	Capabilities []string `json:"capabilities"`
	// ClockSkewSeconds is how far the server's clock is ahead of ours, below 0
	// where it is behind; nil where the server does not tell. It is exact to a
	// second.
	ClockSkewSeconds *float64 `json:"clockSkewSeconds,omitempty"`
	// StaleSeconds is how long ago the server that answered heard from its
	// leader; nil where that has no meaning.
	StaleSeconds *float64 `json:"staleSeconds,omitempty"`
	// Findings is what is wrong, the worst first.
	Findings []Finding `json:"findings"`
}

// Member is one server of a back-end's cluster.
type Member struct {
	Name    string `json:"name"`
	Address string `json:"address"`
	Version string `json:"version,omitempty"`
	Leader  bool   `json:"leader,omitempty"`
	// State is the cluster's word: "alive", "failed", "left"; "unreachable" and
	// "answers" are ours, of a server that only the URL names.
	State string `json:"state"`
	// Healthy is true where the cluster, or else our own question, found nothing
	// wrong with it.
	Healthy bool `json:"healthy"`
}

// Access says whether something may be done.
type Access string

// The values of Access. Some means that it depends on the name: a token may read
// services that begin with "order", and no others.
const (
	Yes     Access = "yes"
	Some    Access = "some"
	No      Access = "no"
	Unknown Access = "unknown"
)

// Level says how bad a finding is.
type Level string

// The levels. Inconclusive means that evidence is missing: the back-end cannot
// be judged, or not used, before that is mended.
const (
	Fail         Level = "fail"
	Inconclusive Level = "inconclusive"
	Warn         Level = "warn"
)

// Code names a kind of finding.
type Code string

// The codes. `govctl explain` has a page on each.
const (
	// Unusable: the settings are such that nobody could be asked: a variable is
	// not set, a file is missing or not trusted.
	Unusable Code = "unusable"
	// Unreachable: no server of the back-end answered.
	Unreachable Code = "unreachable"
	// NoLeader: the cluster has no leader, so nothing can be written and what is
	// read may be old.
	NoLeader Code = "no-leader"
	// Refused: a server answered that it does not know these credentials.
	Refused Code = "refused"
	// Denied: the credentials may not read what the role needs.
	Denied Code = "denied"
	// WrongServer: something answered, and it is not this system.
	WrongServer Code = "wrong-server"
	// TLSMismatch: one side speaks TLS and the other does not, or the
	// certificate is not to be trusted.
	TLSMismatch Code = "tls"
	// NotThere: the datacenter, namespace or folder that the URL names is not
	// there.
	NotThere Code = "not-there"
	// Empty: nothing is in the folder that the URL names, not even the folder.
	Empty Code = "empty"
	// ServerLost: one of several servers does not answer, or its cluster has
	// lost it. The others go on.
	ServerLost Code = "server-lost"
	// Withheld: the back-end leaves out what the credentials may not read.
	Withheld Code = "withheld"
	// ClockSkew: the server's clock differs from ours by more than MaxSkew.
	ClockSkew Code = "clock-skew"
	// Stale: the server that answered has not heard from its leader for long.
	Stale Code = "stale"
	// Unspoken: this version of govctl does not speak to such a system.
	Unspoken Code = "unspoken"
)

// Codes returns every Code.
func Codes() []Code {
	return []Code{
		Unusable, Unreachable, NoLeader, Refused, Denied, WrongServer, TLSMismatch, NotThere, Empty, ServerLost, Withheld, ClockSkew, Stale, Unspoken,
	}
}

// Level returns how bad a finding with the code is.
func (c Code) Level() Level {
	switch c {
	case Unusable, Refused, Denied, WrongServer, TLSMismatch, NotThere:
		return Fail
	case Unreachable, NoLeader:
		return Inconclusive
	case Empty, ServerLost, Withheld, ClockSkew, Stale, Unspoken:
		return Warn
	}
	return Fail
}

// Finding is one thing wrong.
type Finding struct {
	Code  Code  `json:"code"`
	Level Level `json:"level"`
	// Text says what is wrong, in one line; it may be foreign.
	Text string `json:"text"`
	// Hint says what to do about it, "" where nothing is known to help.
	Hint string `json:"hint,omitempty"`
}

// Find adds a finding to r, behind those that are worse or came before.
func (r *Report) Find(c Code, text, hint string) {
	f := Finding{Code: c, Level: c.Level(), Text: text, Hint: hint}
	behind, _ := slices.BinarySearchFunc(r.Findings, f.Level.rank()+1, func(f Finding, rank int) int { return cmp.Compare(f.Level.rank(), rank) })
	r.Findings = slices.Insert(r.Findings, behind, f)
}

// rank sorts levels, the worst first.
func (l Level) rank() int { return slices.Index([]Level{Fail, Inconclusive, Warn}, l) }

// Has reports whether r has a finding with the code.
func (r *Report) Has(c Code) bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Code == c })
}
