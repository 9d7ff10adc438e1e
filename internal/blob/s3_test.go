package blob

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"linecard/internal/errs"
)

func TestAnObjectOfALargeFileTravelsInPartsAndIsGivenUpCleanly(t *testing.T) {
	f := newFakeS3(t)
	s := f.store(t, "")
	if _, err := s.Put(t.Context(), "big", bytes.NewReader(make([]byte, 3*partSize))); err != nil {
		t.Fatal(err)
	}
	if f.largest > partSize || len(f.objects["big"]) != 3*partSize {
		t.Errorf("largest request %d bytes, object %d", f.largest, len(f.objects["big"]))
	}
	f.refuse = func(r *http.Request) (int, string) {
		if r.URL.Query().Get("partNumber") == "2" {
			return http.StatusForbidden, "AccessDenied"
		}
		return 0, ""
	}
	_, err := s.Put(t.Context(), "other", bytes.NewReader(make([]byte, 3*partSize)))
	want(t, err, errs.Unavailable, "storage_unavailable")
	if len(f.uploads) != 0 || f.objects["other"] != nil {
		t.Errorf("left behind: %d uploads", len(f.uploads))
	}
}

func TestAnswersOfS3GetTheirKind(t *testing.T) {
	for _, c := range []struct {
		status int
		code   string
		kind   errs.Kind
		ours   string
	}{
		{http.StatusForbidden, "AccessDenied", errs.Unavailable, "storage_unavailable"},
		{http.StatusForbidden, "InvalidAccessKeyId", errs.Unavailable, "storage_unavailable"},
		{http.StatusNotFound, "NoSuchBucket", errs.Unavailable, "storage_unavailable"},
		{http.StatusInternalServerError, "InternalError", errs.Unavailable, "storage_unavailable"},
		{http.StatusServiceUnavailable, "SlowDown", errs.Unavailable, "storage_unavailable"},
		{http.StatusInsufficientStorage, "XMinioStorageFull", errs.Unavailable, "storage_full"},
		{http.StatusNotFound, "NoSuchKey", errs.NotFound, "not_found"},
	} {
		f := newFakeS3(t)
		s := f.store(t, "")
		f.refuse = func(*http.Request) (int, string) { return c.status, c.code }
		_, _, err := s.Open(t.Context(), "a", 0)
		want(t, err, c.kind, c.ours)
		if c.kind == errs.NotFound {
			continue
		}
		_, err = s.Put(t.Context(), "a", strings.NewReader("x"))
		want(t, err, c.kind, c.ours)
		if errs.As(err).RetryAfter == 0 || strings.Contains(err.Error(), "must not show") {
			t.Errorf("%v", err)
		}
	}
}

func TestABucketThatIsNotThereFailsTheCheckAndIsNotAMissingFile(t *testing.T) {
	f := newFakeS3(t)
	s := f.store(t, "")
	if err := s.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.bucket = "other-bucket"
	want(t, s.Check(t.Context()), errs.Unavailable, "storage_unavailable")
	_, _, err := s.Open(t.Context(), "a", 0)
	want(t, err, errs.Unavailable, "storage_unavailable")
	_, err = s.List(t.Context(), "", "", 0)
	want(t, err, errs.Unavailable, "storage_unavailable")
}

func TestAStorageThatIsAwayIsUnavailable(t *testing.T) {
	f := newFakeS3(t)
	s := f.store(t, "")
	f.Close()
	_, err := s.Put(t.Context(), "a", strings.NewReader("x"))
	want(t, err, errs.Unavailable, "storage_unavailable")
	want(t, s.Check(t.Context()), errs.Unavailable, "storage_unavailable")
}

func TestADownloadThatBreaksOffFails(t *testing.T) {
	f := newFakeS3(t)
	s := f.store(t, "")
	put(t, s, "a", strings.Repeat("x", 100_000))
	f.cutAfter = 50_000
	r, _, err := s.Open(t.Context(), "a", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got, err := io.ReadAll(r)
	if err == nil || errs.KindOf(err) != errs.Unavailable {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestAServerThatIgnoresRangesDoesNotPassOffWrongBytes(t *testing.T) {
	f := newFakeS3(t)
	s := f.store(t, "")
	put(t, s, "a", "0123456789")
	f.cutAfter = 10 // its answer knows no ranges
	_, _, err := s.Open(t.Context(), "a", 5)
	want(t, err, errs.Unavailable, "storage_unavailable")
}

func TestStoresWithDifferentPrefixesDoNotSeeEachOther(t *testing.T) {
	f := newFakeS3(t)
	a, b, whole := f.store(t, "prefix=a"), f.store(t, "prefix=/a/b/"), f.store(t, "")
	put(t, a, "x", "of a")
	put(t, b, "x", "of b")
	put(t, whole, "ab", "beside")
	f.objects["a/not a key"] = []byte("somebody else's")
	for _, c := range []struct {
		s    *s3
		want []string
	}{{a, []string{"b/x", "x"}}, {b, []string{"x"}}, {whole, []string{"a/b/x", "a/x", "ab"}}} {
		got, err := c.s.List(t.Context(), "", "", 0)
		if err != nil || !slices.Equal(keys(got), c.want) {
			t.Errorf("prefix %q: %q, %v", c.s.prefix, keys(got), err)
		}
	}
	if read(t, a, "x", 0) != "of a" || read(t, b, "x", 0) != "of b" {
		t.Error("the stores mix")
	}
}

func TestCredentialsComeFromTheEnvironmentOrFromFiles(t *testing.T) {
	f := newFakeS3(t)
	address := "s3://" + fakeBucket + "?endpoint=" + url.QueryEscape(f.URL)
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	_, err := Open(t.Context(), address)
	want(t, err, errs.Invalid, "storage_credentials_missing")

	dir := t.TempDir()
	for name, text := range map[string]string{"AWS_ACCESS_KEY_ID": fakeKeyID + "\n", "AWS_SECRET_ACCESS_KEY": "secret\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Setenv(name+"_FILE", filepath.Join(dir, name))
	}
	s, err := Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, "a", "x")

	t.Setenv("AWS_SECRET_ACCESS_KEY_FILE", filepath.Join(dir, "gone"))
	_, err = Open(t.Context(), address)
	want(t, err, errs.Invalid, "storage_credentials_missing")
}
