package tenant_test

import (
	"context"
	"strings"
	"testing"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/revision"
	"linecard/internal/tenant"
)

// CH-23
func TestAChangedEmailIsToldToHooksWithOldAndNewAddress(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var heard []string
		w.svc.OnChange(func(_ context.Context, _ *db.Tx, _ access.Actor, c tenant.Change) error {
			if c.What == tenant.EmailChanged {
				heard = append(heard, c.Before.Email+">"+c.After.Email)
			}
			return nil
		})
		email, phone := "new@example.test", "12"
		got, err := w.svc.Edit(w.ctx(), w.full(w.p), w.cp.ID, tenant.Patch{Email: &email, IfVersion: 1})
		w.ok(err)
		_, err = w.svc.Edit(w.ctx(), w.full(w.p), w.cp.ID, tenant.Patch{Phone: &phone})
		w.ok(err)
		if len(heard) != 1 || heard[0] != w.cp.Email+">new@example.test" || got.Version != 2 {
			t.Errorf("heard %v, version %d", heard, got.Version)
		}
	})
}

func TestAHookThatFailsUndoesTheChange(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		no := errs.New(errs.Conflict, "no", "No.")
		w.svc.OnChange(func(context.Context, *db.Tx, access.Actor, tenant.Change) error { return no })
		_, err := w.svc.Freeze(w.ctx(), w.full(w.p), w.cp.ID, tenant.Freeze{})
		refused(t, err, errs.Conflict, "no")
		got, err := w.svc.Load(w.ctx(), w.db, w.cp.ID)
		w.ok(err)
		if got.Frozen || got.Version != 1 {
			t.Errorf("the change stayed: %+v", got)
		}
	})
}

func TestAnEditWithAnOldVersionIsStaleAndChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		one, two := "One", "Two"
		_, err := w.svc.Edit(w.ctx(), w.full(w.p), w.cp.ID, tenant.Patch{Contact: &one, IfVersion: 1})
		w.ok(err)
		_, err = w.svc.Edit(w.ctx(), w.full(w.p), w.cp.ID, tenant.Patch{Contact: &two, IfVersion: 1})
		refused(t, err, errs.Stale, "stale")
		got, _ := w.svc.Load(w.ctx(), w.db, w.cp.ID)
		if got.Contact != "One" {
			t.Errorf("contact %q", got.Contact)
		}
		lost := w.race(6, func(int) error {
			c := db.NewID()
			_, err := w.svc.Edit(w.ctx(), w.full(w.p), w.cp.ID, tenant.Patch{Contact: &c, IfVersion: 2})
			return err
		})
		if len(lost) != 5 {
			t.Errorf("%d of 6 edits of the same version lost, want 5: %v", len(lost), lost)
		}
	})
}

func TestAnEditMovesTheRevisionAndAnEmptyOneDoesNot(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		of := func() revision.Vector {
			v, err := revision.Of(w.ctx(), w.db, revision.Key{Kind: revision.Customer, ID: w.cp.ID})
			w.ok(err)
			return v
		}
		before := of()
		got, err := w.svc.Edit(w.ctx(), w.full(w.p), w.cp.ID, tenant.Patch{Name: &w.cp.Name})
		w.ok(err)
		if of() != before || got.Version != 1 {
			t.Error("an edit that changes nothing counts as one")
		}
		host := "new-host"
		_, err = w.svc.Edit(w.ctx(), w.full(w.p), w.cp.ID, tenant.Patch{Host: &host})
		w.ok(err)
		if of() == before {
			t.Error("the revision did not move")
		}
	})
}

// CH-11, CH-12
func TestOnesOwnOrganisationCanBeEditedExceptWhatTheProviderKeeps(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		phone, name, text, types := "+49 1", "Renamed", "x@example.test", []string{tenant.DMP}
		for _, own := range []struct {
			actor access.Actor
			id    string
		}{{w.admin(w.cp), w.cp.ID}, {w.full(w.p), w.p.ID}, {w.full(w.s), w.s.ID}} {
			got, err := w.svc.Edit(w.ctx(), own.actor, own.id, tenant.Patch{Phone: &phone})
			w.ok(err)
			if got.Phone != phone {
				t.Errorf("phone is %q", got.Phone)
			}
			for field, p := range map[string]tenant.Patch{"email": {Email: &text}, "external_id": {ExternalID: &text}, "permission_types": {PermissionTypes: &types},
				"remarks": {Remarks: &text}} {
				_, err := w.svc.Edit(w.ctx(), own.actor, own.id, p)
				refused(t, err, errs.Forbidden, "reserved_for_provider")
				if errs.As(err).Params["field"] != field {
					t.Errorf("the refusal names %v, want %s", errs.As(err).Params, field)
				}
			}
			_, err = w.svc.Edit(w.ctx(), own.actor, own.id, tenant.Patch{Name: &name})
			w.ok(err)
		}
		_, err := w.svc.Edit(w.ctx(), w.as(w.cp, access.CustomerReadonlyAdmin), w.cp.ID, tenant.Patch{Phone: &phone})
		refused(t, err, errs.Forbidden, "forbidden")
	})
}

// WS-153, WS-154, WS-156 (account.company)
func TestRestrictedModeTakesTheCompanyNameFromCustomerAdministratorsOnly(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, err := w.svc.Restrict(w.ctx(), w.admin(w.cp), w.cp.ID, true)
		refused(t, err, errs.Forbidden, "forbidden")
		got, err := w.svc.Restrict(w.ctx(), w.full(w.p), w.cp.ID, true)
		w.ok(err)
		if !got.Restricted {
			t.Fatal("not restricted")
		}
		one, two, phone := "Name one", "Name two", "1"
		_, err = w.svc.Edit(w.ctx(), w.admin(w.cp), w.cp.ID, tenant.Patch{Name: &one})
		refused(t, err, errs.Forbidden, "restricted_by_partner")
		if errs.As(err).Params["control"] != "account.company" {
			t.Errorf("control %v", errs.As(err).Params)
		}
		_, err = w.svc.Edit(w.ctx(), w.admin(w.cp), w.cp.ID, tenant.Patch{Phone: &phone})
		w.ok(err)
		_, err = w.svc.Edit(w.ctx(), w.full(w.p), w.cp.ID, tenant.Patch{Name: &one})
		w.ok(err)
		_, err = w.svc.Restrict(w.ctx(), w.full(w.p), w.cp.ID, false)
		w.ok(err)
		_, err = w.svc.Edit(w.ctx(), w.admin(w.cp), w.cp.ID, tenant.Patch{Name: &two})
		w.ok(err)

		in := newCustomer("Offer")
		in.Wholesale = true
		offer, err := w.svc.CreateCustomer(w.ctx(), w.full(w.p), in)
		w.ok(err)
		if !offer.Restricted || w.cp.Restricted {
			t.Error("the mode is on by default for wholesale customers and off for channel customers")
		}
	})
}

// CH-24, CH-25, CH-26
func TestFreezingStopsTheCustomersPeopleAndNothingElse(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var heard []tenant.What
		w.svc.OnChange(func(_ context.Context, _ *db.Tx, _ access.Actor, c tenant.Change) error {
			heard = append(heard, c.What)
			return nil
		})
		_, err := w.svc.Freeze(w.ctx(), w.full(w.p), w.cp.ID, tenant.Freeze{Reason: strings.Repeat("x", 501)})
		faulty(t, err, "reason too_long")
		_, err = w.svc.Freeze(w.ctx(), w.admin(w.cp), w.cp.ID, tenant.Freeze{})
		refused(t, err, errs.Forbidden, "forbidden")
		got, err := w.svc.Freeze(w.ctx(), w.full(w.p), w.cp.ID, tenant.Freeze{Reason: " unpaid "})
		w.ok(err)
		if !got.Frozen || got.FreezeStopsService || got.FreezeReason != "unpaid" {
			t.Errorf("got %+v", got)
		}
		refused(t, w.decide(w.admin(w.cp), access.CustomerView, w.cp.ID), errs.Forbidden, "frozen")
		w.ok(w.decide(w.full(w.p), access.CustomerEdit, w.cp.ID))

		got, err = w.svc.Freeze(w.ctx(), w.full(w.p), w.cp.ID, tenant.Freeze{Reason: "unpaid", StopsService: true})
		w.ok(err)
		if !got.FreezeStopsService {
			t.Error("the option cannot be added later")
		}
		again, err := w.svc.Freeze(w.ctx(), w.full(w.p), w.cp.ID, tenant.Freeze{Reason: "unpaid", StopsService: true})
		w.ok(err)
		if again.Version != got.Version {
			t.Error("freezing again what is frozen alike counts as a change")
		}
		got, err = w.svc.Unfreeze(w.ctx(), w.full(w.p), w.cp.ID)
		w.ok(err)
		if got.Frozen || got.FreezeStopsService || got.FreezeReason != "" {
			t.Errorf("got %+v", got)
		}
		w.ok(w.decide(w.admin(w.cp), access.CustomerView, w.cp.ID))
		if len(heard) != 3 || heard[0] != tenant.Froze || heard[2] != tenant.Unfroze {
			t.Errorf("hooks heard %v", heard)
		}
	})
}

// CH-25, CH-83
func TestEachStepOfTheLifeCycleIsInTheOperationLogWithItsActor(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, err := w.svc.Freeze(w.ctx(), w.full(w.p), w.cp.ID, tenant.Freeze{Reason: "unpaid"})
		w.ok(err)
		_, err = w.svc.Unfreeze(w.ctx(), w.full(w.p), w.cp.ID)
		w.ok(err)
		var rows []struct {
			Action string `db:"action"`
			Actor  string `db:"actor_name"`
			Tenant string `db:"tenant_id"`
		}
		w.ok(w.db.Select(w.ctx(), &rows, `SELECT action, actor_name, tenant_id FROM journal_entries WHERE target_id = $1 ORDER BY id`, w.cp.ID))
		want := []string{"customer/create", "customer/freeze", "customer/unfreeze"}
		if len(rows) != len(want) {
			t.Fatalf("log has %+v", rows)
		}
		for i, r := range rows {
			if r.Action != want[i] || r.Actor != "Pat of Partner P" || r.Tenant != w.p.ID {
				t.Errorf("row %+v, want %s", r, want[i])
			}
		}
	})
}

// CH-15
func TestAFrozenPartnerStopsButItsCustomersDoNot(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, err := w.svc.Freeze(w.ctx(), w.full(w.p), w.p.ID, tenant.Freeze{})
		refused(t, err, errs.Forbidden, "forbidden")
		_, err = w.svc.Freeze(w.ctx(), w.root(), w.p.ID, tenant.Freeze{StopsService: true})
		refused(t, err, errs.Conflict, "wrong_kind")
		_, err = w.svc.Freeze(w.ctx(), w.root(), w.p.ID, tenant.Freeze{})
		w.ok(err)
		for _, id := range []string{w.p.ID, w.cp.ID, w.cs.ID, w.s.ID} {
			refused(t, w.decide(w.both(w.p), access.PartnerView, id), errs.Forbidden, "frozen")
		}
		w.ok(w.decide(w.admin(w.cp), access.CustomerView, w.cp.ID))
		w.ok(w.decide(w.full(w.s), access.CustomerEdit, w.cs.ID))
	})
}

// WS-89
func TestASuspendedSubPartnerMayNeitherCreateNorUpdateButDelete(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, err := w.svc.Suspend(w.ctx(), w.full(w.p), w.s.ID)
		refused(t, err, errs.NotFound, "not_found") // one role alone does not see sub-partners
		_, err = w.svc.Suspend(w.ctx(), w.both(w.p), w.cp.ID)
		refused(t, err, errs.Conflict, "wrong_kind")
		_, err = w.svc.Suspend(w.ctx(), w.both(w.p), w.s.ID)
		w.ok(err)
		phone := "1"
		for _, a := range []access.Actor{w.full(w.s), w.both(w.p)} {
			in := newCustomer("Late")
			in.OwnerID = w.s.ID
			_, err = w.svc.CreateCustomer(w.ctx(), a, in)
			refused(t, err, errs.Forbidden, "sub_partner_suspended")
			_, err = w.svc.Edit(w.ctx(), a, w.cs.ID, tenant.Patch{Phone: &phone})
			refused(t, err, errs.Forbidden, "sub_partner_suspended")
		}
		w.ok(w.decide(w.admin(w.cs), access.DeviceEdit, w.cs.ID))
		_, err = w.svc.Archive(w.ctx(), w.full(w.s), w.cs.ID, "S-cust")
		w.ok(err)
		_, err = w.svc.Resume(w.ctx(), w.both(w.p), w.s.ID)
		w.ok(err)
		_, err = w.svc.CreateCustomer(w.ctx(), w.full(w.s), newCustomer("Late"))
		w.ok(err)
	})
}

// CH-27
func TestACustomerIsArchivedOnlyWhenNothingRemains(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		devices := int64(1)
		w.svc.Holds(func(context.Context, db.Q, string) ([]tenant.Holding, error) {
			return []tenant.Holding{{Kind: "devices", Count: devices, Permission: tenant.DMP}, {Kind: "redirect_entries"}}, nil
		})
		order, err := w.svc.CreateOrder(w.ctx(), w.full(w.p), w.cp.ID, tenant.NewOrder{Submit: true, Lines: []tenant.OrderLine{{Item: "device_licence", Quantity: 1}}})
		w.ok(err)
		_, err = w.svc.Archive(w.ctx(), w.full(w.p), w.cp.ID, "acme")
		faulty(t, err, "confirm_name name_differs")
		_, err = w.svc.Archive(w.ctx(), w.full(w.p), w.cp.ID, "Acme")
		refused(t, err, errs.Conflict, "not_empty")
		faulty(t, err, "devices remaining", "orders remaining")
		devices = 0
		_, err = w.svc.CancelOrder(w.ctx(), w.full(w.p), order.ID, 0)
		w.ok(err)
		_, err = w.svc.Archive(w.ctx(), w.full(w.p), w.cp.ID, "Acme")
		w.ok(err)

		same(t, "list", names(w.list(w.full(w.p), tenant.Query{Kind: access.Customer})), []string{})
		same(t, "archived", names(w.list(w.full(w.p), tenant.Query{Kind: access.Customer, State: tenant.Archived})), []string{"Acme"})
		again := newCustomer("Acme")
		again.Email = w.cp.Email
		_, err = w.svc.CreateCustomer(w.ctx(), w.full(w.p), again)
		if err != nil {
			t.Error("name and e-mail of an archived customer must be free:", err)
		}
		phone := "1"
		_, err = w.svc.Edit(w.ctx(), w.full(w.p), w.cp.ID, tenant.Patch{Phone: &phone})
		refused(t, err, errs.Conflict, "archived")
		_, err = w.svc.ByHost(w.ctx(), w.db, w.cp.Host)
		refused(t, err, errs.NotFound, "not_found")
		refused(t, w.decide(w.admin(w.cp), access.CustomerView, w.cp.ID), errs.Forbidden, "frozen")
	})
}

// CH-18
func TestAPermissionTypeInUseIsTakenAwayOnlyWhenConfirmed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.svc.Holds(func(context.Context, db.Q, string) ([]tenant.Holding, error) {
			return []tenant.Holding{{Kind: "devices", Count: 3, Permission: tenant.DMP}}, nil
		})
		dmp, rps := []string{tenant.DMP}, []string{tenant.RPS}
		_, err := w.svc.Edit(w.ctx(), w.full(w.p), w.cp.ID, tenant.Patch{PermissionTypes: &rps})
		refused(t, err, errs.Conflict, "permission_in_use")
		faulty(t, err, "devices remaining")
		_, err = w.svc.Edit(w.ctx(), w.full(w.p), w.cp.ID, tenant.Patch{PermissionTypes: &dmp})
		w.ok(err)
		got, err := w.svc.Edit(w.ctx(), w.full(w.p), w.cp.ID, tenant.Patch{PermissionTypes: &rps, ConfirmRemoval: true})
		w.ok(err)
		if got.Permissions.Has(tenant.DMP) || !got.Permissions.Has(tenant.RPS) {
			t.Errorf("permission types %v", got.Permissions)
		}
	})
}

// CH-27 under competition: whoever adds something to a customer locks it first, so it is either there or the customer is gone.
func TestArchivingAndAddingSomethingAtOnceNeverBothSucceed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for range 5 {
			c := w.customer(w.q, "Race "+db.NewID())
			order := licences(1)
			order.Submit = true
			failures := w.race(2, func(i int) error {
				if i == 0 {
					_, err := w.svc.Archive(w.ctx(), w.full(w.q), c.ID, c.Name)
					return err
				}
				_, err := w.svc.CreateOrder(w.ctx(), w.full(w.q), c.ID, order)
				return err
			})
			if len(failures) != 1 {
				t.Fatalf("%d of 2 lost, want 1: %v", len(failures), failures)
			}
			if code := errs.CodeOf(failures[0]); code != "not_empty" && code != "archived" {
				t.Error(failures[0])
			}
		}
	})
}
