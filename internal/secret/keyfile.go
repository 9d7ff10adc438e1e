package secret

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/crypto/chacha20poly1305"

	"linecard/internal/errs"
)

const (
	keyIDSize   = 4
	rootSize    = 32
	maxKeyFile  = 1 << 20
	fileVersion = 1
)

// ring is the content of a key file. The newest key stands first.
type ring struct {
	Version int    `json:"version"`
	Root    []byte `json:"mac_root"` // base64; HMACs only, never changes
	Keys    []key  `json:"keys"`
}

type key struct {
	ID     string `json:"-"`
	HexID  string `json:"id"`
	Secret []byte `json:"secret"` // base64
}

func (r ring) newest() key { return r.Keys[0] }

func (r ring) find(id string) (key, bool) {
	for _, k := range r.Keys {
		if k.ID == id {
			return k, true
		}
	}
	return key{}, false
}

// newKey makes a key whose id no other key of the ring has.
func (r ring) newKey() key {
	id, secret := make([]byte, keyIDSize), make([]byte, chacha20poly1305.KeySize)
	rand.Read(secret)
	for taken := true; taken; {
		rand.Read(id)
		_, taken = r.find(string(id))
	}
	return key{ID: string(id), HexID: hex.EncodeToString(id), Secret: secret}
}

func newRing() ring {
	r := ring{Version: fileVersion, Root: make([]byte, rootSize)}
	rand.Read(r.Root)
	r.Keys = []key{r.newKey()}
	return r
}

// parse reads a key file and refuses whatever is not exactly one.
func parse(text []byte) (ring, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	var r ring
	if d.Decode(&r) != nil { // the decoder's error could quote a key
		return ring{}, errors.New("it is not a key file")
	}
	if _, err := d.Token(); err != io.EOF {
		return ring{}, errors.New("something follows its end")
	}
	if r.Version != fileVersion {
		return ring{}, fmt.Errorf("its version is %d, this program knows %d", r.Version, fileVersion)
	}
	if len(r.Root) != rootSize || len(r.Keys) == 0 {
		return ring{}, errors.New("a key is missing")
	}
	for i := range r.Keys {
		k := &r.Keys[i]
		id, err := hex.DecodeString(k.HexID)
		if err != nil || len(id) != keyIDSize {
			return ring{}, fmt.Errorf("the id of key %d is not valid", i+1)
		}
		if len(k.Secret) != chacha20poly1305.KeySize {
			return ring{}, fmt.Errorf("key %d has the wrong length", i+1)
		}
		if _, twice := (ring{Keys: r.Keys[:i]}).find(string(id)); twice {
			return ring{}, fmt.Errorf("the id of key %d comes twice", i+1)
		}
		k.ID = string(id)
	}
	return r, nil
}

// stamp tells whether a file is still the one that was read; a rename gives a new inode, so it cannot be fooled by a clock.
type stamp struct{ info fs.FileInfo }

func (s stamp) same(o fs.FileInfo) bool {
	return s.info != nil && os.SameFile(s.info, o) && s.info.Size() == o.Size() && s.info.ModTime().Equal(o.ModTime())
}

// load reads the file and refuses loose permissions before it reads a byte.
func load(path string) (ring, stamp, error) {
	f, err := os.Open(path)
	if err != nil {
		return ring{}, stamp{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return ring{}, stamp{}, err
	}
	if !info.Mode().IsRegular() {
		return ring{}, stamp{}, refused(path, errors.New("it is not a plain file"))
	}
	// A secret that an orchestrator mounts may be readable by the group of the service; nothing looser is.
	if info.Mode().Perm()&0o027 != 0 {
		return ring{}, stamp{}, errs.New(errs.Internal, "key_file_exposed",
			"The key file may be read or changed by others. Give it mode 0600 and consider its keys known.").
			Because(fmt.Errorf("%s has mode %04o", path, info.Mode().Perm()))
	}
	text, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	if err != nil {
		return ring{}, stamp{}, err
	}
	if len(text) > maxKeyFile {
		return ring{}, stamp{}, refused(path, errors.New("it is too large"))
	}
	r, err := parse(text)
	if err != nil {
		return ring{}, stamp{}, refused(path, err)
	}
	return r, stamp{info}, nil
}

func refused(path string, why error) error {
	return errs.New(errs.Internal, "key_file_broken", "The key file cannot be used. Put the right one back; a new one opens nothing that was sealed before.").
		Because(fmt.Errorf("%s: %w", path, why))
}

func loadOrCreate(path string) (ring, stamp, error) {
	r, seen, err := load(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return r, seen, unreadable(path, err)
	}
	temp, err := writeTemp(path, newRing())
	if err != nil {
		return ring{}, stamp{}, unreadable(path, err)
	}
	defer os.Remove(temp)
	// A link refuses an existing name, so of two processes that start at once one wins and both read its keys.
	if err := os.Link(temp, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return ring{}, stamp{}, unreadable(path, err)
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return ring{}, stamp{}, unreadable(path, err)
	}
	r, seen, err = load(path)
	return r, seen, unreadable(path, err)
}

// unreadable gives a failure of the file system a code; our own errors pass.
func unreadable(path string, err error) error {
	var ours *errs.Error
	if err == nil || errors.As(err, &ours) {
		return err
	}
	return errs.New(errs.Unavailable, "key_file_unavailable", "The key file cannot be read or written.").
		Because(fmt.Errorf("%s: %w", path, err))
}

// writeTemp writes the ring to a new file beside path, durably, and returns its name.
func writeTemp(path string, r ring) (name string, err error) {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return "", err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // made with mode 0600
	if err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	if _, err = f.Write(append(text, '\n')); err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return f.Name(), err
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
