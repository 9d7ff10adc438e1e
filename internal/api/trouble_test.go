package api_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"linecard/internal/access"
	"linecard/internal/api"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/device"
	"linecard/internal/onboard"
	"linecard/internal/tenant"
)

// errSecretText is what a library may put into an error.
var errSecretText = errors.New(`pq: password "hunter2" rejected by host db1`)

// awayWorld is a world whose database the test closes itself.
func awayWorld(t *testing.T, database string) *world {
	t.Helper()
	clock := dbtest.NewClock()
	address := dbtest.SQLiteURL(t)
	if database == "postgres" {
		address = dbtest.MigratedPostgresURL(t)
	}
	d, err := db.Open(t.Context(), address, db.Options{Clock: clock, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return newWorld(t, d, clock)
}

func TestADatabaseThatIsAwayIsToldWithoutItsWords(t *testing.T) {
	for _, database := range []string{"sqlite", "postgres"} {
		t.Run(database, func(t *testing.T) {
			w := awayWorld(t, database)
			token := w.root()
			w.get(token, "/me").status(200)
			w.ok(w.db.Close())
			x := things{}
			for _, op := range w.api.Operations() {
				in := w.requestFor(op, x, "", token)
				if op.ID == "search" {
					in.path += "?q=64167f" // without a word it asks nothing
				}
				r := w.do(in)
				if op.ID == "get-roles" || op.ID == "get-features" || op.ID == "get-languages" || op.ID == "list-device-models" {
					continue // needs nothing but what is in memory
				}
				if r.Code != http.StatusServiceUnavailable || r.Header().Get("Retry-After") == "" {
					t.Errorf("%s: %d %s", op.ID, r.Code, r.Body)
				}
			}
			r := w.do(request{method: "POST", path: "/customers", token: token, body: newCustomer("X"), header: map[string]string{"Idempotency-Key": "k"}})
			r.refused(503, "database_unavailable")
			w.clock.Advance(10e9) // and the token is asked for again
			w.get(token, "/me").refused(503, "database_unavailable")
			w.get("lct_"+strings.Repeat("x", 40), "/me").refused(503, "database_unavailable")
		})
	}
}

func TestAServiceThatFailsIsAnInternalErrorAndNoMore(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.full()
		w.d.Tenants.OnChange(func(context.Context, *db.Tx, access.Actor, tenant.Change) error { return errSecretText })
		before := w.rows("journal_entries", "operation_keys")
		for _, header := range []map[string]string{nil, {"Idempotency-Key": "k"}} {
			r := w.do(request{method: "POST", path: "/customers", token: token, body: newCustomer("X"), header: header})
			r.refused(500, "internal")
			if strings.Contains(r.Body.String(), "hunter2") {
				t.Error(r.Body)
			}
		}
		r := w.do(request{method: "POST", path: "/customers?dry_run=true", token: token, body: newCustomer("X")})
		r.refused(500, "internal")
		if w.rows("journal_entries", "operation_keys") != before {
			t.Error("something was written")
		}
		if ids := w.page(token, "/audit?result=failure&action=customer/create"); len(ids) != 2 {
			t.Errorf("%d rows tell of the failure", len(ids))
		}
	})
}

func TestAPanicIsAnInternalErrorToo(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.full()
		broken := w.d
		broken.Devices = device.NewService(device.Needs{DB: w.db, Tenants: tenant.NewService(w.db, w.d.Journal)})
		broken.Onboard = onboard.NewService(onboard.Deps{Tenants: tenant.NewService(w.db, w.d.Journal)})
		other := *w
		other.use(api.New(broken))
		other.post(token, "/customers", newCustomer("X")).status(500)
		w.post(token, "/customers", newCustomer("X")).status(201) // the writer is free again
	})
}
