package main

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"linecard/internal/db"
	"linecard/internal/phone"
	"linecard/internal/sim"
)

type simCommand struct {
	Phones simPhones `cmd:"" help:"Let phones boot against a server and count how it goes."`
	Replay simReplay `cmd:"" help:"Ask a server what an access log of nginx or Apache says that phones asked another one, and name every differing status."`
}

type simPhones struct {
	Target   string        `required:"" placeholder:"URL" help:"Provisioning address, for example https://127.0.0.1:8443/p/harbour."`
	Maker    string        `default:"poly" enum:"poly,yealink,cisco,generic,mix" help:"Whose phones: poly, yealink, cisco, generic (Grandstream and Snom) or mix."`
	Count    int           `default:"1" help:"How many."`
	MACs     string        `name:"macs" placeholder:"FILE" help:"Phones with these addresses instead, as the FILE of compare."`
	Pattern  string        `default:"boot" enum:"boot,steady,herd" help:"boot: all at once, each once; steady: each once within --every, and again; herd: power is back, each boots at a moment within --window."`
	Every    time.Duration `default:"1m" help:"Of steady: how often each asks."`
	For      time.Duration `default:"5m" help:"Of steady: how long."`
	Window   time.Duration `default:"30s" help:"Of herd: within which time they start."`
	Open     int           `default:"4000" help:"Of herd: how many at most are at it at the same time; time to wait for a place counts."`
	Again    time.Duration `help:"Of herd: how long after a visit without success a phone boots again; 0: it does not."`
	Full     bool          `help:"Of herd: each boots with everything its maker's phones ask for, and not with what they need."`
	Expect   string        `placeholder:"DIR" help:"Files that phones must get, byte by byte: DIR/<mac>/<path> or DIR/<path>, in small letters."`
	Vary     bool          `help:"Each phone decides by chance what no source says of phones; without it all do what is likely."`
	State    string        `placeholder:"FILE" help:"What the phones remember; read when it is there, and written at the end. It holds their passwords."`
	User     string        `help:"Account that the phones use."`
	Password string        `help:"Its password; better in LINECARD_PASSWORD."`
	Auth     string        `default:"digest" enum:"basic,digest" help:"How phones prove who they are when the server offers both: digest or basic. A herd is mixed."`
	CA       string        `name:"ca" placeholder:"FILE" help:"Authority that the phones trust, beside the system's."`
	Seed     uint64        `default:"1" help:"The same seed gives the same phones."`
	JSON     bool          `name:"json" help:"Print one machine-readable line."`
}

// makers are what --maker stands for; none are all.
var makers = map[string][]sim.Maker{"poly": {sim.Poly}, "yealink": {sim.Yealink}, "cisco": {sim.Cisco}, "generic": {sim.Grandstream, sim.Snom}, "mix": nil}

// Run lets the phones ask and prints counts, errors and percentiles; exit code 1 when a visit ended without a configuration, and
// in a herd when a phone was blocked or given what is not its own.
func (c *simPhones) Run(ctx context.Context, t *terminal) error {
	f, err := c.fleet()
	if err != nil {
		return err
	}
	if f.Pattern == sim.Steady {
		bounded, stop := context.WithTimeout(ctx, c.For)
		defer stop()
		ctx = bounded
	}
	r := f.Run(ctx)
	if c.State != "" {
		if err := keep(c.State, f.Phones); err != nil {
			return err
		}
	}
	if c.JSON {
		err = json.NewEncoder(t.out).Encode(r)
	} else {
		err = tell(t.out, f, r)
	}
	switch herd := f.Pattern == sim.Herd; {
	case err != nil:
		return err
	case herd && r.Awake < int64(r.Phones):
		return fmt.Errorf("%d of %d phones ended without a configuration: %v", int64(r.Phones)-r.Awake, r.Phones, r.Faults)
	case !herd && r.Configured < r.Trips:
		return fmt.Errorf("%d of %d visits ended without a configuration: %v", r.Trips-r.Configured, r.Trips, r.Faults)
	case r.Wrong > 0:
		return fmt.Errorf("%d files were not the phone's own: %v", r.Wrong, r.WrongWhy)
	case herd && r.Blocked > 0:
		return fmt.Errorf("%d requests of phones with the right account were refused", r.Blocked)
	}
	return nil
}

// fleet makes the phones that the flags describe.
func (c *simPhones) fleet() (sim.Fleet, error) {
	f := sim.Fleet{Pattern: sim.Pattern(c.Pattern), Every: c.Every, Window: c.Window, Open: c.Open, Again: c.Again, Seed: c.Seed}
	if c.Count < 1 || c.Count > 100_000 {
		return f, errors.New("--count must be from 1 to 100000")
	}
	roots, err := authorities(c.CA)
	if err != nil {
		return f, err
	}
	ids := sim.Identities(c.Count, c.Seed, makers[c.Maker]...)
	if c.MACs != "" {
		if ids, err = identities(c.MACs); err != nil {
			return f, err
		}
	}
	states, err := remembered(c.State)
	if err != nil {
		return f, err
	}
	trust, sources, chance := sim.NewTrust(roots), local(c.Target), rand.New(rand.NewPCG(c.Seed, 2)) //nolint:gosec // the same phones for the same seed
	for i, id := range ids {
		o := sim.Options{Identity: id, Base: c.Target, User: c.User, Password: c.Password, Auth: sim.Auth(c.Auth), Trust: trust, Clock: db.System{}}
		if f.Pattern == sim.Herd {
			o = sim.Mixed(i, o, sources)
			o.Lean = !c.Full
		}
		if c.Vary {
			o.Choices = sim.AnyChoices(chance)
		}
		p, err := sim.New(o)
		if err != nil {
			return f, err
		}
		if s, have := states[id.MAC]; have {
			if err := p.Restore(s); err != nil {
				return f, err
			}
		}
		f.Phones = append(f.Phones, p)
	}
	if c.Expect != "" {
		f.Expect, err = expected(c.Expect)
	}
	return f, err
}

// local says whether the target is on this machine's loopback, where phones can have addresses of their own.
func local(target string) bool {
	u, err := url.Parse(target)
	if err != nil {
		return false
	}
	a, err := netip.ParseAddr(u.Hostname())
	return err == nil && a.Is4() && a.IsLoopback()
}

// tell prints the result for people.
func tell(w io.Writer, f sim.Fleet, r sim.Result) error {
	_, err := fmt.Fprintf(w, "%d phones, %d visits, %d configured, %d requests, %d errors, %d bytes in %.1f s\np50 %.1f ms  p95 %.1f ms  p99 %.1f ms  slowest %.1f ms\nstatuses %v\n",
		r.Phones, r.Trips, r.Configured, r.Requests, r.Errors, r.Bytes, r.Seconds, r.P50, r.P95, r.P99, r.Max, r.Statuses)
	if err == nil && f.Pattern == sim.Herd {
		_, err = fmt.Fprintf(w, "%.2f %% of the phones configured, %d files with wrong bytes, %d wrong blocks\n%d connections, %d resumed; half of the phones were ready within %.2f s, 99 %% within %.2f s, the slowest after %.2f s\n",
			100*float64(r.Awake)/float64(r.Phones), r.Wrong, r.Blocked, r.Connections, r.Resumed, r.PhoneP50, r.PhoneP99, r.Slowest)
	}
	return err
}

// remembered reads --state; a file that is not there yet is an empty memory.
func remembered(file string) (map[phone.MAC]sim.State, error) {
	if file == "" {
		return nil, nil
	}
	f, err := os.Open(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	states, err := sim.ReadStates(f)
	if err != nil {
		return nil, fmt.Errorf("--state %s: %w", file, err)
	}
	return states, nil
}

// keep writes --state, the old file staying until the new one is whole.
func keep(file string, phones []*sim.Phone) error {
	f, err := os.CreateTemp(filepath.Dir(file), ".state-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	err = sim.WriteStates(f, phones)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), file)
}

// expected gives the files of --expect. A path that leaves the folder is not there.
func expected(dir string) (func(phone.MAC, string) ([]byte, bool), error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return func(mac phone.MAC, name string) ([]byte, bool) {
		for _, at := range []string{mac.String() + "/" + name, name} {
			if body, err := root.ReadFile(filepath.FromSlash(at)); err == nil {
				return body, true
			}
		}
		return nil, false
	}, nil
}

// authorities reads --ca beside the system's; nil when it is not given.
func authorities(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("the file of --ca holds no certificate")
	}
	return pool, nil
}
