package redirect_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/redirect"
)

// CH-41, decision 13.
func TestADisputeIsSettledByTheOperatorAndNobodyLearnsOfTheOther(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.entry(w.a, redirect.NewEntry{MAC: "001565aabbcc", UniqueURL: "https://a.example/"})
		add := func() error {
			_, err := w.r.CreateEntry(ctx, admin(w.x), w.x.ID, redirect.NewEntry{MAC: "001565aabbcc", UniqueURL: "https://x.example/"})
			return err
		}
		code(t, add(), "mac_claimed")
		c, err := w.r.CreateClaim(ctx, admin(w.x), w.x.ID, redirect.NewClaim{MAC: "00:15:65:aa:bb:cc", Serial: "8001", Reason: "Bought from Alpha's landlord"})
		w.ok(err)
		_, err = w.r.CreateClaim(ctx, admin(w.x), w.x.ID, redirect.NewClaim{MAC: "001565aabbcc", Reason: "again"})
		code(t, err, "claim_open")
		_, err = w.r.CreateClaim(ctx, admin(w.x), w.x.ID, redirect.NewClaim{MAC: "001565aabbcd", Reason: "r"})
		code(t, err, "mac_free")
		_, err = w.r.CreateClaim(ctx, admin(w.a), w.a.ID, redirect.NewClaim{MAC: "001565aabbcc", Reason: "r"})
		code(t, err, "redirect_entry_exists")

		// What either side sees.
		mine, _, err := w.r.Claims(ctx, admin(w.x), w.x.ID, false, db.Page{})
		theirs, _, err2 := w.r.Claims(ctx, admin(w.a), w.a.ID, true, db.Page{})
		if err != nil || err2 != nil || len(mine) != 1 || len(theirs) != 1 || mine[0].State != redirect.Requested || theirs[0].MAC != c.MAC {
			t.Fatalf("%+v %+v %v %v", mine, theirs, err, err2)
		}
		if shown := fmt.Sprintf("%+v", mine[0]); strings.Contains(shown, w.a.ID) || strings.Contains(shown, w.a.Scope) {
			t.Errorf("who asks sees who holds: %s", shown)
		}
		if shown := fmt.Sprintf("%+v", theirs[0]); strings.Contains(shown, w.x.ID) || strings.Contains(shown, w.x.Scope) || strings.Contains(shown, "landlord") || strings.Contains(shown, "8001") {
			t.Errorf("who holds sees who asks: %s", shown)
		}
		_, err = w.r.GetClaim(ctx, admin(w.b), w.b.ID, c.ID)
		code(t, err, "not_found")

		// Who decides.
		for _, who := range []access.Actor{admin(w.a), admin(w.p), admin(w.x), person(w.operator, access.OperatorBilling)} {
			_, err := w.r.Decide(ctx, who, c.ID, redirect.Judgement{Release: true})
			code(t, err, "forbidden")
		}
		support := person(w.operator, access.OperatorSupport)
		open, _, err := w.r.Disputes(ctx, support, false, db.Page{})
		if err != nil || len(open) != 1 || open[0].CustomerName != "Xi" || open[0].HolderName != "Alpha" || open[0].Reason == "" {
			t.Errorf("%+v, %v", open, err)
		}
		_, err = w.r.Decide(ctx, support, c.ID, redirect.Judgement{Release: true, IfVersion: 9})
		code(t, err, "stale")
		d, err := w.r.Decide(ctx, support, c.ID, redirect.Judgement{Release: true, Note: "Invoice seen"})
		if err != nil || d.State != redirect.Released || d.DecidedBy != "operator" {
			t.Errorf("%+v, %v", d, err)
		}
		_, err = w.r.Decide(ctx, support, c.ID, redirect.Judgement{})
		code(t, err, "claim_decided")
		w.ok(add())
		if who, proof, err := w.r.Holder(ctx, w.db, c.MAC); err != nil || who != w.x.ID || proof != redirect.ByOperator {
			t.Errorf("%s %s %v", who, proof, err)
		}
		for _, side := range []struct {
			log   []string
			wants []string
		}{{w.logOf(w.a), []string{"redirect_claim/request", "redirect_claim/release", "redirect_entry/release"}}, {w.logOf(w.x), []string{"redirect_claim/request", "redirect_claim/release", "redirect_entry/create"}},
			{w.logOf(w.operator), []string{"redirect_claim/release"}}} {
			for _, want := range side.wants {
				if !slices.Contains(side.log, want) {
					t.Errorf("%s is missing in %v", want, side.log)
				}
			}
		}
		// No row of one side names the other.
		var rows []struct {
			TenantID string `db:"tenant_id"`
			Scope    string `db:"scope"`
			Actor    string `db:"actor_name"`
			Data     string `db:"data"`
		}
		w.ok(w.db.Select(ctx, &rows, `SELECT tenant_id, scope, actor_name, data FROM journal_entries WHERE action LIKE 'redirect_%'`))
		for _, r := range rows {
			for id, other := range map[string]string{w.a.ID: w.x.ID, w.x.ID: w.a.ID} {
				if r.TenantID == id && (strings.Contains(r.Data, other) || r.Scope == map[string]string{w.a.ID: w.a.Scope, w.x.ID: w.x.Scope}[other]) {
					t.Errorf("%+v", r)
				}
			}
			if (r.TenantID == w.a.ID && strings.Contains(r.Actor, "Xi")) || (r.TenantID == w.x.ID && strings.Contains(r.Actor, "Alpha")) {
				t.Errorf("%+v", r)
			}
		}
	})
}

func TestTheHolderReleasesTheClaimantWithdrawsAndARefusalIsAProof(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		claim := func(m string) redirect.Claim {
			t.Helper()
			w.entry(w.a, redirect.NewEntry{MAC: m, UniqueURL: "https://a.example/"})
			c, err := w.r.CreateClaim(ctx, admin(w.b), w.b.ID, redirect.NewClaim{MAC: m, Reason: "ours"})
			w.ok(err)
			return c
		}
		c := claim("001565000001")
		_, err := w.r.Release(ctx, admin(w.b), w.b.ID, c.ID, 0)
		code(t, err, "not_found")
		if c, err = w.r.Release(ctx, admin(w.a), w.a.ID, c.ID, 1); err != nil || c.State != redirect.Released || c.DecidedBy != "holder" || c.CustomerID != "" {
			t.Errorf("%+v, %v", c, err)
		}
		if e := w.entry(w.b, redirect.NewEntry{MAC: "001565000001", UniqueURL: "https://b.example/"}); e.Proof != redirect.Unproven {
			t.Error(e.Proof)
		}
		c = claim("001565000002")
		_, err = w.r.Withdraw(ctx, admin(w.a), w.a.ID, c.ID, 0)
		code(t, err, "not_found")
		if c, err = w.r.Withdraw(ctx, admin(w.b), w.b.ID, c.ID, 0); err != nil || c.State != redirect.Withdrawn {
			t.Errorf("%+v, %v", c, err)
		}
		c = claim("001565000003")
		if c, err = w.r.Decide(ctx, admin(w.operator), c.ID, redirect.Judgement{Note: "No invoice"}); err != nil || c.State != redirect.Denied {
			t.Errorf("%+v, %v", c, err)
		}
		if who, proof, err := w.r.Holder(ctx, w.db, c.MAC); err != nil || who != w.a.ID || proof != redirect.ByOperator {
			t.Errorf("%s %s %v", who, proof, err)
		}
		// A phone that is in use as a device is not taken away from here.
		c = claim("001565000004")
		w.holders[c.MAC] = w.a.ID
		_, err = w.r.Decide(ctx, admin(w.operator), c.ID, redirect.Judgement{Release: true})
		code(t, err, "mac_in_use_as_device")
		if got, err := w.r.GetClaim(ctx, admin(w.b), w.b.ID, c.ID); err != nil || got.State != redirect.Requested {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

// Decision 13: the maker's certificate settles, against a claim that has no proof.
func TestAPhoneThatComesToTheClaimantWithItsCertificateSettlesTheDispute(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.entry(w.a, redirect.NewEntry{MAC: "001565aabbcc", UniqueURL: "https://a.example/"})
		w.ok(w.r.Proved(ctx, w.b.ID, mac("001565aabbcc"))) // B never asked for it: nothing happens
		if who, _, _ := w.r.Holder(ctx, w.db, mac("001565aabbcc")); who != w.a.ID {
			t.Error(who)
		}
		c, err := w.r.CreateClaim(ctx, admin(w.b), w.b.ID, redirect.NewClaim{MAC: "001565aabbcc", Reason: "ours"})
		w.ok(err)
		w.ok(w.r.Proved(ctx, w.b.ID, c.MAC))
		if c, err = w.r.GetClaim(ctx, admin(w.b), w.b.ID, c.ID); err != nil || c.State != redirect.Released || c.DecidedBy != "certificate" {
			t.Errorf("%+v, %v", c, err)
		}
		if e := w.entry(w.b, redirect.NewEntry{MAC: "001565aabbcc", UniqueURL: "https://b.example/"}); e.Proof != redirect.ByCertificate {
			t.Error(e.Proof)
		}
		// Proven once, a certificate of the same phone elsewhere changes nothing by itself: then the operator decides.
		d, err := w.r.CreateClaim(ctx, admin(w.a), w.a.ID, redirect.NewClaim{MAC: "001565aabbcc", Reason: "back"})
		w.ok(err)
		w.ok(w.r.Proved(ctx, w.a.ID, d.MAC))
		if d, err = w.r.GetClaim(ctx, admin(w.a), w.a.ID, d.ID); err != nil || d.State != redirect.Requested {
			t.Errorf("%+v, %v", d, err)
		}
		w.entry(w.x, redirect.NewEntry{MAC: "001565aabbdd", UniqueURL: "https://x.example/"})
		w.ok(w.r.Proved(ctx, w.x.ID, mac("001565aabbdd")))
		if _, proof, _ := w.r.Holder(ctx, w.db, mac("001565aabbdd")); proof != redirect.ByCertificate {
			t.Error(proof)
		}
	})
}
