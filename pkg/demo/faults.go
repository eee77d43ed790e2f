package demo

import (
	"fmt"

	"govctl/pkg/registry"
)

// FaultKind is a kind of planted fault: something that the registry cannot see,
// or sees wrongly.
type FaultKind string

// The planted faults.
const (
	// FaultDead is registered and its heartbeats go on, but nobody listens on
	// its port.
	FaultDead FaultKind = "dead"
	// FaultCritical listens and answers, but its heartbeats never arrive.
	FaultCritical FaultKind = "critical"
	// FaultSlow answers every request only after 800 ms.
	FaultSlow FaultKind = "slow"
	// FaultExpiredCertificate speaks HTTPS with a certificate that ended three
	// days before the mesh started.
	FaultExpiredCertificate FaultKind = "expired-certificate"
	// FaultHang accepts connections and never answers anything; its heartbeats
	// go on. The mesh's own callers leave it alone.
	FaultHang FaultKind = "hang"
	// FaultNotServing speaks gRPC, and its health service says NOT_SERVING,
	// overall and for its service; its heartbeats go on, and it answers calls.
	FaultNotServing FaultKind = "not-serving"
	// FaultFlapping speaks HTTP and answers its health path by turns: 200 once,
	// then 503 twice, and so on, each request one step further. All else works
	// and its heartbeats go on.
	FaultFlapping FaultKind = "flapping"
)

// Fault is one planted fault. The JSON names are an interface.
type Fault struct {
	Kind        FaultKind `json:"kind"`
	Environment string    `json:"environment"`
	Service     string    `json:"service"`
	ID          string    `json:"id"`
	// Address is host:port, as registered.
	Address string `json:"address"`
	// Health is what the registry says of the instance.
	Health registry.Health `json:"health"`
	// Truth is what is so: a clause without a full stop.
	Truth string `json:"truth"`
	// Finding is what somebody who asks the instance itself has to find:
	// "zombie" (the registry says passing, and it fails), "ghost" (the registry
	// says critical, and it answers), "slow" or "flapping".
	Finding string `json:"finding"`
	// Reason is a part of the reason that a failed probe gives in plain words,
	// such as "refused"; empty where the instance answers, or may.
	Reason string `json:"reason"`
}

// Text returns the fault as one sentence, without a full stop.
func (f *Fault) Text() string {
	return fmt.Sprintf("%s in %s: the registry says %s, but it %s", f.ID, f.Environment, f.Health, f.Truth)
}

// Faults returns the planted faults, in the order of Options.Environments, then
// by service and ID. They stay planted until their service is stopped.
func (m *Mesh) Faults() []Fault {
	faults := []Fault{}
	for _, e := range m.envs {
		for _, u := range e.units {
			if u.fault == "" || !u.here() {
				continue
			}
			f := Fault{
				Kind: u.fault, Environment: e.Name, Service: u.service, ID: u.in.ID,
				Address: u.in.HostPort(), Health: u.health(),
			}
			f.Truth, f.Finding, f.Reason = describe(u.fault)
			faults = append(faults, f)
		}
	}
	return faults
}

// describe returns what Fault's fields of these names say of a kind.
func describe(k FaultKind) (truth, finding, reason string) {
	switch k {
	case FaultDead:
		return "died: nobody listens on its port", "zombie", "refused"
	case FaultCritical:
		return "lives: it answers, and only its heartbeats are lost", "ghost", ""
	case FaultSlow:
		return fmt.Sprintf("takes %v to answer", slowness), "slow", ""
	case FaultExpiredCertificate:
		return fmt.Sprintf("presents a certificate that expired %d days ago", expiredDays), "zombie", "certificate expired"
	case FaultHang:
		return "hangs: it accepts connections and never answers", "zombie", "no answer"
	case FaultNotServing:
		return "says NOT_SERVING of itself", "zombie", "NOT_SERVING"
	case FaultFlapping:
		return "flaps: its health answers 200 and 503 by turns", "flapping", "" // the last answer may be either
	default:
		return string(k), "", ""
	}
}
