package httpx

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"
)

func TestTheHandlerGetsEveryPathAsItWasSent(t *testing.T) {
	s := serve(t, Config{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL.EscapedPath()) })})
	for _, path := range []string{"//0004f2abcdef.cfg", "/p/acme//x", "/a/../b", "/a/./b", "/%2e%2e/x"} {
		res, _ := talk(t, dial(t, s), "GET "+path+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		body, _ := io.ReadAll(res.Body)
		if res.StatusCode != 200 || string(body) != path {
			t.Errorf("%s: %s %s", path, res.Status, body)
		}
	}
}

func TestASlowHeadIsAnswered408AndClosed(t *testing.T) {
	s := serve(t, Config{Handler: reading, HeaderTimeout: 50 * time.Millisecond})
	c := dial(t, s)
	res, rest := talk(t, c, "GET /x HTTP/1.1\r\nHost: x\r\nX-Slow: ")
	if p := problemIn(t, res); p.Status != 408 || !res.Close {
		t.Errorf("%+v", p)
	}
	closedByPeer(t, rest)
}

func TestASlowHeadOrHandshakeUnderTLSIsClosed(t *testing.T) {
	s := serve(t, Config{Handler: reading, HeaderTimeout: 250 * time.Millisecond, TLS: &TLS{GetCertificate: testCerts().Certs.GetCertificate}})
	raw := dial(t, s) // says nothing
	if data, err := io.ReadAll(raw); os.IsTimeout(err) {
		t.Errorf("the handshake is still waited for: %q", data)
	}
	c := tls.Client(dial(t, s), clientTLS())
	if _, err := io.WriteString(c, "GET /x HTTP/1.1\r\nHost: x\r\nX-Slow: "); err != nil {
		t.Fatal(err)
	}
	if data, err := io.ReadAll(c); os.IsTimeout(err) {
		t.Errorf("the head is still waited for: %q", data)
	}
}

func TestAnIdleConnectionIsClosedWithoutAWord(t *testing.T) {
	s := serve(t, Config{Handler: reading, IdleTimeout: 100 * time.Millisecond, HeaderTimeout: 200 * time.Millisecond})
	silent := dial(t, s)
	if data, _ := io.ReadAll(silent); len(data) != 0 {
		t.Errorf("a connection that sent nothing got %q", data)
	}
	used := dial(t, s)
	res, rest := talk(t, used, "GET /x HTTP/1.1\r\nHost: x\r\n\r\n")
	_, _ = io.Copy(io.Discard, res.Body)
	if data, _ := io.ReadAll(rest); len(data) != 0 {
		t.Errorf("an idle connection got %q", data)
	}
}

func TestAHeadThatIsTooLargeIsRefused(t *testing.T) {
	s := serve(t, Config{Handler: reading, MaxHeaderBytes: 4096})
	c := dial(t, s)
	res, rest := talk(t, c, "GET /x HTTP/1.1\r\nHost: x\r\nX-Big: "+strings.Repeat("a", 20_000)+"\r\n\r\n")
	if res.StatusCode != 431 {
		t.Error(res.Status)
	}
	closedByPeer(t, rest)
}

func TestATakenPortShowsBeforeServing(t *testing.T) {
	s := serve(t, Config{Handler: reading})
	if _, err := Listen(Config{Addr: s.Addr().String(), Handler: reading}); err == nil || !strings.Contains(err.Error(), s.Addr().String()) {
		t.Error(err)
	}
}

func TestStoppingLetsRunningRequestsEndAndBreaksOffTheRest(t *testing.T) {
	for _, c := range []struct {
		name  string
		grace time.Duration
		ends  bool
	}{{"a request shorter than the grace time", 5 * time.Second, true}, {"a request that never ends", 50 * time.Millisecond, false}} {
		t.Run(c.name, func(t *testing.T) {
			inside, release := make(chan struct{}), make(chan struct{})
			s, err := Listen(Config{Addr: "127.0.0.1:0", Grace: c.grace, Edge: Edge{Log: (&logBook{}).logger()}, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				close(inside)
				select {
				case <-release:
				case <-r.Context().Done():
				}
			})})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan error, 1)
			go func() { done <- s.Serve(ctx) }()
			answered := make(chan error, 1)
			go func() {
				res, err := http.Get(s.URL())
				if err == nil {
					res.Body.Close()
				}
				answered <- err
			}()
			<-inside
			cancel()
			if c.ends {
				close(release)
			}
			if err := <-done; err != nil {
				t.Error("Serve:", err)
			}
			if err := <-answered; (err == nil) != c.ends {
				t.Error("client:", err)
			}
			if _, err := net.DialTimeout("tcp", s.Addr().String(), time.Second); err == nil {
				t.Error("the port is still open")
			}
		})
	}
}

func TestTLSOffersHTTP2AndRefusesOldVersions(t *testing.T) {
	s := serve(t, Config{Handler: reading, TLS: &TLS{GetCertificate: testCerts().Certs.GetCertificate}})
	cfg := clientTLS()
	cfg.NextProtos = []string{"h2", "http/1.1"}
	c, err := tls.Dial("tcp", s.Addr().String(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.ConnectionState().NegotiatedProtocol; got != "h2" {
		t.Errorf("negotiated %q", got)
	}
	c.Close()
	old := clientTLS()
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	if c, err := tls.Dial("tcp", s.Addr().String(), old); err == nil { // DM-335
		c.Close()
		t.Error("TLS 1.1 was accepted")
	}
}

func TestSessionsAreResumedAcrossNodesThatShareKeys(t *testing.T) {
	root := []byte("a secret that both nodes read from one place")
	now := time.Date(2026, 3, 1, 23, 59, 0, 0, time.UTC)
	node := func(at time.Time, root []byte) *Server {
		s := serve(t, Config{Handler: reading, TLS: &TLS{GetCertificate: testCerts().Certs.GetCertificate}})
		keys, err := TicketKeys(root, at)
		if err != nil {
			t.Fatal(err)
		}
		s.SetTicketKeys(keys)
		return s
	}
	first, second, stranger := node(now, root), node(now.Add(2*time.Minute), root), node(now, []byte("another secret"))
	cfg := clientTLS()
	cfg.ClientSessionCache = tls.NewLRUClientSessionCache(4)
	visit := func(s *Server) bool {
		c, err := tls.Dial("tcp", s.Addr().String(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if _, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil { // tickets arrive with the answer
			t.Fatal(err)
		}
		return c.ConnectionState().DidResume
	}
	if visit(first) {
		t.Error("the first visit cannot resume")
	}
	if !visit(second) {
		t.Error("the second node, one day further, did not take the first one's ticket")
	}
	if visit(stranger) {
		t.Error("a node with other keys resumed")
	}
}

func TestClientCertificatesArePassedOnUnjudged(t *testing.T) {
	s := serve(t, Config{TLS: &TLS{GetCertificate: testCerts().Certs.GetCertificate, AskClientCert: true},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, len(r.TLS.PeerCertificates)) })})
	for _, offered := range []int{0, 1} {
		cfg := clientTLS()
		if offered == 1 {
			cfg.Certificates = []tls.Certificate{(*testCerts().Certs.current.Load())[0].Certificate}
		}
		res, err := (&http.Client{Transport: &http.Transport{TLSClientConfig: cfg}}).Get(s.URL())
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		if string(body) != fmt.Sprint(offered) {
			t.Errorf("the handler saw %s certificates, want %d", body, offered)
		}
	}
}

func TestConnectionsOverTheLimitWaitUntilOneEnds(t *testing.T) {
	s := serve(t, Config{Handler: reading, MaxConns: 1})
	first, second := dial(t, s), dial(t, s)
	res, _ := talk(t, first, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	_, _ = io.Copy(io.Discard, res.Body)
	if _, err := io.WriteString(second, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	_ = second.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if n, _ := second.Read(make([]byte, 1)); n != 0 {
		t.Error("a second connection was answered")
	}
	first.Close()
	_ = second.SetReadDeadline(time.Now().Add(5 * time.Second))
	if res, err := http.ReadResponse(bufio.NewReader(second), nil); err != nil || res.StatusCode != 200 {
		t.Error("the waiting connection was not taken:", err)
	}
}

func TestAddressSchemeAndHostReachTheHandlerThroughTLSAndProxies(t *testing.T) {
	s := serve(t, Config{TLS: &TLS{GetCertificate: testCerts().Certs.GetCertificate}, ProxyProtocol: Loopback,
		Edge: Edge{Trust: Trust{Proxies: Networks{netip.MustParsePrefix("203.0.113.0/24")}}},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, ClientIP(r.Context()), " ", Scheme(r.Context()), " ", Host(r.Context()))
		})})
	raw := dial(t, s)
	if _, err := raw.Write(proxyV2("203.0.113.9:4711", nil)); err != nil { // the PROXY source is itself a trusted proxy
		t.Fatal(err)
	}
	c := tls.Client(raw, clientTLS())
	res, _ := talk(t, c, "GET / HTTP/1.1\r\nHost: Phones.Example.Test\r\nX-Forwarded-For: 198.51.100.7\r\nConnection: close\r\n\r\n")
	body, _ := io.ReadAll(res.Body)
	if string(body) != "198.51.100.7 https phones.example.test" {
		t.Errorf("%s", body)
	}
}
