package sim

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
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
	Remember       bool           // send credentials with the first request of a file too, once the server has asked for them
	Serial         bool           // (SN:<mac>) in the User-Agent
	Roots          *x509.CertPool // nil: those of the machine
	Clock          Clock          // needed
	// Retry is how long the phone waits before it asks again after a fault; it asks three times (device.prov.redunAttemptLimit).
	Retry time.Duration
}

// Phone is one simulated phone. It keeps its configuration between boots, like one that loses power. It is not safe for
// concurrent use.
type Phone struct {
	Options
	client *http.Client
	prefix string // path of Base
	last   *challenge

	parameters map[string]string // what is in force
	sums       map[string]string // Yealink: of the files that were applied last
	applied    string            // hash of it
	Restarts   int               // how often a configuration differed from the one in force
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
	return &Phone{Options: o, prefix: u.EscapedPath(), client: &http.Client{
		Timeout: 30 * time.Second,
		// One connection, kept for the whole boot (inferred).
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: o.Roots}, MaxConnsPerHost: 1, DisableCompression: true,
			ExpectContinueTimeout: time.Second, TLSHandshakeTimeout: 20 * time.Second},
	}}, nil
}

// Parameters are the settings in force; empty before the first successful boot.
func (p *Phone) Parameters() map[string]string { return maps.Clone(p.parameters) }

// Close ends the phone's connection.
func (p *Phone) Close() { p.client.CloseIdleConnections() }

// Trip is one visit of a phone to the server.
type Trip struct {
	Exchanges  []Exchange
	Configured bool   // master file and every file it lists were had and understood
	Changed    bool   // and they differ from what was in force: the phone restarted with them
	Fault      string // why it is not configured
}

// attempts is how often a file is asked for when the server fails (device.prov.redunAttemptLimit, default 3).
const attempts = 3

// Boot is a power cycle: a new connection and the whole sequence of the phone's maker.
func (p *Phone) Boot(ctx context.Context) Trip {
	p.Close()
	p.last = nil
	var t Trip
	switch p.Maker {
	case Yealink:
		p.bootYealink(ctx, &t)
	case Cisco:
		p.askCisco(ctx, &t)
	case Grandstream:
		p.askGrandstream(ctx, &t)
	case Snom:
		p.askSnom(ctx, &t)
	default:
		p.bootPoly(ctx, &t)
	}
	return t
}

// Poll asks as a running phone does at its time or after check-sync.
func (p *Phone) Poll(ctx context.Context) Trip {
	var t Trip
	switch p.Maker {
	case Yealink:
		p.askYealink(ctx, &t)
	case Cisco:
		p.askCisco(ctx, &t)
	case Grandstream:
		p.askGrandstream(ctx, &t)
	case Snom:
		p.askSnom(ctx, &t)
	default:
		p.askPoly(ctx, &t)
	}
	return t
}

// apply puts settings in force. A phone restarts with them when any differs from what it had.
func (p *Phone) apply(t *Trip, parameters map[string]string) {
	t.Configured = true
	if h := hash(parameters); h != p.applied {
		if t.Changed = p.applied != ""; t.Changed {
			p.Restarts++
		}
		p.applied, p.parameters = h, parameters
	}
}

// get fetches a file of the phone's only program.
func (p *Phone) get(ctx context.Context, t *Trip, name string, basis Basis) (status int, body []byte) {
	return p.fetch(ctx, t, request{method: http.MethodGet, path: name, agent: p.agent("Application", p.Serial), basis: basis})
}

// fetch gets a file and asks again when the server fails or is busy.
func (p *Phone) fetch(ctx context.Context, t *Trip, r request) (status int, body []byte) {
	for n := 1; ; n++ {
		status, body = p.send(ctx, t, r)
		r.basis = Inferred
		if status != 0 && status < 500 && status != http.StatusTooManyRequests || n == attempts {
			return status, body
		}
		pause := time.NewTimer(p.Retry)
		select {
		case <-ctx.Done():
			pause.Stop()
			return status, body
		case <-pause.C:
		}
	}
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
	return dir + "/" + name
}

// hash is of parameters, not of bytes: a phone restarts when values differ (UC Software: check-sync).
func hash(parameters map[string]string) string {
	h := sha256.New()
	for _, k := range slices.Sorted(maps.Keys(parameters)) {
		h.Write([]byte(k + "\x00" + parameters[k] + "\x00"))
	}
	return hex.EncodeToString(h.Sum(nil))
}
