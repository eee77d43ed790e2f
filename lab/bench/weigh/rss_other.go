//go:build !linux

package main

import "syscall"

// rssUnit is the unit of Rusage.Maxrss, in bytes: macOS counts single ones.
const rssUnit = 1

// attributes asks for nothing: only Linux can end a child with its parent.
func attributes() *syscall.SysProcAttr { return nil }
