package config

import (
	"context"
	"net/http"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/device"
	"linecard/internal/errs"
	"linecard/internal/operation"
	"linecard/internal/queue"
)

// How long and how closely a change is watched after phones got it.
const (
	watched   = time.Hour
	spell     = 15 * time.Minute // within which a phone that is well starts once or twice
	loops     = 4                // starts in a spell that no healthy phone makes
	refused   = 6                // refusals after it was served: it has lost its account
	fewPhones = 3                // ill phones before a change that all have is taken back
	share     = 10               // … and at least one of so many that fetched it
	cohort    = 2000             // phones of one plan that are looked at
)

const watchKind = "config.plan.watch"

// watcher is who takes a bad change back.
var watcher = access.SystemActor("watch")

// errIll says that phones do not stand a change. It is the fault of the plan that was stopped.
var errIll = errs.New(errs.Conflict, "phones_unwell", "Phones that got this change started again and again or lost their account. It was stopped.")

// watch looks at the phones of changes that are on trial or were applied within the last hour, and takes back by itself what they do
// not stand. A trial ends as soon as one of its phones is ill; what all phones have is undone when several are.
func (p *Plans) watch(ctx context.Context, _ queue.Job[struct{}]) error {
	var rows []planColumns
	now := p.db.Now()
	err := p.db.Select(ctx, &rows, `SELECT `+planNames+` FROM config_plans WHERE state = 'staged' OR state = 'applied' AND applied >= $1`, db.At(now.Add(-watched)))
	if err != nil {
		return err
	}
	for _, c := range rows {
		if err := p.examine(ctx, c.row(), now); err != nil && ctx.Err() == nil && errs.KindOf(err) != errs.NotFound {
			return err
		}
	}
	return nil
}

// examine looks at the phones of one plan.
func (p *Plans) examine(ctx context.Context, row planRow, now db.Time) error {
	var phones []struct {
		ID    string  `db:"device_id"`
		Since db.Time `db:"since"`
	}
	stmt, args := `SELECT device_id, since FROM config_overlays WHERE plan_id = $1 AND since >= $2 ORDER BY device_id LIMIT $3`, []any{row.ID, db.At(now.Add(-watched)), cohort}
	if row.State == Applied {
		stmt, args = `SELECT device_id, CAST($2 AS BIGINT) AS since FROM config_plan_devices WHERE plan_id = $1 ORDER BY device_id LIMIT $3`, []any{row.ID, row.Applied, cohort}
	}
	if err := p.db.Select(ctx, &phones, stmt, args...); err != nil || len(phones) == 0 {
		return err
	}
	ids := make([]string, len(phones))
	from := now.Time
	for i, x := range phones {
		if ids[i] = x.ID; x.Since.Before(from) {
			from = x.Since.Time
		}
	}
	asked, err := p.devices.Since(ctx, p.db, ids, from)
	if err != nil {
		return err
	}
	fetched, ill := 0, 0
	for _, all := range asked {
		served, bad := health(all)
		if served {
			fetched++
		}
		if bad {
			ill++
		}
	}
	switch {
	case ill == 0:
		return nil
	case row.State == Staged:
		return p.stop(ctx, row)
	case ill >= fewPhones && ill*share >= fetched:
		return p.stop(ctx, row)
	}
	return nil
}

// health says whether a phone got its files, and whether it is ill since.
func health(all []device.Asked) (served, ill bool) {
	starts := map[string][]time.Time{}
	away := 0
	for _, x := range all {
		switch {
		case x.Status == http.StatusUnauthorized && served && x.Fault != "":
			if away++; away >= refused {
				ill = true
			}
		case x.Method == http.MethodGet && x.Status == http.StatusOK:
			served = true
			times := append(starts[x.File], x.At)
			starts[x.File] = times
			if n := len(times); n >= loops && x.At.Sub(times[n-loops]) <= spell {
				ill = true
			}
		}
	}
	return served, ill
}

// stop takes a change back that phones do not stand, and says so. One that cannot be taken back any more, because something has
// moved since, is told all the same.
func (p *Plans) stop(ctx context.Context, row planRow) error {
	at := placeOf(row.TenantKind, row.TenantID)
	t, err := p.tenants.Load(ctx, p.db, row.TenantID)
	if err != nil {
		return err
	}
	done, err := p.Undo(ctx, watcher, at, row.ID, row.Version)
	undone := err == nil
	if err != nil && errs.CodeOf(err) != errPlanMoved.Code {
		return err
	}
	return p.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		now, err := p.hold(ctx, tx, row.TenantID, row.ID, map[bool]PlanState{true: done.State, false: row.State}[undone])
		if err != nil {
			return err
		}
		if now.Fault.Code == errIll.Code {
			return nil // it was told before
		}
		now.Fault = operation.Fault{Code: errIll.Code, Message: errIll.Message}
		if err := now.save(ctx, tx); err != nil {
			return err
		}
		n := p.news(t, now.Plan, "stopped", "stop")
		n.Data["taken_back"] = undone
		return p.journal.Append(ctx, tx, watcher, n)
	})
}
