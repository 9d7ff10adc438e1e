package blob

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"linecard/internal/errs"
)

func TestNoSymbolicLinkLeadsOutOfTheFolder(t *testing.T) {
	s := newFolder(t)
	outside := t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "passwd"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"dir": outside, "file": filepath.Join(outside, "passwd"), "up": "../.."} {
		if err := os.Symlink(target, filepath.Join(s.root.Name(), name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range []string{"dir/passwd", "file", "up/x"} {
		if r, _, err := s.Open(t.Context(), key, 0); err == nil {
			got, _ := io.ReadAll(r)
			t.Errorf("Open %s reads %q", key, got)
		}
	}
	for _, key := range []string{"dir/passwd", "dir/new", "dir/sub/new", "up/new"} {
		if _, err := s.Put(t.Context(), key, strings.NewReader("overwritten")); err == nil {
			t.Errorf("Put %s succeeded", key)
		}
		_ = s.Delete(t.Context(), key)
	}
	put(t, s, "file", "a file in place of the link")
	entries, err := os.ReadDir(outside)
	if err != nil || len(entries) != 1 {
		t.Fatalf("outside: %v %v", entries, err)
	}
	if got, err := os.ReadFile(filepath.Join(outside, "passwd")); err != nil || string(got) != "secret" {
		t.Errorf("outside is now %q, %v", got, err)
	}
	if all, err := s.List(t.Context(), "", "", 0); err != nil || len(all) != 1 || all[0].Key != "file" {
		t.Errorf("List follows links: %v %v", keys(all), err)
	}
}

func TestAFullDiskIsTold(t *testing.T) {
	s := newFolder(t)
	put(t, s, "kept", "before")
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0) // the kernel's own "no space left on device"
	if err != nil {
		t.Skip("this system has no /dev/full")
	}
	defer full.Close()
	s.onto = func(*os.File) io.Writer { return full }
	_, err = s.Put(t.Context(), "kept", strings.NewReader("after"))
	want(t, err, errs.Unavailable, "storage_full")
	if !errors.Is(err, syscall.ENOSPC) || errs.As(err).RetryAfter == 0 {
		t.Errorf("%v", err)
	}
	_, err = s.PutIfAbsent(t.Context(), "new", strings.NewReader("after"))
	want(t, err, errs.Unavailable, "storage_full")
	want(t, s.Check(t.Context()), errs.Unavailable, "storage_full")
	if read(t, s, "kept", 0) != "before" { // what can be read goes on
		t.Error("the old file is lost")
	}
	s.onto = func(f *os.File) io.Writer { return f } // room again, without a restart
	put(t, s, "kept", "after")
	if left, err := fs.ReadDir(s.root.FS(), tempDir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestErrorsOfTheFileSystemGetTheirKind(t *testing.T) {
	for _, c := range []struct {
		err  error
		code string
	}{
		{&fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}, "storage_full"},
		{&fs.PathError{Op: "write", Path: "x", Err: syscall.EDQUOT}, "storage_full"},
		{&fs.PathError{Op: "write", Path: "x", Err: syscall.EFBIG}, "storage_full"},
		{&fs.PathError{Op: "open", Path: "x", Err: syscall.ENOENT}, "not_found"},
		{&fs.PathError{Op: "open", Path: "x", Err: syscall.EIO}, "storage_unavailable"},
		{&fs.PathError{Op: "open", Path: "x", Err: syscall.EACCES}, "storage_unavailable"},
		{&fs.PathError{Op: "open", Path: "x", Err: syscall.EMFILE}, "storage_unavailable"},
		{&fs.PathError{Op: "open", Path: "x", Err: syscall.EROFS}, "storage_unavailable"},
		{errOffset, "file_offset_invalid"},
	} {
		if got := translate(c.err); errs.CodeOf(got) != c.code || !errors.Is(got, c.err) {
			t.Errorf("%v became %v", c.err, got)
		}
	}
}

func TestAFileCannotLieBeneathAnother(t *testing.T) {
	s := newFolder(t)
	put(t, s, "a/b", "x")
	for _, key := range []string{"a/b/c", "a/b/c/d", "a"} {
		_, err := s.Put(t.Context(), key, strings.NewReader("y"))
		want(t, err, errs.Conflict, "file_key_taken")
		if _, err = s.PutIfAbsent(t.Context(), key, strings.NewReader("y")); errs.KindOf(err) != errs.Conflict {
			t.Errorf("PutIfAbsent %s: %v", key, err)
		}
	}
	_, err := s.Stat(t.Context(), "a")
	want(t, err, errs.NotFound, "not_found")
	if err := s.Delete(t.Context(), "a"); err != nil || read(t, s, "a/b", 0) != "x" {
		t.Errorf("a folder was deleted as if it were a file: %v", err)
	}
}

func TestFilesAreTheOwnersAloneAndEmptiedFoldersGo(t *testing.T) {
	s := newFolder(t)
	put(t, s, "a/b/c", "x")
	for name, mode := range map[string]os.FileMode{"a": 0o700, "a/b": 0o700, "a/b/c": 0o600} {
		if info, err := s.root.Stat(name); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v %v", name, info.Mode(), err)
		}
	}
	put(t, s, "a/d", "x")
	if err := s.Delete(t.Context(), "a/b/c"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.root.Stat("a/b"); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the emptied folder stays")
	}
	if read(t, s, "a/d", 0) != "x" {
		t.Error("its neighbour is gone")
	}
}

func TestWhatADeadWriterLeftIsSweptAtTheNextStart(t *testing.T) {
	s := newFolder(t)
	for name, age := range map[string]time.Duration{"old": 25 * time.Hour, "young": time.Hour} {
		if err := s.root.WriteFile(tempDir+"/"+name, []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
		then := time.Now().Add(-age)
		if err := s.root.Chtimes(tempDir+"/"+name, then, then); err != nil {
			t.Fatal(err)
		}
	}
	again, err := Open(t.Context(), "file://"+s.root.Name())
	if err != nil {
		t.Fatal(err)
	}
	defer again.(*folder).root.Close()
	left, err := fs.ReadDir(s.root.FS(), tempDir)
	if err != nil || len(left) != 1 || left[0].Name() != "young" {
		t.Errorf("left: %v %v", left, err)
	}
	if all, err := again.List(t.Context(), "", "", 0); err != nil || len(all) != 0 {
		t.Errorf("a half-written file shows: %v %v", all, err)
	}
}

func TestAPipeInTheFolderBlocksNobody(t *testing.T) {
	s := newFolder(t)
	if err := syscall.Mkfifo(filepath.Join(s.root.Name(), "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, err := s.Open(t.Context(), "pipe", 0)
	want(t, err, errs.NotFound, "not_found")
	if all, err := s.List(t.Context(), "", "", 0); err != nil || len(all) != 0 {
		t.Errorf("listed: %v %v", all, err)
	}
}

func TestAFolderThatVanishedIsAFaultOfTheStorage(t *testing.T) {
	s := newFolder(t)
	if err := os.RemoveAll(s.root.Name()); err != nil {
		t.Fatal(err)
	}
	_, err := s.Put(t.Context(), "a", strings.NewReader("x"))
	want(t, err, errs.Unavailable, "storage_unavailable")
	want(t, s.Check(t.Context()), errs.Unavailable, "storage_unavailable")
}

func TestAStorageURLThatIsWrongIsRefusedAndNotQuoted(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "planted")
	for _, bad := range []string{"", "folder", "/folder", "file://host/folder", "file:folder", "file:///x?y=z", "http://x", "ftp://planted@x", "s3://", "s3://Bad_Bucket",
		"s3://id:planted@bucket", "s3://bucket/path", "s3://bucket?endpoint=host", "s3://bucket?endpoint=ftp://host", "s3://bucket?endpoint=http://u:planted@host",
		"s3://bucket?endpoint=http://host/path", "s3://bucket?unknown=planted", "s3://bucket?region=", "s3://bucket?region=a&region=b", "s3://bucket?prefix=../x",
		"s3://bucket?prefix=", "s3://bucket?endpoint=", "\x7fs3://planted"} {
		_, err := Open(t.Context(), bad)
		want(t, err, errs.Invalid, "storage_url_invalid")
		if err != nil && strings.Contains(err.Error(), "planted") {
			t.Errorf("quoted: %v", err)
		}
	}
	if _, err := Open(t.Context(), "s3://bucket"); err != nil {
		t.Errorf("Amazon's own address: %v", err)
	}
}
