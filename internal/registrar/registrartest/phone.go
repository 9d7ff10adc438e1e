package registrartest

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"
)

// md is a part of digest authentication.
func md(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

// Phone is a phone on UDP: it registers with digest authentication and takes what is sent to it afterwards.
type Phone struct {
	tb     testing.TB
	conn   *net.UDPConn
	proxy  netip.AddrPort
	domain string
	seq    int
	call   string
	Got    chan string // requests that came, answered with 200
	told   chan string // answers
}

// NewPhone opens the phone; it closes with the test.
func NewPhone(tb testing.TB, proxy netip.AddrPort, domain string) *Phone {
	tb.Helper()
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		tb.Fatal(err)
	}
	p := &Phone{tb: tb, conn: conn, proxy: proxy, domain: domain, call: fmt.Sprintf("call-%d", time.Now().UnixNano()), Got: make(chan string, 10), told: make(chan string, 10)}
	tb.Cleanup(func() { conn.Close() })
	go p.listen()
	return p
}

func (p *Phone) listen() {
	buf := make([]byte, 64<<10)
	for {
		n, from, err := p.conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		m := string(buf[:n])
		if strings.HasPrefix(m, "SIP/2.0") {
			p.told <- m
			continue
		}
		answer := "SIP/2.0 200 OK\r\n"
		for _, l := range strings.Split(m, "\r\n") {
			name, _, _ := strings.Cut(strings.ToLower(l), ":")
			switch name {
			case "via", "from", "call-id", "cseq":
				answer += l + "\r\n"
			case "to":
				answer += l + ";tag=phone\r\n"
			}
		}
		_, _ = p.conn.WriteToUDPAddrPort([]byte(answer+"Content-Length: 0\r\n\r\n"), from)
		p.Got <- m
	}
}

var quoted = regexp.MustCompile(`(realm|nonce)="([^"]*)"`)

// Register gives the final status of a REGISTER: 200, or what refused it.
func (p *Phone) Register(user, name, password string) int {
	p.tb.Helper()
	status, m := p.send(user, "")
	if status != 401 {
		return status
	}
	f := map[string]string{}
	for _, x := range quoted.FindAllStringSubmatch(m, -1) {
		f[x[1]] = x[2]
	}
	uri := "sip:" + p.domain
	answer := md(md(name+":"+f["realm"]+":"+password) + ":" + f["nonce"] + ":00000001:0a0b:auth:" + md("REGISTER:"+uri))
	status, _ = p.send(user, fmt.Sprintf("Authorization: Digest username=%q, realm=%q, nonce=%q, uri=%q, response=%q, algorithm=MD5, qop=auth, nc=00000001, cnonce=\"0a0b\"\r\n",
		name, f["realm"], f["nonce"], uri, answer))
	return status
}

func (p *Phone) send(user, authorization string) (int, string) {
	p.tb.Helper()
	p.seq++
	at := p.conn.LocalAddr().String()
	m := fmt.Sprintf("REGISTER sip:%s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%d%s;rport\r\nMax-Forwards: 70\r\nFrom: <sip:%s@%s>;tag=a%d\r\nTo: <sip:%s@%s>\r\nCall-ID: %s\r\nCSeq: %d REGISTER\r\n"+
		"Contact: <sip:%s@%s>\r\nExpires: 600\r\nUser-Agent: Yealink SIP-T54W 96.86.0.45\r\n%sContent-Length: 0\r\n\r\n",
		p.domain, at, p.seq, p.call, user, p.domain, p.seq, user, p.domain, p.call, p.seq, user, at, authorization)
	for range 10 {
		if _, err := p.conn.WriteToUDPAddrPort([]byte(m), p.proxy); err != nil {
			p.tb.Fatal(err)
		}
		select {
		case a := <-p.told:
			var status int
			if _, err := fmt.Sscanf(a, "SIP/2.0 %d", &status); err != nil {
				p.tb.Fatal(a)
			}
			return status, a
		case <-time.After(time.Second):
		}
	}
	p.tb.Fatal("the registrar does not answer")
	return 0, ""
}
