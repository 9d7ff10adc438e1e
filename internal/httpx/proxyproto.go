package httpx

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
)

// proxySignature opens every PROXY protocol version 2 header (HAProxy "The PROXY protocol", section 2.2).
var proxySignature = [12]byte{'\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q', 'U', 'I', 'T', '\n'}

// maxProxyHeader bounds addresses and TLVs together. TLVs are skipped; a client certificate in one needs some kilobytes.
const maxProxyHeader = 16 << 10

var (
	errProxySignature = errors.New("PROXY protocol: header expected")
	errProxyVersion   = errors.New("PROXY protocol: only version 2 with LOCAL or PROXY is understood")
	errProxyFamily    = errors.New("PROXY protocol: only TCP over IPv4 and IPv6 is understood")
	errProxyLength    = errors.New("PROXY protocol: length does not fit")
	errProxyUntrusted = errors.New("PROXY protocol: header from a peer that is not trusted")
)

// readProxyHeader reads exactly one header and not a byte more. The zero source comes back for LOCAL and UNSPEC: the connection
// then speaks for itself.
func readProxyHeader(r io.Reader) (source netip.AddrPort, err error) {
	var head [16]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return source, err
	}
	if [12]byte(head[:12]) != proxySignature {
		return source, errProxySignature
	}
	command := head[12]
	if command != 0x20 && command != 0x21 {
		return source, errProxyVersion
	}
	length := int(binary.BigEndian.Uint16(head[14:]))
	if length > maxProxyHeader {
		return source, errProxyLength
	}
	rest := make([]byte, length)
	if _, err := io.ReadFull(r, rest); err != nil {
		return source, err
	}
	family := head[13]
	switch {
	case command == 0x20 || family == 0x00:
		return source, nil
	case family == 0x11 && length >= 12:
		ip := netip.AddrFrom4([4]byte(rest[:4]))
		return netip.AddrPortFrom(ip, binary.BigEndian.Uint16(rest[8:])), nil
	case family == 0x21 && length >= 36:
		ip := netip.AddrFrom16([16]byte(rest[:16])).Unmap()
		return netip.AddrPortFrom(ip, binary.BigEndian.Uint16(rest[32:])), nil
	case family == 0x11 || family == 0x21:
		return source, errProxyLength
	}
	return source, errProxyFamily
}

// proxyListener expects a header from trusted peers, always, and refuses one from anybody else: the protocol must not be guessed.
type proxyListener struct {
	net.Listener
	trusted Networks
	timeout time.Duration
}

// Accept never waits for a header; the connection's own goroutine does.
func (l proxyListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	peer, _ := netip.ParseAddrPort(c.RemoteAddr().String())
	if l.trusted.Contains(peer.Addr()) {
		return &proxiedConn{Conn: c, timeout: l.timeout}, nil
	}
	return &strangerConn{Conn: c}, nil
}

// proxiedConn reads its header on first use.
type proxiedConn struct {
	net.Conn
	timeout time.Duration
	once    sync.Once
	source  net.Addr
	err     error
}

func (c *proxiedConn) open() {
	c.once.Do(func() {
		_ = c.Conn.SetReadDeadline(wall().Add(c.timeout))
		source, err := readProxyHeader(c.Conn)
		_ = c.Conn.SetReadDeadline(time.Time{})
		if err != nil {
			c.err = err
			_ = c.Conn.Close()
			return
		}
		if source.IsValid() {
			c.source = net.TCPAddrFromAddrPort(source)
		}
	})
}

// Read gives what follows the header, or the header's fault.
func (c *proxiedConn) Read(b []byte) (int, error) {
	if c.open(); c.err != nil {
		return 0, c.err
	}
	return c.Conn.Read(b)
}

// RemoteAddr gives the source named by the header, or the peer when there is none. net/http asks for it first, before it sets any
// deadline of its own.
func (c *proxiedConn) RemoteAddr() net.Addr {
	if c.open(); c.source != nil {
		return c.source
	}
	return c.Conn.RemoteAddr()
}

// CloseWrite closes the sending half.
func (c *proxiedConn) CloseWrite() error { return closeWrite(c.Conn) }

// strangerConn lets a connection pass unless it opens with the signature. No TLS or HTTP client sends its first five bytes.
type strangerConn struct {
	net.Conn
	held    []byte // read while it could still have become a signature
	decided bool
	err     error
}

// Read holds the first bytes back until it is clear what they are; a signature closes the connection without an answer.
func (c *strangerConn) Read(b []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	for !c.decided {
		var few [5]byte
		n, err := c.Conn.Read(few[:len(few)-len(c.held)])
		c.held = append(c.held, few[:n]...)
		switch {
		case !bytes.HasPrefix(proxySignature[:], c.held):
			c.decided = true
		case len(c.held) == len(few):
			c.err = errProxyUntrusted
			_ = c.Conn.Close()
			return 0, c.err
		case err != nil && len(c.held) == 0:
			return 0, err
		case err != nil: // comes again with the next read
			c.decided = true
		}
	}
	if len(c.held) > 0 {
		n := copy(b, c.held)
		c.held = c.held[n:]
		return n, nil
	}
	return c.Conn.Read(b)
}

// CloseWrite closes the sending half.
func (c *strangerConn) CloseWrite() error { return closeWrite(c.Conn) }
