//go:build !unix

package cmd

import "io/fs"

// isOurs trusts the folders of a user's profile: the system guards them.
func isOurs(fs.FileInfo) bool { return true }
