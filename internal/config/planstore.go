package config

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/operation"
	"linecard/internal/profile"
	"linecard/internal/revision"
	"linecard/internal/secret"
	"linecard/internal/tenant"
)

// planRow is a row of config_plans.
type planRow struct {
	Plan
	Change    []byte
	Inverse   []byte
	MadeOn    string
	AppliedOn string
	Digest    string
	By        access.Actor // who applies a scheduled one
	Zone      string       // of the tenant; not stored
}

// stored is a row as the database has it.
type planColumns struct {
	ID          string                   `db:"id"`
	TenantID    string                   `db:"tenant_id"`
	TenantKind  access.TenantKind        `db:"tenant_kind"`
	Scope       string                   `db:"scope"`
	Kind        string                   `db:"kind"`
	State       PlanState                `db:"state"`
	Change      []byte                   `db:"change"`
	Inverse     []byte                   `db:"inverse"`
	MadeOn      string                   `db:"made_on"`
	AppliedOn   string                   `db:"applied_on"`
	Digest      string                   `db:"digest"`
	Looked      int64                    `db:"looked_at"`
	Affected    int64                    `db:"affected"`
	Summary     db.JSON[Summary]         `db:"summary"`
	Actor       string                   `db:"actor"`
	Applier     db.JSON[access.Actor]    `db:"applier"`
	Fault       db.JSON[operation.Fault] `db:"fault"`
	OperationID string                   `db:"operation_id"`
	Created     db.Time                  `db:"created"`
	NotBefore   db.Time                  `db:"not_before"`
	Window      db.JSON[*Window]         `db:"time_window"`
	Applied     db.Time                  `db:"applied"`
	Ended       db.Time                  `db:"ended"`
	Version     int64                    `db:"version"`
}

const planNames = `id, tenant_id, tenant_kind, scope, kind, state, change, inverse, made_on, applied_on, digest, looked_at, affected, summary, actor, applier,
	fault, operation_id, created, not_before, time_window, applied, ended, version`

func (c planColumns) row() planRow {
	return planRow{Change: c.Change, Inverse: c.Inverse, MadeOn: c.MadeOn, AppliedOn: c.AppliedOn, Digest: c.Digest, By: c.Applier.V,
		Plan: Plan{ID: c.ID, TenantID: c.TenantID, TenantKind: c.TenantKind, Scope: c.Scope, Kind: c.Kind, State: c.State, Looked: c.Looked, Affected: c.Affected,
			Summary: c.Summary.V, Actor: c.Actor, Fault: c.Fault.V, OperationID: c.OperationID, Created: c.Created, NotBefore: c.NotBefore,
			Window: c.Window.V, Applied: c.Applied, Ended: c.Ended, Version: c.Version}}
}

func sealedAs(column, id string) string { return "config_plans/" + column + "/" + id }

// seal puts a change and its inverse into the row.
func (r *planRow) seal(box *secret.Box, change, inverse Change) error {
	for _, x := range []struct {
		c      Change
		column string
		to     *[]byte
	}{{change, "change", &r.Change}, {inverse, "inverse", &r.Inverse}} {
		plain, err := json.Marshal(x.c)
		if err != nil {
			return err
		}
		if *x.to, err = box.Seal(plain, sealedAs(x.column, r.ID)); err != nil {
			return err
		}
	}
	return nil
}

// open gives the change of the row.
func (r *planRow) open(box *secret.Box) (Change, error) {
	var c Change
	plain, err := box.Open(r.Change, sealedAs("change", r.ID))
	if err == nil {
		err = json.Unmarshal(plain, &c)
	}
	return c, err
}

// ready notes what was computed.
func (r *planRow) ready(out outcome, v revision.Vector) {
	r.State, r.Looked, r.Affected, r.Summary, r.Digest, r.MadeOn = Ready, out.looked, int64(len(out.concerned)), out.summary, out.digest, fingerprint(v)
}

func (r *planRow) insert(ctx context.Context, tx *db.Tx, actor access.Actor) error {
	r.Actor, r.By = actor.Name, actor
	_, err := tx.Exec(ctx, `INSERT INTO config_plans (`+planNames+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)`, r.values()...)
	return err
}

func (r *planRow) values() []any {
	return []any{r.ID, r.TenantID, r.TenantKind, r.Scope, r.Kind, r.State, r.Change, r.Inverse, r.MadeOn, r.AppliedOn, r.Digest, r.Looked, r.Affected,
		db.AsJSON(r.Summary), r.Actor, db.AsJSON(r.By), db.AsJSON(r.Fault), r.OperationID, r.Created, r.NotBefore, db.AsJSON(r.Window), r.Applied, r.Ended, r.Version}
}

// save writes what can change.
func (r *planRow) save(ctx context.Context, tx *db.Tx) error {
	r.Version++
	_, err := tx.Exec(ctx, `UPDATE config_plans SET state = $2, change = $3, inverse = $4, made_on = $5, applied_on = $6, digest = $7, looked_at = $8, affected = $9,
		summary = $10, applier = $11, fault = $12, not_before = $13, time_window = $14, applied = $15, ended = $16, version = $17 WHERE id = $1`,
		r.ID, r.State, r.Change, r.Inverse, r.MadeOn, r.AppliedOn, r.Digest, r.Looked, r.Affected, db.AsJSON(r.Summary), db.AsJSON(r.By), db.AsJSON(r.Fault),
		r.NotBefore, db.AsJSON(r.Window), r.Applied, r.Ended, r.Version)
	return err
}

// openInverse gives the change that takes back what was applied.
func (r *planRow) openInverse(box *secret.Box) (Change, error) {
	var c Change
	plain, err := box.Open(r.Inverse, sealedAs("inverse", r.ID))
	if err == nil {
		err = json.Unmarshal(plain, &c)
	}
	return c, err
}

// fingerprint is a vector in few bytes: one above customers may name thousands of counters.
func fingerprint(v revision.Vector) string {
	sum := sha256.Sum256([]byte(v.String()))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func getPlan(ctx context.Context, q db.Q, tenantID, id string) (planRow, error) {
	var c planColumns
	err := q.Get(ctx, &c, `SELECT `+planNames+` FROM config_plans WHERE id = $1 AND tenant_id = $2`, id, tenantID)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		err = errPlanNo
	}
	return c.row(), err
}

func listPlans(ctx context.Context, q db.Q, tenantID string, by PlanQuery) ([]Plan, string, error) {
	a := q.Args()
	where := "tenant_id = " + a.Add(tenantID)
	if by.State != "" {
		where += " AND state = " + a.Add(by.State)
	}
	if by.Since > 0 {
		where += " AND created >= " + a.Add(db.At(q.Now().Add(-by.Since)))
	}
	k, err := by.Page.Keyset(a, "id", db.Sort{Name: "created", Column: "created", Number: true, Desc: true})
	if err != nil {
		return nil, "", err
	}
	var rows []planColumns
	if err := q.Select(ctx, &rows, `SELECT `+planNames+` FROM config_plans WHERE `+where+` AND `+k.Where+` ORDER BY `+k.OrderBy+` LIMIT `+a.Add(k.Limit), a.List()...); err != nil {
		return nil, "", err
	}
	rows, next := db.Cut(k, rows, func(c planColumns) (any, string) { return c.Created.UnixMilli(), c.ID })
	out := make([]Plan, len(rows))
	for i, c := range rows {
		out[i] = c.row().Plan
	}
	return out, next, nil
}

// concernedAtOnce is how many rows one statement writes.
const concernedAtOnce = 200

// keepConcerned writes for which phones a plan makes a difference.
func keepConcerned(ctx context.Context, tx *db.Tx, planID string, all []concerned) error {
	for batch := range slices.Chunk(all, concernedAtOnce) {
		a := tx.Args()
		rows := make([]string, len(batch))
		for i, c := range batch {
			rows[i] = "(" + strings.Join([]string{a.Add(planID), a.Add(c.DeviceID), a.Add(c.CustomerID), a.Add(c.Digest)}, ", ") + ")"
		}
		if _, err := tx.Exec(ctx, `INSERT INTO config_plan_devices (plan_id, device_id, customer_id, digest) VALUES `+strings.Join(rows, ", "), a.List()...); err != nil {
			return err
		}
	}
	return nil
}

// concernedOf gives the phones of a plan, page by page.
func concernedOf(ctx context.Context, q db.Q, planID string, page db.Page) ([]concerned, string, error) {
	a := q.Args()
	where := "plan_id = " + a.Add(planID)
	k, err := page.Keyset(a, "device_id", db.Sort{Name: "device_id", Column: "device_id"})
	if err != nil {
		return nil, "", err
	}
	var rows []concerned
	if err := q.Select(ctx, &rows, `SELECT device_id, customer_id, digest FROM config_plan_devices WHERE `+where+` AND `+k.Where+` ORDER BY `+k.OrderBy+` LIMIT `+a.Add(k.Limit), a.List()...); err != nil {
		return nil, "", err
	}
	rows, next := db.Cut(k, rows, func(c concerned) (any, string) { return c.DeviceID, c.DeviceID })
	return rows, next, nil
}

// begin puts phones into the trial of a plan.
func begin(ctx context.Context, tx *db.Tx, planID string, ids []string) error {
	for batch := range slices.Chunk(ids, concernedAtOnce) {
		a := tx.Args()
		plan := a.Add(planID)
		n, err := tx.Exec(ctx, `INSERT INTO config_overlays (device_id, plan_id, customer_id, since)
			SELECT p.device_id, p.plan_id, p.customer_id, `+a.Add(tx.Now())+` FROM config_plan_devices p JOIN device_devices d ON d.id = p.device_id
			WHERE p.plan_id = `+plan+` AND `+a.In("p.device_id", batch), a.List()...)
		switch {
		case db.IsUnique(err, "config_overlays", "device_id"):
			return errInTrial.Because(err)
		case err != nil:
			return err
		case n != int64(len(batch)):
			return errNotPlanned
		}
	}
	return revision.BumpAll(ctx, tx, revision.Device, ids)
}

// endTrial takes the phones of a plan's trial out of it.
func (p *Plans) endTrial(ctx context.Context, tx *db.Tx, planID string) error {
	var ids []string
	if err := tx.Select(ctx, &ids, `SELECT device_id FROM config_overlays WHERE plan_id = $1`, planID); err != nil || len(ids) == 0 {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM config_overlays WHERE plan_id = $1`, planID); err != nil {
		return err
	}
	return revision.BumpAll(ctx, tx, revision.Device, ids)
}

// trial gives the change that a phone has for trial and the plan that it is of; "" when it is in none.
func (s *Service) trial(ctx context.Context, q db.Q, deviceID string) (Change, string, error) {
	var row struct {
		ID     string `db:"id"`
		Change []byte `db:"change"`
	}
	err := q.Get(ctx, &row, `SELECT p.id, p.change FROM config_overlays o JOIN config_plans p ON p.id = o.plan_id WHERE o.device_id = $1`, deviceID)
	if err != nil {
		if errs.KindOf(err) == errs.NotFound {
			return Change{}, "", nil
		}
		return Change{}, "", err
	}
	r := planRow{Plan: Plan{ID: row.ID}, Change: row.Change}
	c, err := r.open(s.box)
	return c, row.ID, err
}

// reach gives the customers that a change at a place may concern, with the counters that stand for all that they share.
func (p *Plans) reach(ctx context.Context, q db.Q, t tenant.Tenant, at profile.Place) (planScope, error) {
	sc := planScope{Tenant: t, at: at}
	var rows []struct {
		ID         string            `db:"id"`
		Scope      string            `db:"scope"`
		Name       string            `db:"name"`
		Host       string            `db:"host"`
		ParentID   string            `db:"parent_id"`
		ParentKind access.TenantKind `db:"parent_kind"`
		PartnerID  string            `db:"partner_id"`
		OperatorID string            `db:"operator_id"`
		Devices    int64             `db:"devices"`
	}
	err := q.Select(ctx, &rows, `SELECT t.id, t.scope, t.name, t.host, t.parent_id, t.parent_kind, t.partner_id, p.parent_id AS operator_id, COALESCE(c.devices, 0) AS devices
		FROM tenant_tenants t JOIN tenant_tenants p ON p.id = t.partner_id LEFT JOIN device_customers c ON c.customer_id = t.id
		WHERE t.kind = 'customer' AND t.state = 'active' AND t.scope >= $1 AND t.scope < $2 ORDER BY t.scope`, t.Scope, t.Scope+"\x7f")
	if err != nil {
		return sc, err
	}
	for _, r := range rows {
		above := []revision.Key{{Kind: revision.Operator, ID: r.OperatorID}, {Kind: revision.Partner, ID: r.PartnerID}}
		if r.ParentKind == access.SubPartner {
			above = append(above, revision.Key{Kind: revision.SubPartner, ID: r.ParentID})
		}
		above = append(above, revision.Key{Kind: revision.Customer, ID: r.ID})
		sc.keys = append(sc.keys, above...)
		sc.phones += r.Devices
		if r.Devices > 0 {
			sc.customers = append(sc.customers, named{customer{id: r.ID, scope: r.Scope, host: r.Host, above: above}, r.Name})
		}
	}
	if len(sc.keys) == 0 { // a partner without customers
		sc.keys = []revision.Key{{Kind: revision.Partner, ID: t.ID}}
	}
	return sc, nil
}
