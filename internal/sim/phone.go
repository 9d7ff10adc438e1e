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
	"path"
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

// Boot is a power cycle: a new connection, the updater's log, the whole sequence as seen on a VVX 500.
func (p *Phone) Boot(ctx context.Context) Trip {
	p.Close()
	p.last = nil
	var t Trip
	mac := p.MAC.String()
	p.send(ctx, &t, request{method: http.MethodPut, path: mac + "-boot.log", agent: p.agent("Updater", p.Serial),
		body: []byte("000010.412|cfg  |3|00|Updater " + p.Updater + " ready\n")})
	m, got := p.configure(ctx, &t)
	if !got {
		return t
	}
	p.optional(ctx, &t, m)
	log := []byte("0611101533|cfg  |3|00|Prov|Starting to provision\n0611101541|cfg  |3|00|Prov|Finished updating configuration\n")
	at := join(m.logs, mac+"-app.log")
	p.send(ctx, &t, request{method: http.MethodHead, path: at, agent: p.agent("Application", p.Serial)})
	p.send(ctx, &t, request{method: http.MethodPut, path: at, agent: p.agent("Application", p.Serial), body: log})
	return t
}

// Poll asks as a running phone does at its time or after check-sync: master file, the files it lists, and the image.
func (p *Phone) Poll(ctx context.Context) Trip {
	var t Trip
	p.configure(ctx, &t)
	return t
}

// configure fetches master file, image and parameter files, and puts them in force. A phone that cannot get all of it keeps
// what it has.
func (p *Phone) configure(ctx context.Context, t *Trip) (master, bool) {
	status, body := p.fetch(ctx, t, p.MAC.String()+".cfg")
	if status == http.StatusNotFound {
		status, body = p.fetch(ctx, t, "000000000000.cfg")
	}
	if status != http.StatusOK {
		t.Fault = fault("master file", status)
		return master{}, false
	}
	m, err := readMaster(body, p.Identity)
	if err != nil {
		t.Fault = "master file: " + err.Error()
		return master{}, false
	}
	p.image(ctx, t, m)
	parameters := map[string]string{}
	for _, name := range m.configFiles {
		status, body := p.fetch(ctx, t, name)
		if status != http.StatusOK {
			t.Fault = fault(p.label(name), status)
			return m, false
		}
		values, err := readParameters(body)
		if err != nil {
			t.Fault = p.label(name) + ": " + err.Error()
			return m, false
		}
		for k, v := range values { // the leftmost file wins
			if _, have := parameters[k]; !have {
				parameters[k] = v
			}
		}
	}
	t.Configured = true
	if h := hash(parameters); h != p.applied {
		if t.Changed = p.applied != ""; t.Changed {
			p.Restarts++
		}
		p.applied, p.parameters = h, parameters
	}
	return m, true
}

// image asks for the software: first under the phone's part number, then as named (seen on VVX 400, 500 and CCX 600).
func (p *Phone) image(ctx context.Context, t *Trip, m master) {
	if m.appFile == "" {
		return
	}
	dir, base := path.Split(m.appFile)
	names := []string{m.appFile}
	if p.Part != "" {
		names = []string{dir + p.Part + "." + base, m.appFile}
	}
	for _, name := range names {
		status, _ := p.send(ctx, t, request{method: http.MethodGet, path: name, agent: p.agent("Application", p.Serial), head: true})
		if status != http.StatusNotFound {
			return
		}
	}
}

// optional asks for the files that need not exist, in the order of a VVX 500.
func (p *Phone) optional(ctx context.Context, t *Trip, m master) {
	mac := p.MAC.String()
	for _, name := range []string{
		join(m.overrides, mac+"-phone.cfg"), join(m.overrides, mac+"-web.cfg"), join(m.licence, "000000000000-license.cfg"),
		join(m.licence, mac+"-license.cfg"), join(m.calls, mac+"-calls.xml"), join(m.contacts, mac+"-directory.xml"),
		join(m.contacts, "000000000000-directory.xml"),
	} {
		p.send(ctx, t, request{method: http.MethodGet, path: name, agent: p.agent("Application", p.Serial)})
	}
}

// fetch gets a file and asks again when the server fails or is busy.
func (p *Phone) fetch(ctx context.Context, t *Trip, name string) (status int, body []byte) {
	for n := 1; ; n++ {
		status, body = p.send(ctx, t, request{method: http.MethodGet, path: name, agent: p.agent("Application", p.Serial)})
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
	return strings.ReplaceAll(name, p.MAC.String(), "<mac>")
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
