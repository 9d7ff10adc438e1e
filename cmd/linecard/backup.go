package main

import (
	"context"
	"encoding/json"
	"fmt"

	"linecard/internal/app"
)

type backupCommand struct {
	File string `arg:"" help:"File to write; it must not exist."`
	JSON bool   `name:"json" help:"Print one machine-readable line."`
	app.Stores
}

// Run backs a running installation up.
func (c *backupCommand) Run(ctx context.Context, t *terminal) error {
	entries := 0
	if err := app.Backup(ctx, c.Stores, c.File, t.counter("copied", c.JSON, &entries)); err != nil {
		return err
	}
	return t.done(c.JSON, map[string]any{"file": c.File, "entries": entries},
		"Backup written to %s. Keep %s apart from it: without that file its secrets cannot be opened.", c.File, c.KeyFile)
}

type restoreCommand struct {
	File string `arg:"" help:"Backup to put in place."`
	JSON bool   `name:"json" help:"Print one machine-readable line."`
	app.Stores
}

// Run restores onto an empty machine.
func (c *restoreCommand) Run(ctx context.Context, t *terminal) error {
	entries := 0
	if err := app.Restore(ctx, c.Stores, c.File, t.counter("restored", c.JSON, &entries)); err != nil {
		return err
	}
	return t.done(c.JSON, map[string]any{"file": c.File, "entries": entries},
		"Restored from %s. Put the key file of the old installation to %s before you start the server.", c.File, c.KeyFile)
}

// counter shows progress to a person and keeps quiet for a program.
func (t *terminal) counter(verb string, quiet bool, n *int) func(int) {
	return func(done int) {
		*n = done
		if t.tty && !quiet {
			fmt.Fprintf(t.err, "\r%s %d", verb, done)
		}
	}
}

// done ends a command: one JSON line, or a sentence.
func (t *terminal) done(asJSON bool, v any, format string, args ...any) error {
	if asJSON {
		return json.NewEncoder(t.out).Encode(v)
	}
	if t.tty {
		fmt.Fprintln(t.err)
	}
	_, err := fmt.Fprintf(t.out, format+"\n", args...)
	return err
}
