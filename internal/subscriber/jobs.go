package subscriber

import (
	"context"
	"errors"
	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/operation"
	"linecard/internal/queue"
	"linecard/internal/tenant"
	"time"
)

const importKind = "subscriber.import"

type importArgs struct {
	ID string `json:"id"` // of the operation
}

// Register gives the queue the room's work: imports of long files.
func (s *Service) Register(q *queue.Queue) {
	queue.Handle(q, importKind, s.runImport, queue.Policy{MaxAttempts: 8, Timeout: 10 * time.Minute, Concurrency: 2})
}

func fileSealedAs(id string) string { return "subscriber_imports/data/" + id }

// startImport keeps the file, sealed, and leaves the rest to a job.
func (s *Service) startImport(ctx context.Context, actor access.Actor, t tenant.Tenant, f ImportFile) (operation.Operation, error) {
	var op operation.Operation
	actor.SessionID = "" // not to be kept
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if op, err = s.operations.Start(ctx, tx, actor, "user.import", t.Scope, t.ID); err != nil {
			return err
		}
		sealed, err := s.box.Seal(f.Data, fileSealedAs(op.ID))
		if err != nil {
			return err
		}
		if _, err = tx.Exec(ctx, `INSERT INTO subscriber_imports (id, customer_id, actor, options, data, done, created) VALUES ($1, $2, $3, $4, $5, 0, $6)`,
			op.ID, t.ID, db.AsJSON(actor), db.AsJSON(f), sealed, tx.Now()); err != nil {
			return err
		}
		return queue.Insert(ctx, tx, importKind, importArgs{op.ID}, queue.Opts{Unique: op.ID, Scope: t.Scope})
	})
	return op, err
}

// runImport does a file portion by portion; what was done stands beside it, so that a second run goes on where the first one ended.
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

func (s *Service) importAll(ctx context.Context, j queue.Job[importArgs]) error {
	var in struct {
		CustomerID string                `db:"customer_id"`
		Actor      db.JSON[access.Actor] `db:"actor"`
		Options    db.JSON[ImportFile]   `db:"options"`
		Data       []byte                `db:"data"`
		Done       int                   `db:"done"`
	}
	if err := s.db.Get(ctx, &in, `SELECT customer_id, actor, options, data, done FROM subscriber_imports WHERE id = $1`, j.Args.ID); err != nil {
		return err
	}
	f := in.Options.V
	var err error
	if f.Data, err = s.box.Open(in.Data, fileSealedAs(j.Args.ID)); err != nil {
		return err
	}
	rows, err := readFile(f)
	if err != nil {
		return err
	}
	t, err := s.allowed(ctx, s.db, in.Actor.V, access.UserEdit, in.CustomerID)
	if err != nil {
		return err
	}
	im := newImporting(in.Actor.V, t, rows)
	if err := s.recallRows(ctx, j.Args.ID, im); err != nil {
		return err
	}
	for from := in.Done; from < len(rows); from += chunk {
		to := min(from+chunk, len(rows))
		err := s.portion(ctx, im, from, to, func(ctx context.Context, tx *db.Tx) error {
			if _, err := tx.Exec(ctx, `INSERT INTO subscriber_import_rows (import_id, first, rows) VALUES ($1, $2, $3)`, j.Args.ID, from, db.AsJSON(im.out[from:to])); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `UPDATE subscriber_imports SET done = $2 WHERE id = $1`, j.Args.ID, to)
			return err
		})
		if err != nil {
			return err
		}
		if err := s.operations.Progress(ctx, j.Args.ID, int64(to), int64(len(rows))); err != nil {
			return err
		}
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.operations.Succeed(ctx, tx, j.Args.ID, reportOf(im.out)); err != nil {
			return err
		}
		return s.endImport(ctx, tx, j)
	})
}

// recallRows gives what an earlier run did.
func (s *Service) recallRows(ctx context.Context, id string, im *importing) error {
	var done []struct {
		First int                `db:"first"`
		Rows  db.JSON[[]Outcome] `db:"rows"`
	}
	err := s.db.Select(ctx, &done, `SELECT first, rows FROM subscriber_import_rows WHERE import_id = $1 ORDER BY first`, id)
	for _, d := range done {
		copy(im.out[d.First:], d.Rows.V)
	}
	return err
}

func (s *Service) endImport(ctx context.Context, tx *db.Tx, j queue.Job[importArgs]) error {
	if _, err := tx.Exec(ctx, `DELETE FROM subscriber_imports WHERE id = $1`, j.Args.ID); err != nil {
		return err
	}
	return j.Complete(ctx, tx)
}
