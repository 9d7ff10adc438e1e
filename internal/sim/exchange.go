package sim

import (
	"context"
	"crypto/md5"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Exchange is one request and its answer, as in a transcript.
type Exchange struct {
	Method string
	Path   string // below the provisioning address, or a full URL
	Status int    // 0 when no answer came
	Bytes  int64
	Took   time.Duration
	Err    string `json:",omitempty"`
	Agent  string
	Basis  Basis
	// Refused says that the phone had given its credentials and heard 401, 403 or 429 all the same.
	Refused bool `json:",omitempty"`
}

// Basis says why a simulated phone does a thing.
type Basis string

// The bases.
const (
	Sourced  Basis = "sourced"  // a log of a real phone or its maker's guide says so
	Inferred Basis = "inferred" // it follows from such, or from what servers in the field offer
)

// maxBody bounds what a phone reads of a file.
const maxBody = 8 << 20

// request is what a phone wants of the server.
type request struct {
	method, path, agent string
	body                []byte
	kind                string // media type of the body; "" none is said
	from                int64  // where a download goes on
	sink                sink   // takes the body of a success instead of memory
	basis               Basis  // that the phone asks for this at this place
}

// sink reads a body as far as it wants: how much it read, and whether it cut the transfer there.
type sink func(*http.Response) (n int64, cut bool, err error)

// answer is what came back; status 0 when nothing did.
type answer struct {
	status     int
	challenges []string
	header     http.Header
	length     int64
	body       []byte
	read       int64 // what a sink took
	cut        bool
}

// send makes the request, answers one challenge for credentials (and one more when only the nonce was too old), and notes every
// exchange. A connection that fails gives status 0.
func (p *Phone) send(ctx context.Context, t *Trip, r request) answer {
	at, err := p.locate(r.path)
	if err != nil {
		t.Exchanges = append(t.Exchanges, Exchange{Method: r.method, Path: r.path, Err: err.Error(), Agent: r.agent, Basis: r.basis})
		return answer{}
	}
	authorization := ""
	if p.Remember {
		authorization = p.remembered(r, at)
	}
	for attempt := 0; ; attempt++ {
		if attempt > 0 && r.basis == Sourced {
			r.basis = p.retries(r.method)
		}
		a := p.once(ctx, t, at, r, authorization)
		if a.status != http.StatusUnauthorized || attempt == 2 || attempt == 1 && !a.stale() {
			return a
		}
		if authorization = p.authorize(r, at, a.challenges); authorization == "" {
			return a
		}
	}
}

// retries is how well it is known that phones of this maker ask without credentials first and then again with them: Poly and
// Cisco from logs and guides, but not for uploads; the others from servers that ask them so.
func (p *Phone) retries(method string) Basis {
	if method != http.MethodPut && (p.Maker == Poly || p.Maker == Cisco) {
		return Sourced
	}
	return Inferred
}

// stale says whether only the nonce was too old.
func (a answer) stale() bool {
	return slices.ContainsFunc(a.challenges, func(c string) bool { return strings.Contains(strings.ToLower(c), "stale=true") })
}

func (p *Phone) once(ctx context.Context, t *Trip, at place, r request, authorization string) answer {
	began := p.Clock.Now()
	a, err := p.exchange(ctx, t, at, r, authorization)
	x := Exchange{Method: r.method, Path: r.path, Status: a.status, Bytes: int64(len(a.body)) + a.read, Took: p.Clock.Now().Sub(began), Agent: r.agent, Basis: r.basis}
	if err != nil {
		x.Err, x.Status, a = err.Error(), 0, answer{}
	}
	switch x.Status {
	case http.StatusUnauthorized:
		x.Refused = authorization != "" && !a.stale()
	case http.StatusForbidden, http.StatusTooManyRequests:
		x.Refused = true
	}
	t.Exchanges = append(t.Exchanges, x)
	if p.look != nil {
		p.look(p, x, a.body)
	}
	if p.Watch != nil {
		p.Watch(p, x, a.body)
	}
	return a
}

// challenge is what a server asks for with Digest; basic is set when it asked for Basic.
type challenge struct {
	realm, nonce, opaque, qop string
	count                     int
	basic                     bool
}

// account is whose credentials a request carries: those in a full URL, else the phone's.
func (p *Phone) account(at place) (user, password string) {
	if at.user != nil {
		password, _ = at.user.Password()
		return at.user.Username(), password
	}
	return p.credentials()
}

// authorize answers a challenge: with Digest when it is offered (inferred from servers that offer both), else with Basic, or
// as Auth says.
func (p *Phone) authorize(r request, at place, offered []string) string {
	for _, o := range offered {
		scheme, rest, _ := strings.Cut(o, " ")
		if strings.EqualFold(scheme, "Digest") && p.Auth != Basic {
			p.last = readChallenge(rest)
			return p.remembered(r, at)
		}
	}
	for _, o := range offered {
		if scheme, _, _ := strings.Cut(o, " "); strings.EqualFold(scheme, "Basic") && p.Auth != Digest {
			p.last = &challenge{basic: true}
			return p.remembered(r, at)
		}
	}
	return ""
}

func readChallenge(s string) *challenge {
	get := func(name string) string {
		_, rest, ok := strings.Cut(s, name+"=")
		if !ok {
			return ""
		}
		if quoted, ok := strings.CutPrefix(rest, `"`); ok {
			v, _, _ := strings.Cut(quoted, `"`)
			return v
		}
		v, _, _ := strings.Cut(rest, ",")
		return strings.TrimSpace(v)
	}
	return &challenge{realm: get("realm"), nonce: get("nonce"), opaque: get("opaque"), qop: get("qop")}
}

// remembered computes the Authorization of a request after the last challenge (RFC 2617 §3.2.2); "" when there was none.
func (p *Phone) remembered(r request, at place) string {
	c := p.last
	if c == nil {
		return ""
	}
	user, password := p.account(at)
	if strings.ContainsAny(user, "\r\n\"") {
		return ""
	}
	if c.basic {
		req := http.Request{Header: http.Header{}}
		req.SetBasicAuth(user, password)
		return req.Header.Get("Authorization")
	}
	ha1 := sum(user + ":" + c.realm + ":" + password)
	ha2 := sum(r.method + ":" + at.path)
	head := fmt.Sprintf(`Digest username="%s", realm="%s", nonce="%s", uri="%s"`, user, c.realm, c.nonce, at.path)
	if c.opaque != "" {
		head += fmt.Sprintf(`, opaque="%s"`, c.opaque)
	}
	if c.qop == "" {
		return head + fmt.Sprintf(`, response="%s", algorithm=MD5`, sum(ha1+":"+c.nonce+":"+ha2))
	}
	c.count++
	nc, cnonce := fmt.Sprintf("%08x", c.count), rand.Text()
	return head + fmt.Sprintf(`, cnonce="%s", nc=%s, qop=auth, response="%s", algorithm=MD5`, cnonce, nc,
		sum(ha1+":"+c.nonce+":"+nc+":"+cnonce+":auth:"+ha2))
}

func sum(s string) string {
	h := md5.Sum([]byte(s))
	return hex.EncodeToString(h[:])
}
