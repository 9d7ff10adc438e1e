package deliver_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/deliver"
	"linecard/internal/errs"
	"linecard/internal/journal"
)

// The example of the Standard Webhooks libraries' own tests.
func TestTheSignatureIsThatOfTheConvention(t *testing.T) {
	got, err := deliver.Sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if err != nil || got != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Errorf("%s %v", got, err)
	}
	for _, bad := range []string{"", "whsec_%", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"} {
		if _, err := deliver.Sign(bad, "a", time.Unix(0, 0), nil); err == nil {
			t.Errorf("%q was taken as a secret", bad)
		}
	}
}

func TestAnEventReachesTheWebhooksThatChoseItSignedAndOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := newWorld(t, d, clock)
		one, two := newReceiver(t), newReceiver(t)
		w.happen(t, "customer.before", customer)
		if _, err := w.j.Sequence(context.Background()); err != nil {
			t.Fatal(err)
		}
		h, secret := w.create(t, one.URL+"/hook", "customer.*")
		w.create(t, two.URL, "order.created")
		w.start(t)
		w.happen(t, "customer.foreign", foreign)
		w.happen(t, "customer.indirect", indirect) // the admin lacks the right to see sub-partners (WS-83)
		w.happen(t, "customerx.edited", customer)
		w.happen(t, "customer.edited", customer)
		w.happen(t, "order.created", customer)
		got := one.wait(t, 1)[0]
		two.wait(t, 1)
		var body struct {
			Type, ID, Timestamp string
			Data                map[string]any
			Target              struct{ Kind, ID string }
		}
		if err := json.Unmarshal(got.body, &body); err != nil || body.Type != "customer.edited" || body.Data["of"] != customer.ID || body.Target.ID != customer.ID ||
			body.Timestamp != "2026-03-02T09:00:00.000Z" {
			t.Errorf("%s %v", got.body, err)
		}
		id := got.header.Get("webhook-id")
		want, _ := deliver.Sign(secret, id, clock.Now(), got.body)
		if id != body.ID || got.header.Get("webhook-signature") != want || got.header.Get("webhook-timestamp") != "1772442000" || got.header.Get("content-type") != "application/json" {
			t.Errorf("%v, want the signature %s", got.header, want)
		}
		dbtest.Eventually(t, "delivered", func() bool { return len(w.deliveries(t, h.ID, deliver.Delivered)) == 1 })
		if all := w.deliveries(t, h.ID, ""); len(all) != 1 || all[0].Attempts != 1 || all[0].LastStatus != 200 || len(one.all()) != 1 || len(two.all()) != 1 {
			t.Errorf("%+v, %d and %d calls", all, len(one.all()), len(two.all()))
		}
	})
}

// Decision 4: the cursor moves with its effect, so another node that begins at the same place changes nothing.
func TestFanningOutTwiceMakesNothingTwice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := newWorld(t, d, clock)
		ctx := context.Background()
		h, _ := w.create(t, "http://127.0.0.1:9999/")
		for range 12 {
			w.happen(t, "customer.edited", customer)
		}
		if _, err := w.j.Sequence(ctx); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 4)
		for range cap(done) {
			go func() { done <- w.hooks.Fanout(ctx) }()
		}
		for range cap(done) {
			if err := <-done; err != nil && errs.CodeOf(err) != "lease_lost" {
				t.Error(err)
			}
		}
		if err := w.hooks.Fanout(ctx); err != nil {
			t.Fatal(err)
		}
		var jobs int
		if err := d.Get(ctx, &jobs, `SELECT COUNT(*) FROM queue_jobs`); err != nil {
			t.Fatal(err)
		}
		if n := len(w.deliveries(t, h.ID, deliver.Pending)); n != 13 || jobs != 13 { // with webhook.created
			t.Errorf("%d deliveries and %d jobs of 13 events", n, jobs)
		}
	})
}

// Issue 2: a dead endpoint never delays others.
func TestAHangingEndpointDelaysNobodyElse(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := newWorld(t, d, clock)
		release := make(chan struct{})
		hanging := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-release:
			case <-r.Context().Done():
			}
		}))
		defer hanging.Close()
		defer close(release)
		good := newReceiver(t)
		for range 10 {
			w.create(t, hanging.URL, "customer.edited")
		}
		w.create(t, good.URL, "customer.edited")
		const events = 20
		for range events {
			w.happen(t, "customer.edited", customer)
		}
		w.start(t)
		begin := time.Now()
		good.wait(t, events)
		if took := time.Since(begin); took > 8*time.Second {
			t.Errorf("the good endpoint waited %v", took)
		}
	})
}

func TestAFailedDeliveryIsTriedAgainLaterAndThenGivenUp(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := newWorld(t, d, clock)
		r := newReceiver(t)
		r.answers(func(_ int, w http.ResponseWriter) { w.WriteHeader(http.StatusInternalServerError) })
		h, secret := w.create(t, r.URL, "customer.edited")
		w.start(t)
		w.happen(t, "customer.edited", customer)
		begin := clock.Now()
		for n := 1; n <= 10; n++ {
			got := r.wait(t, n)
			if n > 1 && got[n-1].header.Get("webhook-id") != got[0].header.Get("webhook-id") {
				t.Fatal("the webhook-id changed between attempts")
			}
			if want, _ := deliver.Sign(secret, got[0].header.Get("webhook-id"), clock.Now(), got[n-1].body); got[n-1].header.Get("webhook-signature") != want {
				t.Errorf("attempt %d is not signed with its own time", n)
			}
			dbtest.Eventually(t, "the attempt is recorded", func() bool { all := w.deliveries(t, h.ID, ""); return len(all) == 1 && all[0].Attempts == n })
			if x := w.deliveries(t, h.ID, "")[0]; x.State == deliver.Pending {
				clock.Set(x.NextAt.Time)
			}
		}
		dead, _, err := w.hooks.DeadLetters(context.Background(), admin, own, h.ID, db.Page{})
		if err != nil || len(dead) != 1 || dead[0].LastStatus != 500 || dead[0].LastError != deliver.FaultStatus {
			t.Fatalf("%+v %v", dead, err)
		}
		if took := clock.Now().Sub(begin); took < 60*time.Hour || took > 90*time.Hour {
			t.Errorf("given up after %v", took)
		}
		if x := w.hook(t, h.ID); !x.Enabled || x.Fails != 10 {
			t.Errorf("%+v", x)
		}
		r.answers(func(int, http.ResponseWriter) {})
		if err := w.hooks.Retry(context.Background(), admin, own, h.ID, dead[0].ID); err != nil {
			t.Fatal(err)
		}
		r.wait(t, 11)
		dbtest.Eventually(t, "delivered", func() bool { return len(w.deliveries(t, h.ID, deliver.Delivered)) == 1 })
		if x := w.hook(t, h.ID); x.Fails != 0 || !x.FailingSince.IsZero() || x.LastSuccess.IsZero() {
			t.Errorf("after a success: %+v", x)
		}
		if err := w.hooks.Retry(context.Background(), admin, own, h.ID, "nothing"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("an unknown delivery: %v", err)
		}
	})
}

// What waits for an endpoint that fails costs one call per pause, and all goes out when it works again.
func TestWhileAnEndpointFailsOneProbeGoesOutAtATime(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := newWorld(t, d, clock)
		r := newReceiver(t)
		r.answers(func(_ int, w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) })
		h, _ := w.create(t, r.URL, "customer.edited")
		const events = 30
		for range events {
			w.happen(t, "customer.edited", customer)
		}
		w.start(t)
		dbtest.Eventually(t, "all deliveries are there", func() bool { return len(w.deliveries(t, h.ID, "")) == events })
		dbtest.Eventually(t, "none is with a job", func() bool {
			var waiting int
			if err := d.Get(context.Background(), &waiting, `SELECT COUNT(*) FROM queue_jobs WHERE kind = 'deliver.webhook'`); err != nil {
				t.Fatal(err)
			}
			return waiting == 0
		})
		before := len(r.all())
		if before > 4 {
			t.Errorf("%d calls to an endpoint that fails", before)
		}
		for range 3 { // three pauses, three probes
			before = len(r.all())
			clock.Set(w.hook(t, h.ID).NotBefore.Time)
			r.wait(t, before+1)
			dbtest.Eventually(t, "the probe is recorded", func() bool { return w.hook(t, h.ID).NotBefore.After(clock.Now()) })
			if n := len(r.all()); n > before+1 {
				t.Errorf("%d calls in one pause", n-before)
			}
		}
		r.answers(func(int, http.ResponseWriter) {})
		clock.Set(w.hook(t, h.ID).NotBefore.Time)
		dbtest.Eventually(t, "what was never tried is delivered at once", func() bool { return len(w.deliveries(t, h.ID, deliver.Delivered)) >= events-8 })
		clock.Advance(3 * time.Hour)
		dbtest.Eventually(t, "all is delivered", func() bool { return len(w.deliveries(t, h.ID, deliver.Delivered)) == events })
	})
}

func TestAnEndpointThatIsGoneOrFailsForFiveDaysIsSwitchedOff(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		days   int
		reason deliver.DisabledReason
	}{{"gone", http.StatusGone, 0, deliver.EndpointGo}, {"failing", http.StatusNotFound, 5, deliver.Failing}} {
		t.Run(c.name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
				w := newWorld(t, d, clock)
				r := newReceiver(t)
				r.answers(func(_ int, w http.ResponseWriter) { w.WriteHeader(c.status) })
				h, _ := w.create(t, r.URL, "customer.edited")
				w.start(t)
				w.happen(t, "customer.edited", customer)
				for i := range c.days {
					r.wait(t, i+1)
					dbtest.Eventually(t, "recorded", func() bool { return w.hook(t, h.ID).Fails > i })
					if x := w.hook(t, h.ID); !x.Enabled {
						t.Fatalf("switched off after %d days", i)
					}
					clock.Advance(24*time.Hour + time.Minute)
					w.happen(t, "customer.edited", customer)
				}
				dbtest.Eventually(t, "switched off", func() bool { return !w.hook(t, h.ID).Enabled })
				if x := w.hook(t, h.ID); x.DisabledReason != c.reason {
					t.Errorf("%+v", x)
				}
				dbtest.Eventually(t, "nothing waits any more", func() bool { return len(w.deliveries(t, h.ID, deliver.Pending)) == 0 })
				dbtest.Eventually(t, "the event webhook.disabled", func() bool {
					got, _, err := w.j.Events(context.Background(), d, journal.EventQuery{Filter: db.Everything, Types: []string{"webhook.disabled"}})
					return err == nil && len(got) == 1 && got[0].Target.ID == h.ID && got[0].Data["reason"] == string(c.reason)
				})
				if _, err := w.hooks.Test(context.Background(), admin, own, h.ID); errs.CodeOf(err) != "webhook_disabled" {
					t.Errorf("a test of a webhook that is off: %v", err)
				}
				on := true
				if x, err := w.hooks.Edit(context.Background(), admin, own, h.ID, deliver.WebhookPatch{Enabled: &on}); err != nil || !x.Enabled || x.Fails != 0 {
					t.Errorf("%+v %v", x, err)
				}
			})
		})
	}
}

func TestWhileASecretChangesBothSign(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := newWorld(t, d, clock)
		ctx := context.Background()
		r := newReceiver(t)
		h, old := w.create(t, r.URL, "customer.edited")
		fresh, err := w.hooks.RotateSecret(ctx, admin, own, h.ID, 24*time.Hour)
		if err != nil || fresh.Reveal() == old || !strings.HasPrefix(old, "whsec_") {
			t.Fatal(err)
		}
		w.start(t)
		for n, both := range []bool{true, false} {
			if _, err := w.hooks.Test(ctx, admin, own, h.ID); err != nil {
				t.Fatal(err)
			}
			got := r.wait(t, n+1)[n]
			first, _ := deliver.Sign(fresh.Reveal(), got.header.Get("webhook-id"), clock.Now(), got.body)
			second, _ := deliver.Sign(old, got.header.Get("webhook-id"), clock.Now(), got.body)
			want := first
			if both {
				want += " " + second
			}
			if got.header.Get("webhook-signature") != want || !strings.Contains(string(got.body), `"type":"webhook.test"`) {
				t.Errorf("%s, want %s", got.header.Get("webhook-signature"), want)
			}
			clock.Advance(24 * time.Hour)
		}
		if _, err := w.hooks.RotateSecret(ctx, admin, own, h.ID, 8*24*time.Hour); errs.KindOf(err) != errs.Invalid {
			t.Errorf("an endless overlap: %v", err)
		}
	})
}

func TestAReplaySendsOldEventsAgainUnderTheirOwnIds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := newWorld(t, d, clock)
		ctx := context.Background()
		r := newReceiver(t)
		w.happen(t, "customer.edited", customer) // before the webhook
		h, _ := w.create(t, r.URL, "customer.edited")
		w.start(t)
		for range 3 {
			w.happen(t, "customer.edited", customer)
		}
		r.wait(t, 3)
		dbtest.Eventually(t, "delivered", func() bool { return len(w.deliveries(t, h.ID, deliver.Delivered)) >= 3 })
		sent := len(r.all())
		if err := w.hooks.Replay(ctx, admin, own, h.ID, ""); err != nil {
			t.Fatal(err)
		}
		got := r.wait(t, sent+4)
		ids := map[string]int{}
		for _, g := range got[sent:] {
			ids[g.header.Get("webhook-id")]++
		}
		if len(ids) != 4 {
			t.Errorf("%d different events in the replay of 4", len(ids))
		}
		if err := w.hooks.Replay(ctx, admin, own, h.ID, "nonsense"); errs.KindOf(err) != errs.Invalid {
			t.Errorf("a damaged cursor: %v", err)
		}
	})
}

func TestAnAddressInsideOurNetworkIsNeverCalled(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := newWorld(t, d, clock)
		r := newReceiver(t)
		h, _ := w.create(t, r.URL, "customer.edited")
		w.hooks = w.webhooks(deliver.GuardOptions{}) // the operator takes the permission back
		w.start(t)
		w.happen(t, "customer.edited", customer)
		dbtest.Eventually(t, "refused", func() bool {
			all := w.deliveries(t, h.ID, "")
			return len(all) == 1 && all[0].LastError == deliver.FaultAddress
		})
		if len(r.all()) != 0 {
			t.Error("it was called")
		}
	})
}

func TestOnlyWhoMayEditWebhooksDoesAndOthersDoNotSeeThem(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := newWorld(t, d, clock)
		ctx := context.Background()
		h, _ := w.create(t, "http://127.0.0.1:9999/", "customer.edited")
		reader := admin
		reader.Roles = []access.Role{access.PartnerReadonlyAdmin}
		stranger := access.Actor{ID: "u2", Kind: access.Person, Tenant: foreign, Roles: []access.Role{access.CustomerFullAdmin}}
		below := access.Actor{ID: "u3", Kind: access.Person, Tenant: customer, Roles: []access.Role{access.CustomerFullAdmin}}
		for _, c := range []struct {
			who    access.Actor
			target access.Target
			kind   errs.Kind
		}{{reader, own, errs.Forbidden}, {stranger, own, errs.NotFound}, {below, own, errs.NotFound},
			{stranger, access.Target{Tenant: foreign}, errs.NotFound}, {below, access.Target{Tenant: customer}, errs.NotFound}} {
			off := false
			_, rotate := w.hooks.RotateSecret(ctx, c.who, c.target, h.ID, 0)
			_, edit := w.hooks.Edit(ctx, c.who, c.target, h.ID, deliver.WebhookPatch{Enabled: &off})
			_, test := w.hooks.Test(ctx, c.who, c.target, h.ID)
			_, all := w.hooks.RetryAll(ctx, c.who, c.target, h.ID)
			for i, err := range []error{rotate, edit, test, all, w.hooks.Delete(ctx, c.who, c.target, h.ID), w.hooks.Replay(ctx, c.who, c.target, h.ID, ""), w.hooks.Retry(ctx, c.who, c.target, h.ID, "x")} {
				if err == nil || errs.KindOf(err) != c.kind {
					t.Errorf("%s in %s, call %d: %v", c.who.ID, c.target.Tenant.ID, i, err)
				}
			}
		}
		if got, err := w.hooks.Get(ctx, reader, own, h.ID); err != nil || got.ID != h.ID {
			t.Errorf("a reader: %v", err)
		}
		if list, _, err := w.hooks.List(ctx, below, access.Target{Tenant: customer}, db.Page{}); err != nil || len(list) != 0 {
			t.Errorf("the customer's list: %+v %v", list, err)
		}
		if err := w.hooks.Delete(ctx, admin, own, h.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := w.hooks.Get(ctx, admin, own, h.ID); errs.KindOf(err) != errs.NotFound {
			t.Errorf("after it was deleted: %v", err)
		}
		rows, _, err := w.j.Log(ctx, d, partner.ID, journal.Query{Asc: true})
		if err != nil || len(rows) != 2 || rows[0].Action != "webhook/create" || rows[1].Action != "webhook/delete" {
			t.Errorf("%+v %v", rows, err)
		}
	})
}

func TestAWebhookIsCheckedFieldByFieldAndCounted(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := newWorld(t, d, clock)
		ctx := context.Background()
		_, _, err := w.hooks.Create(ctx, admin, own, deliver.WebhookInput{URL: "gopher://x", Description: " \u202ebad", Types: []string{"customer.*", "Customer"}})
		var names []string
		for _, f := range errs.As(err).Fields {
			names = append(names, f.Name)
		}
		if !slices.Equal(names, []string{"url", "description", "types"}) {
			t.Errorf("%v", err)
		}
		for range deliver.WebhooksPerTenant {
			w.create(t, "http://127.0.0.1:9999/")
		}
		if _, _, err := w.hooks.Create(ctx, admin, own, deliver.WebhookInput{URL: "http://127.0.0.1:9999/"}); errs.CodeOf(err) != "too_many_webhooks" {
			t.Errorf("one too many: %v", err)
		}
		list, next, err := w.hooks.List(ctx, admin, own, db.Page{Limit: 15})
		if err != nil || len(list) != 15 || next == "" {
			t.Fatalf("%d %v", len(list), err)
		}
		text := "new"
		x, err := w.hooks.Edit(ctx, admin, own, list[0].ID, deliver.WebhookPatch{Description: &text, IfVersion: 1})
		if err != nil || x.Version != 2 || w.hook(t, x.ID).Description != "new" || w.hook(t, x.ID).Version != 2 {
			t.Errorf("%+v %v", x, err)
		}
		if _, err := w.hooks.Edit(ctx, admin, own, x.ID, deliver.WebhookPatch{Description: &text, IfVersion: 1}); errs.KindOf(err) != errs.Stale {
			t.Errorf("an old version: %v", err)
		}
	})
}

func TestSecretsAreSealedAnewAfterAKeyRotationAndNeverStoredInTheClear(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := newWorld(t, d, clock)
		ctx := context.Background()
		r := newReceiver(t)
		h, old := w.create(t, r.URL, "customer.edited")
		damaged, _ := w.create(t, r.URL, "customer.created")
		fresh, err := w.hooks.RotateSecret(ctx, admin, own, h.ID, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		h = w.hook(t, h.ID)
		if strings.Contains(string(h.Secret)+string(h.OldSecret), old) || strings.Contains(string(h.Secret), fresh.Reveal()) {
			t.Fatal("a stored secret lies open")
		}
		if n, err := w.hooks.Reseal(ctx); n != 0 || err != nil {
			t.Errorf("%d sealed anew without a new key: %v", n, err)
		}
		if _, err := d.Exec(ctx, `UPDATE deliver_webhooks SET secret = $2 WHERE id = $1`, damaged.ID, w.hook(t, h.ID).Secret); err != nil { // of another row
			t.Fatal(err)
		}
		if err := w.box.Rotate(); err != nil {
			t.Fatal(err)
		}
		if !w.box.NeedsReseal(w.hook(t, h.ID).Secret) {
			t.Fatal("the rotation asks for nothing")
		}
		if n, err := w.hooks.Reseal(ctx); n != 1 || err != nil {
			t.Errorf("%d sealed anew beside one that cannot be opened: %v", n, err)
		}
		if n, err := w.hooks.Reseal(ctx); n != 0 || err != nil {
			t.Errorf("%d sealed anew again: %v", n, err)
		}
		if x := w.hook(t, h.ID); w.box.NeedsReseal(x.Secret) || w.box.NeedsReseal(x.OldSecret) || x.Version != h.Version {
			t.Errorf("%+v", x)
		}
		w.start(t)
		if _, err := w.hooks.Test(ctx, admin, own, h.ID); err != nil {
			t.Fatal(err)
		}
		got := r.wait(t, 1)[0]
		for _, secret := range []string{fresh.Reveal(), old} {
			if want, _ := deliver.Sign(secret, got.header.Get("webhook-id"), clock.Now(), got.body); !strings.Contains(got.header.Get("webhook-signature"), want) {
				t.Error("a secret is another one")
			}
		}
	})
}

// The sweep forgets the secret before a rotation when its time is over.
func TestAnOldSecretIsForgottenAfterItsTime(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := newWorld(t, d, clock)
		r := newReceiver(t)
		h, _ := w.create(t, r.URL, "customer.edited")
		if _, err := w.hooks.RotateSecret(context.Background(), admin, own, h.ID, time.Hour); err != nil {
			t.Fatal(err)
		}
		if w.hook(t, h.ID).OldSecret == nil {
			t.Fatal("there is no time of overlap")
		}
		w.start(t)
		dbtest.Eventually(t, "it is forgotten", func() bool {
			clock.Advance(10 * time.Minute)
			return w.hook(t, h.ID).OldSecret == nil
		})
	})
}

// WS-87: what a webhook gets is never more than whoever pointed it there may see.
func TestAWebhookGetsWhatItsLastEditorMaySee(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := newWorld(t, d, clock)
		ctx := context.Background()
		wide := admin
		wide.Roles = []access.Role{access.PartnerFullAdmin, access.PartnerWholesaleAdmin}
		h, _, err := w.hooks.Create(ctx, wide, own, deliver.WebhookInput{URL: "http://127.0.0.1:9999/"})
		if err != nil || !h.Filter.V.Includes(indirect.Scope) {
			t.Fatalf("%+v, %v", h.Filter, err)
		}
		mine := "http://127.0.0.1:9998/"
		if _, err := w.hooks.Edit(ctx, admin, own, h.ID, deliver.WebhookPatch{URL: &mine}); err != nil {
			t.Fatal(err)
		}
		if f := w.hook(t, h.ID).Filter.V; f.Includes(indirect.Scope) || !f.Includes(customer.Scope) {
			t.Errorf("somebody who may not see sub-partners' customers gets their events: %+v", f)
		}
	})
}

// CH-29, CH-31: phones of a customer are not its provider's business unless it says so.
func TestAProvidersWebhookHearsNothingOfItsCustomersPhones(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := newWorld(t, d, clock)
		r := newReceiver(t)
		h, _ := w.create(t, r.URL)
		w.start(t)
		w.happen(t, "device.created", customer)
		w.happen(t, "customer.edited", customer)
		dbtest.Eventually(t, "its own creation and the customer's edit are delivered", func() bool { return len(w.deliveries(t, h.ID, deliver.Delivered)) == 2 })
		if err := w.hooks.Replay(context.Background(), admin, own, h.ID, ""); err != nil {
			t.Fatal(err)
		}
		dbtest.Eventually(t, "the replay reached the endpoint", func() bool {
			n := 0
			for _, got := range r.all() {
				if strings.Contains(string(got.body), "customer.edited") {
					n++
				}
			}
			return n >= 2
		})
		for _, got := range r.all() {
			if strings.Contains(string(got.body), "device.created") {
				t.Errorf("%s", got.body)
			}
		}
	})
}

// CH-29, CH-31: once the customer has authorised it, and until the customer withdraws that, also for what waits to be sent.
func TestAProvidersWebhookHearsOfItsCustomersPhonesAsLongAsTheCustomerAllowsIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := newWorld(t, d, clock)
		r := newReceiver(t)
		var ill atomic.Bool
		r.answers(func(_ int, rw http.ResponseWriter) {
			if ill.Load() {
				rw.WriteHeader(http.StatusServiceUnavailable)
			}
		})
		h, _ := w.create(t, r.URL, "device.created", "device.deleted")
		w.granted.Store(true)
		w.start(t)
		w.happen(t, "device.created", customer)
		w.happen(t, "device.created", indirect) // of a sub-partner's customer, which allowed nothing
		dbtest.Eventually(t, "the phone of who allowed it is told", func() bool { return len(w.deliveries(t, h.ID, deliver.Delivered)) == 1 })
		ill.Store(true)
		w.happen(t, "device.deleted", customer)
		r.wait(t, 2)
		w.granted.Store(false)
		ill.Store(false)
		w.happen(t, "device.created", customer)
		waiting := w.deliveries(t, h.ID, deliver.Pending)
		dbtest.Eventually(t, "what waits is given up, because it may not be told any more", func() bool {
			clock.Advance(time.Hour)
			return len(w.deliveries(t, h.ID, deliver.Pending)) == 0
		})
		if len(waiting) != 1 || len(w.deliveries(t, h.ID, deliver.Delivered)) != 1 {
			t.Errorf("%d waited, %d delivered", len(waiting), len(w.deliveries(t, h.ID, deliver.Delivered)))
		}
		for _, got := range r.all() {
			if strings.Contains(string(got.body), indirect.Scope) {
				t.Errorf("%s", got.body)
			}
		}
	})
}
