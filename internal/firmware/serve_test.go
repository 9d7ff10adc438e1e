package firmware_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"testing"

	"linecard/internal/blob"
	"linecard/internal/db/dbtest"
	"linecard/internal/device/devicetest"
	"linecard/internal/errs"
	"linecard/internal/firmware"
	"linecard/internal/operation"
)

// handler serves as a listener of phones would.
func handler(s *firmware.Service) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, err := s.Open(r.Context(), firmware.Fetch{Path: r.URL.Path[1:], Head: r.Method == http.MethodHead})
		if err != nil {
			http.Error(w, errs.CodeOf(err), http.StatusNotFound)
			return
		}
		defer f.Close()
		w.Header().Set("Etag", f.ETag)
		w.Header().Set("Content-Type", f.ContentType)
		http.ServeContent(w, r, "", f.Modified, f.Content)
	})
}

// DM-177.
func TestAnyPartOfAnImageCanBeFetched(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.bring("T46S-66.86.0.15.rom", []byte(noise), firmware.Stated{})
		i := w.only()
		ask := func(method string, header ...string) *httptest.ResponseRecorder {
			r := httptest.NewRequest(method, "/"+i.Path(), nil)
			for n := 0; n < len(header); n += 2 {
				r.Header.Set(header[n], header[n+1])
			}
			out := httptest.NewRecorder()
			handler(w.s).ServeHTTP(out, r)
			return out
		}
		tag := `"` + i.Files[0].SHA256 + `"`
		for _, c := range []struct {
			name   string
			got    *httptest.ResponseRecorder
			status int
			body   string
		}{
			{"all", ask("GET"), 200, noise},
			{"its middle", ask("GET", "Range", "bytes=5-9"), 206, noise[5:10]},
			{"its end", ask("GET", "Range", "bytes=-3"), 206, noise[len(noise)-3:]},
			{"going on", ask("GET", "Range", "bytes=16380-", "If-Range", tag), 206, noise[16380:]},
			{"going on with another one", ask("GET", "Range", "bytes=5-9", "If-Range", `"other"`), 200, noise},
			{"beyond it", ask("GET", "Range", "bytes=99999-"), 416, ""},
			{"known already", ask("GET", "If-None-Match", tag), 304, ""},
			{"head", ask("HEAD"), 200, ""},
		} {
			if c.got.Code != c.status || c.body != "" && c.got.Body.String() != c.body {
				t.Errorf("%s: %d, %d bytes", c.name, c.got.Code, c.got.Body.Len())
			}
		}
	})
}

func TestOnlySomePhonesOfOneAddressFetchAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.bring("T46S-66.86.0.15.rom", []byte(noise), firmware.Stated{})
		path := w.only().Path()
		open := func(from string, head bool) (firmware.Served, error) {
			return w.s.Open(ctx, firmware.Fetch{Path: path, From: netip.MustParseAddr(from), Head: head})
		}
		var first firmware.Served
		for n := range 2 {
			f, err := open("198.51.100.7", false)
			w.ok(err)
			if n == 0 {
				first = f
			}
		}
		_, err := open("198.51.100.7", false)
		w.code(err, "software_busy")
		if errs.KindOf(err) != errs.Unavailable || errs.As(err).RetryAfter == 0 {
			t.Errorf("a phone would not come again: %v", err)
		}
		_, err = open("::ffff:198.51.100.7", false)
		w.code(err, "software_busy")
		for from, head := range map[string]bool{"198.51.100.8": false, "198.51.100.7": true, "2001:db8::1": false} {
			f, err := open(from, head)
			w.ok(err)
			w.ok(f.Close())
		}
		w.ok(first.Close())
		w.ok(first.Close()) // twice frees one place only
		for _, want := range []string{"", "software_busy"} {
			if _, err := open("198.51.100.7", false); want == "" && err != nil || want != "" && errs.CodeOf(err) != want {
				t.Errorf("%v, want %q", err, want)
			}
		}
		_, _ = open("2001:db8::1", false)
		_, _ = open("2001:db8::2", false)
		_, err = open("2001:db8::3", false)
		w.code(err, "software_busy") // one line has a /64
	})
}

// endless is a storage whose one kind of file has size bytes and takes no room.
type endless struct {
	blob.Store
	size int64
}

func (e endless) Put(_ context.Context, key string, r io.Reader) (blob.Info, error) {
	sum := sha256.New()
	n, err := io.Copy(sum, r)
	return blob.Info{Key: key, Size: n, SHA256: hex.EncodeToString(sum.Sum(nil))}, err
}

func (e endless) Open(_ context.Context, key string, offset int64) (io.ReadCloser, blob.Info, error) {
	size := e.size
	if key[:17] == "firmware-uploads/" {
		size = 16 << 20
	}
	return io.NopCloser(io.LimitReader(same('x'), size-offset)), blob.Info{Key: key, Size: size}, nil
}

func (e endless) Delete(context.Context, string) error { return nil }

type same byte

func (s same) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(s)
	}
	return len(p), nil
}

// nowhere takes an answer and keeps none of it.
type nowhere struct {
	h http.Header
	n int64
}

func (w *nowhere) Header() http.Header { return w.h }
func (w *nowhere) WriteHeader(int)     {}
func (w *nowhere) Write(p []byte) (int, error) {
	w.n += int64(len(p))
	return len(p), nil
}

// 500 MB go in and out without being held: all that is ever allocated on the way is a small part of it.
func TestFiveHundredMegabytesAreNotHeldInMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("500 MB")
	}
	const size = 500 << 20
	clock := dbtest.NewClock()
	d := dbtest.Open(t, dbtest.SQLiteURL(t), clock)
	w := newWorld(t, d, clock, endless{size: size})
	u, err := w.s.Begin(ctx, devicetest.System, firmware.NewUpload{FileName: "T46S-66.86.0.15.rom", Size: size})
	w.ok(err)
	in := allocated(func() {
		_, err = w.s.Append(ctx, devicetest.System, u.ID, 0, io.LimitReader(same('x'), size))
		w.ok(err)
	})
	look := allocated(w.drain)
	if op := w.operation(u.OperationID); op.State != operation.Succeeded {
		t.Fatalf("%+v", op.Fault)
	}
	to := &nowhere{h: http.Header{}}
	out := allocated(func() {
		handler(w.s).ServeHTTP(to, httptest.NewRequest("GET", "/"+w.only().Path(), bytes.NewReader(nil)))
	})
	if to.n != size {
		t.Errorf("%d bytes came", to.n)
	}
	t.Logf("allocated in all: %d kB for the upload, %d kB to look at it, %d kB for the download", in>>10, look>>10, out>>10)
	for _, n := range []uint64{in, look, out} {
		if n > 16<<20 {
			t.Errorf("%d bytes were allocated on the way", n)
		}
	}
}

func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
