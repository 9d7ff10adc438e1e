package operation

import (
	"context"

	"linecard/internal/db"
	"linecard/internal/queue"
)

// Register gives the queue the room's work: progress that was kept back is written, and once an hour expired keys and old
// operations go, and operations that nobody ended are failed.
func (s *Service) Register(q *queue.Queue) {
	q.Loop("operation.progress", progressEvery, s.flush)
	queue.Handle(q, "operation.purge", func(ctx context.Context, _ queue.Job[struct{}]) error { return s.purge(ctx) }, queue.Policy{})
	q.Periodic("operation.purge", "@every 1h", "operation.purge", struct{}{})
}

const purgeMost = 500 // rows in one transaction, so that others get the writer in between

func (s *Service) purge(ctx context.Context) error {
	fault, err := marshal(faultOf(errAbandoned))
	if err != nil {
		return err
	}
	now := s.db.Now()
	if _, err := s.db.Exec(ctx, `UPDATE operation_operations SET state = 'failed', fault = $1, finished = $2, version = version + 1
		WHERE touched < $3`+stillOpen, fault, now, db.At(now.Add(-abandoned))); err != nil {
		return err
	}
	for _, batch := range []struct {
		sql    string
		before db.Time
	}{
		{`DELETE FROM operation_keys WHERE id IN (SELECT id FROM operation_keys WHERE expires <= $1 LIMIT $2)`, now},
		{`DELETE FROM operation_operations WHERE id IN (SELECT id FROM operation_operations WHERE finished < $1 LIMIT $2)`,
			db.At(now.Add(-kept))},
	} {
		for {
			n, err := s.db.Exec(ctx, batch.sql, batch.before, purgeMost)
			if err != nil {
				return err
			}
			if n < purgeMost {
				break
			}
		}
	}
	return nil
}
