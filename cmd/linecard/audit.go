package main

import (
	"context"
	"fmt"

	"linecard/internal/app"
	"linecard/internal/errs"
)

type auditCommand struct {
	Verify auditVerify `cmd:"" help:"Find any altered, deleted, inserted or reordered record, and a cut end."`
	Accept auditAccept `cmd:"" help:"After restoring an older backup: accept the record as it is now and say so in it."`
}

type auditVerify struct {
	JSON bool `name:"json" help:"Print one machine-readable line."`
	app.Stores
}

var errTampered = errs.New(errs.Conflict, "record_broken", "The record of what happened is NOT whole.")

// Run verifies the whole record; exit code 1 when something is wrong with it.
func (c *auditVerify) Run(ctx context.Context, t *terminal) error {
	core, err := app.OpenStores(ctx, c.Stores)
	if err != nil {
		return err
	}
	defer core.Close()
	r, err := core.Journal.Verify(ctx, func(done, all int64) {
		if t.tty && !c.JSON {
			fmt.Fprintf(t.err, "\rchecked %d of %d", done, all)
		}
	})
	if err != nil {
		return err
	}
	if r.Fault != nil {
		if err := t.done(c.JSON, map[string]any{"whole": false, "entries": r.Entries, "fault": r.Fault}, "Position %d: %s", r.Fault.Position, r.Fault.Text); err != nil {
			return err
		}
		return errTampered
	}
	return t.done(c.JSON, map[string]any{"whole": true, "entries": r.Entries, "from": r.From, "to": r.To, "waiting": r.Waiting, "head": r.Head.Position},
		"The record is whole: %d entries, positions %d to %d; the head outside the database proves them up to %d.", r.Entries, r.From+1, r.To, r.Head.Position)
}

type auditAccept struct{ app.Stores }

// Run accepts the record as it is.
func (c *auditAccept) Run(ctx context.Context, t *terminal) error {
	core, err := app.OpenStores(ctx, c.Stores)
	if err != nil {
		return err
	}
	defer core.Close()
	if err := core.AcceptRecord(ctx); err != nil {
		return err
	}
	return t.done(false, nil, "Accepted. The record itself says when, and how far the old head reached.")
}
