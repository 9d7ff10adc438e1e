package secret

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"

	"linecard/internal/errs"
)

var errKeysLost = errs.New(errs.Internal, "key_file_replaced",
	"The key file was replaced by one that lacks the keys in use. The running server keeps the old ones; put the right file back before it restarts.")

// Rotate adds a key to the file and seals with it from now on; older keys go on opening. The file is replaced in one step
// (written aside, synced, renamed, folder synced), under a lock that other processes of this host respect, so two
// rotations at once leave two new keys and lose none. Other processes learn of the key by Reload, or when they first
// meet a value sealed with it. Servers on other hosts must get the new file by shared storage or a copy.
// Values stay sealed with their old key until the caller has opened and sealed them again (NeedsReseal).
func (b *Box) Rotate() error {
	unlock, err := lock(b.path)
	if err != nil {
		return unreadable(b.path, err)
	}
	defer unlock()
	if err := b.Reload(); err != nil {
		return err
	}
	b.mu.RLock()
	next := b.ring
	b.mu.RUnlock()
	next.Keys = append([]key{next.newKey()}, next.Keys...)

	temp, err := writeTemp(b.path, next)
	if err != nil {
		return unreadable(b.path, err)
	}
	if err := os.Rename(temp, b.path); err != nil {
		os.Remove(temp)
		return unreadable(b.path, err)
	}
	if err := syncDir(filepath.Dir(b.path)); err != nil {
		return unreadable(b.path, err)
	}
	return b.Reload()
}

// Reload reads the key file again when it has changed. A file that is broken, exposed, or lacks a key in use is refused
// with an error, and the box goes on with the keys it has.
func (b *Box) Reload() error {
	b.reading.Lock()
	defer b.reading.Unlock()
	info, err := os.Stat(b.path)
	if err != nil {
		return unreadable(b.path, err)
	}
	b.mu.RLock()
	same := b.seen.same(info)
	b.mu.RUnlock()
	if same {
		return nil
	}
	fresh, seen, err := load(b.path)
	if err != nil {
		return unreadable(b.path, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.ring.keptBy(fresh); err != nil {
		return errKeysLost.Because(err)
	}
	b.ring, b.seen = fresh, seen
	return nil
}

// keptBy says why fresh must not replace r: HMACs would change, or values sealed a moment ago would not open.
// Older keys may be gone: that is how an operator retires them after everything was sealed anew.
func (r ring) keptBy(fresh ring) error {
	if !bytes.Equal(r.Root, fresh.Root) {
		return errors.New("it has another root for HMACs")
	}
	k, ok := fresh.find(r.newest().ID)
	if !ok || !bytes.Equal(k.Secret, r.newest().Secret) {
		return errors.New("it lacks the key that seals now")
	}
	return nil
}

// KeyIDs names the keys, newest first, for an operator to see a rotation arrive. They are not secret.
func (b *Box) KeyIDs() []string {
	b.mu.RLock()
	defer b.mu.RUnlock()
	ids := make([]string, len(b.ring.Keys))
	for i, k := range b.ring.Keys {
		ids[i] = k.HexID
	}
	return ids
}
