package httpx

import (
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"linecard/internal/errs"
)

// BodyLimits say how large and how slow a request body may be.
type BodyLimits struct {
	MaxBytes int64         // 0 → 1 MiB
	MinRate  int64         // bytes a second that must arrive on average once Grace is over; 0 → 512
	Grace    time.Duration // 0 → 20 s
}

func (l BodyLimits) orDefault() BodyLimits {
	if l.MaxBytes == 0 {
		l.MaxBytes = 1 << 20
	}
	if l.MinRate == 0 {
		l.MinRate = 512
	}
	if l.Grace == 0 {
		l.Grace = 20 * time.Second
	}
	return l
}

// body is a request body under limits. Its reads fail with errs.TooLarge or errs.TimedOut, so whoever decodes it can hand the error
// straight to the edge. A deadline that grows with the bytes received lets a large upload over a thin line pass and a client that
// trickles go; a fixed read timeout could not tell the two apart.
type body struct {
	src     io.ReadCloser
	ctl     *http.ResponseController
	limits  BodyLimits
	started time.Time
	read    int64
	err     error
}

// Read gives body bytes; after the first refusal always the same refusal.
func (b *body) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if len(p) == 0 {
		return 0, nil
	}
	if b.started.IsZero() {
		b.started = wall()
	}
	allowed := b.limits.Grace + time.Duration(float64(b.read)/float64(b.limits.MinRate)*float64(time.Second))
	_ = b.ctl.SetReadDeadline(b.started.Add(allowed))
	if room := b.limits.MaxBytes - b.read + 1; int64(len(p)) > room { // one more than allowed tells "just fits" from "too large"
		p = p[:room]
	}
	n, err := b.src.Read(p)
	b.read += int64(n)
	if b.read > b.limits.MaxBytes {
		n -= int(b.read - b.limits.MaxBytes)
		err = errBodyTooLarge.Because(errors.New("limit passed while reading"))
	} else if errors.Is(err, os.ErrDeadlineExceeded) {
		err = errBodySlow.Because(err)
	}
	if err != nil {
		b.err = err
	}
	return n, err
}

// finish bounds the time in which the server may drain what the handler did not read. After the end of the body net/http takes the
// deadline off by itself, since it then watches for a vanished client on the same connection.
func (b *body) finish() {
	if b.err != io.EOF {
		_ = b.ctl.SetReadDeadline(wall().Add(b.limits.Grace))
	}
}

// Close closes the body below.
func (b *body) Close() error { return b.src.Close() }

// guardBody puts the limits on r's body. A body announced as too large is refused before a byte of it is read, so a client that
// sent Expect: 100-continue never sends it.
func guardBody(w http.ResponseWriter, r *http.Request, l BodyLimits) (*body, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	l = l.orDefault()
	if r.ContentLength > l.MaxBytes {
		return nil, errBodyTooLarge
	}
	b := &body{src: r.Body, ctl: http.NewResponseController(w), limits: l}
	r.Body = b
	return b, nil
}

// LimitBody lowers the size for the handlers below; it cannot raise what the Edge set. Speed stays the Edge's affair.
func LimitBody(maxBytes int64) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			b, under := r.Body.(*body)
			switch {
			case r.ContentLength > maxBytes:
				WriteProblem(w, r, errBodyTooLarge)
				return
			case under:
				b.limits.MaxBytes = min(b.limits.MaxBytes, maxBytes)
			case r.Body != nil:
				b = &body{src: r.Body, ctl: http.NewResponseController(w), limits: BodyLimits{MaxBytes: maxBytes}.orDefault()}
				r.Body = b
				defer b.finish()
			}
			next.ServeHTTP(w, r)
		})
	}
}

// ReadBody gives the whole body, or errs.TooLarge, errs.TimedOut, or errs.Invalid for one that broke off.
func ReadBody(r *http.Request) ([]byte, error) {
	data, err := io.ReadAll(r.Body)
	if err == nil {
		return data, nil
	}
	var own *errs.Error
	if errors.As(err, &own) {
		return nil, own
	}
	return nil, errBodyBroken.Because(err)
}

var errBodyBroken = errs.New(errs.Invalid, "body_broken", "The request body ended early or is not well formed.")
