package app

import (
	"context"
	"log/slog"
	"time"

	"linecard/internal/access"
	"linecard/internal/account"
	"linecard/internal/api"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/onboard"
	"linecard/internal/secret"
	"linecard/internal/tenant"
)

// OpenStores opens an installation for a tool of the command line: everything is wired, nothing runs or listens.
func OpenStores(ctx context.Context, s Stores) (*Core, error) {
	return Open(ctx, Settings{Stores: s, PublicURL: "http://localhost:8080", MailFrom: "Linecard <linecard@localhost>"}, Options{Log: slog.New(slog.DiscardHandler)})
}

// Migrate brings the database up to this version.
func Migrate(ctx context.Context, s Stores) error {
	d, err := db.Open(ctx, s.DB, db.Options{})
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Migrate(ctx)
}

// OpenAPI gives the description of the API.
func OpenAPI() ([]byte, error) { return api.OpenAPI() }

// Bootstrap makes the operator and its first administrator and gives the password, which must be changed at the first
// sign-in. When there is an operator already it is Conflict.
func (c *Core) Bootstrap(ctx context.Context, organisation, name, email string) (string, error) {
	system := access.SystemActor("command line")
	password := account.NewPasswordText()
	_, err := c.Onboard.CreateOperator(ctx, system, tenant.Details{Name: organisation, Email: email, Contact: name}, onboard.First{Password: secret.Hide(password)})
	return password, err
}

// OperatorToken makes a bearer token with all rights of an operator account.
func (c *Core) OperatorToken(ctx context.Context, email, name string, life time.Duration) (string, error) {
	a, err := c.Accounts.ActorOf(ctx, account.OperatorRealm, email)
	if err != nil {
		return "", err
	}
	a.MustChangePassword = false // whoever owns the machine need not sign in first
	_, plain, err := c.Accounts.CreateToken(ctx, a, account.NewToken{Name: name, ExpiresIn: life})
	return plain, err
}

// Unlock lifts the lock of an account.
func (c *Core) Unlock(ctx context.Context, realm, email string) error {
	return c.Accounts.Release(ctx, account.Realm(realm), email)
}

// Rescue gives an account a new password and takes away a lost second factor.
func (c *Core) Rescue(ctx context.Context, realm, email string) (string, error) {
	return c.Accounts.Rescue(ctx, account.Realm(realm), email)
}

// AcceptRecord accepts the record of what happened as it is now, for example after an older backup was restored.
func (c *Core) AcceptRecord(ctx context.Context) error {
	operator, err := c.Tenants.Operator(ctx, c.DB)
	if err != nil {
		return err
	}
	return c.Journal.AcceptHead(ctx, access.SystemActor("command line"), operator.Access())
}

// RotateKeys makes a new key that seals from now on and says how many older ones still open.
func RotateKeys(_ context.Context, s Stores) (int, error) {
	box, err := secret.Open(s.KeyFile)
	if err != nil {
		return 0, err
	}
	if err := box.Rotate(); err != nil {
		return 0, err
	}
	return len(box.KeyIDs()) - 1, nil
}

// demoMark is the setting that marks a database as a demo's.
const demoMark = "demo"

var (
	errDemoDatabase = errs.New(errs.Conflict, "demo_database", "This database belongs to a demo, whose passwords are printed on a screen. Start with an empty one.")
	errRealDatabase = errs.New(errs.Conflict, "real_database", "This database is not a demo's. The demo would print its passwords; give it a folder of its own.")
)

// checkMark keeps the demo and the product off each other's databases (decision 26).
func (c *Core) checkMark(ctx context.Context, demo bool) error {
	mark, err := db.Setting(ctx, c.DB, demoMark)
	if err != nil {
		return err
	}
	if mark != "" && !demo {
		return errDemoDatabase
	}
	if mark == "" && demo {
		_, err := c.Tenants.Operator(ctx, c.DB)
		if err == nil {
			return errRealDatabase
		}
		if errs.KindOf(err) != errs.NotFound {
			return err
		}
		return db.SetSetting(ctx, c.DB, demoMark, "1")
	}
	return nil
}
