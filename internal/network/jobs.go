package network

import (
	"context"
	"errors"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/operation"
	"linecard/internal/queue"
)

// Register gives the queue the room's work: imports of long files.
func (s *Service) Register(q *queue.Queue) {
	queue.Handle(q, importKind, s.runImport, queue.Policy{MaxAttempts: 8, Timeout: 10 * time.Minute, Concurrency: 2})
}

// runImport does a file chunk by chunk; each is one transaction with what it did noted in the report, so that a second run goes on
// where the first one ended.
func (s *Service) runImport(ctx context.Context, j queue.Job[importArgs]) error {
	err := s.importAll(ctx, j)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, operation.ErrCancelled):
		return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return s.endImport(ctx, tx, j) })
	case ctx.Err() == nil && (j.Attempt == j.MaxAttempts || permanent(err)):
		return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			if err := s.operations.Fail(ctx, tx, j.Args.ID, err); err != nil && !errors.Is(err, operation.ErrCancelled) {
				return err
			}
			return s.endImport(ctx, tx, j)
		})
	}
	return err
}

// permanent says whether trying again gives the same refusal: rights that are gone, a customer that is archived.
func permanent(err error) bool {
	switch errs.KindOf(err) {
	case errs.Forbidden, errs.NotFound, errs.Conflict, errs.Invalid, errs.TooLarge:
		return true
	}
	return false
}

func (s *Service) importAll(ctx context.Context, j queue.Job[importArgs]) error {
	var in struct {
		CustomerID string                `db:"customer_id"`
		Actor      db.JSON[access.Actor] `db:"actor"`
		Separator  string                `db:"separator"`
		Data       []byte                `db:"data"`
		Report     db.JSON[Report]       `db:"report"`
	}
	err := s.db.Get(ctx, &in, `SELECT customer_id, actor, separator, data, report FROM network_imports WHERE id = $1`, j.Args.ID)
	if err != nil {
		return err
	}
	rows, err := readTable(in.Data, in.Separator)
	if err != nil {
		return err
	}
	report := in.Report.V
	for {
		var w *work
		ended := false
		err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			w = newWork(rows, report)
			if ended = w.tried == len(rows) && len(w.putOff) == 0; ended {
				w.report.count()
				if err := s.operations.Succeed(ctx, tx, j.Args.ID, w.report); err != nil {
					return err
				}
				return s.endImport(ctx, tx, j)
			}
			if err := s.pass(ctx, tx, in.Actor.V, in.CustomerID, w); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `UPDATE network_imports SET report = $2 WHERE id = $1`, j.Args.ID, db.AsJSON(w.report))
			return err
		})
		if err != nil || ended {
			return err
		}
		report = w.report
		if err := s.operations.Progress(ctx, j.Args.ID, w.done(), int64(len(rows))); err != nil {
			return err
		}
	}
}

func (s *Service) endImport(ctx context.Context, tx *db.Tx, j queue.Job[importArgs]) error {
	if _, err := tx.Exec(ctx, `DELETE FROM network_imports WHERE id = $1`, j.Args.ID); err != nil {
		return err
	}
	return j.Complete(ctx, tx)
}
