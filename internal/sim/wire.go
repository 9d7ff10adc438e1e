package sim

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// wire is one open connection. A phone of thousands cannot afford what net/http's client spends on each, and real phones
// send what that client would tidy up: double slashes, paths as they are.
type wire struct {
	at   string // scheme and host
	conn net.Conn
	left io.LimitedReader // bounds what one answer may be
	in   *bufio.Reader
	used bool // an answer came over it
}

// place is where a file is.
type place struct {
	scheme, host, path string
	user               *url.Userinfo
}

var errPlace = errors.New("sim: no address of a file")

// locate gives the address of a file: below the provisioning address, with a slash between them whatever the name begins
// with (PolyProv: a leading slash is not the root), or the full URL that the name is.
func (p *Phone) locate(name string) (place, error) {
	full := name
	if !strings.HasPrefix(name, "http://") && !strings.HasPrefix(name, "https://") {
		slash := "/"
		if p.Choices.Slashes {
			slash = "//"
		}
		full = p.base() + slash + name
	}
	scheme, rest, _ := strings.Cut(full, "://")
	host, path, _ := strings.Cut(rest, "/")
	at := place{scheme: scheme, host: host, path: "/" + path}
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		u, err := url.Parse(scheme + "://" + host)
		if err != nil {
			return place{}, errPlace
		}
		at.user, at.host = u.User, host[i+1:]
	}
	if at.host == "" || len(full) > 4096 || strings.ContainsFunc(at.host+at.path, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return place{}, errPlace
	}
	return at, nil
}

// open gives the connection to a place: the open one, or a new one.
func (p *Phone) open(ctx context.Context, t *Trip, at place) (*wire, error) {
	key := at.scheme + "://" + at.host
	if p.wire != nil && p.wire.at == key {
		return p.wire, nil
	}
	p.hangUp()
	address := at.host
	if _, _, err := net.SplitHostPort(address); err != nil {
		address = net.JoinHostPort(strings.Trim(address, "[]"), map[string]string{"http": "80", "https": "443"}[at.scheme])
	}
	d := net.Dialer{Timeout: patience, KeepAlive: -1}
	if p.Source.IsValid() {
		d.LocalAddr = &net.TCPAddr{IP: p.Source.AsSlice()}
	}
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	t.Connections++
	if at.scheme == "https" {
		secured := tls.Client(conn, p.tlsConfig(address))
		within, stop := context.WithTimeout(ctx, patience)
		defer stop()
		if err := secured.HandshakeContext(within); err != nil {
			_ = conn.Close()
			return nil, err
		}
		if secured.ConnectionState().DidResume {
			t.Resumed++
		}
		conn = secured
	}
	p.wire = &wire{at: key, conn: conn, left: io.LimitedReader{R: conn}}
	p.wire.in = bufio.NewReader(&p.wire.left)
	return p.wire, nil
}

// past is a deadline that ends what waits.
var past = time.Unix(1, 0)

// patience is how long a phone waits for a connection and for an answer.
const patience = 30 * time.Second

// download is how long a phone waits for an image.
const download = 10 * time.Minute

// hangUp closes the open connection.
func (p *Phone) hangUp() {
	if p.wire != nil {
		_ = p.wire.conn.Close()
		p.wire = nil
	}
}

// exchange sends one request and reads its answer. A kept connection that the server has closed meanwhile is replaced once.
func (p *Phone) exchange(ctx context.Context, t *Trip, at place, r request, authorization string) (answer, error) {
	for {
		w, err := p.open(ctx, t, at)
		if err != nil {
			return answer{}, err
		}
		kept := w.used
		limit := patience
		if r.sink != nil {
			limit = download
		}
		within, done := context.WithTimeout(ctx, limit)
		stop := context.AfterFunc(within, func() { _ = w.conn.SetDeadline(past) })
		a, err := p.round(within, w, at, r, authorization)
		stop()
		done()
		if err == nil {
			w.used = true
			return a, nil
		}
		begun := a.status != 0
		p.hangUp()
		if !kept || begun || ctx.Err() != nil || r.method == http.MethodPost {
			return a, err
		}
	}
}

// round is one request and its answer on an open connection.
func (p *Phone) round(ctx context.Context, w *wire, at place, r request, authorization string) (answer, error) {
	w.left.N = 1 << 16
	if _, err := w.conn.Write(r.head(at, authorization, p.expects(r))); err != nil {
		return answer{}, err
	}
	sent := r.body == nil
	if !sent && !p.expects(r) {
		sent = true
		if _, err := w.conn.Write(r.body); err != nil {
			return answer{}, err
		}
	}
	if !sent {
		go100, err := w.waitFor100(ctx)
		if err != nil {
			return answer{}, err
		}
		if sent = go100; sent {
			if _, err := w.conn.Write(r.body); err != nil {
				return answer{}, err
			}
		}
	}
	res, err := http.ReadResponse(w.in, &http.Request{Method: r.method})
	for err == nil && res.StatusCode == http.StatusContinue {
		res, err = http.ReadResponse(w.in, &http.Request{Method: r.method})
	}
	if err != nil {
		return answer{}, err
	}
	a := answer{status: res.StatusCode, challenges: res.Header.Values("WWW-Authenticate"), header: res.Header, length: res.ContentLength}
	w.left.N = maxBody
	if r.sink != nil && res.StatusCode < 300 {
		w.left.N = 1 << 32
		a.read, a.cut, err = r.sink(res)
	} else {
		a.body, err = io.ReadAll(io.LimitReader(res.Body, maxBody))
	}
	if a.cut || res.Close || !sent {
		p.hangUp()
	}
	return a, err
}

// waitFor100 says whether the body is to be sent: an interim answer came, or none within a second (RFC 9110 §10.1.1).
func (w *wire) waitFor100(ctx context.Context) (bool, error) {
	late := time.AfterFunc(time.Second, func() { _ = w.conn.SetReadDeadline(past) })
	line, err := w.in.Peek(len("HTTP/1.1 100"))
	late.Stop()
	_ = w.conn.SetReadDeadline(time.Time{})
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return true, nil
	}
	return bytes.HasSuffix(line, []byte(" 100")), err
}

// expects says whether the phone waits for leave before it sends a body (inferred: like libcurl).
func (p *Phone) expects(r request) bool { return r.body != nil && !p.Choices.PlainUploads }

// head is the request up to its body, with headers in the order of the transcript (inferred there).
func (r request) head(at place, authorization string, expect bool) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\nAccept: */*\r\n", r.method, at.path, at.host, r.agent)
	if authorization != "" {
		b.WriteString("Authorization: " + authorization + "\r\n")
	}
	if r.from > 0 {
		b.WriteString("Range: bytes=" + strconv.FormatInt(r.from, 10) + "-\r\n")
	}
	if r.body != nil {
		if r.kind != "" {
			b.WriteString("Content-Type: " + r.kind + "\r\n")
		}
		b.WriteString("Content-Length: " + strconv.Itoa(len(r.body)) + "\r\n")
	}
	if expect {
		b.WriteString("Expect: 100-continue\r\n")
	}
	b.WriteString("\r\n")
	return b.Bytes()
}
