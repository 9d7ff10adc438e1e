package onboard_test

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"linecard/internal/access"
	"linecard/internal/account"
	"linecard/internal/catalog/catalogtest"
	"linecard/internal/errs"
	"linecard/internal/onboard"
	"linecard/internal/subscriber"
	"linecard/internal/tenant"
)

func userOf() subscriber.NewUser {
	return subscriber.NewUser{Email: "u@people.test", FirstName: "Una", LastName: "User", Package: "calling", Extension: "100"}
}

// WS-115, WS-101, WS-150: with consent, the same id, people untouched.
func TestAnExistingOrganisationIsAttachedWhenItAgrees(t *testing.T) {
	eachOffer(t, func(t *testing.T, w *offer) {
		plain, err := w.Tenants.CreateCustomer(w.ctx, catalogtest.System, tenant.NewCustomer{OwnerID: w.P.ID, PermissionTypes: []string{tenant.DMP},
			Details: tenant.Details{Name: "Old friend", Email: "it@friend.test", Contact: "Fritz", Country: "DE"}})
		w.OK(err)
		for _, agree := range []bool{false, true} {
			r := w.request("ignored")
			r.OrgID, r.Name, r.Email, r.ExternalID = plain.ID, "", "", ""
			found, err := w.svc.Precheck(w.ctx, w.both(w.P), r)
			w.OK(err)
			if agree {
				w.OK(w.remove(plain.ID))
			} else if len(found) != 1 || found[0].Code != "consent_required" || found[0].Severity != onboard.SeverityWarning {
				t.Errorf("the check says %+v", found)
			}
			c := w.provision(r)
			w.drain()
			if c = w.get(c.ID); c.ID != plain.ID || c.Status != onboard.StatusProvisioning || c.Consent != "requested" || c.ExternalID != plain.ID {
				t.Fatalf("it waits as %s %s %s", c.Status, c.Consent, c.ExternalID)
			}
			if n := w.count(`tenant_relations WHERE managed_id = $1 AND state = 'granted' AND scope = 'wholesale_manage'`, plain.ID); n != 0 {
				t.Errorf("%d relations before it agreed", n)
			}
			_, err = w.svc.Consent(w.ctx, w.both(w.P), c.ID, true)
			if errs.KindOf(err) != errs.Forbidden {
				t.Errorf("the partner agrees for it: %v", err)
			}
			_, err = w.svc.Consent(w.ctx, w.As(plain, access.CustomerFullAdmin), c.ID, agree)
			w.OK(err)
			w.drain()
			c = w.get(c.ID)
			if !agree && (c.Status != onboard.StatusError || c.Faults[0].Code != "consent_denied") {
				t.Errorf("refused: %s %+v", c.Status, c.Faults)
			}
			if agree && c.Status != onboard.StatusProvisioned {
				t.Errorf("agreed: %s %+v", c.Status, c.Faults)
			}
		}
		r := w.request("ignored")
		r.OrgID, r.ExternalID = plain.ID, ""
		_, err = w.svc.Provision(w.ctx, w.both(w.P), r)
		code(t, err, "already_wholesale")
		_, err = w.DB.Exec(w.ctx, `UPDATE tenant_tenants SET legacy = TRUE WHERE id = $1`, w.B.ID)
		w.OK(err)
		r.OrgID = w.B.ID
		_, err = w.svc.Provision(w.ctx, w.both(w.P), r)
		code(t, err, "offer_conflict") // WS-40
	})
}

func (w *offer) remove(id string) error {
	_, err := w.svc.Remove(w.ctx, w.both(w.P), id, onboard.Removal{Cascade: true})
	w.drain()
	return err
}

// WS-138: the complete list, a gain, a loss, a loss that is in use.
func TestAnUpdateBringsTheCompleteListOfPackages(t *testing.T) {
	eachOffer(t, func(t *testing.T, w *offer) {
		r := w.request("Acme")
		r.Packages, r.Limits = []string{"calling"}, map[string]int64{"webex_calling": 5}
		c := w.provision(r)
		w.drain()
		update := func(ch onboard.Change) onboard.Customer {
			t.Helper()
			u, err := w.svc.Update(w.ctx, w.both(w.P), c.ID, ch)
			w.OK(err)
			if u.Status != onboard.StatusUpdating {
				t.Errorf("an update is %s", u.Status)
			}
			w.drain()
			u = w.get(c.ID)
			if u.Status != onboard.StatusProvisioned {
				t.Fatalf("%s %+v", u.Status, u.Faults)
			}
			return u
		}
		both := []string{"calling", "meetings"}
		if u := update(onboard.Change{Packages: &both}); len(u.Packages) != 2 || u.Site == nil {
			t.Errorf("after the gain %+v %+v", u.Packages, u.Site)
		}
		have, err := w.Catalog.CustomerPackages(w.ctx, w.DB, c.ID)
		w.OK(err)
		if have[0].Max == nil || *have[0].Max != 5 {
			t.Errorf("the limit went: %+v", have)
		}
		_, err = w.subs.CreateUser(w.ctx, w.both(w.P), c.ID, userOf())
		w.OK(err)
		one := []string{"meetings"}
		_, err = w.svc.Update(w.ctx, w.both(w.P), c.ID, onboard.Change{Packages: &one})
		code(t, err, "package_in_use")
		_, err = w.svc.Remove(w.ctx, w.both(w.P), c.ID, onboard.Removal{})
		code(t, err, "still_assigned")
		w.OK(w.subs.DropAll(w.ctx, catalogtest.System, w.load(c.ID)))
		id := "new-id"
		if u := update(onboard.Change{Packages: &one, ExternalID: &id}); len(u.Packages) != 1 || u.ExternalID != "new-id" {
			t.Errorf("after the loss %+v %s", u.Packages, u.ExternalID)
		}
		u, err := w.svc.Update(w.ctx, w.both(w.P), c.ID, onboard.Change{})
		w.OK(err)
		_, err = w.svc.Update(w.ctx, w.both(w.P), c.ID, onboard.Change{})
		code(t, err, "customer_busy")
		_, err = w.svc.Update(w.ctx, w.both(w.P), c.ID, onboard.Change{IfVersion: u.Version - 1})
		code(t, err, "stale")
	})
}

func (w *offer) load(id string) tenant.Tenant {
	w.t.Helper()
	t, err := w.Tenants.Load(w.ctx, w.DB, id)
	w.OK(err)
	return t
}

// WS-141, WS-81: the service goes, the organisation stays, its usage ends, and archiving is a second step.
func TestRemovingTheServiceLeavesTheOrganisation(t *testing.T) {
	eachOffer(t, func(t *testing.T, w *offer) {
		c := w.provision(w.request("Acme"))
		w.drain()
		_, err := w.subs.CreateUser(w.ctx, w.both(w.P), c.ID, userOf())
		w.OK(err)
		_, err = w.Tenants.Archive(w.ctx, w.both(w.P), c.ID, "Acme")
		code(t, err, "not_empty")
		gone, err := w.svc.Remove(w.ctx, w.both(w.P), c.ID, onboard.Removal{Cascade: true})
		w.OK(err)
		if gone.Status != onboard.StatusDeleting {
			t.Errorf("it is %s", gone.Status)
		}
		w.drain()
		_, err = w.svc.Wholesale(w.ctx, w.both(w.P), c.ID, "")
		code(t, err, "not_found")
		org := w.load(c.ID)
		if org.State != tenant.Active || org.Wholesale {
			t.Errorf("the organisation is %+v", org)
		}
		if n := w.count(`usage_spans WHERE customer_id = $1 AND ended IS NULL`, c.ID); n != 0 {
			t.Errorf("%d spans are open", n)
		}
		if n := w.count(`tenant_relations WHERE managed_id = $1 AND state = 'granted'`, c.ID); n != 0 {
			t.Errorf("%d relations are left", n)
		}
		steps, err := w.svc.History(w.ctx, w.both(w.P), c.ID)
		w.OK(err)
		if len(steps) < 10 {
			t.Errorf("the history went: %d steps", len(steps))
		}
	})
}

// WS-76 … WS-82, WS-89: a sub-partner with the subscription of its parent, its own templates, and a wall on both sides.
func TestASubPartnerSellsUnderItsParentsSubscription(t *testing.T) {
	eachOffer(t, func(t *testing.T, w *offer) {
		parent, sub, stranger := w.both(w.P), w.both(w.S), w.both(w.Q)
		mine, err := w.svc.CreateTemplate(w.ctx, parent, onboard.NewTemplate{OwnerID: w.S.ID, Name: "For S", Country: "FR", CarrierID: w.carrier.ID})
		w.OK(err)
		if mine.OwnerID != w.S.ID || mine.SubscriptionID != w.template.SubscriptionID {
			t.Errorf("the template of S is %+v (WS-78, WS-80)", mine)
		}
		_, err = w.svc.Template(w.ctx, sub, w.template.ID)
		code(t, err, "not_found") // upward
		_, err = w.svc.Template(w.ctx, stranger, mine.ID)
		code(t, err, "not_found") // sideways
		own, _, err := w.svc.Templates(w.ctx, parent, onboard.TemplateQuery{})
		w.OK(err)
		if len(own) != 1 || own[0].ID != w.template.ID {
			t.Errorf("the parent's own list has %d", len(own))
		}
		if own, _, err = w.svc.Templates(w.ctx, parent, onboard.TemplateQuery{OwnerID: w.S.ID}); err != nil || len(own) != 1 {
			t.Errorf("the list for S: %d %v", len(own), err)
		}

		r := w.request("Buyer")
		r.ProvisioningID, r.OnBehalfOf, r.SubPartnerAdmin = mine.ProvisioningID, w.S.ID, w.admins[w.S.ID].Email
		c, err := w.svc.Provision(w.ctx, parent, r)
		w.OK(err)
		w.drain()
		c, err = w.svc.Wholesale(w.ctx, parent, c.ID, w.S.ID)
		w.OK(err)
		if c.OwnerID != w.S.ID || c.Status != onboard.StatusProvisioned {
			t.Fatalf("made on behalf: %s of %s %+v", c.Status, c.OwnerID, c.Faults)
		}
		if n := w.count(`tenant_relations WHERE managed_id = $1 AND manager_id = $2 AND state = 'granted'`, c.ID, w.P.ID); n != 1 {
			t.Errorf("%d relations to the parent (WS-81)", n)
		}
		if _, err = w.svc.Wholesale(w.ctx, sub, c.ID, ""); err != nil {
			t.Errorf("S sees its customer: %v", err)
		}
		_, err = w.svc.Wholesale(w.ctx, stranger, c.ID, "")
		code(t, err, "not_found")
		r = w.request("Other")
		r.OnBehalfOf = w.S.ID
		_, err = w.svc.Provision(w.ctx, sub, r)
		code(t, err, "not_a_parent")
		_, err = w.svc.Provision(w.ctx, stranger, r)
		code(t, err, "not_found")
		all, _, err := w.svc.Customers(w.ctx, parent, onboard.CustomerQuery{})
		w.OK(err)
		if len(all) != 0 {
			t.Errorf("the parent's list holds %d of S without being asked", len(all))
		}
		if all, _, err = w.svc.Customers(w.ctx, parent, onboard.CustomerQuery{OnBehalfOf: w.S.ID}); err != nil || len(all) != 1 {
			t.Errorf("asked for S: %d %v", len(all), err)
		}
		if all, _, err = w.svc.Customers(w.ctx, sub, onboard.CustomerQuery{ExternalID: "X-BUYER"}); err != nil || len(all) != 1 {
			t.Errorf("by external id: %d %v", len(all), err)
		}

		// WS-89: suspended, it may only delete; what is there goes on.
		_, err = w.subs.CreateUser(w.ctx, sub, c.ID, userOf())
		w.OK(err)
		before := w.count(`usage_spans WHERE customer_id = $1 AND ended IS NULL`, c.ID)
		_, err = w.Tenants.Suspend(w.ctx, parent, w.S.ID)
		w.OK(err)
		for who, a := range map[string]access.Actor{"S": sub, "its parent": parent} {
			r := w.request("Late")
			r.ProvisioningID = mine.ProvisioningID
			if a.Tenant.ID == w.P.ID {
				r.OnBehalfOf = w.S.ID
			}
			_, err = w.svc.Provision(w.ctx, a, r)
			t.Run(who+" creates", func(t *testing.T) { code(t, err, "sub_partner_suspended") })
			_, err = w.svc.Precheck(w.ctx, a, r)
			t.Run(who+" checks", func(t *testing.T) { code(t, err, "sub_partner_suspended") })
			_, err = w.svc.Update(w.ctx, a, c.ID, onboard.Change{})
			t.Run(who+" updates", func(t *testing.T) { code(t, err, "sub_partner_suspended") })
			n := userOf()
			n.Email, n.Extension = "late@people.test", "101"
			_, err = w.subs.CreateUser(w.ctx, a, c.ID, n)
			t.Run(who+" adds a user", func(t *testing.T) { code(t, err, "sub_partner_suspended") })
		}
		if after := w.count(`usage_spans WHERE customer_id = $1 AND ended IS NULL`, c.ID); after != before || before == 0 {
			t.Errorf("the suspension ended %d of %d spans", before-after, before)
		}
		if n := w.count(`subscriber_holders WHERE customer_id = $1`, c.ID); n != 1 {
			t.Error("the suspension took a user away")
		}
		if n := w.count(`subscriber_lines WHERE customer_id = $1`, c.ID); n == 0 {
			t.Error("the suspension took lines away, and emergency calls with them (decision 22)")
		}
		_, err = w.svc.Remove(w.ctx, sub, c.ID, onboard.Removal{Cascade: true})
		w.OK(err)
	})
}

// WS-74, WS-75, WS-88
func TestASubPartnerIsAskedForAndMadeByTheOperator(t *testing.T) {
	eachOffer(t, func(t *testing.T, w *offer) {
		ask := onboard.NewSubPartnerRequest{Name: "New reseller", Email: "new@reseller.test", FirstName: "Nora", LastName: "Neu", SubscriptionID: w.template.SubscriptionID}
		wrong := ask
		wrong.SubscriptionID = "nothing"
		_, err := w.svc.RequestSubPartner(w.ctx, w.both(w.P), wrong)
		code(t, err, "not_found")
		_, err = w.svc.RequestSubPartner(w.ctx, w.both(w.S), ask)
		if errs.KindOf(err) != errs.Forbidden && errs.CodeOf(err) != "max_depth" {
			t.Errorf("a sub-partner asks for one: %v", err)
		}
		r, err := w.svc.RequestSubPartner(w.ctx, w.both(w.P), ask)
		w.OK(err)
		_, err = w.svc.AnswerSubPartnerRequest(w.ctx, w.both(w.P), r.ID, true, "", 0)
		if errs.KindOf(err) != errs.Forbidden && errs.KindOf(err) != errs.NotFound {
			t.Errorf("the partner answers itself: %v", err)
		}
		r, err = w.svc.AnswerSubPartnerRequest(w.ctx, catalogtest.System, r.ID, true, "", 0)
		w.OK(err)
		if r.State != onboard.AskCreated || w.load(r.SubPartnerID).ParentID != w.P.ID {
			t.Errorf("answered as %+v", r)
		}
		if n := w.count(`account_accounts WHERE tenant_id = $1 AND email = 'new@reseller.test'`, r.SubPartnerID); n != 1 {
			t.Error("it has no administrator")
		}
		_, err = w.svc.AnswerSubPartnerRequest(w.ctx, catalogtest.System, r.ID, false, "too late", 0)
		code(t, err, "request_decided")
		all, _, err := w.svc.SubPartners(w.ctx, w.both(w.P), onboard.SubPartnerQuery{})
		w.OK(err)
		if len(all) != 2 || all[0].SubscriptionID != w.template.SubscriptionID || all[0].BillingStart != "2020-01-01" {
			t.Errorf("the list is %+v", all)
		}
	})
}

// WS-96 … WS-104
func TestTemplatesAreCheckedAndKeepTheirProvisioningID(t *testing.T) {
	eachOffer(t, func(t *testing.T, w *offer) {
		p := w.both(w.P)
		for name, x := range map[string]struct {
			n    onboard.NewTemplate
			want string
		}{
			"no name": {onboard.NewTemplate{Country: "DE"}, "name"}, "no country": {onboard.NewTemplate{Name: "A"}, "country"},
			"a taken name":         {onboard.NewTemplate{Name: "STANDARD", Country: "DE"}, "name_taken"},
			"foreign subscription": {onboard.NewTemplate{Name: "A", Country: "DE", SubscriptionID: "other"}, "not_found"},
			"foreign admin":        {onboard.NewTemplate{Name: "A", Country: "DE", Admin: w.admins[w.Q.ID].ID}, "admin"},
			"unknown idp":          {onboard.NewTemplate{Name: "A", Country: "DE", Auth: onboard.PartnerIDP, EntityID: "https://idp.test"}, "unknown_identity_provider"},
			"unknown carrier":      {onboard.NewTemplate{Name: "A", Country: "DE", CarrierID: "x"}, "unknown_carrier"},
			"bad language":         {onboard.NewTemplate{Name: "A", Country: "DE", Language: "german"}, "invalid_locale"},
		} {
			_, err := w.svc.CreateTemplate(w.ctx, p, x.n)
			t.Run(name, func(t *testing.T) { code(t, err, x.want) })
		}
		for country, want := range map[string]string{"BR": "pt_BR", "NZ": "en_US", "CA": "en_US", "AT": "de_DE", "TW": "zh_TW"} {
			k, err := w.svc.CreateTemplate(w.ctx, p, onboard.NewTemplate{Name: country, Country: country})
			w.OK(err)
			if k.Language != want || k.Auth != onboard.PlatformAuth || k.RestrictInvites || k.DisableCalls {
				t.Errorf("%s: %+v (WS-98, WS-101)", country, k)
			}
		}
		w.provision(w.request("Acme"))
		name, brand := "Renamed", "Brand"
		k, err := w.svc.EditTemplate(w.ctx, p, w.template.ID, onboard.TemplatePatch{Name: &name, BrandName: &brand, IfVersion: 1})
		w.OK(err)
		if k.ProvisioningID != w.template.ProvisioningID || k.Used != 1 {
			t.Errorf("edited: %+v", k)
		}
		c, _, err := w.svc.Customers(w.ctx, p, onboard.CustomerQuery{})
		w.OK(err)
		if c[0].Settings.V.BrandName != "" {
			t.Error("an edit reached a customer that was there (WS-104)")
		}
		_, err = w.svc.EditTemplate(w.ctx, p, w.template.ID, onboard.TemplatePatch{Name: &name, IfVersion: 1})
		code(t, err, "stale")
		code(t, w.svc.DeleteTemplate(w.ctx, p, w.template.ID, 0), "template_in_use")
		_, err = w.svc.ArchiveTemplate(w.ctx, p, w.template.ID, 0)
		w.OK(err)
		_, err = w.svc.Provision(w.ctx, p, w.request("Late"))
		code(t, err, "template_archived")
		other, err := w.svc.CreateTemplate(w.ctx, p, onboard.NewTemplate{Name: "Renamed", Country: "DE"}) // the name is free
		w.OK(err)
		w.OK(w.svc.DeleteTemplate(w.ctx, p, other.ID, 0))
		_, err = w.svc.Template(w.ctx, p, other.ID)
		code(t, err, "not_found")
	})
}

// WS-121, WS-122: nothing is changed, all is told at once, and what is found good is accepted. Without concurrency.
func TestWhatThePrecheckFindsGoodIsAccepted(t *testing.T) {
	eachOffer(t, func(t *testing.T, w *offer) {
		cases := 10_000
		if testing.Short() || !w.DB.Embedded() {
			cases = 1_500
		}
		_, err := w.svc.LoadList(w.ctx, w.officer(), "Consolidated", testList(t))
		w.OK(err)
		bare, err := w.svc.CreateTemplate(w.ctx, w.both(w.P), onboard.NewTemplate{Name: "No carrier", Country: "FR"})
		w.OK(err)
		ofS, err := w.svc.CreateTemplate(w.ctx, w.both(w.S), onboard.NewTemplate{Name: "S", Country: "CA", CarrierID: w.carrier.ID})
		w.OK(err)
		rnd := rand.New(rand.NewPCG(4, 4))
		pick := func(all ...string) string { return all[rnd.IntN(len(all))] }
		good, pending := 0, []string{}
		for n := range cases {
			// A good request, of which a few things are spoiled.
			id := strconv.Itoa(rnd.IntN(cases * 2))
			h := *hq()
			r := onboard.Request{ProvisioningID: w.template.ProvisioningID, ExternalID: "x-" + id, Address: berlin, Name: "Firm " + id, Email: "it" + id + "@firm.test", Location: &h,
				Packages: strings.Fields(pick("calling", "webex_calling", "calling meetings", "suite", "common_area suite", "calling attendant_console"))}
			for _, spoil := range []func(){
				func() { r.ProvisioningID = pick(bare.ProvisioningID, ofS.ProvisioningID, "x", "") },
				func() { r.ExternalID = pick("X-"+id, "", "ext-A", " x-"+id+" ") },
				func() { r.Name = pick("FIRM "+id, "Evil Corp "+id, "F%"+id, "", "Evil Corp") },
				func() { r.Email = pick("IT"+id+"@Firm.test", "broken", "boss@partnerp.test", w.D.Email, "") },
				func() { r.Language = pick("fr", "en_US", "xx_YY", "klingon", "pt-br") },
				func() {
					r.Address = onboard.Address{Line1: pick("Main St 1", ""), City: "X", State: pick("", "NY"), PostalCode: pick("", "10001"), Country: pick("US", "AE", "", "ZZ", "fr")}
				},
				func() {
					r.Packages = strings.Fields(pick("meetings", "attendant_console", "gold", "calling calling", "calling webex_calling", ""))
				},
				func() { r.Location = nil },
				func() {
					h.Name, h.TimeZone, h.Language = pick("HQ", ""), pick("Europe/Berlin", "Mars/Base", ""), pick("de", "en_US", "")
				},
				func() {
					r.Numbers = []string{pick("+4930"+strconv.Itoa(1000000+rnd.IntN(cases)), "+4930"+strconv.Itoa(1000000+rnd.IntN(cases)), "12")}
				},
				func() {
					r.Limits = map[string]int64{pick("calling", "meetings", "suite", "webex_calling"): int64(rnd.IntN(20) - 1)}
				},
				func() { r.OnBehalfOf = w.S.ID },
				func() { r.OnBehalfOf, r.ProvisioningID = w.S.ID, ofS.ProvisioningID },
				func() { r.OrgID = pick(w.A.ID, w.B.ID, w.D.ID, w.C.ID, "nothing") },
				func() { r.SubPartnerAdmin = w.admins[w.S.ID].Email },
				func() { r.MeetingsZone = pick("Asia/Tokyo", "Nowhere") },
			} {
				if rnd.IntN(14) == 0 {
					spoil()
				}
			}
			if r.ProvisioningID == "" && len(r.Packages) == 0 {
				r.Packages = []string{"calling"} // else it is the short form, which no creation takes
			}
			rows := int64(-1)
			if n%100 == 0 {
				rows = w.count(`journal_entries`)
			}
			found, err := w.svc.Precheck(w.ctx, w.both(w.P), r)
			w.OK(err)
			if rows >= 0 && w.count(`journal_entries`) != rows {
				t.Fatal("the check changed something")
			}
			fine := true
			for _, f := range found {
				fine = fine && f.Severity != onboard.SeverityError
			}
			c, err := w.svc.Provision(w.ctx, w.both(w.P), r)
			if fine != (err == nil) {
				t.Fatalf("case %d: the check says %+v, the creation %v for %+v", n, found, err, r)
			}
			if fine {
				if good++; good%25 == 0 {
					pending = append(pending, c.ID)
				}
			}
		}
		t.Logf("%d of %d were good", good, cases)
		if good < cases/10 || good > cases*9/10 {
			t.Errorf("only %d good ones: the test says little", good)
		}
		if w.DB.Embedded() {
			return
		}
		w.drain()
		for _, id := range pending {
			c, err := w.svc.Wholesale(w.ctx, catalogtest.System, id, "")
			w.OK(err)
			if c.Status != onboard.StatusProvisioned && c.Status != onboard.StatusReview {
				t.Errorf("%s: %s %+v", id, c.Status, c.Faults)
			}
		}
	})
}

// WS-121: the short form, and no word about whose an address is.
func TestTheShortPrecheckLooksAtAddressAndEmail(t *testing.T) {
	eachOffer(t, func(t *testing.T, w *offer) {
		found, err := w.svc.Precheck(w.ctx, w.both(w.P), onboard.Request{Address: berlin, Email: "free@free.test"})
		w.OK(err)
		if len(found) != 0 {
			t.Errorf("a free address: %+v", found)
		}
		found, err = w.svc.Precheck(w.ctx, w.both(w.P), onboard.Request{Address: onboard.Address{Country: "DE"}, Email: w.D.Email})
		w.OK(err)
		codes := map[string]bool{}
		for _, f := range found {
			codes[f.Field+" "+f.Code] = true
		}
		for _, want := range []string{"address.line1 required", "address.city required", "address.postal_code required", "email email_taken"} {
			if !codes[want] {
				t.Errorf("%s is missing in %+v", want, found)
			}
		}
		_, err = w.accounts.Member(w.ctx, w.DB, w.P.ID, w.admins[w.Q.ID].Email)
		code(t, err, "not_found")
		_ = account.CustomerRealm
	})
}
