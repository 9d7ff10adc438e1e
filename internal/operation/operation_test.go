package operation_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/errs"
	"linecard/internal/operation"
	"linecard/internal/queue"
)

var (
	operatorT = access.Tenant{ID: "o", Kind: access.Operator, Scope: "o."}
	partnerT  = access.Tenant{ID: "p", Kind: access.Partner, Scope: "o.p1."}
	otherT    = access.Tenant{ID: "p2", Kind: access.Partner, Scope: "o.p2."}
	customerT = access.Tenant{ID: "c", Kind: access.Customer, Scope: "o.p1.c1."}
	siblingT  = access.Tenant{ID: "c2", Kind: access.Customer, Scope: "o.p1.c2."}
)

func person(id string, in access.Tenant, roles ...access.Role) access.Actor {
	return access.Actor{ID: id, Kind: access.Person, Tenant: in, Roles: roles}
}

func begin(t testing.TB, d *db.DB, s *operation.Service, a access.Actor, in access.Tenant) operation.Operation {
	t.Helper()
	var o operation.Operation
	if err := d.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) (err error) {
		o, err = s.Start(ctx, tx, a, "customer.provision", in.Scope, in.ID)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return o
}

func inTx(d *db.DB, f func(ctx context.Context, tx *db.Tx) error) error {
	return d.Tx(context.Background(), f)
}

func look(t testing.TB, s *operation.Service, id string) operation.Operation {
	t.Helper()
	o, err := s.Get(context.Background(), access.SystemActor("test"), id)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestAnOperationGoesFromPendingOverRunningToItsResult(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		s, ctx := service(t, d), context.Background()
		ann := person("ann", partnerT, access.PartnerFullAdmin)
		o := begin(t, d, s, ann, customerT)
		got, err := s.Get(ctx, ann, o.ID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(o, got); diff != "" {
			t.Error("what Start gives is not what is stored:", diff)
		}
		clock.Advance(time.Second)
		if err := s.Progress(ctx, o.ID, 1, 4); err != nil {
			t.Fatal(err)
		}
		if got = look(t, s, o.ID); got.State != operation.Running || got.Done != 1 || got.Total != 4 || got.Started.IsZero() || got.Version != 2 {
			t.Errorf("%+v", got)
		}
		clock.Advance(time.Second)
		if err := inTx(d, func(ctx context.Context, tx *db.Tx) error {
			return s.Succeed(ctx, tx, o.ID, map[string]int{"made": 4})
		}); err != nil {
			t.Fatal(err)
		}
		got = look(t, s, o.ID)
		if got.State != operation.Succeeded || got.Done != 4 || got.Result != `{"made":4}` || !got.Finished.Equal(clock.Now()) || !got.State.Final() {
			t.Errorf("%+v", got)
		}
		err = inTx(d, func(ctx context.Context, tx *db.Tx) error { return s.Fail(ctx, tx, o.ID, errors.New("late")) })
		if errs.CodeOf(err) != "operation_final" || look(t, s, o.ID).State != operation.Succeeded {
			t.Error("an end was changed:", err)
		}
	})
}

func TestAFailureKeepsWhatMayBeShownAndNothingElse(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		s := service(t, d)
		fail := func(err error) operation.Fault {
			o := begin(t, d, s, person("ann", partnerT), customerT)
			if err := inTx(d, func(ctx context.Context, tx *db.Tx) error { return s.Fail(ctx, tx, o.ID, err) }); err != nil {
				t.Fatal(err)
			}
			return look(t, s, o.ID).Fault
		}
		want := operation.Fault{Code: "invalid_fields", Message: "Some fields are not valid.",
			Fields: []operation.FieldFault{{Name: "mac", Code: "bad_mac", Message: "Not a MAC."}}}
		if diff := cmp.Diff(want, fail(errs.BadField("mac", "bad_mac", "Not a MAC.").Because(errors.New("hunter2")))); diff != "" {
			t.Error(diff)
		}
		want = operation.Fault{Code: "internal", Message: "Something went wrong on our side."}
		if diff := cmp.Diff(want, fail(errors.New("dial 10.0.0.1: password hunter2"))); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAnOperationIsSeenByThoseOfItsTenantAndAboveAndUnknownToOthers(t *testing.T) {
	narrow := person("sub", partnerT, access.PartnerSubAccount)
	narrow.Customers = []access.Tenant{customerT}
	limited := access.Actor{ID: "ann", Kind: access.Machine, Tenant: partnerT, Roles: []access.Role{access.PartnerFullAdmin},
		Limits: []access.Action{access.CustomerCreate}}
	stranger := limited
	stranger.ID = "machine"
	first := person("ann", partnerT, access.PartnerFullAdmin)
	first.MustChangePassword = true
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		s := service(t, d)
		ann := person("ann", partnerT, access.PartnerFullAdmin)
		forCustomer, forPartner := begin(t, d, s, ann, customerT).ID, begin(t, d, s, ann, partnerT).ID
		for _, c := range []struct {
			who                string
			a                  access.Actor
			customer, partners bool
		}{
			{"who started it", ann, true, true},
			{"a colleague", person("bob", partnerT, access.PartnerReadonlyAdmin), true, true},
			{"the operator", person("op", operatorT, access.OperatorAdmin), true, true},
			{"the customer", person("cus", customerT, access.CustomerFullAdmin), true, false},
			{"another customer", person("cus2", siblingT, access.CustomerFullAdmin), false, false},
			{"another partner", person("eve", otherT, access.PartnerFullAdmin), false, false},
			{"a sub account with that customer", narrow, true, false},
			{"a token of who started it that may not look", limited, true, true},
			{"another token that may not look", stranger, false, false},
			{"somebody without a role", person("none", partnerT), false, false},
			{"somebody who moved to another partner", person("ann", otherT, access.PartnerFullAdmin), false, false},
			{"before the first password change", first, false, false},
			{"nobody", access.Actor{}, false, false},
		} {
			for id, want := range map[string]bool{forCustomer: c.customer, forPartner: c.partners} {
				o, err := s.Get(context.Background(), c.a, id)
				if want && (err != nil || o.ID != id) {
					t.Errorf("%s does not see it: %v", c.who, err)
				}
				if !want && (errs.KindOf(err) != errs.NotFound || o.ID != "") {
					t.Errorf("%s: %v", c.who, err)
				}
			}
			n := 0
			for _, yes := range []bool{c.customer, c.partners} {
				if yes {
					n++
				}
			}
			if all, _, err := s.List(context.Background(), c.a, operation.Query{}); err != nil || len(all) != n {
				t.Errorf("%s lists %d, want %d: %v", c.who, len(all), n, err)
			}
		}
		unknown, foreign := errOf(s, ann, "unknown"), errOf(s, person("eve", otherT, access.PartnerFullAdmin), forCustomer)
		if unknown.Error() != foreign.Error() {
			t.Errorf("foreign (%v) differs from unknown (%v)", foreign, unknown)
		}
	})
}

func errOf(s *operation.Service, a access.Actor, id string) error {
	_, err := s.Get(context.Background(), a, id)
	return err
}

func TestAListPagesAndFilters(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		s, ann := service(t, d), person("ann", partnerT, access.PartnerFullAdmin)
		var ids []string
		for range 5 {
			ids = append(ids, begin(t, d, s, ann, customerT).ID)
			clock.Advance(time.Second)
		}
		var got []string
		for cursor := ""; ; {
			page, next, err := s.List(context.Background(), ann, operation.Query{Kind: "customer.provision", State: operation.Pending,
				Page: db.Page{Limit: 2, Cursor: cursor}})
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range page {
				got = append(got, o.ID)
			}
			if cursor = next; next == "" {
				break
			}
		}
		if diff := cmp.Diff([]string{ids[4], ids[3], ids[2], ids[1], ids[0]}, got); diff != "" {
			t.Error(diff)
		}
		for _, what := range []operation.Query{{Kind: "x"}, {State: operation.Failed}} {
			if all, _, err := s.List(context.Background(), ann, what); err != nil || len(all) != 0 {
				t.Error(what, len(all), err)
			}
		}
	})
}

func TestACancelledOperationStopsItsWorkerAndUndoesItsEffect(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		s, ctx := service(t, d), context.Background()
		effects(t, d)
		ann := person("ann", partnerT, access.PartnerFullAdmin)
		o := begin(t, d, s, ann, customerT)
		if err := s.Progress(ctx, o.ID, 1, 2); err != nil {
			t.Fatal(err)
		}
		cancel := func(a access.Actor) error {
			return inTx(d, func(ctx context.Context, tx *db.Tx) error { return s.Cancel(ctx, tx, a, o.ID) })
		}
		looking := ann
		looking.Acting = &access.Delegation{Tenant: customerT, Portal: access.DevicePortal, ReadOnly: true}
		for _, c := range []struct {
			a    access.Actor
			want errs.Kind
		}{
			{person("bob", partnerT, access.PartnerFullAdmin), errs.Forbidden},
			{person("eve", otherT, access.PartnerFullAdmin), errs.NotFound},
			{looking, errs.Forbidden},
		} {
			if err := cancel(c.a); err == nil || errs.KindOf(err) != c.want {
				t.Errorf("%s: %v", c.a.ID, err)
			}
		}
		if err := cancel(ann); err != nil {
			t.Fatal(err)
		}
		clock.Advance(time.Second)
		for range 2 {
			if err := s.Progress(ctx, o.ID, 2, 2); !errors.Is(err, operation.ErrCancelled) {
				t.Error("the worker is not told:", err)
			}
		}
		err := inTx(d, func(ctx context.Context, tx *db.Tx) error {
			if err := effect(ctx, d, "made"); err != nil {
				return err
			}
			return s.Succeed(ctx, tx, o.ID, nil)
		})
		if !errors.Is(err, operation.ErrCancelled) || number(t, d, `SELECT COUNT(*) FROM test_effects`) != 0 {
			t.Error("the effect stands although it was cancelled:", err)
		}
		if err := cancel(ann); errs.CodeOf(err) != "operation_final" {
			t.Error("cancelled twice:", err)
		}
	})
}

func TestProgressIsWrittenAtMostTwiceASecondAndItsLastWordInTheEnd(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		s, ctx := service(t, d), context.Background()
		q := queue.New(d, queue.Options{})
		s.Register(q)
		o := begin(t, d, s, person("ann", partnerT), customerT)
		for i := range int64(100) { // over a second
			if err := s.Progress(ctx, o.ID, i, 100); err != nil {
				t.Fatal(err)
			}
			clock.Advance(10 * time.Millisecond)
		}
		if got := look(t, s, o.ID); got.Version != 3 || got.Done != 50 {
			t.Errorf("%d writes, the last with %d", got.Version-1, got.Done)
		}
		if err := q.Pass(ctx, "operation.progress"); err != nil {
			t.Fatal(err)
		}
		if got := look(t, s, o.ID); got.Done != 99 {
			t.Errorf("what was kept back is not written: %d", got.Done)
		}
		if err := q.Pass(ctx, "operation.progress"); err != nil || look(t, s, o.ID).Version != 4 {
			t.Error("it was written twice:", err)
		}
	})
}

func TestOldOperationsGoAndForgottenOnesFail(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		s := service(t, d)
		q := queue.New(d, queue.Options{})
		s.Register(q)
		purge := func() {
			t.Helper()
			if err := inTx(d, func(ctx context.Context, tx *db.Tx) error {
				return queue.Insert(ctx, tx, "operation.purge", struct{}{}, queue.Opts{})
			}); err != nil {
				t.Fatal(err)
			}
			if _, err := q.Drain(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		o := begin(t, d, s, person("ann", partnerT), customerT)
		clock.Advance(7 * 24 * time.Hour)
		purge()
		if got := look(t, s, o.ID); got.State != operation.Pending {
			t.Error("given up too early")
		}
		clock.Advance(time.Second)
		purge()
		if got := look(t, s, o.ID); got.State != operation.Failed || got.Fault.Code != "operation_abandoned" {
			t.Errorf("%+v", got)
		}
		clock.Advance(30*24*time.Hour + time.Second)
		purge()
		if n := number(t, d, `SELECT COUNT(*) FROM operation_operations`); n != 0 {
			t.Error("kept for ever")
		}
	})
}
