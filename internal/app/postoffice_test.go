package app_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"mime/quotedprintable"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"

	"linecard/internal/db/dbtest"
)

// postOffice is a mail server that lets everybody in and keeps what it gets.
type postOffice struct {
	net.Listener
	mu    sync.Mutex
	got   []string
	count int
}

func newPostOffice(t *testing.T) *postOffice {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &postOffice{Listener: l}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(c)
		}
	}()
	return p
}

func (p *postOffice) serve(c net.Conn) {
	defer c.Close()
	in := bufio.NewReader(c)
	say := func(line string) { _, _ = io.WriteString(c, line+"\r\n") }
	say("220 post ready")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		switch verb, _, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(line)), " "); verb {
		case "EHLO":
			say("250-post")
			say("250 AUTH CRAM-MD5") // what works without TLS
		case "DATA":
			say("354 go on")
			var mail strings.Builder
			for {
				line, err := in.ReadString('\n')
				if err != nil || line == ".\r\n" {
					break
				}
				mail.WriteString(line)
			}
			p.mu.Lock()
			p.got = append(p.got, mail.String())
			p.count++
			p.mu.Unlock()
			say("250 kept")
		case "AUTH":
			say("334 PDEyM0Bwb3N0Pg==")
			if _, err := in.ReadString('\n'); err != nil {
				return
			}
			say("235 welcome")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 fine")
		}
	}
}

func (p *postOffice) forget()  { p.mu.Lock(); defer p.mu.Unlock(); p.got = nil }
func (p *postOffice) all() int { p.mu.Lock(); defer p.mu.Unlock(); return p.count }

var linkInMail = regexp.MustCompile(`/link/([A-Z2-7]{20,})`)

// link waits for a mail to the address and gives the token of the one-time link in it.
func (p *postOffice) link(t *testing.T, to string) string {
	t.Helper()
	token := ""
	dbtest.Eventually(t, "a mail with a link to "+to, func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, mail := range p.got {
			plain, _ := io.ReadAll(quotedprintable.NewReader(strings.NewReader(mail)))
			if found := linkInMail.FindSubmatch(plain); found != nil && strings.Contains(mail, fmt.Sprintf("<%s>", to)) {
				token = string(found[1])
			}
		}
		return token != ""
	})
	return token
}

// insecure accepts the self-made certificate of the phones' listener; that it is right is proved elsewhere.
func insecure() *tls.Config { return &tls.Config{InsecureSkipVerify: true} } //nolint:gosec // a test of something else
