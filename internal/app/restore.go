package app

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"linecard/internal/blob"
	"linecard/internal/db"
	"linecard/internal/errs"
)

// Restore puts a backup onto an empty machine: neither the database nor a stored file may exist. Everything is checked
// against the manifest before the database takes its place, so a damaged backup leaves nothing behind that looks whole. The
// key file of the old installation must be put to its place by hand; without it sealed secrets stay closed.
func Restore(ctx context.Context, s Stores, file string, progress func(done int)) error {
	path, ok := sqliteFile(s.DB)
	if !ok {
		return errNotEmbedded
	}
	if _, err := os.Stat(path); err == nil {
		return errNotEmpty
	}
	files, err := blob.Open(ctx, s.Blob)
	if err != nil {
		return err
	}
	if have, err := files.List(ctx, "", "", 1); err != nil {
		return err
	} else if len(have) > 0 {
		return errNotEmpty
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return cannotRestore(err)
	}
	in, err := os.Open(file) //nolint:gosec // the operator names the backup
	if err != nil {
		return errs.New(errs.NotFound, "no_backup", "The backup cannot be opened.").Because(err)
	}
	defer in.Close()
	part := path + ".restoring"
	defer os.Remove(part)
	r := restore{files: files, part: part, sums: map[string]string{}, progress: progress}
	if err := r.all(ctx, in); err != nil {
		r.undo(context.WithoutCancel(ctx))
		return err
	}
	if err := os.Rename(part, path); err != nil {
		return cannotRestore(err)
	}
	d, err := db.Open(ctx, s.DB, db.Options{})
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Migrate(ctx)
}

func cannotRestore(err error) error {
	return errs.New(errs.Unavailable, "restore_failed", "The backup could not be put in place.").Because(err)
}

type restore struct {
	files    blob.Store
	part     string
	sums     map[string]string
	stored   []string
	progress func(int)
}

func (r *restore) all(ctx context.Context, in io.Reader) error {
	zip, err := gzip.NewReader(in)
	if err != nil {
		return errBackupBroken.Because(err)
	}
	t := tar.NewReader(zip)
	for {
		h, err := t.Next()
		if err != nil {
			return errBackupBroken.Because(err) // the manifest ends it; running out before is a cut
		}
		if h.Name == backupManifest {
			return r.check(t)
		}
		if err := r.one(ctx, h, t); err != nil {
			return err
		}
	}
}

func (r *restore) one(ctx context.Context, h *tar.Header, t io.Reader) error {
	sum := sha256.New()
	body := io.TeeReader(t, sum)
	key, isFile := strings.CutPrefix(h.Name, backupFiles)
	switch {
	case h.Name == backupDatabase:
		out, err := os.OpenFile(r.part, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
		if err != nil {
			return cannotRestore(err)
		}
		_, err = io.Copy(out, body) //nolint:gosec // as large as the database was
		if err := errors.Join(err, out.Sync(), out.Close()); err != nil {
			return errBackupBroken.Because(err)
		}
	case isFile:
		if _, err := r.files.Put(ctx, key, body); err != nil {
			return err
		}
		r.stored = append(r.stored, key)
	default:
		return errBackupBroken
	}
	r.sums[h.Name] = hex.EncodeToString(sum.Sum(nil))
	if r.progress != nil {
		r.progress(len(r.sums))
	}
	return nil
}

// check compares what was read with the manifest.
func (r *restore) check(in io.Reader) error {
	var m manifest
	if err := json.NewDecoder(io.LimitReader(in, 1<<30)).Decode(&m); err != nil {
		return errBackupBroken.Because(err)
	}
	if len(m.SHA256) != len(r.sums) || m.SHA256[backupDatabase] == "" {
		return errBackupBroken
	}
	for name, sum := range m.SHA256 {
		if r.sums[name] != sum {
			return errBackupBroken
		}
	}
	return nil
}

// undo takes away the files of a backup that turned out to be damaged.
func (r *restore) undo(ctx context.Context) {
	for _, key := range r.stored {
		_ = r.files.Delete(ctx, key)
	}
}
