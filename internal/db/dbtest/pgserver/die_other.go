//go:build unix && !linux

package pgserver

import "syscall"

// dieWithParent can do nothing here; a server whose supervisor was killed outright stays until it is ended by hand.
func dieWithParent(*syscall.SysProcAttr) {}
