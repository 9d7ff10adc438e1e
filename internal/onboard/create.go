package onboard

import (
	"context"

	"linecard/internal/access"
	"linecard/internal/catalog"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/queue"
	"linecard/internal/tenant"
)

// The kinds of run.
const (
	runCreate = "create"
	runAttach = "attach"
	runUpdate = "update"
	runDelete = "delete"
)

// The steps of runs, in the order in which they come.
const (
	stepConsent   = "consent"
	stepScreening = "screening"
	stepRelations = "relations"
	stepRelease   = "release"
	stepPackage   = "package"
	stepRemove    = "remove_package"
	stepLocation  = "headquarters"
	stepNumbers   = "numbers"
	stepSite      = "meeting_site"
	stepAdmin     = "administrator"
	stepEnd       = "offer_end"
)

// stepOf is a step that a run shall do.
type stepOf struct{ name, subject string }

// Provision takes a new customer, or an existing organisation, into the wholesale offer (WS-38, WS-105, WS-114, WS-115). What is wrong
// with the request is refused at once; the work is done in the background and shows in the customer's status, steps and events, and
// in an operation. Two requests with one external id make one customer: the second one is the conflict external_id_taken.
func (s *Service) Provision(ctx context.Context, actor access.Actor, r Request) (Customer, error) {
	var out Customer
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		p, err := s.plan(ctx, tx, actor, r, false)
		if err != nil {
			return err
		}
		if err := p.err(); err != nil {
			return err
		}
		t, err := s.organisation(ctx, tx, actor, p)
		if err != nil {
			return err
		}
		out, err = s.enrol(ctx, tx, actor, p, t)
		return err
	})
	if err != nil && errs.KindOf(err) == errs.Conflict && !s.db.InTx(ctx) {
		// Somebody was faster by a moment; say it as a second request would hear it.
		if p, again := s.plan(ctx, s.db, actor, r, false); again == nil && p.err() != nil {
			err = p.err()
		}
	}
	return out, err
}

// organisation makes the tenant with its relations (WS-81), or locks the one that is attached.
func (s *Service) organisation(ctx context.Context, tx *db.Tx, actor access.Actor, p *plan) (tenant.Tenant, error) {
	if p.attach == nil {
		return s.tenants.CreateCustomer(ctx, actor, tenant.NewCustomer{OwnerID: p.owner.ID, Details: p.details, PermissionTypes: []string{tenant.DMP, tenant.RPS},
			Wholesale: true, Unscreened: true})
	}
	if err := tx.LockRow(ctx, "tenant_tenants", p.attach.ID); err != nil {
		return tenant.Tenant{}, err
	}
	t, err := s.tenants.Load(ctx, tx, p.attach.ID)
	if err == nil && t.ExternalID != p.details.ExternalID {
		t, err = s.tenants.Edit(ctx, access.SystemActor("onboarding"), t.ID, tenant.Patch{ExternalID: &p.details.ExternalID})
	}
	return t, err
}

// enrol writes the customer's row and begins its first run.
func (s *Service) enrol(ctx context.Context, tx *db.Tx, actor access.Actor, p *plan, t tenant.Tenant) (Customer, error) {
	now := tx.Now()
	k := p.template
	c := Customer{ID: t.ID, Scope: t.Scope, OwnerID: p.owner.ID, Name: t.Name, Email: t.Email, ExternalID: t.ExternalID, TemplateID: k.ID, Kind: runCreate, Consent: "none",
		Compliance: tenant.ScreeningPending, Created: now, Updated: now, StatusSince: now, Status: StatusProvisioning,
		Settings: db.AsJSON(Applied{TemplateID: k.ID, ProvisioningID: k.ProvisioningID, Name: k.Name, Country: k.Country, Language: k.Language,
			SubscriptionID: k.SubscriptionID, Auth: k.Auth, EntityID: k.EntityID, CarrierID: k.CarrierID, Common: k.Common}),
		Address: db.AsJSON(p.address), Want: db.AsJSON(p.want), Hits: db.AsJSON([]Hit{}), Lists: db.AsJSON([]string{})}
	var steps []stepOf
	if p.attach != nil {
		c.Kind = runAttach
		c.Settings.V.Auth, c.Settings.V.EntityID = PlatformAuth, "" // people go on signing in as they did (WS-150)
		c.Want.V.NoInvite = k.RestrictInvites
		if p.consent {
			c.Consent = "requested"
			steps = append(steps, stepOf{stepConsent, ""})
		}
	}
	steps = append(steps, stepOf{stepScreening, ""}, stepOf{stepRelations, ""})
	steps = append(steps, s.serviceSteps(c.Want.V, nil)...)
	steps = append(steps, stepOf{stepAdmin, ""})
	var before int64
	if err := tx.Get(ctx, &before, `SELECT run FROM onboard_customers WHERE id = $1`, t.ID); err != nil && errs.KindOf(err) != errs.NotFound {
		return Customer{}, err
	}
	c.Run = before
	if _, err := tx.Exec(ctx, `INSERT INTO onboard_customers (id, scope, owner_id, template_id, settings, address, want, kind, run, status, consent, operation_id, compliance,
		checks, hits, lists, decided_by, reason, created, updated, status_since, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '', $12, 0, $13, $14, '', '', $15, $16, $17, 1)
		ON CONFLICT (id) DO UPDATE SET owner_id = excluded.owner_id, template_id = excluded.template_id, settings = excluded.settings, address = excluded.address,
		want = excluded.want, kind = excluded.kind, status = excluded.status, consent = excluded.consent, compliance = excluded.compliance, checks = 0, hits = excluded.hits,
		lists = excluded.lists, pending_since = NULL, checked = NULL, decided = NULL, decided_by = '', reason = '', updated = excluded.updated, status_since = excluded.status_since, version = onboard_customers.version + 1`,
		c.ID, c.Scope, c.OwnerID, c.TemplateID, c.Settings, c.Address, c.Want, c.Kind, c.Run, c.Status, c.Consent, c.Compliance, c.Hits, c.Lists, now, now, now); err != nil {
		return Customer{}, err
	}
	for _, w := range c.Want.V.Packages {
		if err := setPackage(ctx, tx, c.ID, w.Code, PackageProvisioning, nil); err != nil {
			return Customer{}, err
		}
	}
	if err := s.begin(ctx, tx, actor, &c, steps); err != nil {
		return Customer{}, err
	}
	return s.filled(ctx, tx, c.ID)
}

// serviceSteps are the steps that bring the packages and what belongs to them. Of packages in have only those are done whose limit
// differs.
func (s *Service) serviceSteps(w Want, have []catalog.PackageLimit) []stepOf {
	var out []stepOf
	for _, p := range w.Packages {
		same := false
		for _, h := range have {
			same = same || h.Code == p.Code && (h.Max == nil && p.Max == nil || h.Max != nil && p.Max != nil && *h.Max == *p.Max)
		}
		if !same {
			out = append(out, stepOf{stepPackage, p.Code})
		}
	}
	if w.Location != nil {
		out = append(out, stepOf{stepLocation, ""})
		if len(w.Numbers) > 0 {
			out = append(out, stepOf{stepNumbers, ""})
		}
	}
	return append(out, stepOf{stepSite, ""})
}

// begin starts a run: its operation, its steps and the job that does them, in the caller's transaction.
func (s *Service) begin(ctx context.Context, tx *db.Tx, actor access.Actor, c *Customer, steps []stepOf) error {
	was := c.Status
	if was.busy() && c.OperationID != "" { // the run before is given up half way, and whoever follows its operation hears so
		if err := s.operations.Fail(ctx, tx, c.OperationID, errSuperseded); err != nil && errs.KindOf(err) != errs.Conflict && errs.KindOf(err) != errs.NotFound {
			return err
		}
	}
	if _, err := tx.Exec(ctx, `UPDATE onboard_steps SET state = 'skipped', ended = $3 WHERE customer_id = $1 AND run = $2 AND state IN ('pending', 'waiting')`, c.ID, c.Run, tx.Now()); err != nil {
		return err
	}
	c.Run++
	switch c.Kind {
	case runUpdate:
		c.Status = StatusUpdating
	case runDelete:
		c.Status = StatusDeleting
	default:
		c.Status = StatusProvisioning
	}
	o, err := s.operations.Start(ctx, tx, actor, "customer."+c.Kind, c.Scope, c.ID)
	if err != nil {
		return err
	}
	c.OperationID = o.ID
	if _, err := tx.Exec(ctx, `UPDATE onboard_customers SET run = $2, kind = $3, status = $4, operation_id = $5, want = $6, address = $7, updated = $8, status_since = $9,
		version = version + 1 WHERE id = $1`, c.ID, c.Run, c.Kind, c.Status, c.OperationID, c.Want, c.Address, tx.Now(), tx.Now()); err != nil {
		return err
	}
	a := tx.Args()
	rows := ""
	for i, st := range steps {
		if i > 0 {
			rows += ", "
		}
		rows += "(" + a.Add(c.ID) + ", " + a.Add(c.Run) + ", " + a.Add(int64(i+1)) + ", " + a.Add(st.name) + ", " + a.Add(st.subject) + ", 'pending', '', '', '{}', 0)"
	}
	if rows != "" {
		if _, err := tx.Exec(ctx, `INSERT INTO onboard_steps (customer_id, run, position, step, subject, state, code, message, detail, tries) VALUES `+rows, a.List()...); err != nil {
			return err
		}
	}
	if err := s.statusNews(ctx, tx, actor, *c, was, nil); err != nil {
		return err
	}
	return enqueue(ctx, tx, *c)
}

var errSuperseded = errs.New(errs.Conflict, "run_superseded", "A later request has taken the place of this one.")

// enqueue lets a node go on with the present run.
func enqueue(ctx context.Context, tx *db.Tx, c Customer) error {
	return queue.Insert(ctx, tx, runKind, runArgs{c.ID, c.Run}, queue.Opts{Unique: c.ID + "/" + itoa(c.Run), Lane: c.ID, Scope: c.Scope})
}

// statusNews tells of a transition (WS-39).
func (s *Service) statusNews(ctx context.Context, tx *db.Tx, actor access.Actor, c Customer, was Status, faults []Fault) error {
	data := map[string]any{"status": string(c.Status), "before": string(was), "run": c.Run, "kind": c.Kind, "external_id": c.ExternalID, "operation_id": c.OperationID}
	if len(faults) > 0 {
		var all []map[string]string
		for _, f := range faults {
			all = append(all, map[string]string{"step": f.Step, "subject": f.Subject, "code": f.Code, "message": f.Message})
		}
		data["errors"] = all
	}
	return s.journal.Append(ctx, tx, actor, journal.News{Type: "customer.status_changed", Action: "customer/provision", Tenant: access.Tenant{ID: c.ID, Kind: access.Customer, Scope: c.Scope, Name: c.Name},
		Target: journal.Target{Kind: "customer", ID: c.ID, Name: c.Name}, Data: data})
}

func setPackage(ctx context.Context, tx *db.Tx, customerID, code string, st PackageStatus, fault *errs.Error) error {
	var text, sentence string
	if fault != nil {
		text, sentence = fault.Code, fault.Message
	}
	_, err := tx.Exec(ctx, `INSERT INTO onboard_packages (customer_id, item_id, status, code, message, since) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (customer_id, item_id) DO UPDATE SET status = excluded.status, code = excluded.code, message = excluded.message, since = excluded.since`,
		customerID, code, st, text, sentence, tx.Now())
	return err
}
