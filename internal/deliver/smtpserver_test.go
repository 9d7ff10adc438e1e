package deliver_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"
)

// smtpServer is a small mail server. What it does with a mail is decided by the recipient's local part and the table says.
type smtpServer struct {
	net.Listener
	tls   *tls.Config // offers STARTTLS when set
	login string      // "user:password" that AUTH PLAIN must bring; "" asks for none
	roots *x509.CertPool
	stop  chan struct{}

	mu   sync.Mutex
	says map[string]string // answer to RCPT by local part; "hang" answers never
	got  []string          // accepted mails
	seen []string          // commands, without their arguments
}

func newSMTPServer(t *testing.T, withTLS bool) *smtpServer { return newSMTPServerFor(t, withTLS, "") }

func newSMTPServerFor(t *testing.T, withTLS bool, login string) *smtpServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &smtpServer{Listener: l, login: login, says: map[string]string{}, stop: make(chan struct{})}
	if withTLS {
		s.tls, s.roots = certificate(t)
	}
	t.Cleanup(func() { close(s.stop); l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go s.serve(c)
		}
	}()
	return s
}

func certificate(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, pool
}

func (s *smtpServer) serve(c net.Conn) {
	defer c.Close()
	r := bufio.NewReader(c)
	say := func(line string) { fmt.Fprintf(c, "%s\r\n", line) }
	say("220 test ESMTP")
	secured, signedIn := false, s.login == ""
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		verb = strings.ToUpper(verb)
		s.mu.Lock()
		s.seen = append(s.seen, verb)
		s.mu.Unlock()
		switch verb {
		case "EHLO", "HELO":
			ext := []string{"test", "8BITMIME", "ENHANCEDSTATUSCODES"}
			if s.tls != nil && !secured {
				ext = append(ext, "STARTTLS")
			}
			if s.login != "" {
				ext = append(ext, "AUTH PLAIN")
			}
			for i, e := range ext {
				say(map[bool]string{true: "250 ", false: "250-"}[i == len(ext)-1] + e)
			}
		case "STARTTLS":
			say("220 go on")
			tc := tls.Server(c, s.tls)
			if tc.Handshake() != nil {
				return
			}
			c, r, secured = tc, bufio.NewReader(tc), true
		case "AUTH":
			b, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(rest, "PLAIN "))
			if signedIn = string(b) == "\x00"+strings.Replace(s.login, ":", "\x00", 1); signedIn {
				say("235 2.7.0 ok")
			} else {
				say("535 5.7.8 authentication failed")
			}
		case "MAIL", "RSET", "NOOP":
			if !signedIn {
				say("530 5.7.0 sign in first")
				continue
			}
			say("250 2.0.0 ok")
		case "RCPT":
			if says := s.sayTo(rest); says == "hang" {
				<-s.stop
				return
			} else {
				say(says)
			}
		case "DATA":
			say("354 go on")
			var b strings.Builder
			for {
				l, err := r.ReadString('\n')
				if err != nil {
					return
				}
				if l == ".\r\n" {
					break
				}
				b.WriteString(strings.TrimPrefix(l, "."))
			}
			s.mu.Lock()
			s.got = append(s.got, b.String())
			s.mu.Unlock()
			say("250 2.0.0 queued as 12345")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("502 what?")
		}
	}
}

func (s *smtpServer) sayTo(rcpt string) string {
	address := rcpt[strings.IndexByte(rcpt, '<')+1 : strings.IndexByte(rcpt, '>')]
	local, _, _ := strings.Cut(address, "@")
	s.mu.Lock()
	defer s.mu.Unlock()
	if says := s.says[local]; says != "" {
		return says
	}
	return "250 2.1.5 ok"
}

func (s *smtpServer) say(local, answer string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.says[local] = answer
}

func (s *smtpServer) mails() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.got...)
}

func (s *smtpServer) commands() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.seen, " ")
}

// readMail takes a mail apart: headers, decoded, and the parts by their type.
func readMail(t *testing.T, raw string) (mail.Header, map[string]string) {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string]string{}
	for r := multipart.NewReader(m.Body, params["boundary"]); ; {
		p, err := r.NextRawPart()
		if err == io.EOF {
			return m.Header, parts
		}
		if err != nil {
			t.Fatal(err)
		}
		kind, _, _ := mime.ParseMediaType(p.Header.Get("Content-Type"))
		b, err := io.ReadAll(quotedprintable.NewReader(p))
		if err != nil {
			t.Fatal(err)
		}
		parts[kind] = strings.ReplaceAll(string(b), "\r\n", "\n")
	}
}

func decoded(t *testing.T, header string) string {
	t.Helper()
	s, err := new(mime.WordDecoder).DecodeHeader(header)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
