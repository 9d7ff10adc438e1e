package sim

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Exchange is one request and its answer, as in a transcript.
type Exchange struct {
	Method string
	Path   string // below the provisioning address
	Status int    // 0 when no answer came
	Bytes  int64
	Took   time.Duration
	Err    string `json:",omitempty"`
	Agent  string
	Basis  Basis
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
	head                bool  // only the head of the answer is read, as of a software image that the phone has
	basis               Basis // that the phone asks for this at this place
}

// send makes the request, answers one challenge for credentials (and one more when only the nonce was too old), and notes every
// exchange. A connection that fails gives status 0.
func (p *Phone) send(ctx context.Context, t *Trip, r request) (status int, body []byte) {
	authorization := ""
	if p.Remember {
		authorization = p.digestFor(r, p.last)
	}
	for attempt := 0; ; attempt++ {
		if attempt > 0 && r.basis == Sourced {
			r.basis = p.retries(r.method)
		}
		a := p.once(ctx, t, r, authorization)
		if a.status != http.StatusUnauthorized || attempt == 2 || attempt == 1 && !a.stale() {
			return a.status, a.body
		}
		if authorization = p.authorize(r, a.challenges); authorization == "" {
			return a.status, a.body
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

// answer is what came back; status 0 when nothing did.
type answer struct {
	status     int
	challenges []string
	body       []byte
}

// stale says whether only the nonce was too old.
func (a answer) stale() bool {
	return slices.ContainsFunc(a.challenges, func(c string) bool { return strings.Contains(strings.ToLower(c), "stale=true") })
}

func (p *Phone) once(ctx context.Context, t *Trip, r request, authorization string) answer {
	began := p.Clock.Now()
	a, err := p.exchange(ctx, r, authorization)
	x := Exchange{Method: r.method, Path: r.path, Status: a.status, Bytes: int64(len(a.body)), Took: p.Clock.Now().Sub(began), Agent: r.agent, Basis: r.basis}
	if err != nil {
		x.Err, x.Status, a = err.Error(), 0, answer{}
	}
	t.Exchanges = append(t.Exchanges, x)
	return a
}

func (p *Phone) exchange(ctx context.Context, r request, authorization string) (answer, error) {
	var content io.Reader
	if r.body != nil {
		content = bytes.NewReader(r.body)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, p.Base+"/"+r.path, content)
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("User-Agent", r.agent)
	req.Header.Set("Accept", "*/*")
	if r.body != nil {
		req.Header.Set("Expect", "100-continue") // inferred: like libcurl
	}
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	res, err := p.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	a := answer{status: res.StatusCode, challenges: res.Header.Values("WWW-Authenticate")}
	if r.head {
		return a, nil // a transfer that the phone cuts is no error
	}
	a.body, err = io.ReadAll(io.LimitReader(res.Body, maxBody))
	return a, err
}

// challenge is what a server asks for with Digest.
type challenge struct {
	realm, nonce, opaque, qop string
	count                     int
}

// authorize answers a challenge: with Digest when it is offered (inferred from servers that offer both), else with Basic, or
// as Auth says.
func (p *Phone) authorize(r request, offered []string) string {
	for _, o := range offered {
		scheme, rest, _ := strings.Cut(o, " ")
		if strings.EqualFold(scheme, "Digest") && p.Auth != Basic {
			p.last = readChallenge(rest)
			return p.digestFor(r, p.last)
		}
	}
	for _, o := range offered {
		if scheme, _, _ := strings.Cut(o, " "); strings.EqualFold(scheme, "Basic") && p.Auth != Digest {
			req := http.Request{Header: http.Header{}}
			req.SetBasicAuth(p.User, p.Password)
			return req.Header.Get("Authorization")
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

// digestFor computes the Authorization of a request (RFC 2617 §3.2.2); "" without a challenge.
func (p *Phone) digestFor(r request, c *challenge) string {
	if c == nil {
		return ""
	}
	uri := p.prefix + "/" + r.path
	ha1 := sum(p.User + ":" + c.realm + ":" + p.Password)
	ha2 := sum(r.method + ":" + uri)
	head := fmt.Sprintf(`Digest username="%s", realm="%s", nonce="%s", uri="%s"`, p.User, c.realm, c.nonce, uri)
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
