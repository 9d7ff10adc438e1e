package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"linecard/internal/db"
	"linecard/internal/sim"
)

type simReplay struct {
	Log      string `arg:"" placeholder:"ACCESS_LOG" help:"Access log in the combined or common format; - is the standard input."`
	Target   string `required:"" placeholder:"URL" help:"Server that is asked; what stands behind its host name comes before the log's paths."`
	Strip    string `placeholder:"PREFIX" help:"Taken away from the beginning of the log's paths."`
	User     string `help:"Account for requests that the log does not answer with 401."`
	Password string `help:"Its password; better in LINECARD_PASSWORD."`
	CA       string `name:"ca" placeholder:"FILE" help:"Authority of the server's certificate, beside the system's."`
	Parallel int    `default:"4" help:"Requests at the same time."`
	Uploads  bool   `help:"Repeat PUT and POST as well, with nothing in them; they may overwrite what the server has. Without it they are left out."`
	JSON     bool   `name:"json" help:"Print one machine-readable line."`
}

// Run repeats the log; exit code 1 when a status differs. 206 and 304 count as 200, since nothing is asked conditionally.
func (c *simReplay) Run(ctx context.Context, t *terminal) error {
	roots, err := authorities(c.CA)
	if err != nil {
		return err
	}
	log := os.Stdin
	if c.Log != "-" {
		if log, err = os.Open(c.Log); err != nil {
			return err
		}
		defer log.Close()
	}
	r, err := sim.Replay{Target: c.Target, Strip: c.Strip, User: c.User, Password: c.Password, Trust: sim.NewTrust(roots), Clock: db.System{},
		Uploads: c.Uploads, Parallel: min(max(c.Parallel, 1), 256)}.Run(ctx, log)
	if err != nil {
		return err
	}
	if c.JSON {
		err = json.NewEncoder(t.out).Encode(r)
	} else {
		for _, d := range r.Differences {
			now := fmt.Sprint(d.Now)
			if d.Now == 0 {
				now = "no answer"
			}
			fmt.Fprintf(t.out, "line %d: %s %q was %d, is %s (%d times) %q\n", d.Line, d.Method, d.Path, d.Then, now, d.Count, d.Agent)
		}
		_, err = fmt.Fprintf(t.out, "%d lines: %d asked, %d the same, %d differ; %d left out, %d damaged\n", r.Lines, r.Asked, r.Same, r.Differ, r.Skipped, r.Damaged)
	}
	if err == nil && r.Differ > 0 {
		err = fmt.Errorf("%d answers differ", r.Differ)
	}
	return err
}
