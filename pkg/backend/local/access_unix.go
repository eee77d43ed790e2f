//go:build unix

package local

import (
	"golang.org/x/sys/unix"

	"govctl/pkg/doctor"
)

// writable asks the system whether this user may write into dir, without
// writing.
func writable(dir string) doctor.Access {
	if unix.Access(dir, unix.W_OK|unix.X_OK) != nil {
		return doctor.No
	}
	return doctor.Yes
}
