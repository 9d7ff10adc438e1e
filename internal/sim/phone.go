package sim

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// Auth is which kind of credentials a phone answers with.
type Auth string

// The kinds.
const (
	Offered Auth = "" // digest when offered, else basic
	Basic   Auth = "basic"
	Digest  Auth = "digest"
)

// Options of a phone.
type Options struct {
	Identity
	Base           string // provisioning address: https://host/p/acme
	User, Password string
	Auth           Auth
	Remember       bool             // send credentials with the first request of a file too, once the server has asked for them
	Serial         bool             // (SN:<mac>) in the User-Agent
	Roots          *x509.CertPool   // nil: those of the machine; Trust is used when it is given
	Trust          *Trust           // shared by a fleet, so that a server's chain is verified once
	Certificate    *tls.Certificate // the factory's, shown when the server asks for one
	RSAOnly        bool             // TLS 1.2 and RSA, nothing newer
	Resume         bool             // keeps TLS sessions between connections
	Two            bool             // a second connection for what follows the first file; Poly's two programs have one each anyway
	Lean           bool             // asks for what it needs and for one optional file, as in a power cut: four to six requests, beside challenges and repeats
	Source         netip.Addr       // address the phone comes from, where the machine has it; zero: any
	Clock          Clock            // needed
	Choices        Choices
	NoImages       bool // never asks for software
	// KeepAccount never uses an account that a configuration installs: who only looks must not claim the phone.
	KeepAccount bool
	Break       int64 // after how many bytes the first download of software breaks; 0: it does not
	// Retry is how long the phone waits before it asks again after a fault; it asks three times (device.prov.redunAttemptLimit).
	Retry time.Duration
	// Watch hears of every answer and its body when it is not nil, in the phone's own goroutine.
	Watch func(*Phone, Exchange, []byte)
}

// Phone is one simulated phone. It keeps its configuration between boots, like one that loses power. It is not safe for
// concurrent use.
type Phone struct {
	Options
	wire     *wire
	sessions tls.ClientSessionCache
	last     *challenge
	look     func(*Phone, Exchange, []byte) // a fleet's check
	kept     State
	dirs     master // where the master file says that things are
	dirty    bool   // a change on the phone is not uploaded yet
	Restarts int    // how often a configuration differed from the one in force
}

// New makes a phone as it comes out of the box: with an address and an account, without a configuration.
func New(o Options) (*Phone, error) {
	o.Base = strings.TrimSuffix(o.Base, "/")
	u, err := url.Parse(o.Base)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New("sim: the provisioning address is no URL")
	}
	if o.Clock == nil {
		return nil, errors.New("sim: a phone needs a clock")
	}
	if o.Retry == 0 {
		o.Retry = time.Second
	}
	if o.Trust == nil {
		o.Trust = NewTrust(o.Roots)
	}
	p := &Phone{Options: o}
	if o.Resume {
		p.sessions = tls.NewLRUClientSessionCache(2)
	}
	return p, nil
}

// Close ends the phone's connection.
func (p *Phone) Close() { p.hangUp() }

// Trip is one visit of a phone to the server.
type Trip struct {
	Exchanges   []Exchange
	Configured  bool   // master file and every file it lists were had and understood
	Changed     bool   // and they differ from what was in force: the phone restarted with them
	Fault       string // why it is not configured
	Upgraded    string // the software that it loaded; "" when it loaded none
	Stuck       string // the software that it could not take; a step between is missing
	loaded      bool   // it has just been loaded: the phone starts anew
	Connections int
	Resumed     int // of those, with a TLS session that was known
}

// attempts is how often a file is asked for when the server fails (device.prov.redunAttemptLimit, default 3).
const attempts = 3

// maxUpgrades bounds how often a phone loads software in one visit: a step-up has few steps.
const maxUpgrades = 4

// Boot is a power cycle: a new connection and the whole sequence of the phone's maker, again after each software that it loads.
func (p *Phone) Boot(ctx context.Context) Trip {
	var t Trip
	p.cycle(ctx, &t)
	return t
}

func (p *Phone) cycle(ctx context.Context, t *Trip) {
	for range maxUpgrades + 1 {
		p.hangUp()
		p.last = nil
		if p.Choices.LoseRefused && p.dirty {
			p.kept.Changed, p.kept.Web, p.dirty = nil, nil, false // the change did not reach the server
		}
		t.Configured, t.Fault, t.loaded = false, "", false
		p.boot(ctx, t)
		if !t.loaded {
			return
		}
	}
}

func (p *Phone) boot(ctx context.Context, t *Trip) {
	switch p.Maker {
	case Yealink:
		p.bootYealink(ctx, t)
	case Cisco, Grandstream, Snom:
		p.ask(ctx, t)
	default:
		p.bootPoly(ctx, t)
	}
}

// Poll asks as a running phone does at its time or after check-sync.
func (p *Phone) Poll(ctx context.Context) Trip {
	var t Trip
	p.ask(ctx, &t)
	if t.loaded {
		p.cycle(ctx, &t)
	}
	return t
}

func (p *Phone) ask(ctx context.Context, t *Trip) {
	switch p.Maker {
	case Yealink:
		p.askYealink(ctx, t)
	case Cisco:
		p.askCisco(ctx, t)
	case Grandstream:
		p.askGrandstream(ctx, t)
	case Snom:
		p.askSnom(ctx, t)
	default:
		p.askPoly(ctx, t)
	}
}

// get fetches a file of the phone's only program.
func (p *Phone) get(ctx context.Context, t *Trip, name string, basis Basis) (status int, body []byte) {
	a := p.fetch(ctx, t, request{method: http.MethodGet, path: name, agent: p.agent("Application", p.Serial), basis: basis})
	if p.Two && p.Maker != Poly && t.Connections == 1 {
		p.hangUp()
	}
	return a.status, a.body
}

// fetch gets a file and asks again when the server fails or is busy.
func (p *Phone) fetch(ctx context.Context, t *Trip, r request) answer {
	for n := 1; ; n++ {
		a := p.send(ctx, t, r)
		r.basis = Inferred
		if a.status != 0 && a.status < 500 && a.status != http.StatusTooManyRequests || n == attempts || !pause(ctx, p.Retry) {
			return a
		}
	}
}

// spare asks for a file that need not be there; one that is not there perhaps three times.
func (p *Phone) spare(ctx context.Context, t *Trip, name string, basis Basis) (status int, body []byte) {
	for n := 1; ; n++ {
		a := p.send(ctx, t, request{method: http.MethodGet, path: name, agent: p.agent("Application", p.Serial), basis: basis})
		basis = Inferred
		if a.status != http.StatusNotFound || n == attempts || !p.Choices.TripleMissing {
			return a.status, a.body
		}
	}
}

// put uploads and says whether it was taken.
func (p *Phone) put(ctx context.Context, t *Trip, r request) bool {
	if r.method == "" {
		r.method = http.MethodPut
	}
	if r.agent == "" {
		r.agent = p.agent("Application", p.Serial)
	}
	a := p.send(ctx, t, r)
	return a.status >= 200 && a.status < 300
}

// own is the phone's address as it writes it in names of files.
func (p *Phone) own() string {
	if p.Choices.Capitals && p.Maker != Snom {
		return strings.ToUpper(p.MAC.String())
	}
	return p.MAC.String()
}

// label is a file name without the phone's address, so that equal faults of many phones count as one.
func (p *Phone) label(name string) string {
	return strings.NewReplacer(p.MAC.String(), "<mac>", strings.ToUpper(p.MAC.String()), "<mac>").Replace(name)
}

func fault(name string, status int) string {
	if status == 0 {
		return name + ": no answer"
	}
	return name + ": " + http.StatusText(status)
}

func join(dir, name string) string {
	if dir == "" {
		return name
	}
	return strings.TrimSuffix(dir, "/") + "/" + name
}
