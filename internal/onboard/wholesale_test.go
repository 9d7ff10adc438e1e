package onboard_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/account"
	"linecard/internal/catalog"
	"linecard/internal/catalog/catalogtest"
	"linecard/internal/db"
	"linecard/internal/deliver"
	"linecard/internal/errs"
	"linecard/internal/onboard"
	"linecard/internal/operation"
	"linecard/internal/queue"
	"linecard/internal/secret"
	"linecard/internal/subscriber"
	"linecard/internal/tenant"
)

// offer is catalogtest's tree with the wholesale offer on top: all rooms real, and a template of P.
type offer struct {
	*catalogtest.World
	t        testing.TB
	ctx      context.Context
	box      *secret.Box
	accounts *account.Service
	subs     *subscriber.Service
	ops      *operation.Service
	svc      *onboard.Service
	queue    *queue.Queue
	places   onboard.Places
	stop     func(customerID, step string) // told after each step
	sent     []deliver.Letter
	admins   map[string]account.Account // by tenant
	carrier  onboard.Carrier
	template onboard.Template
	n        int
}

// Mail notes letters whose transaction has committed.
func (w *offer) Mail(_ context.Context, tx *db.Tx, l deliver.Letter) (string, error) {
	tx.AfterCommit(func() { w.sent = append(w.sent, l) })
	return db.NewID(), nil
}

// broken lets a test make parts of the room of locations fail.
type broken struct {
	onboard.Places
	open error
}

func (b *broken) OpenLocation(ctx context.Context, actor access.Actor, customerID string, h onboard.Headquarters) (string, error) {
	if b.open != nil {
		return "", b.open
	}
	return b.Places.OpenLocation(ctx, actor, customerID, h)
}

func eachOffer(t *testing.T, test func(t *testing.T, w *offer)) {
	t.Helper()
	catalogtest.Each(t, func(t *testing.T, c *catalogtest.World) { test(t, newOffer(t, c)) })
}

func newOffer(tb testing.TB, c *catalogtest.World) *offer {
	tb.Helper()
	w := &offer{World: c, t: tb, ctx: context.Background(), admins: map[string]account.Account{}}
	var err error
	w.box, err = secret.Open(filepath.Join(tb.TempDir(), "key"))
	w.OK(err)
	quiet := slog.New(slog.DiscardHandler)
	mailer := deliver.NewMailer(c.DB, deliver.MailerOptions{Box: w.box, Log: quiet})
	w.accounts = account.NewService(account.Deps{DB: c.DB, Tenants: c.Tenants, Journal: c.Journal, Mail: mailer, Box: w.box, Hasher: account.NewHasher(0, 0),
		Log: quiet, Link: func(r account.Realm, path string) string { return "https://portal.example/" + string(r) + path }})
	w.ops = operation.NewService(operation.Deps{DB: c.DB, Box: w.box, Log: quiet})
	w.subs = subscriber.NewService(subscriber.Needs{DB: c.DB, Journal: c.Journal, Tenants: c.Tenants, Catalog: c.Catalog, Accounts: w.accounts, Operations: w.ops, Box: w.box})
	w.places = onboard.Subscribers(w.subs)
	w.node()
	for _, t := range []tenant.Tenant{c.P, c.S, c.Q} {
		w.admins[t.ID], err = w.accounts.Invite(w.ctx, catalogtest.System, account.Invitation{TenantID: t.ID, Email: "boss@" + strings.ToLower(strings.ReplaceAll(t.Name, " ", "")) + ".test", Name: "Boss",
			Roles: []access.Role{access.PartnerFullAdmin, access.PartnerWholesaleAdmin}})
		w.OK(err)
	}
	name, region, numbers := "Carrier One", "EURO", []catalog.DialInNumber{{Country: "DE", Number: "+4969100100"}, {Country: "FR", Number: "+33170100100"}}
	w.carrier, err = w.svc.AddCarrier(w.ctx, catalogtest.System, onboard.CarrierPatch{Name: &name, Region: &region, Numbers: &numbers})
	w.OK(err)
	w.template, err = w.svc.CreateTemplate(w.ctx, w.both(c.P), onboard.NewTemplate{Name: "Standard", Country: "DE", CarrierID: w.carrier.ID})
	w.OK(err)
	return w
}

// node is a process that starts anew: the service and its queue.
func (w *offer) node() {
	w.svc = onboard.NewService(onboard.Deps{DB: w.DB, Tenants: w.Tenants, Accounts: w.accounts, Post: w, Link: func(r account.Realm, path string) string { return "https://x.test" + path },
		Journal: w.Journal, Catalog: w.Catalog, Operations: w.ops, Places: w.places, Observe: func(id, step string) {
			if w.stop != nil {
				w.stop(id, step)
			}
		}})
	w.queue = queue.New(w.DB, queue.Options{Log: slog.New(slog.DiscardHandler), Alone: true})
	w.svc.Register(w.queue)
}

// both is the first administrator of a provider, with both roles.
func (w *offer) both(t tenant.Tenant) access.Actor {
	a := w.As(t, access.PartnerFullAdmin, access.PartnerWholesaleAdmin)
	a.ID, a.Account = w.admins[t.ID].ID, w.admins[t.ID].ID
	return a
}

func (w *offer) officer() access.Actor {
	return access.Actor{ID: "officer", Account: "officer", Kind: access.Person, Name: "Olga", Tenant: w.Operator.Access(), Roles: []access.Role{access.OperatorCompliance}}
}

func (w *offer) drain() {
	w.t.Helper()
	_, err := w.queue.Drain(w.ctx)
	w.OK(err)
}

var berlin = onboard.Address{Line1: "Unter den Linden 1", City: "Berlin", PostalCode: "10117", Country: "DE"}

func hq() *onboard.Headquarters {
	return &onboard.Headquarters{Name: "Head office", Address: berlin, TimeZone: "Europe/Berlin", Language: "de_DE"}
}

// request is a good one with everything in it.
func (w *offer) request(name string) onboard.Request {
	w.n++
	return onboard.Request{ProvisioningID: w.template.ProvisioningID, Packages: []string{"calling", "meetings"}, ExternalID: "x-" + name, Address: berlin, Name: name,
		Email: "it" + strconv.Itoa(w.n) + "@customers.test", Location: hq(), Numbers: []string{"+49301234" + strconv.Itoa(1000+w.n)}}
}

func (w *offer) provision(r onboard.Request) onboard.Customer {
	w.t.Helper()
	c, err := w.svc.Provision(w.ctx, w.both(w.P), r)
	w.OK(err)
	return c
}

func (w *offer) get(id string) onboard.Customer {
	w.t.Helper()
	c, err := w.svc.Wholesale(w.ctx, w.both(w.P), id, "")
	w.OK(err)
	return c
}

func (w *offer) count(stmt string, args ...any) int64 {
	w.t.Helper()
	var n int64
	w.OK(w.DB.Get(w.ctx, &n, `SELECT COUNT(*) FROM `+stmt, args...))
	return n
}

func code(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil {
		t.Fatalf("accepted, want %s", want)
	}
	if errs.CodeOf(err) == want {
		return
	}
	for _, f := range errs.As(err).Fields {
		if f.Code == want || f.Name == want {
			return
		}
	}
	t.Fatalf("%v, want %s", err, want)
}

// events gives the types of what was written about a customer, in order.
func (w *offer) events(id string) []string {
	w.t.Helper()
	var all []string
	w.OK(w.DB.Select(w.ctx, &all, `SELECT type FROM journal_entries WHERE is_event AND target_id = $1 ORDER BY id`, id))
	return all
}

// WS-38, WS-39, WS-81, WS-105, WS-106, WS-114, WS-120
func TestOneRequestMakesACustomerWithEverythingItNeeds(t *testing.T) {
	eachOffer(t, func(t *testing.T, w *offer) {
		c := w.provision(w.request("Acme"))
		if c.Status != onboard.StatusProvisioning || len(c.Packages) != 2 || c.Packages[0].Status != onboard.PackageProvisioning || c.OperationID == "" {
			t.Fatalf("accepted as %+v", c)
		}
		w.drain()
		c = w.get(c.ID)
		if c.Status != onboard.StatusProvisioned || len(c.Faults) > 0 || c.Compliance != tenant.ScreeningClear {
			t.Fatalf("%s %+v", c.Status, c.Faults)
		}
		for _, p := range c.Packages {
			if p.Status != onboard.PackageProvisioned {
				t.Errorf("%s is %s", p.Code, p.Status)
			}
		}
		if c.Site == nil || c.Site.Locale != "de_DE" || c.Site.DialIn != "+4969100100" || c.Site.TimeZone != "Europe/Berlin" {
			t.Errorf("the meeting site is %+v", c.Site)
		}
		have, err := w.Catalog.CustomerPackages(w.ctx, w.DB, c.ID)
		w.OK(err)
		if len(have) != 2 {
			t.Errorf("the customer has %+v", have)
		}
		if n := w.count(`subscriber_locations WHERE customer_id = $1 AND headquarters`, c.ID); n != 1 {
			t.Errorf("%d headquarters", n)
		}
		if n := w.count(`subscriber_numbers WHERE customer_id = $1`, c.ID); n != 1 {
			t.Errorf("%d numbers", n)
		}
		if n := w.count(`account_accounts WHERE tenant_id = $1`, c.ID); n != 1 {
			t.Errorf("%d administrators", n)
		}
		if n := w.count(`tenant_relations WHERE managed_id = $1 AND scope = 'wholesale_manage' AND state = 'granted'`, c.ID); n != 1 {
			t.Errorf("%d relations", n)
		}
		o, err := w.ops.Get(w.ctx, catalogtest.System, c.OperationID)
		w.OK(err)
		if o.State != operation.Succeeded {
			t.Errorf("the operation is %s", o.State)
		}
		steps, err := w.svc.History(w.ctx, w.both(w.P), c.ID)
		w.OK(err)
		var names []string
		for _, st := range steps {
			names = append(names, st.Name+":"+string(st.State))
		}
		if got := strings.Join(names, " "); got != "screening:done relations:done package:done package:done headquarters:done numbers:done meeting_site:done administrator:done" {
			t.Errorf("the history is %s", got)
		}
		changes := 0
		for _, e := range w.events(c.ID) {
			if e == "customer.status_changed" {
				changes++
			}
		}
		if changes != 2 {
			t.Errorf("events %v", w.events(c.ID))
		}
	})
}

// Decision 1, WS-39: killed between any two steps, resumed exactly once.
func TestARunThatIsKilledBetweenTwoStepsGoesOnWhereItStopped(t *testing.T) {
	eachOffer(t, func(t *testing.T, w *offer) {
		c := w.provision(w.request("Acme"))
		kills := 0
		for range 20 {
			ctx, kill := context.WithCancel(w.ctx)
			w.stop = func(string, string) { kills++; kill() }
			_, err := w.queue.Drain(ctx)
			kill()
			if now := w.get(c.ID); now.Status == onboard.StatusProvisioned {
				break
			}
			_ = err
			w.Clock.Advance(1 << 40) // past every pause
			w.node()
		}
		w.stop = nil
		w.drain()
		c = w.get(c.ID)
		if c.Status != onboard.StatusProvisioned || kills < 8 {
			t.Fatalf("%s after %d kills", c.Status, kills)
		}
		for what, want := range map[string]int64{"subscriber_locations WHERE customer_id = $1": 1, "subscriber_numbers WHERE customer_id = $1": 1, "account_accounts WHERE tenant_id = $1": 1,
			"onboard_meeting_sites WHERE id = $1": 1, "catalog_customer_packages WHERE customer_id = $1": 2, "onboard_steps WHERE customer_id = $1 AND tries = 1": 8,
			"journal_entries WHERE is_event AND type = 'customer.step_done' AND target_id = $1": 8} {
			if n := w.count(what, c.ID); n != want {
				t.Errorf("%s: %d, want %d", what, n, want)
			}
		}
	})
}

// WS-39: an injected fault of one part shows for that part only; a retry mends it.
func TestAPartThatFailsShowsAndCanBeRetried(t *testing.T) {
	eachOffer(t, func(t *testing.T, w *offer) {
		b := &broken{Places: w.places, open: errs.New(errs.Conflict, "name_taken", "There is one with this name already.")}
		w.places = b
		w.node()
		c := w.provision(w.request("Acme"))
		w.drain()
		c = w.get(c.ID)
		if c.Status != onboard.StatusWithErrors || len(c.Faults) != 2 || c.Faults[0].Step != "headquarters" || c.Faults[0].Code != "name_taken" {
			t.Fatalf("%s %+v", c.Status, c.Faults)
		}
		b.open = nil
		_, err := w.svc.Retry(w.ctx, w.both(w.P), c.ID, 0)
		w.OK(err)
		w.drain()
		if c = w.get(c.ID); c.Status != onboard.StatusProvisioned {
			t.Fatalf("after the retry %s %+v", c.Status, c.Faults)
		}
		_, err = w.svc.Retry(w.ctx, w.both(w.P), c.ID, 0)
		code(t, err, "nothing_to_retry")
	})
}

// WS-39: the package that the partner may not sell any more when its turn comes is the one that fails.
func TestAPackageThatFailsKeepsNoOtherFromComing(t *testing.T) {
	eachOffer(t, func(t *testing.T, w *offer) {
		c := w.provision(w.request("Acme"))
		items := []string{"calling", "suite"}
		_, err := w.Catalog.EditSubscription(w.ctx, catalogtest.System, w.P.ID, catalog.SubscriptionPatch{Items: &items})
		w.OK(err)
		w.drain()
		c = w.get(c.ID)
		if c.Status != onboard.StatusWithErrors || c.Packages[0].Status != onboard.PackageProvisioned || c.Packages[1].Status != onboard.PackageError ||
			c.Packages[1].Fault != "package_not_in_subscription" || c.Packages[1].Message == "" {
			t.Fatalf("%s %+v", c.Status, c.Packages)
		}
	})
}

// WS-42: two at once with one external id make one customer.
func TestTwoSimultaneousRequestsWithOneExternalIDMakeOneCustomer(t *testing.T) {
	eachOffer(t, func(t *testing.T, w *offer) {
		r := w.request("Acme")
		done := make(chan error, 8)
		for range cap(done) {
			go func() {
				_, err := w.svc.Provision(w.ctx, w.both(w.P), r)
				done <- err
			}()
		}
		made := 0
		for range cap(done) {
			if err := <-done; err == nil {
				made++
			} else if errs.CodeOf(err) != "external_id_taken" {
				t.Errorf("refused with %v", err)
			}
		}
		if n := w.count(`onboard_customers`); made != 1 || n != 1 {
			t.Fatalf("%d accepted, %d there", made, n)
		}
	})
}

// WS-114, WS-48, WS-100, A-21: each thing that is missing is named.
func TestWhatIsWrongWithARequestIsNamed(t *testing.T) {
	eachOffer(t, func(t *testing.T, w *offer) {
		bare, err := w.svc.CreateTemplate(w.ctx, w.both(w.P), onboard.NewTemplate{Name: "No carrier", Country: "DE"})
		w.OK(err)
		for name, x := range map[string]struct {
			spoil func(r *onboard.Request)
			want  string
		}{
			"no template":                {func(r *onboard.Request) { r.ProvisioningID = "nothing" }, "unknown_template"},
			"no packages":                {func(r *onboard.Request) { r.Packages = nil }, "packages"},
			"unknown package":            {func(r *onboard.Request) { r.Packages = []string{"gold"} }, "unknown_package"},
			"no external id":             {func(r *onboard.Request) { r.ExternalID = "" }, "external_id"},
			"no country":                 {func(r *onboard.Request) { r.Address.Country = "" }, "address.country"},
			"no state in the US":         {func(r *onboard.Request) { r.Address.Country = "US" }, "address.state"},
			"a long line":                {func(r *onboard.Request) { r.Address.Line1 = strings.Repeat("x", 51) }, "address.line1"},
			"no name":                    {func(r *onboard.Request) { r.Name = "" }, "name"},
			"a percent sign":             {func(r *onboard.Request) { r.Name = "100%" }, "forbidden_character"},
			"no e-mail":                  {func(r *onboard.Request) { r.Email = "" }, "email"},
			"a malformed language":       {func(r *onboard.Request) { r.Language = "english" }, "invalid_locale"},
			"calling without location":   {func(r *onboard.Request) { r.Location, r.Numbers = nil, nil }, "location"},
			"location without time zone": {func(r *onboard.Request) { r.Location.TimeZone = "" }, "location.time_zone"},
			"location without calling":   {func(r *onboard.Request) { r.Packages = []string{"meetings"} }, "not_applicable"},
			"no carrier":                 {func(r *onboard.Request) { r.ProvisioningID = bare.ProvisioningID }, "pstn_required"},
			"a number that is none":      {func(r *onboard.Request) { r.Numbers = []string{"12"} }, "numbers[0]"},
			"an add-on alone": {func(r *onboard.Request) {
				r.Packages, r.Location, r.Numbers = []string{"meetings", "attendant_console"}, nil, nil
			}, "dependency"},
			"a limit for nothing":        {func(r *onboard.Request) { r.Limits = map[string]int64{"suite": 3} }, "not_applicable"},
			"a taken external id":        {func(r *onboard.Request) { r.ExternalID = "EXT-a" }, "external_id_taken"},
			"somebody else's e-mail":     {func(r *onboard.Request) { r.Email = w.D.Email }, "email_taken"},
			"an unknown organisation":    {func(r *onboard.Request) { r.OrgID = db.NewID() }, "not_found"},
			"another provider's":         {func(r *onboard.Request) { r.OrgID = w.D.ID }, "organisation_managed_elsewhere"},
			"a stranger as sub-partner":  {func(r *onboard.Request) { r.OnBehalfOf = w.Q.ID }, "not_found"},
			"an administrator of nobody": {func(r *onboard.Request) { r.SubPartnerAdmin = "who@x.test" }, "sub_partner_admin"},
		} {
			r := w.request("Acme")
			x.spoil(&r)
			_, err := w.svc.Provision(w.ctx, w.both(w.P), r)
			if err == nil {
				t.Errorf("%s: accepted", name)
				continue
			}
			t.Run(name, func(t *testing.T) { code(t, err, x.want) })
		}
		r := w.request("Acme")
		r.ProvisioningID, r.Packages, r.Location, r.Numbers = bare.ProvisioningID, []string{"meetings"}, nil, nil
		c := w.provision(r)
		w.drain()
		if c = w.get(c.ID); c.Status != onboard.StatusProvisioned || c.Site == nil || c.Site.DialIn != "" {
			t.Errorf("meetings need no carrier: %s %+v", c.Status, c.Site)
		}
	})
}

// WS-39, WS-141: who follows an operation hears its end also when a removal takes its place half way.
func TestTheOperationOfARunThatIsOvertakenEnds(t *testing.T) {
	eachOffer(t, func(t *testing.T, w *offer) {
		c := w.provision(w.request("Acme"))
		gone, err := w.svc.Remove(w.ctx, w.both(w.P), c.ID, onboard.Removal{})
		w.OK(err)
		o, err := w.ops.Get(w.ctx, w.both(w.P), c.OperationID)
		w.OK(err)
		if o.State != operation.Failed || o.Fault.Code != "run_superseded" || gone.OperationID == c.OperationID {
			t.Errorf("%s, %+v", o.State, o.Fault)
		}
		w.drain()
		if o, err = w.ops.Get(w.ctx, w.both(w.P), gone.OperationID); err != nil || o.State != operation.Succeeded {
			t.Errorf("%s, %v", o.State, err)
		}
	})
}

// WS-39: a job that the queue has given up leaves no customer half made for ever.
func TestARunWhoseJobWasGivenUpGoesOnWithinTheHour(t *testing.T) {
	eachOffer(t, func(t *testing.T, w *offer) {
		c := w.provision(w.request("Acme"))
		_, err := w.DB.Exec(w.ctx, `DELETE FROM queue_jobs WHERE kind = 'onboard.run'`)
		w.OK(err)
		hour := func() {
			w.OK(w.DB.Tx(w.ctx, func(ctx context.Context, tx *db.Tx) error {
				return queue.Insert(ctx, tx, "onboard.recheck", struct{}{}, queue.Opts{})
			}))
			w.drain()
		}
		hour()
		if s := w.get(c.ID).Status; s != onboard.StatusProvisioning {
			t.Fatalf("it is %s at once", s)
		}
		w.Clock.Advance(61 * time.Minute)
		hour()
		if s := w.get(c.ID).Status; s != onboard.StatusProvisioned {
			t.Errorf("it is %s", s)
		}
	})
}
