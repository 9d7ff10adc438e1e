//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package secret

import "errors"

// Without a lock that ends with its process two rotations could lose a key, and with it every value sealed by it.
func lock(string) (unlock func(), err error) {
	return nil, errors.New("keys cannot be rotated on this operating system")
}
