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
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"linecard/internal/blob"
	"linecard/internal/db"
	"linecard/internal/errs"
)

// Names inside a backup. The manifest comes last and holds the checksum of everything before it, so a backup that was cut
// off is recognised.
const (
	backupDatabase = "linecard.db"
	backupFiles    = "files/"
	backupManifest = "manifest.json"
	headOfJournal  = "journal/head.json" // copied before the database, so that it is never ahead of it
)

type manifest struct {
	Version string            `json:"version"`
	Created time.Time         `json:"created"`
	SHA256  map[string]string `json:"sha256"`
}

var (
	errBackupBroken = errs.New(errs.Invalid, "backup_broken", "The backup is damaged or was cut off. Take another one.")
	errNotEmpty     = errs.New(errs.Conflict, "not_empty", "There is an installation here already. Restore onto an empty machine, or move the old files away first.")
	errNotEmbedded  = errs.New(errs.Unsupported, "use_pg_dump", "Back up PostgreSQL with pg_dump and copy the files beside it; see the operating guide.")
)

// Backup writes one file with the database, the stored files and a manifest, while the server runs. It holds sealed secrets
// but not the keys that open them: keep the key file apart. The file must not exist; it appears only when it is complete.
func Backup(ctx context.Context, s Stores, file string, progress func(done int)) (err error) {
	path, ok := sqliteFile(s.DB)
	if !ok {
		return errNotEmbedded
	}
	if _, err := os.Stat(path); err != nil {
		return errs.New(errs.NotFound, "no_installation", "There is no database at "+path+".").Because(err)
	}
	if _, err := os.Stat(file); err == nil {
		return errs.New(errs.Conflict, "file_exists", "The backup file exists already. Name another one.")
	}
	d, err := db.Open(ctx, s.DB, db.Options{})
	if err != nil {
		return err
	}
	defer d.Close()
	files, err := blob.Open(ctx, s.Blob)
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp(filepath.Dir(file), ".linecard-backup-")
	if err != nil {
		return cannotWrite(err)
	}
	defer os.RemoveAll(work)
	part := filepath.Join(work, "part")
	out, err := os.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return cannotWrite(err)
	}
	defer out.Close()
	b := &backup{zip: gzip.NewWriter(out), sums: map[string]string{}, progress: progress}
	b.tar = tar.NewWriter(b.zip)
	if err := b.all(ctx, d, files, filepath.Join(work, backupDatabase)); err != nil {
		return err
	}
	if err := errors.Join(b.tar.Close(), b.zip.Close(), out.Sync(), out.Close()); err != nil {
		return cannotWrite(err)
	}
	if err := os.Rename(part, file); err != nil {
		return cannotWrite(err)
	}
	return nil
}

func cannotWrite(err error) error {
	return errs.New(errs.Unavailable, "backup_failed", "The backup could not be written.").Because(err)
}

type backup struct {
	zip      *gzip.Writer
	tar      *tar.Writer
	sums     map[string]string
	progress func(int)
}

func (b *backup) all(ctx context.Context, d *db.DB, files blob.Store, copyTo string) error {
	if err := b.blob(ctx, files, headOfJournal); err != nil && errs.KindOf(err) != errs.NotFound {
		return err
	}
	if err := d.Backup(ctx, copyTo); err != nil {
		return err
	}
	if err := b.file(copyTo, backupDatabase); err != nil {
		return err
	}
	after := ""
	for {
		list, err := files.List(ctx, "", after, 1000)
		if err != nil {
			return err
		}
		for _, i := range list {
			after = i.Key
			if i.Key == headOfJournal {
				continue
			}
			if err := b.blob(ctx, files, i.Key); err != nil && errs.KindOf(err) != errs.NotFound {
				return err
			}
		}
		if len(list) == 0 {
			break
		}
	}
	text, _ := json.MarshalIndent(manifest{Version: Version(), Created: d.Now().Time, SHA256: b.sums}, "", "  ")
	return b.entry(backupManifest, int64(len(text)), strings.NewReader(string(text)))
}

func (b *backup) blob(ctx context.Context, files blob.Store, key string) error {
	r, i, err := files.Open(ctx, key, 0)
	if err != nil {
		return err
	}
	defer r.Close()
	return b.entry(backupFiles+key, i.Size, r)
}

func (b *backup) file(path, name string) error {
	f, err := os.Open(path)
	if err != nil {
		return cannotWrite(err)
	}
	defer f.Close()
	i, err := f.Stat()
	if err != nil {
		return cannotWrite(err)
	}
	return b.entry(name, i.Size(), f)
}

func (b *backup) entry(name string, size int64, r io.Reader) error {
	if err := b.tar.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: size, Typeflag: tar.TypeReg}); err != nil {
		return cannotWrite(err)
	}
	sum := sha256.New()
	if _, err := io.CopyN(io.MultiWriter(b.tar, sum), r, size); err != nil {
		return cannotWrite(err)
	}
	b.sums[name] = hex.EncodeToString(sum.Sum(nil))
	if b.progress != nil {
		b.progress(len(b.sums))
	}
	return nil
}

// sqliteFile gives the path of an embedded database; false for any other.
func sqliteFile(rawURL string) (string, bool) {
	u, err := url.Parse(rawURL)
	if err != nil || u.Scheme != "sqlite" {
		return "", false
	}
	return u.Host + u.Path, true
}
