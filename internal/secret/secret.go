// Package secret owns how secrets are kept: sealed at rest with a key file that can be rotated while running, turned into
// HMACs and digest HA1s, minted as tokens, and carried through the program in a type that does not print itself.
//
// What is protected: a stolen database, backup, replica or log shows no sealed value, a sealed value that was altered or
// moved to another row does not open, and a MAC cannot be made without the key file.
// What is not: a person who reads the key file or the memory of the process reads everything; the length of a value and the
// fact that it exists show; an old sealed value that is put back into its own row opens. Key file and database must
// therefore not lie in the same backup.
//
// The package must not know tables, tenants or what a secret is for: the caller names that in the context.
package secret

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"

	"golang.org/x/crypto/chacha20poly1305"

	"linecard/internal/errs"
)

// A sealed value is: format byte | key id | nonce | ciphertext and tag. Format and key id are authenticated with the context.
const (
	formatXChaCha = 1
	headerSize    = 1 + keyIDSize
	minSealed     = headerSize + chacha20poly1305.NonceSizeX + chacha20poly1305.Overhead
)

// ErrUnreadable is what Box.Open returns for bytes that were altered, cut, or sealed for another context.
var ErrUnreadable = errs.New(errs.Internal, "secret_unreadable", "A stored secret cannot be opened: it was altered or belongs to another record.")

// ErrUnknownKey is what Box.Open returns when the key file does not hold the key a value was sealed with: another host
// has rotated and its key file has not arrived here yet, or an old key file was put in place.
var ErrUnknownKey = errs.New(errs.Unavailable, "secret_key_unknown", "A stored secret was sealed with a key that this server does not have yet.").Retry(30 * time.Second)

// Box seals and opens with the keys of one key file. It is safe for concurrent use.
type Box struct {
	path string

	reading sync.Mutex // held while the file is read again, so that an older state never follows a newer one

	mu   sync.RWMutex
	ring ring
	seen stamp // the state of the file that ring was read from
}

// Open reads the key file, and creates it (mode 0600, one key) when there is none; two processes that start at once end up
// with the same keys. It refuses a file that others may read or that the group may write, and one that does not parse.
func Open(keyFile string) (*Box, error) {
	r, seen, err := loadOrCreate(keyFile)
	if err != nil {
		return nil, err
	}
	return &Box{path: keyFile, ring: r, seen: seen}, nil
}

// Seal encrypts plain with the newest key (XChaCha20-Poly1305). The context, by custom "table/column/id", is authenticated
// but not stored: only Open with the same context reads the value again. Nonces are 192 random bits, so none comes twice.
func (b *Box) Seal(plain []byte, context string) ([]byte, error) {
	b.mu.RLock()
	k := b.ring.newest()
	b.mu.RUnlock()

	aead, err := chacha20poly1305.NewX(k.Secret)
	if err != nil {
		return nil, errs.As(err)
	}
	out := make([]byte, headerSize+chacha20poly1305.NonceSizeX, minSealed+len(plain))
	out[0] = formatXChaCha
	copy(out[1:], k.ID)
	nonce := out[headerSize:]
	rand.Read(nonce) // never fails: the program ends when the system has no randomness
	return aead.Seal(out, nonce, plain, associated(out[:headerSize], context)), nil
}

// Open decrypts what Seal made with the same context. Anything else is ErrUnreadable. A key id that is not known makes it
// look once whether the key file has changed, since another process may have rotated; then ErrUnknownKey.
func (b *Box) Open(sealed []byte, context string) ([]byte, error) {
	if len(sealed) < minSealed || sealed[0] != formatXChaCha {
		return nil, ErrUnreadable
	}
	k, err := b.key(sealed[1:headerSize])
	if err != nil {
		return nil, err
	}
	aead, err := chacha20poly1305.NewX(k.Secret)
	if err != nil {
		return nil, errs.As(err)
	}
	nonce := sealed[headerSize : headerSize+chacha20poly1305.NonceSizeX]
	plain, err := aead.Open(nil, nonce, sealed[headerSize+chacha20poly1305.NonceSizeX:], associated(sealed[:headerSize], context))
	if err != nil {
		return nil, ErrUnreadable
	}
	return plain, nil
}

// NeedsReseal says whether sealed was made with another key than the newest. Bytes that Open would refuse need none.
func (b *Box) NeedsReseal(sealed []byte) bool {
	if len(sealed) < minSealed || sealed[0] != formatXChaCha {
		return false
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.ring.newest().ID != string(sealed[1:headerSize])
}

// MAC is an HMAC-SHA256 over the parts with a key of its own for each purpose. It stays the same when the sealing keys
// rotate, so it may be stored and searched for. Parts are length-prefixed: ("ab","c") differs from ("a","bc").
func (b *Box) MAC(purpose string, parts ...string) []byte {
	b.mu.RLock()
	root := b.ring.Root
	b.mu.RUnlock()
	key, err := hkdf.Key(sha256.New, root, nil, "linecard mac "+purpose, sha256.Size)
	if err != nil {
		panic("secret: " + err.Error()) // only for a length that SHA-256 cannot give
	}
	m := hmac.New(sha256.New, key)
	var n [8]byte
	for _, p := range parts {
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		m.Write(n[:])
		m.Write([]byte(p))
	}
	return m.Sum(nil)
}

func associated(header []byte, context string) []byte {
	return append(append(make([]byte, 0, len(header)+len(context)), header...), context...)
}

// key finds a key by its id, after a second look at the file when it is unknown.
func (b *Box) key(id []byte) (key, error) {
	b.mu.RLock()
	k, ok := b.ring.find(string(id))
	b.mu.RUnlock()
	if ok {
		return k, nil
	}
	if err := b.Reload(); err != nil {
		return key{}, ErrUnknownKey.Because(err)
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	if k, ok = b.ring.find(string(id)); ok {
		return k, nil
	}
	return key{}, ErrUnknownKey
}
