package boot_test

import (
	"crypto/md5"
	"fmt"
	"strings"
	"testing"
	"time"

	"linecard/internal/db/dbtest"
	"linecard/internal/device/devicetest"
)

func md(s string) string { return fmt.Sprintf("%x", md5.Sum([]byte(s))) }

// digest answers a challenge as a phone does; change may alter its parts before the response is computed.
type digest struct{ user, word, realm, nonce, uri, method, qop, nc, cnonce string }

func (n *node) nonce(t *testing.T) string {
	t.Helper()
	res, _ := n.ask(t, "GET", "/p/acme/"+mac+".cfg")
	_, rest, ok := strings.Cut(res.Header.Get("WWW-Authenticate"), `nonce="`)
	if !ok {
		t.Fatal("no nonce")
	}
	nonce, _, _ := strings.Cut(rest, `"`)
	return nonce
}

func answerTo(nonce, uri string) digest {
	return digest{user: devicetest.User, word: devicetest.Password, realm: "Linecard", nonce: nonce, uri: uri, method: "GET", qop: "auth", nc: "00000001", cnonce: "c"}
}

func (d digest) header() string {
	ha1, ha2 := md(d.user+":"+d.realm+":"+d.word), md(d.method+":"+d.uri)
	h := fmt.Sprintf(`Authorization: Digest username="%s", realm="%s", nonce="%s", uri="%s", algorithm=MD5`, d.user, d.realm, d.nonce, d.uri)
	if d.qop == "" {
		return h + `, response="` + md(ha1+":"+d.nonce+":"+ha2) + `"`
	}
	return h + fmt.Sprintf(`, qop=%s, nc=%s, cnonce="%s", response="%s"`, d.qop, d.nc, d.cnonce,
		md(ha1+":"+d.nonce+":"+d.nc+":"+d.cnonce+":"+d.qop+":"+ha2))
}

func TestDigestOpensTheDoor(t *testing.T) {
	each(t, func(t *testing.T, n *node) {
		path := "/p/acme/" + mac + ".cfg"
		d := answerTo(n.nonce(t), path)
		n.status(t, 200, "GET", path, d.header())
		d.nc = "00000002"
		n.status(t, 200, "GET", path, d.header())
		d.method = "HEAD"
		n.status(t, 200, "HEAD", path, d.header())
		d.method, d.qop = "GET", "" // a client of RFC 2069
		n.status(t, 200, "GET", path, d.header())
		d.uri = "/p/acme//" + mac + ".cfg?a=b"
		n.status(t, 200, "GET", d.uri, d.header())
		d.uri = n.server.URL + path // a client behind a proxy
		n.status(t, 200, "GET", path, d.header())
	})
}

func TestADigestForSomethingElseIsRefused(t *testing.T) {
	each(t, func(t *testing.T, n *node) {
		path := "/p/acme/" + mac + ".cfg"
		nonce := n.nonce(t)
		for what, change := range map[string]func(*digest){
			"another file":      func(d *digest) { d.uri = "/p/acme/" + unknown + ".cfg" },
			"another method":    func(d *digest) { d.method = "HEAD" },
			"another realm":     func(d *digest) { d.realm = "other" },
			"another user":      func(d *digest) { d.user = "other" },
			"another password":  func(d *digest) { d.word = "other" },
			"another customer":  func(d *digest) { d.word = devicetest.GlobexPassword },
			"an unknown qop":    func(d *digest) { d.qop = "auth-int" },
			"an address abroad": func(d *digest) { d.uri = "https://elsewhere/x" },
		} {
			d := answerTo(nonce, path)
			change(&d)
			if res, _ := n.ask(t, "GET", path, d.header()); res.StatusCode != 401 || strings.Contains(res.Header.Get("WWW-Authenticate"), "stale") {
				t.Errorf("%s: %d %v", what, res.StatusCode, res.Header)
			}
		}
		d := answerTo(nonce, path)
		n.status(t, 401, "GET", path, strings.Replace(d.header(), "response=\"", "response=\"0", 1))
		n.status(t, 401, "GET", path, d.header()+`, realm="Linecard"`)
		n.status(t, 401, "GET", path, strings.Replace(d.header(), "MD5", "SHA-256", 1))
	})
}

// Decision 15: nonces are signed and stateless, so every node accepts them.
func TestANonceOfOneNodeIsGoodOnAnother(t *testing.T) {
	each(t, func(t *testing.T, n *node) {
		other := newNode(t, n.Node(t, n.DB), n.clock)
		path := "/p/acme/" + mac + ".cfg"
		other.status(t, 200, "GET", path, answerTo(n.nonce(t), path).header())
	})
}

func TestAnOldNonceIsAskedForAnewAndAStrangeOneToo(t *testing.T) {
	each(t, func(t *testing.T, n *node) {
		path := "/p/acme/" + mac + ".cfg"
		d := answerTo(n.nonce(t), path)
		n.clock.Advance(5 * time.Minute)
		n.status(t, 200, "GET", path, d.header())
		n.clock.Advance(time.Second)
		stale := func(d digest, want bool) {
			t.Helper()
			res, _ := n.ask(t, "GET", path, d.header())
			if got := strings.Contains(res.Header.Get("WWW-Authenticate"), "stale=true"); res.StatusCode != 401 || got != want {
				t.Errorf("%d %v", res.StatusCode, res.Header["Www-Authenticate"])
			}
		}
		stale(d, true)
		bad := d
		bad.word = "guess"
		stale(bad, false) // nothing tells whoever does not know the password
		for _, nonce := range []string{"", "x", d.nonce[:len(d.nonce)-1] + "A", strings.Repeat("A", 32), d.nonce + "AAAA"} {
			forged := d
			forged.nonce = nonce
			stale(forged, true)
		}
		fresh := answerTo(n.nonce(t), path)
		n.clock.Set(dbtest.Start) // a node whose clock is far behind
		stale(fresh, true)
	})
}
