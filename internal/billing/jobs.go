package billing

import (
	"context"
	"errors"
	"io"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/operation"
	"linecard/internal/queue"
	"linecard/internal/usage"
)

const (
	reportKind    = "billing.report"
	sweepKind     = "billing.sweep"
	statementKind = "billing.statement"
	settleKind    = "billing.settle"
)

type reportArgs struct {
	ID string `json:"id"`
}

type sweepArgs struct {
	Key string `json:"key"`
}

// Register gives the queue the room's work: reports and statements that were ordered, files that go, and every hour the days that ended
// are settled and statements of ended months drafted.
func (s *Service) Register(q *queue.Queue) {
	queue.Handle(q, reportKind, s.runReport, queue.Policy{MaxAttempts: 8, Timeout: 15 * time.Minute, Concurrency: 2})
	queue.Handle(q, sweepKind, func(ctx context.Context, j queue.Job[sweepArgs]) error { return s.files.Delete(ctx, j.Args.Key) }, queue.Policy{})
	queue.Handle(q, statementKind, s.runStatement, queue.Policy{MaxAttempts: 8, Timeout: 15 * time.Minute, Concurrency: 1})
	queue.Handle(q, settleKind, func(ctx context.Context, _ queue.Job[struct{}]) error { return s.settle(ctx) }, queue.Policy{Timeout: 15 * time.Minute})
	q.Periodic("billing.settle", "@every 1h", settleKind, struct{}{})
}

// Midnight is the beginning of the present UTC day in unix seconds: what may be settled.
func midnight(now db.Time) int64 { return now.Unix() - now.Unix()%daySeconds }

func (s *Service) settle(ctx context.Context) error {
	if err := usage.Settle(ctx, s.db, midnight(s.db.Now())); err != nil {
		if errs.CodeOf(err) == "usage_not_settled" {
			return queue.Snooze(5*time.Minute + time.Second)
		}
		return err
	}
	return s.draftDue(ctx)
}

// runReport makes a report. Its days are settled first, so that it never changes again.
func (s *Service) runReport(ctx context.Context, j queue.Job[reportArgs]) error {
	err := s.MakeReport(ctx, j.Args.ID)
	switch {
	case err == nil:
		return nil
	case errs.CodeOf(err) == "usage_not_settled":
		return queue.Snooze(5*time.Minute + time.Second)
	case errors.Is(err, operation.ErrCancelled), ctx.Err() == nil && j.Attempt == j.MaxAttempts:
		return s.failReport(ctx, j.Args.ID, err)
	}
	return err
}

// MakeReport does what CreateReport ordered; a report that is not in progress, or gone, is left alone.
func (s *Service) MakeReport(ctx context.Context, id string) error {
	var r Report
	err := s.db.Get(ctx, &r, reportColumns+` WHERE id = $1`, id)
	if err != nil || r.Status != InProgress {
		if err != nil && errs.KindOf(err) == errs.NotFound {
			err = nil
		}
		return err
	}
	w, err := s.windowOf(ctx, r)
	if err != nil {
		return err
	}
	if r.Category == Reconciliation {
		if err := usage.Settle(ctx, s.db, w.until); err != nil {
			return err
		}
	}
	if err := s.operations.Progress(ctx, r.OperationID, 0, 1); err != nil {
		return err
	}
	var rows int64
	body := pull(func(out io.Writer) (err error) {
		rows, err = s.write(ctx, r, out)
		return err
	})
	_, err = s.files.Put(ctx, blobKey(r.ID), body)
	body.Stop()
	if err != nil {
		return err
	}
	return s.finishReport(ctx, r, rows)
}

func (s *Service) finishReport(ctx context.Context, r Report, rows int64) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE billing_reports SET status = 'COMPLETED', blob = $2, row_count = $3, finished = $4, version = version + 1 WHERE id = $1 AND status = 'IN_PROGRESS'`,
			r.ID, blobKey(r.ID), rows, tx.Now())
		if err != nil {
			return err
		}
		if n == 0 { // deleted meanwhile: the file goes again
			return queue.Insert(ctx, tx, sweepKind, sweepArgs{blobKey(r.ID)}, queue.Opts{Scope: r.Scope})
		}
		if err := s.operations.Succeed(ctx, tx, r.OperationID, map[string]any{"report_id": r.ID, "rows": rows}); err != nil && !errors.Is(err, operation.ErrCancelled) {
			return err
		}
		r.Status = Completed
		return s.tell(ctx, tx, r, "completed")
	})
}

func (s *Service) failReport(ctx context.Context, id string, cause error) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		var r Report
		if err := tx.Get(ctx, &r, reportColumns+` WHERE id = $1`, id); err != nil {
			return err
		}
		e := errs.As(cause)
		if _, err := tx.Exec(ctx, `UPDATE billing_reports SET status = 'FAILED', fault = $2, finished = $3, version = version + 1 WHERE id = $1 AND status = 'IN_PROGRESS'`,
			id, db.AsJSON(operation.Fault{Code: e.Code, Message: e.Message}), tx.Now()); err != nil {
			return err
		}
		if err := s.operations.Fail(ctx, tx, r.OperationID, cause); err != nil && errs.KindOf(err) != errs.Conflict {
			return err
		}
		r.Status = Failed
		return s.tell(ctx, tx, r, "failed")
	})
}

func (s *Service) tell(ctx context.Context, tx *db.Tx, r Report, how string) error {
	t, err := s.tenants.Load(ctx, tx, r.TenantID)
	if err != nil {
		return err
	}
	verb := map[string]string{"completed": "complete", "failed": "fail"}[how]
	return s.journal.Append(ctx, tx, access.SystemActor("billing"), journal.News{Type: "billing_report." + how, Action: "billing_report/" + verb, Tenant: t.Access(), NoLog: true,
		Target: r.target(), Data: r.data()})
}
