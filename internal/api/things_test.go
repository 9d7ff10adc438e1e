package api_test

import (
	"context"

	"linecard/internal/access"
	"linecard/internal/account"
	"linecard/internal/billing"
	"linecard/internal/catalog"
	"linecard/internal/db"
	"linecard/internal/deliver"
	"linecard/internal/device"
	"linecard/internal/network"
	"linecard/internal/onboard"
	"linecard/internal/redirect"
	"linecard/internal/registrar"
	"linecard/internal/secret"
	"linecard/internal/subscriber"
	"linecard/internal/tenant"
)

// things are the objects of the world, by the key of the tenant they belong to.
type things struct {
	tenants                                             map[string]tenant.Tenant
	accounts, tokens, hooks, events, operations, orders map[string]string
	devices, macs, sites, groups, lines                 map[string]string
	profiles, dictionaries, plans                       map[string]string
	servers, entries, claims, connectors                map[string]string // of the redirect service
	reports, invoices                                   map[string]string
	templates, registrars                               map[string]string
	locations, users, workspaces, numbers, managed      map[string]string
}

func (w *world) things() things {
	w.tb.Helper()
	ctx := context.Background()
	x := things{tenants: map[string]tenant.Tenant{"operator": w.operator, "p": w.p, "q": w.q, "s": w.s, "c": w.c, "d": w.dd, "cq": w.cq, "cs": w.cs},
		accounts: map[string]string{}, tokens: map[string]string{}, hooks: map[string]string{}, events: map[string]string{},
		operations: map[string]string{}, orders: map[string]string{}, devices: map[string]string{}, macs: map[string]string{}, sites: map[string]string{},
		groups: map[string]string{}, lines: map[string]string{},
		profiles: map[string]string{}, dictionaries: map[string]string{}, plans: map[string]string{},
		servers: map[string]string{}, entries: map[string]string{}, claims: map[string]string{}, connectors: map[string]string{},
		reports: map[string]string{}, invoices: map[string]string{}, templates: map[string]string{}, registrars: map[string]string{},
		locations: map[string]string{}, users: map[string]string{}, workspaces: map[string]string{}, numbers: map[string]string{}, managed: map[string]string{}}
	for key, t := range x.tenants {
		acc := w.account(t, account.Invitation{Roles: access.Roles(t.Kind)[:1]})
		x.accounts[key] = acc.ID
		tok, _, err := w.d.Accounts.CreateToken(ctx, access.Actor{ID: acc.ID, Account: acc.ID, Kind: access.System, Tenant: t.Access()}, account.NewToken{Name: "thing"})
		w.ok(err)
		x.tokens[key] = tok.ID
		h, _, err := w.d.Webhooks.Create(ctx, system, access.Target{Tenant: t.Access()}, deliver.WebhookInput{URL: "https://example.com/" + key})
		w.ok(err)
		x.hooks[key] = h.ID
		w.ok(w.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			o, err := w.d.Operations.Start(ctx, tx, system, "test", t.Scope, t.ID)
			x.operations[key] = o.ID
			return err
		}))
		x.profiles[key], x.dictionaries[key], x.plans[key] = w.profile(t, "Of "+key), w.dictionary(t), w.plan(t)
		if t.Kind == access.Customer {
			o, err := w.d.Tenants.CreateOrder(ctx, system, t.ID, tenant.NewOrder{Lines: []tenant.OrderLine{{Item: "device", Quantity: 1}}})
			w.ok(err)
			x.orders[key] = o.ID
			d, err := w.d.Devices.Create(ctx, system, t.ID, device.New{MAC: "0004f20000" + map[string]string{"c": "01", "d": "02", "cq": "03", "cs": "04"}[key]})
			w.ok(err)
			x.devices[key], x.macs[key] = d.ID, d.MAC.String()
			s, err := w.d.Networks.Create(ctx, system, t.ID, network.New{Name: "Office", Subnets: []network.Networks{{Public: "198.51.100.0/24"}}})
			w.ok(err)
			x.sites[key] = s.ID
			g, err := w.d.Devices.CreateGroup(ctx, system, t.ID, device.NewGroup{Name: "Group"})
			w.ok(err)
			x.groups[key] = g.ID
			user, word := "100", secret.Hide("s3cret")
			l, err := w.d.Devices.AddLine(ctx, system, t.ID, d.ID, device.LinePatch{User: &user, Password: &word})
			w.ok(err)
			x.lines[key] = l.ID
		}
	}
	w.redirects(x)
	w.voices(x)
	w.bills(x)
	w.people(x)
	w.sequence()
	for key, t := range x.tenants {
		var id string
		w.ok(w.db.Get(ctx, &id, `SELECT id FROM journal_entries WHERE is_event AND scope = $1 AND position IS NOT NULL ORDER BY position LIMIT 1`, t.Scope))
		x.events[key] = id
	}
	return x
}

// redirects gives every customer a redirect server, an entry and a claim of its own, and every provider a connector.
func (w *world) redirects(x things) {
	w.tb.Helper()
	ctx := context.Background()
	last := map[string]string{"c": "1", "d": "2", "cq": "3", "cs": "4"}
	for key, n := range last {
		t := x.tenants[key]
		v, err := w.d.Redirect.CreateServer(ctx, system, t.ID, redirect.NewServer{Name: "Main", URL: "https://p.example/", User: "u", Password: secret.Hide("p")})
		w.ok(err)
		e, err := w.d.Redirect.CreateEntry(ctx, system, t.ID, redirect.NewEntry{MAC: "00156500000" + n, UniqueURL: "https://p.example/", User: "u", Password: secret.Hide("p")})
		w.ok(err)
		x.servers[key], x.entries[key] = v.ID, e.ID
	}
	for key, of := range map[string]string{"c": "2", "d": "1", "cq": "4", "cs": "3"} {
		c, err := w.d.Redirect.CreateClaim(ctx, system, x.tenants[key].ID, redirect.NewClaim{MAC: "00156500000" + of, Reason: "ours"})
		w.ok(err)
		x.claims[key] = c.ID
	}
	for _, key := range []string{"operator", "p", "q", "s"} {
		who := access.Actor{ID: "maker", Kind: access.System, Tenant: x.tenants[key].Access()}
		name, endpoint, word := "Cloud", "https://cloud.example", secret.Hide("w")
		c, err := w.d.Redirect.CreateConnector(ctx, who, "yealink", redirect.ConnectorPatch{Name: &name, Endpoint: &endpoint, KeyID: &name, Secret: &word})
		w.ok(err)
		x.connectors[key] = c.ID
	}
}

// voices gives every organisation but one customer a SIP registrar of its own.
func (w *world) voices(x things) {
	w.tb.Helper()
	for key, t := range x.tenants {
		if key == "d" {
			continue // its partner's
		}
		name, domain, address, url := "Voice", "sip.example.net", "https://sip.example.net/RPC", secret.Hide("postgres://u:p@sip.example.net/kamailio")
		v, err := w.d.Registrars.Create(context.Background(), access.Actor{ID: "maker", Kind: access.System, Tenant: t.Access()}, registrar.Kamailio,
			registrar.Patch{Name: &name, Domain: &domain, Address: &address, DatabaseURL: &url})
		w.ok(err)
		x.registrars[key] = v.ID
	}
}

// bills gives every partner a subscription and a statement, and every provider a report.
func (w *world) bills(x things) {
	w.tb.Helper()
	ctx := context.Background()
	for _, key := range []string{"p", "q", "s"} {
		id := x.tenants[key].ID
		r, err := w.d.Billing.CreateReport(ctx, system, billing.NewReport{ProviderID: id, Start: "2026-01-01", End: "2026-01-31"})
		w.ok(err)
		x.reports[key] = r.ID
		if key == "s" {
			continue
		}
		_, err = w.d.Catalog.Subscribe(ctx, system, id, catalog.NewSubscription{Currency: "EUR", Start: "2026-01-01", Items: []string{"calling", "common_area"}})
		w.ok(err)
		_, err = w.d.Catalog.SetSubscriptionState(ctx, system, id, catalog.Sells, 0)
		w.ok(err)
		i, err := w.d.Billing.DraftInvoice(ctx, system, id, "2026-01")
		w.ok(err)
		i, err = w.d.Billing.IssueInvoice(ctx, system, i.ID, 0)
		w.ok(err)
		x.invoices[key] = i.ID
	}
	for _, key := range []string{"p", "q", "s"} { // that of S names its parent's subscription
		t, err := w.d.Onboard.CreateTemplate(ctx, system, onboard.NewTemplate{OwnerID: x.tenants[key].ID, Name: "Standard", Country: "DE", Admin: x.accounts[key]})
		w.ok(err)
		x.templates[key] = t.ID
	}
}

// people gives every customer a location, a user and a workspace with a line on its phone, and a number.
func (w *world) people(x things) {
	w.tb.Helper()
	ctx := context.Background()
	for key, n := range map[string]string{"c": "1", "d": "2", "cq": "3", "cs": "4"} {
		t := x.tenants[key]
		w.ok(w.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			return w.d.Catalog.SetCustomerPackages(ctx, tx, system, t, []catalog.PackageLimit{{Code: "calling"}, {Code: "common_area"}})
		}))
		name, zone, language := "Office", "Europe/Berlin", "de"
		l, err := w.d.Subscriber.CreateLocation(ctx, system, t.ID, subscriber.LocationPatch{Name: &name, TimeZone: &zone, Language: &language,
			Address: &subscriber.Address{Line1: "Linden 1", City: "Berlin", PostalCode: "10117", Country: "DE"}})
		w.ok(err)
		u, err := w.d.Subscriber.CreateUser(ctx, system, t.ID, subscriber.NewUser{Email: mail(), FirstName: "Ann", LastName: "Lee", Package: "calling", Extension: "200"})
		w.ok(err)
		p, err := w.d.Subscriber.CreateWorkspace(ctx, system, t.ID, subscriber.NewWorkspace{Name: "Lobby", Package: "common_area", Extension: "300"})
		w.ok(err)
		lines, _, err := w.d.Subscriber.Lines(ctx, system, t.ID, subscriber.LineQuery{HolderID: u.ID})
		w.ok(err)
		_, err = w.d.Subscriber.PlaceLine(ctx, system, t.ID, lines[0].ID, x.devices[key], 0)
		w.ok(err)
		numbers, err := w.d.Subscriber.AddNumbers(ctx, system, t.ID, subscriber.NewNumbers{LocationID: l.ID, Ranges: []subscriber.NumberRange{{First: "+49301234567" + n}}})
		w.ok(err)
		w.ok(numbers[0].Err)
		x.locations[key], x.users[key], x.workspaces[key], x.numbers[key], x.managed[key] = l.ID, u.ID, p.ID, numbers[0].Number.ID, lines[0].ID
	}
}

// sequence gives what was written its positions, as the queue does every few milliseconds.
func (w *world) sequence() {
	w.tb.Helper()
	_, err := w.d.Journal.Sequence(context.Background())
	w.ok(err)
}

const unknown = "0190b0a0-0000-7000-8000-000000000000"

func pick(m map[string]string, key string) string {
	if id := m[key]; id != "" {
		return id
	}
	return unknown
}

var newUser = map[string]any{"email": "new@example.test", "first_name": "New", "last_name": "User", "package": "calling", "extension": "201"}
