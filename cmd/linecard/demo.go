package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"

	"linecard/internal/app"
)

type demoCommand struct {
	Data   string `name:"data" placeholder:"DIR" help:"Folder of the demo; default: a fresh temporary one that is removed at the end."`
	HTTP   string `name:"http" default:"127.0.0.1:8080" placeholder:"ADDR" help:"Address of portal and API."`
	Phones string `name:"phones" default:"127.0.0.1:8443" placeholder:"ADDR" help:"Address where phones ask."`
	Fleet  int    `name:"fleet" default:"60" help:"How many simulated phones."`
	Seed   uint64 `name:"seed" default:"1" help:"Names and numbers follow from it; secrets never do."`
	LAN    bool   `name:"lan" help:"Let real phones of the network in, and say how one of each maker gets here."`
	At     string `name:"lan-address" placeholder:"IP" help:"Address of this machine for phones; default: found out."`
	JSON   bool   `name:"json" help:"Print one machine-readable line when ready, then only logs on stderr."`
}

// Run seeds a world, shows how to get in, and serves until it is told to stop.
func (c *demoCommand) Run(ctx context.Context, t *terminal) error {
	dir := c.Data
	if dir == "" {
		tmp, err := os.MkdirTemp("", "linecard-demo-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(tmp)
		dir = tmp
	} else if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	logs := io.Writer(t.err)
	level := "warn"
	if c.JSON {
		level = "info"
	}
	log := app.Logger(logs, "text", level)
	slog.SetDefault(log)
	a, w, err := app.NewDemo(ctx, app.DemoSettings{Data: dir, HTTP: c.HTTP, Phones: c.Phones, Fleet: c.Fleet, Seed: c.Seed, Log: log, LAN: c.LAN, LANAddress: c.At})
	if err != nil {
		return err
	}
	ready := func() error { return c.tell(t, w) }
	return a.RunDemo(ctx, w, ready)
}

// tell prints where to look and how to sign in.
func (c *demoCommand) tell(t *terminal, w app.World) error {
	if c.JSON {
		return json.NewEncoder(t.out).Encode(w)
	}
	line := func(who, page, email, password string) {
		fmt.Fprintf(t.out, "  %-12s %s%-10s  %-30s %s\n", who, w.Portal, page, email, password)
	}
	said := "Nothing of it leaves this machine."
	if c.LAN {
		said = "Phones of the network reach it; pages and API are at the address of --http only."
	}
	fmt.Fprintf(t.out, "Linecard demo is ready. %s\n\n", said)
	line("operator", "/operator", w.Operator.Email, w.Operator.Password)
	line("partner", "/partner", w.Partner.Email, w.Partner.Password)
	line("sub-partner", "/partner", w.SubPartner.Email, w.SubPartner.Password)
	for _, k := range w.Customers {
		line("customer", "/customer", k.Email, k.Password)
	}
	for _, p := range w.LAN {
		fmt.Fprintf(t.out, "\n  One %s phone (authority to trust: %s)\n", p.Maker, w.PhonesCA)
		for _, o := range p.DHCP {
			fmt.Fprintf(t.out, "    DHCP option %d as a string: %s\n", o.Code, o.Value)
		}
		for i, s := range p.Steps {
			fmt.Fprintf(t.out, "    %d. %s\n", i+1, s)
		}
		if p.Recalled {
			fmt.Fprintf(t.out, "    (Menus and pages are called otherwise in some firmware.)\n")
		}
	}
	fmt.Fprintf(t.out, "\n  API          %s   (docs: %s/api/docs)\n  wholesale    %s\n  mailbox      %s\n  phones       %s   (authority: %s)\n\nStop with Ctrl-C.\n",
		w.API, w.Portal, w.Wholesale, w.Mail, w.Phones, w.PhonesCA)
	return nil
}
