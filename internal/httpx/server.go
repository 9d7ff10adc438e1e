package httpx

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	stdlog "log"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Config describes one listener. Addr or Listener is needed, and Handler; the rest has safe defaults.
type Config struct {
	Addr     string       // "host:port"; ":0" picks a port
	Listener net.Listener // instead of Addr
	Handler  http.Handler
	Edge     Edge
	TLS      *TLS // nil = plain HTTP
	// ProxyProtocol names peers (load balancers) that open every connection with a PROXY protocol v2 header. From them it is
	// required, from anybody else it closes the connection. Empty = the protocol is not spoken.
	ProxyProtocol Networks

	HeaderTimeout  time.Duration // for the TLS handshake, the PROXY header and a request's head; 0 → 10 s
	IdleTimeout    time.Duration // between requests of one connection; 0 → 2 min
	MaxHeaderBytes int           // 0 → 32 KiB; more is answered 431
	MaxConns       int           // open connections; further ones wait in the kernel's queue; 0 → 100 000
	// HandshakeFailed is told the peer and the reason of each TLS handshake that failed; nil: nobody is. It must return fast.
	HandshakeFailed func(peer, why string)
	Grace           time.Duration // how long running requests may take to end after the context did; 0 → 20 s
}

// TLS is how a listener ends TLS. HTTP/2 is offered, session tickets are on.
type TLS struct {
	// GetCertificate comes from Certificates, ACME or a choice of both.
	GetCertificate func(*tls.ClientHelloInfo) (*tls.Certificate, error)
	MinVersion     uint16   // 0 → TLS 1.2 (DM-335); lower only on a listener for old phones, never process-wide
	CipherSuites   []uint16 // nil = Go's own choice; for old phones only
	ACMEALPN       bool     // answer ACME's TLS-ALPN-01 challenge on this listener
	// AskClientCert asks for a certificate and verifies nothing: who needs it (phones' maker certificates) judges
	// r.TLS.PeerCertificates itself.
	AskClientCert bool
	// AskWhen says for each connection whether to ask for a certificate; nil: AskClientCert decides. Browsers ask people when a server
	// asks them, so nobody should ask without a use for it.
	AskWhen func() bool
}

// Server is one bound listener.
type Server struct {
	cfg     Config
	http    *http.Server
	ln      net.Listener
	tls     *tls.Config
	seen    sync.Map // open connections that are counted
	abandon context.CancelFunc

	stopping chan struct{} // closed when it wants to stop
	stopOnce sync.Once
}

// Listen binds the address, so that a taken port shows before anything else starts, and gives a server that is not serving yet.
func Listen(cfg Config) (*Server, error) {
	cfg = cfg.orDefault()
	ln := cfg.Listener
	if ln == nil {
		var err error
		if ln, err = net.Listen("tcp", cfg.Addr); err != nil {
			return nil, fmt.Errorf("listen on %s: %w", cfg.Addr, err)
		}
	}
	s := &Server{cfg: cfg}
	ln = newConnLimit(ln, cfg.MaxConns)
	if len(cfg.ProxyProtocol) > 0 {
		ln = proxyListener{Listener: ln, trusted: cfg.ProxyProtocol, timeout: cfg.HeaderTimeout}
	}
	if cfg.TLS != nil {
		s.tls = cfg.TLS.config()
		s.ln = tls.NewListener(ln, s.tls)
	} else {
		s.ln = plainListener{ln}
	}
	s.stopping = make(chan struct{})
	base, abandon := context.WithCancel(context.WithValue(context.Background(), stoppingKey{}, s.stopping))
	s.abandon = abandon
	log := cfg.Edge.Log
	if log == nil {
		log = slog.Default()
	}
	s.http = &http.Server{
		Handler:           answering(cfg.Edge.Wrap(cfg.Handler)),
		TLSConfig:         s.tls,
		ReadHeaderTimeout: cfg.HeaderTimeout,
		IdleTimeout:       cfg.IdleTimeout,
		MaxHeaderBytes:    cfg.MaxHeaderBytes,
		ErrorLog:          errorLog(log, cfg.HandshakeFailed),
		BaseContext:       func(net.Listener) context.Context { return base },
		ConnContext:       rememberPlain,
		ConnState:         s.count,
		HTTP2: &http.HTTP2Config{MaxConcurrentStreams: 100, SendPingTimeout: cfg.IdleTimeout / 2, PingTimeout: 15 * time.Second,
			WriteByteTimeout: time.Minute},
	}
	return s, nil
}

func (c Config) orDefault() Config {
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	def(&c.HeaderTimeout, 10*time.Second)
	def(&c.IdleTimeout, 2*time.Minute)
	def(&c.Grace, 20*time.Second)
	if c.MaxHeaderBytes == 0 {
		c.MaxHeaderBytes = 32 << 10
	}
	if c.MaxConns == 0 {
		c.MaxConns = 100_000
	}
	return c
}

func (t *TLS) config() *tls.Config {
	c := &tls.Config{
		GetCertificate: t.GetCertificate, MinVersion: t.MinVersion, CipherSuites: t.CipherSuites,
		NextProtos: []string{"h2", "http/1.1"},
		// Phones' configurations are a few kilobytes: small records at the start of a connection only cost.
		DynamicRecordSizingDisabled: true,
	}
	if c.MinVersion == 0 {
		c.MinVersion = tls.VersionTLS12
	}
	if t.ACMEALPN {
		c.NextProtos = append(c.NextProtos, acmeALPN)
	}
	if t.AskClientCert {
		c.ClientAuth = tls.RequestClientCert
	}
	if t.AskWhen != nil {
		// Neither of them has ticket keys of its own, so both use those of the listener.
		asking := c.Clone()
		asking.ClientAuth = tls.RequestClientCert
		c.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
			if t.AskWhen() {
				return asking, nil
			}
			return nil, nil
		}
	}
	return c
}

// errorLog is where net/http complains. Of a failed handshake it says nothing in another way, so its line is read.
func errorLog(log *slog.Logger, failed func(peer, why string)) *stdlog.Logger {
	if failed == nil {
		return slog.NewLogLogger(log.Handler(), slog.LevelDebug)
	}
	return stdlog.New(complaints{log, failed}, "", 0)
}

type complaints struct {
	log    *slog.Logger
	failed func(peer, why string)
}

const handshakeLine = "http: TLS handshake error from "

// Write takes one line of net/http.
func (c complaints) Write(line []byte) (int, error) {
	text := strings.TrimSpace(string(line))
	if rest, ok := strings.CutPrefix(text, handshakeLine); ok {
		if peer, why, ok := strings.Cut(rest, ": "); ok {
			c.failed(peer, why)
		}
	}
	c.log.Debug(text)
	return len(line), nil
}

// Addr gives the bound address.
func (s *Server) Addr() net.Addr { return s.ln.Addr() }

// URL gives scheme and bound address, for banners and tests.
func (s *Server) URL() string {
	if s.tls != nil {
		return "https://" + s.Addr().String()
	}
	return "http://" + s.Addr().String()
}

// Serve answers until ctx ends, then takes no new connection, lets running requests end for the grace time and breaks off the rest.
// nil comes back after an orderly stop.
func (s *Server) Serve(ctx context.Context) error {
	defer s.abandon()
	stopped := make(chan error, 1)
	unwatch := context.AfterFunc(ctx, func() { stopped <- s.stop(ctx) })
	err := s.http.Serve(s.ln)
	if unwatch() {
		return err // the listener failed
	}
	return <-stopped
}

type stoppingKey struct{}

// Stopping is closed when the server that answers this request wants to stop, so that answers without an end can end. It is nil, and
// never ready, where the request came by another way.
func Stopping(ctx context.Context) <-chan struct{} {
	c, _ := ctx.Value(stoppingKey{}).(chan struct{})
	return c
}

func (s *Server) stop(ctx context.Context) error {
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.Grace)
	defer cancel()
	s.stopOnce.Do(func() { close(s.stopping) })
	err := s.http.Shutdown(grace)
	if errors.Is(err, context.DeadlineExceeded) {
		return s.http.Close()
	}
	return err
}

// Close frees a server that was never served; after Serve it does nothing more.
func (s *Server) Close() error {
	s.abandon()
	return s.ln.Close()
}

// SetTicketKeys replaces the keys of TLS session tickets: the first one seals, all open. Equal nodes that share keys resume each
// other's sessions, which spares phones in a storm the full handshake. Without TLS or without keys nothing happens.
func (s *Server) SetTicketKeys(keys [][32]byte) {
	if s.tls != nil && len(keys) > 0 {
		s.tls.SetSessionTicketKeys(keys)
	}
}

// TicketKeys derives the keys of a day from a root secret that the nodes share: today's first, then yesterday's and tomorrow's, so
// that nodes whose clocks differ a little still understand each other. Call it at least daily.
func TicketKeys(root []byte, now time.Time) ([][32]byte, error) {
	day := now.UTC().Unix() / 86400
	var keys [][32]byte
	for _, d := range []int64{day, day - 1, day + 1} {
		k, err := hkdf.Key(sha256.New, root, nil, "linecard tls session tickets "+strconv.FormatInt(d, 10), 32)
		if err != nil {
			return nil, err
		}
		keys = append(keys, [32]byte(k))
	}
	return keys, nil
}

func (s *Server) count(c net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.seen.Store(c, true)
		s.cfg.Edge.Metrics.connections(s.cfg.Edge.Name, 1)
	case http.StateClosed, http.StateHijacked:
		if _, open := s.seen.LoadAndDelete(c); open {
			s.cfg.Edge.Metrics.connections(s.cfg.Edge.Name, -1)
		}
	}
}
