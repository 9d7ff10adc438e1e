package main

import (
	"context"
	"fmt"
	"log/slog"

	"linecard/internal/app"
)

type serveCommand struct{ app.Settings }

// Run serves until the process is told to stop.
func (c *serveCommand) Run(ctx context.Context, t *terminal) error {
	if err := c.Check(); err != nil {
		return err
	}
	log := app.Logger(t.err, c.LogFormat, c.LogLevel)
	slog.SetDefault(log)
	a, err := app.New(ctx, c.Settings, app.Options{Log: log})
	if err != nil {
		return err
	}
	return a.Run(ctx)
}

type migrateCommand struct{ app.Stores }

// Run migrates and stops.
func (c *migrateCommand) Run(ctx context.Context, t *terminal) error {
	if err := app.Migrate(ctx, c.Stores); err != nil {
		return err
	}
	fmt.Fprintln(t.out, "The database is up to date.")
	return nil
}

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(t *terminal) error {
	fmt.Fprintln(t.out, "linecard", app.Version())
	return nil
}

type openAPICommand struct{}

// Run prints the API's description.
func (openAPICommand) Run(t *terminal) error {
	b, err := app.OpenAPI()
	if err != nil {
		return err
	}
	_, err = t.out.Write(b)
	return err
}
