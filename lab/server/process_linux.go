package server

import "syscall"

// dieWithParent makes the kernel kill the child when its parent dies, also when
// the parent was killed itself.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
