package main

import "syscall"

// rssUnit is the unit of Rusage.Maxrss, in bytes (getrusage(2)).
const rssUnit = 1024

// attributes make the child end with its parent.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
