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
			faults = append(faults, Fault{
				Kind: u.fault, Environment: e.Name, Service: u.service, ID: u.in.ID,
				Address: u.in.HostPort(), Health: u.health(), Truth: truth(u.fault),
			})
		}
	}
	return faults
}

func truth(k FaultKind) string {
	switch k {
	case FaultDead:
		return "died: nobody listens on its port"
	case FaultCritical:
		return "lives: it answers, and only its heartbeats are lost"
	case FaultSlow:
		return fmt.Sprintf("takes %v to answer", slowness)
	case FaultExpiredCertificate:
		return fmt.Sprintf("presents a certificate that expired %d days ago", expiredDays)
	default:
		return string(k)
	}
}
