package main

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"linecard/internal/db"
	"linecard/internal/sim"
)

type simCommand struct {
	Phones simPhones `cmd:"" help:"Let phones boot against a server and count how it goes."`
}

type simPhones struct {
	Target   string        `required:"" placeholder:"URL" help:"Provisioning address, for example https://127.0.0.1:8443/p/harbour."`
	Maker    string        `default:"poly" enum:"poly,yealink,cisco,generic,mix" help:"Whose phones: poly, yealink, cisco, generic (Grandstream and Snom) or mix."`
	Count    int           `default:"1" help:"How many."`
	Pattern  string        `default:"boot" enum:"boot,steady" help:"boot: all at once, each once; steady: each once within --every, and again."`
	Every    time.Duration `default:"1m" help:"Of steady: how often each asks."`
	For      time.Duration `default:"5m" help:"Of steady: how long."`
	User     string        `help:"Account that the phones use."`
	Password string        `help:"Its password; better in LINECARD_PASSWORD."`
	Auth     string        `default:"digest" enum:"basic,digest" help:"How phones prove who they are when the server offers both: digest or basic."`
	CA       string        `name:"ca" placeholder:"FILE" help:"Authority that the phones trust, beside the system's."`
	Seed     uint64        `default:"1" help:"The same seed gives the same phones."`
	JSON     bool          `name:"json" help:"Print one machine-readable line."`
}

// makers are what --maker stands for; none are all.
var makers = map[string][]sim.Maker{"poly": {sim.Poly}, "yealink": {sim.Yealink}, "cisco": {sim.Cisco}, "generic": {sim.Grandstream, sim.Snom}, "mix": nil}

// Run lets the phones ask and prints counts, errors and percentiles; exit code 1 when a visit ended without a configuration.
func (c *simPhones) Run(ctx context.Context, t *terminal) error {
	if c.Count < 1 || c.Count > 100_000 {
		return errors.New("--count must be from 1 to 100000")
	}
	roots, err := c.roots()
	if err != nil {
		return err
	}
	f := sim.Fleet{Pattern: sim.Pattern(c.Pattern), Every: c.Every}
	for _, id := range sim.Identities(c.Count, c.Seed, makers[c.Maker]...) {
		p, err := sim.New(sim.Options{Identity: id, Base: c.Target, User: c.User, Password: c.Password, Auth: sim.Auth(c.Auth), Roots: roots, Clock: db.System{}})
		if err != nil {
			return err
		}
		f.Phones = append(f.Phones, p)
	}
	if f.Pattern == sim.Steady {
		bounded, stop := context.WithTimeout(ctx, c.For)
		defer stop()
		ctx = bounded
	}
	r := f.Run(ctx)
	if c.JSON {
		err = json.NewEncoder(t.out).Encode(r)
	} else {
		_, err = fmt.Fprintf(t.out, "%d phones, %d visits, %d configured, %d requests, %d errors, %d bytes in %.1f s\np50 %.1f ms  p95 %.1f ms  p99 %.1f ms  slowest %.1f ms\nstatuses %v\n",
			r.Phones, r.Trips, r.Configured, r.Requests, r.Errors, r.Bytes, r.Seconds, r.P50, r.P95, r.P99, r.Max, r.Statuses)
	}
	if err == nil && r.Configured < r.Trips {
		err = fmt.Errorf("%d of %d visits ended without a configuration: %v", r.Trips-r.Configured, r.Trips, r.Faults)
	}
	return err
}

func (c *simPhones) roots() (*x509.CertPool, error) {
	if c.CA == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(c.CA)
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
