//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package secret

import (
	"os"
	"syscall"
)

// lock waits until no other process of this host rotates the same key file. The lock lies on a file beside it, since the
// key file itself is replaced, and ends with the process, so a crash leaves nothing behind that blocks.
func lock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		if err != syscall.EINTR {
			break
		}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return func() { f.Close() }, nil
}
