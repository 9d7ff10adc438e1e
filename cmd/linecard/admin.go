package main

import (
	"context"
	"fmt"
	"time"

	"linecard/internal/app"
)

type adminCommand struct {
	Bootstrap adminBootstrap `cmd:"" help:"Make the operator and its first administrator on an empty installation."`
	Token     adminToken     `cmd:"" help:"Make a bearer token for an operator account."`
	Unlock    adminUnlock    `cmd:"" help:"Lift the lock of an account after too many wrong passwords."`
	Password  adminPassword  `cmd:"" help:"Give an account a new password that must be changed at the next sign-in; also removes a lost second factor."`
	Keys      adminKeys      `cmd:"" help:"Rotate the keys that seal stored secrets."`
}

type adminBootstrap struct {
	Email        string `required:"" help:"E-mail address of the first administrator."`
	Name         string `default:"Administrator" help:"Name of the first administrator."`
	Organisation string `default:"Operator" help:"Name of the organisation that runs this installation."`
	JSON         bool   `name:"json" help:"Print one machine-readable line."`
	app.Stores
}

// Run makes the first account and prints its password once.
func (c *adminBootstrap) Run(ctx context.Context, t *terminal) error {
	core, err := app.OpenStores(ctx, c.Stores)
	if err != nil {
		return err
	}
	defer core.Close()
	password, err := core.Bootstrap(ctx, c.Organisation, c.Name, c.Email)
	if err != nil {
		return err
	}
	return t.done(c.JSON, map[string]string{"email": c.Email, "password": password},
		"Sign in at /operator as %s with the password %s (it must be changed at the first sign-in).", c.Email, password)
}

type adminToken struct {
	Email   string        `required:"" help:"Operator account whose rights the token gets."`
	Name    string        `default:"command line" help:"What the token is for."`
	Expires time.Duration `default:"720h" help:"How long it lives; 0 is for ever."`
	JSON    bool          `name:"json" help:"Print one machine-readable line."`
	app.Stores
}

// Run makes a token and prints it once.
func (c *adminToken) Run(ctx context.Context, t *terminal) error {
	core, err := app.OpenStores(ctx, c.Stores)
	if err != nil {
		return err
	}
	defer core.Close()
	token, err := core.OperatorToken(ctx, c.Email, c.Name, c.Expires)
	if err != nil {
		return err
	}
	return t.done(c.JSON, map[string]string{"token": token}, "%s", token)
}

type adminUnlock struct {
	Realm string `default:"operator" enum:"operator,partner,customer" help:"Where the account signs in: operator, partner or customer."`
	Email string `required:"" help:"E-mail address of the account."`
	app.Stores
}

// Run lifts a lock.
func (c *adminUnlock) Run(ctx context.Context, t *terminal) error {
	core, err := app.OpenStores(ctx, c.Stores)
	if err != nil {
		return err
	}
	defer core.Close()
	if err := core.Unlock(ctx, c.Realm, c.Email); err != nil {
		return err
	}
	return t.done(false, nil, "The account can sign in again.")
}

type adminPassword struct {
	Realm string `default:"operator" enum:"operator,partner,customer" help:"Where the account signs in: operator, partner or customer."`
	Email string `required:"" help:"E-mail address of the account."`
	app.Stores
}

// Run gives a new password and prints it once.
func (c *adminPassword) Run(ctx context.Context, t *terminal) error {
	core, err := app.OpenStores(ctx, c.Stores)
	if err != nil {
		return err
	}
	defer core.Close()
	password, err := core.Rescue(ctx, c.Realm, c.Email)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(t.out, "The new password of %s is %s (it must be changed at the next sign-in).\n", c.Email, password)
	return err
}

type adminKeys struct{ app.Stores }

// Run rotates the keys; a running server notices.
func (c *adminKeys) Run(ctx context.Context, t *terminal) error {
	n, err := app.RotateKeys(ctx, c.Stores)
	if err != nil {
		return err
	}
	return t.done(false, nil, "A new key seals from now on; %d older ones still open what they sealed. The running server re-seals in the background.", n)
}
