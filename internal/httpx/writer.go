package httpx

import (
	"bufio"
	"net"
	"net/http"
	"time"
)

// recorder notes status and size of an answer and sees to it that a client that does not read is let go. Everything else
// (flush, hijack, deadlines) goes through Unwrap and http.ResponseController.
type recorder struct {
	http.ResponseWriter
	ctl    *http.ResponseController
	status int
	bytes  int64
	stall  time.Duration // longest wait for a client to take some bytes; 0 = no limit
	h2     bool
	body   *body // of the request; nil when it has none
	away   bool  // hijacked: the connection is no longer ours
}

// Unwrap gives the writer below, for http.ResponseController.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader notes the first final status.
func (w *recorder) WriteHeader(status int) {
	if status >= 200 || status == http.StatusSwitchingProtocols {
		w.begin(status)
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write sends b, or fails when the client takes nothing for the stall time.
func (w *recorder) Write(b []byte) (int, error) {
	w.begin(http.StatusOK)
	w.arm()
	n, err := w.ResponseWriter.Write(b)
	w.disarm()
	w.bytes += int64(n)
	return n, err
}

// Flush sends what is buffered, for code that looks for http.Flusher.
func (w *recorder) Flush() {
	w.begin(http.StatusOK)
	w.arm()
	_ = w.ctl.Flush()
	w.disarm()
}

// Hijack hands the connection over (net/http takes the deadlines off) and keeps ours from coming back; http.ErrNotSupported on HTTP/2.
func (w *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, rw, err := w.ctl.Hijack()
	if err == nil {
		w.away = true
		w.begin(http.StatusSwitchingProtocols)
	}
	return c, rw, err
}

// begin notes the status once. net/http drains the unread rest of a body before it sends the head, so from here on that has an end.
func (w *recorder) begin(status int) {
	if w.status != 0 {
		return
	}
	w.status = status
	if w.body != nil && !w.away {
		w.body.finish()
	}
}

func (w *recorder) arm() {
	if w.stall > 0 && !w.away {
		_ = w.ctl.SetWriteDeadline(wall().Add(w.stall))
	}
}

// disarm is for HTTP/2, where a deadline ends the stream even when nobody is writing: an event stream may be silent for long.
func (w *recorder) disarm() {
	if w.stall > 0 && w.h2 {
		_ = w.ctl.SetWriteDeadline(time.Time{})
	}
}

// begun says whether the answer's head was already sent; false for a writer that did not pass an Edge.
func begun(w http.ResponseWriter) bool {
	for {
		switch t := w.(type) {
		case *recorder:
			return t.status != 0
		case interface{ Unwrap() http.ResponseWriter }:
			w = t.Unwrap()
		default:
			return false
		}
	}
}
