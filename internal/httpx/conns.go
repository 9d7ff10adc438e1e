package httpx

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// connLimit accepts no more connections than its slots; the rest wait in the kernel's queue.
type connLimit struct {
	net.Listener
	slots  chan struct{}
	closed chan struct{}
	once   sync.Once
}

func newConnLimit(l net.Listener, n int) *connLimit {
	return &connLimit{Listener: l, slots: make(chan struct{}, n), closed: make(chan struct{})}
}

// Accept waits for a free slot first.
func (l *connLimit) Accept() (net.Conn, error) {
	select {
	case l.slots <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.slots
		return nil, err
	}
	return &slotConn{Conn: c, free: sync.OnceFunc(func() { <-l.slots })}, nil
}

// Close ends a waiting Accept too.
func (l *connLimit) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

type slotConn struct {
	net.Conn
	free func()
}

// Close gives the slot back once.
func (c *slotConn) Close() error {
	defer c.free()
	return c.Conn.Close()
}

// closeWrite lets net/http say goodbye before it closes, so that a refusal sent early is not lost in a reset. Every connection
// type of this room passes it down.
func closeWrite(c net.Conn) error {
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// CloseWrite closes the sending half.
func (c *slotConn) CloseWrite() error { return closeWrite(c.Conn) }

// slowHead is what a client gets that sends the head of its request too slowly. net/http closes such a connection without a word.
const slowHead = "HTTP/1.1 408 Request Timeout\r\nContent-Type: application/problem+json\r\nConnection: close\r\nRetry-After: 1\r\nCache-Control: no-store\r\n\r\n" +
	`{"type":"about:blank","title":"Request Timeout","status":408,"detail":"The request arrived too slowly.","code":"head_too_slow"}` + "\n"

// plainListener watches plain connections for slow heads. Under TLS the bytes are not ours to write, there the connection just closes.
type plainListener struct{ net.Listener }

// Accept gives watched connections.
func (l plainListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &plainConn{Conn: c}, nil
}

type plainConn struct {
	net.Conn
	partial atomic.Bool // some bytes of a head were read, and no handler has it yet
	busy    atomic.Bool // a handler runs: time-outs belong to it
}

// Read gives bytes; a time-out in the middle of a head is answered 408.
func (c *plainConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if c.busy.Load() {
		return n, err
	}
	if n > 0 {
		c.partial.Store(true)
	}
	if err != nil && errors.Is(err, os.ErrDeadlineExceeded) && c.partial.Load() {
		_ = c.Conn.SetWriteDeadline(wall().Add(time.Second))
		_, _ = c.Conn.Write([]byte(slowHead))
	}
	return n, err
}

// CloseWrite closes the sending half.
func (c *plainConn) CloseWrite() error { return closeWrite(c.Conn) }

type plainKey struct{}

func rememberPlain(ctx context.Context, c net.Conn) context.Context {
	if p, ok := c.(*plainConn); ok {
		return context.WithValue(ctx, plainKey{}, p)
	}
	return ctx
}

// answering tells the connection when a handler has the request.
func answering(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, ok := r.Context().Value(plainKey{}).(*plainConn); ok {
			c.busy.Store(true)
			defer func() {
				c.partial.Store(false)
				c.busy.Store(false)
			}()
		}
		h.ServeHTTP(w, r)
	})
}
