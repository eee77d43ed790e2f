// Package lab holds the live tests: the real govctl against real servers and
// real client libraries, all on loopback. `make live` runs them. A server that
// cannot start is a failure, never a reason to skip.
package lab
