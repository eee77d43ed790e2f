//go:build !unix

package local

import "govctl/pkg/doctor"

// writable cannot be learned here without writing.
func writable(string) doctor.Access { return doctor.Unknown }
