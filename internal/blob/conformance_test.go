package blob

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"linecard/internal/errs"
)

// each runs a test on every kind of store, fresh and empty.
func each(t *testing.T, test func(t *testing.T, s Store)) {
	t.Run("folder", func(t *testing.T) { test(t, newFolder(t)) })
	t.Run("s3", func(t *testing.T) { test(t, newFakeS3(t).store(t, "prefix=some/where")) })
}

func newFolder(t *testing.T) *folder {
	t.Helper()
	s, err := Open(t.Context(), "file://"+t.TempDir()+"/files")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.(*folder).root.Close() })
	return s.(*folder)
}

func (f *fakeS3) store(t *testing.T, more string) *s3 {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", fakeKeyID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", "a secret that must not show")
	s, err := Open(t.Context(), "s3://"+fakeBucket+"?region=eu-test-1&endpoint="+url.QueryEscape(f.URL)+"&"+more)
	if err != nil {
		t.Fatal(err)
	}
	return s.(*s3)
}

func put(t *testing.T, s Store, key, text string) Info {
	t.Helper()
	info, err := s.Put(t.Context(), key, strings.NewReader(text))
	if err != nil {
		t.Fatalf("Put %s: %v", key, err)
	}
	return info
}

func read(t *testing.T, s Store, key string, offset int64) string {
	t.Helper()
	r, _, err := s.Open(t.Context(), key, offset)
	if err != nil {
		t.Fatalf("Open %s: %v", key, err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("read %s: %v", key, err)
	}
	return string(b)
}

func sum(text string) string {
	h := sha256.Sum256([]byte(text))
	return hex.EncodeToString(h[:])
}

func keys(infos []Info) []string {
	out := []string{}
	for _, i := range infos {
		out = append(out, i.Key)
	}
	return out
}

func want(t *testing.T, err error, kind errs.Kind, code string) {
	t.Helper()
	if err == nil || errs.KindOf(err) != kind || errs.CodeOf(err) != code {
		t.Errorf("got %v, want %s", err, code)
	}
}

func TestWhatWasPutComesBackWholeAndFromAnyOffset(t *testing.T) {
	each(t, func(t *testing.T, s Store) {
		for _, text := range []string{"", "x", "some text of a file", strings.Repeat("0123456789abcdef", 5000)} {
			info := put(t, s, "a/b/file.cfg", text)
			if info.Size != int64(len(text)) || info.SHA256 != sum(text) || info.Key != "a/b/file.cfg" {
				t.Errorf("Put says %+v", info)
			}
			for _, offset := range []int64{0, 1, int64(len(text)) / 2, int64(len(text))} {
				if offset > int64(len(text)) {
					continue
				}
				if got := read(t, s, "a/b/file.cfg", offset); got != text[offset:] {
					t.Errorf("from %d: %d bytes, want %d", offset, len(got), len(text)-int(offset))
				}
				r, at, err := s.Open(t.Context(), "a/b/file.cfg", offset)
				if err != nil || at.Size != info.Size || at.Key != info.Key || time.Since(at.Modified).Abs() > time.Minute {
					t.Fatalf("Open says %+v, %v", at, err)
				}
				r.Close()
			}
			for _, offset := range []int64{-1, int64(len(text)) + 1, 1 << 40} {
				_, _, err := s.Open(t.Context(), "a/b/file.cfg", offset)
				want(t, err, errs.Invalid, "file_offset_invalid")
			}
			if got, err := s.Stat(t.Context(), "a/b/file.cfg"); err != nil || got.Size != info.Size {
				t.Errorf("Stat says %+v, %v", got, err)
			}
		}
	})
}

func TestALargeFileIsStreamed(t *testing.T) {
	for _, size := range []int64{partSize - 1, partSize, partSize + 1, 2*partSize + 12345} {
		each(t, func(t *testing.T, s Store) {
			made := func() io.Reader {
				return io.LimitReader(rand.NewChaCha8([32]byte{byte(size)}), size)
			}
			h := sha256.New()
			io.Copy(h, made())
			info, err := s.Put(t.Context(), "firmware.bin", iotest.HalfReader(made()))
			if err != nil || info.Size != size || info.SHA256 != hex.EncodeToString(h.Sum(nil)) {
				t.Fatalf("%+v, %v", info, err)
			}
			r, _, err := s.Open(t.Context(), "firmware.bin", 0)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			h.Reset()
			if n, err := io.Copy(h, r); err != nil || n != size || hex.EncodeToString(h.Sum(nil)) != info.SHA256 {
				t.Errorf("read %d bytes, %v", n, err)
			}
		})
	}
}

func TestAMissingFileIsNotFoundAndItsDeletionNoError(t *testing.T) {
	each(t, func(t *testing.T, s Store) {
		put(t, s, "here", "x")
		for _, key := range []string{"gone", "no/such/folder", "here/below"} {
			_, _, err := s.Open(t.Context(), key, 0)
			want(t, err, errs.NotFound, "not_found")
			_, _, err = s.Open(t.Context(), key, 5)
			want(t, err, errs.NotFound, "not_found")
			_, err = s.Stat(t.Context(), key)
			want(t, err, errs.NotFound, "not_found")
			if err := s.Delete(t.Context(), key); err != nil {
				t.Errorf("Delete %s: %v", key, err)
			}
		}
		if err := s.Delete(t.Context(), "here"); err != nil {
			t.Fatal(err)
		}
		_, err := s.Stat(t.Context(), "here")
		want(t, err, errs.NotFound, "not_found")
	})
}

func TestKeysThatAreNotPlainAreRefusedEverywhere(t *testing.T) {
	each(t, func(t *testing.T, s Store) {
		for _, key := range []string{"", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/..", "a/./b", ".hidden", "a/.tmp/b", ".tmp/x", "a b", "a\\b",
			"a\x00b", "a\nb", "ä", "a%2fb", "a:b", "a*", "~", "a+b", strings.Repeat("a", 201), strings.Repeat("a/", 256) + "a"} {
			_, err := s.Put(t.Context(), key, strings.NewReader("x"))
			want(t, err, errs.Invalid, "file_key_invalid")
			_, err = s.PutIfAbsent(t.Context(), key, strings.NewReader("x"))
			want(t, err, errs.Invalid, "file_key_invalid")
			_, _, err = s.Open(t.Context(), key, 0)
			want(t, err, errs.Invalid, "file_key_invalid")
			_, err = s.Stat(t.Context(), key)
			want(t, err, errs.Invalid, "file_key_invalid")
			want(t, s.Delete(t.Context(), key), errs.Invalid, "file_key_invalid")
		}
		for _, bad := range []string{"a b", "ä", "\x00", strings.Repeat("a", 513)} {
			_, err := s.List(t.Context(), bad, "", 1)
			want(t, err, errs.Invalid, "file_key_invalid")
			_, err = s.List(t.Context(), "", bad, 1)
			want(t, err, errs.Invalid, "file_key_invalid")
		}
		for _, key := range []string{"a", "A-z_0=9.cfg", "a..b", strings.Repeat("b", 200), strings.Repeat("c/", 253) + "ccc"} {
			put(t, s, "ok/"+key, key) // the last has 512 bytes
		}
	})
}

func TestAListIsInByteOrderAndPagesByKey(t *testing.T) {
	each(t, func(t *testing.T, s Store) {
		all := []string{"0", "a-b", "a.b/c", "a/b", "a/b-c", "a/b.c/d", "a/c/d/e", "a0", "a=b/c", "aZ", "a_b", "ab", "b/1", "b/10", "b/2", "z"}
		for _, key := range rand.Perm(len(all)) {
			put(t, s, all[key], all[key])
		}
		slices.Sort(all)
		for _, prefix := range []string{"", "a", "a/", "a/b", "b/1", "nothing", "a/c/d/e", "a/c/d/e/f", "z"} {
			expect := slices.DeleteFunc(slices.Clone(all), func(k string) bool { return !strings.HasPrefix(k, prefix) })
			for _, limit := range []int{0, 1, 2, 3, 5, 16, 1000} {
				got, after := []string{}, ""
				for {
					page, err := s.List(t.Context(), prefix, after, limit)
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, keys(page)...)
					if len(page) < listLimit(limit) {
						break
					}
					after = page[len(page)-1].Key
				}
				if !slices.Equal(got, expect) {
					t.Errorf("prefix %q, pages of %d: %q, want %q", prefix, limit, got, expect)
				}
			}
			for _, after := range []string{"", "0", "a", "a/", "a/b", "a/b.", "a/b.c/", "a/z", "a.b/c", "zz"} {
				expect := slices.DeleteFunc(slices.Clone(expect), func(k string) bool { return k <= after })
				page, err := s.List(t.Context(), prefix, after, 0)
				if err != nil || !slices.Equal(keys(page), expect) {
					t.Errorf("prefix %q after %q: %q, want %q, %v", prefix, after, keys(page), expect, err)
				}
				for _, i := range page {
					if i.Size != int64(len(i.Key)) || i.Modified.IsZero() {
						t.Errorf("list says %+v", i)
					}
				}
			}
		}
	})
}

func TestOfManyWhoPutIfAbsentOneWinsAndItsFileStays(t *testing.T) {
	each(t, func(t *testing.T, s Store) {
		for round := range 5 {
			key := fmt.Sprintf("heads/%d", round)
			var mu sync.Mutex
			var winners []string
			var wg sync.WaitGroup
			for i := range 8 {
				wg.Go(func() {
					text := fmt.Sprintf("writer %d", i)
					_, err := s.PutIfAbsent(t.Context(), key, strings.NewReader(text))
					if err == nil {
						mu.Lock()
						winners = append(winners, text)
						mu.Unlock()
					} else if !errors.Is(err, ErrExists) {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if len(winners) != 1 || read(t, s, key, 0) != winners[0] {
				t.Fatalf("winners %q, file %q", winners, read(t, s, key, 0))
			}
		}
		_, err := s.PutIfAbsent(t.Context(), "heads/0", io.LimitReader(rand.NewChaCha8([32]byte{}), partSize+1))
		want(t, err, errs.Conflict, "file_exists")
	})
}

func TestAFailedPutChangesNothingAndReturnsTheReadersOwnError(t *testing.T) {
	each(t, func(t *testing.T, s Store) {
		tooLarge := errs.New(errs.TooLarge, "body_too_large", "x")
		put(t, s, "kept", "before")
		for _, size := range []int64{0, 1000, partSize + 1000} {
			failing := func() io.Reader {
				return io.MultiReader(io.LimitReader(rand.NewChaCha8([32]byte{}), size), iotest.ErrReader(tooLarge))
			}
			_, err := s.Put(t.Context(), "kept", failing())
			want(t, err, errs.TooLarge, "body_too_large")
			_, err = s.PutIfAbsent(t.Context(), "new", failing())
			want(t, err, errs.TooLarge, "body_too_large")
		}
		stopped, stop := context.WithCancel(t.Context())
		_, err := s.Put(stopped, "kept", io.MultiReader(strings.NewReader("some"), readerFunc(func([]byte) (int, error) { stop(); return 0, nil })))
		if !errors.Is(err, context.Canceled) || errs.KindOf(err) != errs.Unavailable {
			t.Errorf("a cancelled Put: %v", err)
		}
		if got := read(t, s, "kept", 0); got != "before" {
			t.Errorf("the file is now %q", got)
		}
		if all, err := s.List(t.Context(), "", "", 0); err != nil || len(all) != 1 {
			t.Errorf("left behind: %v %v", all, err)
		}
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestAnEndedContextIsNeverTakenForAnAnswer(t *testing.T) {
	each(t, func(t *testing.T, s Store) {
		put(t, s, "a", "text")
		ctx, cancel := context.WithCancel(t.Context())
		r, _, err := s.Open(ctx, "a", 0)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		cancel()
		if got, err := io.ReadAll(r); err == nil {
			t.Errorf("read %q to its end", got)
		}
		_, err = s.List(ctx, "", "", 0)
		want(t, err, errs.Unavailable, "storage_unavailable")
		_, err = s.Stat(ctx, "a")
		want(t, err, errs.Unavailable, "storage_unavailable")
		want(t, s.Delete(ctx, "a"), errs.Unavailable, "storage_unavailable")
		want(t, s.Check(ctx), errs.Unavailable, "storage_unavailable")
		if read(t, s, "a", 0) != "text" {
			t.Error("the file is gone")
		}
	})
}

func TestAReaderSeesTheFileAsItWasWhenOpened(t *testing.T) {
	each(t, func(t *testing.T, s Store) {
		old := strings.Repeat("old ", 2000)
		put(t, s, "f", old)
		r, _, err := s.Open(t.Context(), "f", 0)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		first := make([]byte, 10)
		if _, err := io.ReadFull(r, first); err != nil {
			t.Fatal(err)
		}
		put(t, s, "f", strings.Repeat("new!", 3000))
		rest, err := io.ReadAll(r)
		if err != nil || string(first)+string(rest) != old {
			t.Errorf("mixed: %d bytes, %v", len(first)+len(rest), err)
		}
		if err := s.Delete(t.Context(), "f"); err != nil {
			t.Fatal(err)
		}
	})
}

func TestWritersOfOneKeyLeaveOneWholeFile(t *testing.T) {
	each(t, func(t *testing.T, s Store) {
		var wg sync.WaitGroup
		for i := range 6 {
			wg.Go(func() {
				for range 5 {
					if _, err := s.Put(t.Context(), "d/e/f", bytes.NewReader(bytes.Repeat([]byte{byte('a' + i)}, 10_000))); err != nil {
						t.Error(err)
					}
					if i%2 == 0 {
						if err := s.Delete(t.Context(), "d/e/g"); err != nil {
							t.Error(err)
						}
						if err := s.Delete(t.Context(), "d/e/f"); err != nil {
							t.Error(err)
						}
					}
				}
			})
		}
		wg.Wait()
		put(t, s, "d/e/f", "last")
		if read(t, s, "d/e/f", 0) != "last" || s.Check(t.Context()) != nil {
			t.Error("the store is broken after all this")
		}
	})
}

func TestAReaderThatIsCutShortFails(t *testing.T) {
	for _, c := range []struct{ have, promised int64 }{{0, 1}, {5, 6}, {4096, 10_000}} {
		r := &reader{ctx: t.Context(), rest: c.promised, from: io.NopCloser(strings.NewReader(strings.Repeat("x", int(c.have))))}
		if got, err := io.ReadAll(r); !errors.Is(err, io.ErrUnexpectedEOF) || errs.KindOf(err) != errs.Unavailable || int64(len(got)) != c.have {
			t.Errorf("%d of %d: %v", len(got), c.promised, err)
		}
	}
	grown := &reader{ctx: t.Context(), rest: 3, from: io.NopCloser(strings.NewReader("abcdef"))}
	if got, err := io.ReadAll(grown); string(got) != "abc" || err != nil {
		t.Errorf("a file that grew: %q, %v", got, err)
	}
}
