package app

import (
	"context"
	"crypto/x509"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"linecard/internal/db"
	"linecard/internal/phone"
	"linecard/internal/sim"
)

// DemoSettings are the flags of the demo.
type DemoSettings struct {
	Data   string // folder; must be empty or a demo's own
	HTTP   string
	Phones string
	Fleet  int    // simulated phones
	Seed   uint64 // of names and numbers; secrets are random all the same (decision 26)
	Log    *slog.Logger
	// LAN lets real phones of the network in, at LANAddress; "" finds the address out.
	LAN        bool
	LANAddress string
}

// World is what the demo has made, as its JSON line says it (surfaces).
type World struct {
	Portal     string          `json:"portal"`
	API        string          `json:"api"`
	Wholesale  string          `json:"wholesale"`
	Phones     string          `json:"phones"`
	PhonesCA   string          `json:"phones_ca"`
	Mail       string          `json:"mail"`
	Operator   WorldAccount    `json:"operator"`
	Partner    WorldAccount    `json:"partner"`
	SubPartner WorldAccount    `json:"sub_partner"`
	Customers  []WorldCustomer `json:"customers"`
	LAN        []WorldLAN      `json:"lan,omitempty"` // how a real phone gets in, when asked for
}

// WorldAccount is how to sign in as somebody.
type WorldAccount struct {
	ID       string `json:"id,omitempty"` // of the organisation
	Email    string `json:"email"`
	Password string `json:"password"`
	Token    string `json:"token"`
	// ProvisioningID is what creations of the wholesale API name; partners only.
	ProvisioningID string `json:"provisioning_id,omitempty"`

	supplied string // the password before it was changed
}

// WorldCustomer is a customer of the demo. MACs are its simulated phones.
type WorldCustomer struct {
	WorldAccount
	Name         string            `json:"name"`
	Host         string            `json:"host"`
	Provisioning WorldProvisioning `json:"provisioning"`
	MACs         []string          `json:"-"`
}

// WorldProvisioning is the account that a customer's phones use.
type WorldProvisioning struct {
	User     string `json:"user"`
	Password string `json:"password"`
}

// demoClock shows the past while the world is seeded, so that it has a history, and the real time from then on.
type demoClock struct{ back atomic.Int64 }

// Now is the machine's time less what is left of the seeded past.
func (c *demoClock) Now() time.Time { return db.System{}.Now().Add(-time.Duration(c.back.Load())) }

func (c *demoClock) set(back time.Duration) { c.back.Store(int64(back)) }

// NewDemo makes a demo in a folder: an App on SQLite with a seeded world. Run must be called. A folder that already holds a
// demo is refused, because its passwords are not stored anywhere.
func NewDemo(ctx context.Context, d DemoSettings) (*App, World, error) {
	clock := &demoClock{}
	clock.set(seedDays * 24 * time.Hour)
	s := Settings{
		Stores: Stores{DB: "sqlite://" + filepath.Join(d.Data, "linecard.db"), Blob: "file://" + filepath.Join(d.Data, "files"),
			KeyFile: filepath.Join(d.Data, "keys.json")},
		HTTP: d.HTTP, Phones: d.Phones, MailFrom: "Linecard demo <demo@linecard.example>", Drain: 5 * time.Second, SignIns: 600, Requests: 100_000, Node: "demo",
	}
	if d.LAN {
		var err error
		if s.Phones, s.PhonesURL, err = onLAN(d.Phones, d.LANAddress); err != nil {
			return nil, World{}, err
		}
	}
	web, err := net.Listen("tcp", d.HTTP)
	if err != nil {
		return nil, World{}, listenFault("http", err)
	}
	sip, err := net.Listen("tcp", s.Phones)
	if err != nil {
		_ = web.Close()
		return nil, World{}, listenFault("phones", err)
	}
	s.PublicURL = "http://" + web.Addr().String()
	a, err := New(ctx, s, Options{Clock: clock, Log: d.Log, Demo: true, HTTPListener: web, PhonesListener: sip})
	if err != nil {
		return nil, World{}, err
	}
	seed := seeder{Core: a.Core, clock: clock, rand: seedRand(d.Seed), fleet: d.Fleet, plans: a.plans}
	w, err := seed.world(ctx)
	if err != nil {
		_ = a.Close()
		return nil, World{}, fmt.Errorf("seeding the demo: %w", err)
	}
	clock.set(0)
	w.Portal = strings.TrimRight(s.PublicURL, "/")
	w.API, w.Wholesale, w.Mail = w.Portal+"/api/v1", w.Portal+"/v1", w.Portal+"/demo/mail"
	w.Phones, w.PhonesCA = a.PhonesURL(), a.PhonesCA()
	if d.LAN {
		w.Phones, w.LAN = s.PhonesURL, guide(s.PhonesURL, w.Customers[0])
	}
	return a, w, nil
}

var _ db.Clock = (*demoClock)(nil)

// RunDemo serves, says when it is ready, and lets the simulated phones boot and then ask every few minutes, until ctx ends.
func (a *App) RunDemo(ctx context.Context, w World, ready func() error) error {
	phones, err := w.fleet()
	if err != nil {
		return err
	}
	g, running := errgroup.WithContext(ctx)
	g.Go(func() error { return a.Run(running) })
	g.Go(func() error {
		if err := ready(); err != nil {
			return err
		}
		sim.Fleet{Phones: phones, Pattern: sim.Steady, Every: demoPoll}.Run(running)
		return nil
	})
	return g.Wait()
}

// seedRand is what names and numbers of the demo come from.
func seedRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, seed)) } //nolint:gosec // no secret comes from it

// demoPoll is how often a phone of the demo asks: often enough to see it, rarely enough to leave the machine alone.
const demoPoll = 90 * time.Second

// fleet makes the simulated phones of all customers. Each is the model its device says.
func (w World) fleet() ([]*sim.Phone, error) {
	pem, err := os.ReadFile(w.PhonesCA)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	var out []*sim.Phone
	for _, c := range w.Customers {
		for i, text := range c.MACs {
			mac, err := phone.ParseMAC(text)
			if err != nil {
				return nil, err
			}
			p, err := sim.New(sim.Options{Identity: sim.Identity{MAC: mac, Model: sim.Models[i%len(sim.Models)]}, Base: w.Phones + "/p/" + c.Host,
				User: c.Provisioning.User, Password: c.Provisioning.Password, Auth: sim.Digest, Roots: roots, Clock: db.System{}})
			if err != nil {
				return nil, err
			}
			out = append(out, p)
		}
	}
	return out, nil
}
