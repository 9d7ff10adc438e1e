package blob

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"
	"time"

	"linecard/internal/errs"
)

// tempDir holds files that are being written. No key can name it, since segments do not begin with a dot.
const tempDir = ".tmp"

// Files in tempDir older than this were left by a process that died.
const tempAge = 24 * time.Hour

// folder keeps files in a directory. Every access goes through os.Root, which refuses to leave it, symbolic links included.
type folder struct {
	root *os.Root
	onto func(*os.File) io.Writer // what a new file is written through; tests make it fail
}

func openFolder(dir string) (Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, translate(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, translate(err)
	}
	f := &folder{root: root, onto: func(f *os.File) io.Writer { return f }}
	if err := root.Mkdir(tempDir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		root.Close()
		return nil, translate(err)
	}
	f.sweep()
	return f, nil
}

// sweep removes what dead writers left, judged by the clock of the file system. It is housekeeping: a failure is met again by
// the next write, where it is told.
func (f *folder) sweep() {
	temp := tempDir + "/" + rand.Text()
	defer f.root.Remove(temp)
	now, err := f.write(temp, strings.NewReader(""))
	if err != nil {
		return
	}
	entries, _ := fs.ReadDir(f.root.FS(), tempDir)
	for _, e := range entries {
		if info, err := e.Info(); err == nil && now.Sub(info.ModTime()) > tempAge {
			f.root.Remove(tempDir + "/" + e.Name())
		}
	}
}

func (f *folder) Put(ctx context.Context, key string, r io.Reader) (Info, error) {
	return f.put(ctx, key, r, f.root.Rename)
}

func (f *folder) PutIfAbsent(ctx context.Context, key string, r io.Reader) (Info, error) {
	if _, err := f.Stat(ctx, key); err == nil {
		return Info{}, ErrExists // before r is read; the link below decides between writers at once
	}
	return f.put(ctx, key, r, f.root.Link)
}

// put writes aside, then places the file with rename (replaces) or link (refuses an existing name).
func (f *folder) put(ctx context.Context, key string, r io.Reader, place func(from, to string) error) (Info, error) {
	if err := checkKey(key); err != nil {
		return Info{}, err
	}
	temp := tempDir + "/" + rand.Text()
	defer f.root.Remove(temp)
	src := newSource(ctx, r)
	_, err := f.write(temp, src)
	if src.err != nil {
		return Info{}, src.err
	}
	if err != nil {
		return Info{}, translate(err)
	}
	for try := 0; ; try++ {
		if err = f.mkdirs(path.Dir(key)); err == nil {
			err = place(temp, key)
		}
		// A Delete may have taken the emptied folder away between the two.
		if !errors.Is(err, fs.ErrNotExist) || try == 9 {
			break
		}
	}
	if err != nil {
		return Info{}, translatePlace(err)
	}
	// A folder that is gone was emptied by a Delete of this key that came after: there is nothing left to sync.
	if err := f.syncDir(path.Dir(key)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Info{}, translate(err)
	}
	return src.info(key), nil
}

func (f *folder) write(temp string, src io.Reader) (modified time.Time, err error) {
	file, err := f.root.OpenFile(temp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = errAway.Because(err) // the folder itself is gone, not a file somebody asks for
		}
		return time.Time{}, err
	}
	defer func() {
		if cerr := file.Close(); err == nil {
			err = cerr
		}
	}()
	if _, err := io.Copy(f.onto(file), src); err != nil {
		return time.Time{}, err
	}
	if err := file.Sync(); err != nil {
		return time.Time{}, err
	}
	info, err := file.Stat()
	if err != nil {
		return time.Time{}, err
	}
	return info.ModTime(), nil
}

// mkdirs makes the folders of a key, durably: a folder that was made is synced into its parent.
func (f *folder) mkdirs(dir string) error {
	if dir == "." {
		return nil
	}
	if info, err := f.root.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	for at := 0; at <= len(dir); {
		next := strings.IndexByte(dir[at:]+"/", '/') + at
		err := f.root.Mkdir(dir[:next], 0o700)
		if err == nil {
			err = f.syncDir(path.Dir(dir[:next]))
		}
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		at = next + 1
	}
	return nil
}

func (f *folder) syncDir(dir string) error {
	d, err := f.root.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

func (f *folder) Open(ctx context.Context, key string, offset int64) (io.ReadCloser, Info, error) {
	if _, err := f.Stat(ctx, key); err != nil { // a pipe or a device somebody put there would block when opened
		return nil, Info{}, err
	}
	file, err := f.root.Open(key)
	if err != nil {
		return nil, Info{}, translate(err)
	}
	info, err := file.Stat()
	if err == nil && (offset < 0 || offset > info.Size()) {
		err = errOffset
	}
	if err == nil {
		_, err = file.Seek(offset, io.SeekStart)
	}
	if err != nil {
		file.Close()
		return nil, Info{}, translate(err)
	}
	return &reader{ctx: ctx, rest: info.Size() - offset, from: file}, Info{Key: key, Size: info.Size(), Modified: info.ModTime().UTC()}, nil
}

func (f *folder) Stat(ctx context.Context, key string) (Info, error) {
	if err := checkKey(key); err != nil {
		return Info{}, err
	}
	if err := ctx.Err(); err != nil {
		return Info{}, errAway.Because(err)
	}
	info, err := f.root.Stat(key)
	if err != nil {
		return Info{}, translate(err)
	}
	if !info.Mode().IsRegular() {
		return Info{}, errs.Missing("file")
	}
	return Info{Key: key, Size: info.Size(), Modified: info.ModTime().UTC()}, nil
}

func (f *folder) Delete(ctx context.Context, key string) error {
	if _, err := f.Stat(ctx, key); err != nil {
		if errs.KindOf(err) == errs.NotFound {
			return nil
		}
		return err
	}
	if err := f.root.Remove(key); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return translate(err)
	}
	dir := path.Dir(key)
	for ; dir != "." && f.root.Remove(dir) == nil; dir = path.Dir(dir) { // stops at the first that is not empty
	}
	if err := f.syncDir(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return translate(err)
	}
	return nil
}

// Check writes and removes an empty file, so a folder that is full, read-only or gone shows.
func (f *folder) Check(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return errAway.Because(err)
	}
	temp := tempDir + "/" + rand.Text()
	defer f.root.Remove(temp)
	if _, err := f.write(temp, strings.NewReader("check")); err != nil {
		return translate(err)
	}
	return nil
}

// translate turns an error of the file system into one of ours; ours pass.
func translate(err error) error {
	var ours *errs.Error
	switch {
	case err == nil || errors.As(err, &ours):
		return err
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return errs.Missing("file").Because(err)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		return errFull.Because(err)
	}
	return errAway.Because(err)
}

// translatePlace is translate for the moment a file gets its name, where a missing folder is a fault of the storage.
func translatePlace(err error) error {
	var link *os.LinkError
	switch {
	case errors.Is(err, fs.ErrExist) && errors.As(err, &link) && link.Op == "linkat":
		return ErrExists
	case errors.Is(err, syscall.EISDIR), errors.Is(err, syscall.ENOTDIR), errors.Is(err, fs.ErrExist):
		return errBelow.Because(err)
	case errors.Is(err, fs.ErrNotExist):
		return errAway.Because(err)
	}
	return translate(err)
}
