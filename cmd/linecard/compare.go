package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"linecard/internal/app"
	"linecard/internal/db"
	"linecard/internal/phone"
	"linecard/internal/sim"
)

type compareCommand struct {
	Old         string   `required:"" placeholder:"URL" help:"Provisioning address that the phones use today."`
	New         string   `required:"" placeholder:"URL" help:"Provisioning address here, for example https://phones.example.com/p/acme."`
	MACs        string   `required:"" name:"macs" placeholder:"FILE" help:"The phones: a line each with MAC and, if known, maker, model and version; commas, semicolons or tabs; a first line may name the columns."`
	User        string   `help:"Account of the phones here."`
	Password    string   `help:"Its password; better in LINECARD_PASSWORD."`
	OldUser     string   `help:"Account of the phones at the old server."`
	OldPassword string   `help:"Its password; better in LINECARD_OLD_PASSWORD."`
	CA          string   `name:"ca" placeholder:"FILE" help:"Authority of the servers' certificates, beside the system's."`
	Ignore      []string `placeholder:"PATTERN" help:"Parameters that may differ, for example device.prov.*"`
	Parallel    int      `default:"4" help:"Phones at the same time; the old server may be small."`
	JSON        bool     `name:"json" help:"Print one machine-readable line a phone."`
}

// Run asks both servers as each phone would and shows what differs; exit code 1 when anything does. Values of secrets are never
// shown.
func (c *compareCommand) Run(ctx context.Context, t *terminal) error {
	roots, err := authorities(c.CA)
	if err != nil {
		return err
	}
	ids, err := identities(c.MACs)
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return errors.New("the file of --macs names no phone")
	}
	trust := sim.NewTrust(roots)
	counts := map[sim.Verdict]int{}
	err = sim.Compare{Old: sim.Side{Base: c.Old, User: c.OldUser, Password: c.OldPassword, Trust: trust}, New: sim.Side{Base: c.New, User: c.User, Password: c.Password, Trust: trust},
		Clock: db.System{}, Ignore: c.Ignore, Parallel: min(max(c.Parallel, 1), 64)}.Run(ctx, ids, func(p sim.Compared) error {
		counts[p.Verdict]++
		return c.show(t, p)
	})
	if err != nil {
		return err
	}
	if !c.JSON {
		fmt.Fprintf(t.out, "%d phones: %d equal, %d differ, %d missing\n", len(ids), counts[sim.Equal], counts[sim.Differs], counts[sim.Missing])
	}
	if n := counts[sim.Differs] + counts[sim.Missing]; n > 0 {
		return fmt.Errorf("%d of %d phones would not get the same", n, len(ids))
	}
	return nil
}

// comparedPhone is a phone as --json prints it.
type comparedPhone struct {
	MAC         string            `json:"mac"`
	Maker       string            `json:"maker"`
	Model       string            `json:"model"`
	Result      sim.Verdict       `json:"result"`
	Parameters  int               `json:"parameters"`
	OldFault    string            `json:"old_fault,omitempty"`
	NewFault    string            `json:"new_fault,omitempty"`
	Differences []comparedSetting `json:"differences"`
}

type comparedSetting struct {
	Name   string  `json:"name"`
	Old    *string `json:"old"`
	New    *string `json:"new"`
	Secret bool    `json:"secret,omitempty"`
}

// show prints one phone.
func (c *compareCommand) show(t *terminal, p sim.Compared) error {
	line := comparedPhone{MAC: p.Identity.MAC.String(), Maker: string(p.Identity.Maker), Model: p.Identity.Known(), Result: p.Verdict, Parameters: p.Parameters,
		OldFault: p.OldFault, NewFault: p.NewFault, Differences: []comparedSetting{}}
	for _, d := range p.Different {
		s := comparedSetting{Name: d.Name, Old: d.Old, New: d.New, Secret: secretSetting(line.Maker, d)}
		if s.Secret {
			s.Old, s.New = masked(d.Old), masked(d.New)
		}
		line.Differences = append(line.Differences, s)
	}
	if c.JSON {
		return json.NewEncoder(t.out).Encode(line)
	}
	_, err := fmt.Fprintf(t.out, "%s %s %s: %s", line.MAC, line.Maker, line.Model, line.Result)
	for _, f := range []struct{ where, fault string }{{"old", line.OldFault}, {"new", line.NewFault}} {
		if f.fault != "" {
			fmt.Fprintf(t.out, " (%s server: %s)", f.where, f.fault)
		}
	}
	fmt.Fprintln(t.out)
	for _, s := range line.Differences {
		fmt.Fprintf(t.out, "  %s: %s → %s\n", s.Name, value(s.Old), value(s.New))
	}
	return err
}

func value(v *string) string {
	if v == nil {
		return "not set"
	}
	return fmt.Sprintf("%q", *v)
}

func masked(v *string) *string {
	if v == nil || *v == "" {
		return v
	}
	dots := "••••••••"
	return &dots
}

// secretSetting says whether a value must not be shown: its maker says so, or it is an address that carries an account
// (decision 16).
func secretSetting(maker string, d sim.Different) bool {
	m, err := app.Makers().Get(maker)
	if err != nil {
		return true
	}
	hidden := func(v *string) bool { return v != nil && phone.Hidden(m, phone.Setting{Name: d.Name, Value: *v}) }
	return hidden(d.Old) || hidden(d.New)
}

// identities reads a list of phones; whose a phone is follows from its address where the list does not say.
func identities(file string) ([]sim.Identity, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	ids, err := sim.ReadIdentities(f, func(m phone.MAC) string { return app.Makers().Of(m) })
	if err != nil {
		return nil, fmt.Errorf("--macs %s: %w", file, err)
	}
	return ids, nil
}
