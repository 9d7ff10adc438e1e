package queue

import (
	"cmp"
	"context"
	"slices"

	"linecard/internal/db"
)

// claimed is a job that this node runs.
type claimed struct {
	ID         string
	Kind       string
	Lane       string
	Args       string
	UniqueName *string
	Priority   int64
	RunAt      db.Time
	Attempt    int64
	Worker     string
	Scope      string
	Created    db.Time
}

const claimedColumns = `id, kind, lane, args, unique_name, priority, run_at, attempt, worker, scope, created`

// due lists the kinds that have a job to run now. It leaps from kind to kind over the index, so its cost does not grow with
// the number of waiting jobs.
func (q *Queue) due(ctx context.Context) ([]string, error) {
	var kinds []string
	err := q.d.Select(ctx, &kinds, `WITH RECURSIVE k(kind) AS (
		SELECT (SELECT kind FROM queue_jobs WHERE state = 'ready' ORDER BY kind LIMIT 1)
		UNION ALL
		SELECT (SELECT j.kind FROM queue_jobs j WHERE j.state = 'ready' AND j.kind > k.kind ORDER BY j.kind LIMIT 1)
		FROM k WHERE k.kind IS NOT NULL)
		SELECT kind FROM k WHERE kind IS NOT NULL
		AND EXISTS (SELECT 1 FROM queue_jobs j WHERE j.state = 'ready' AND j.kind = k.kind AND j.run_at <= $1)`, q.d.Now())
	return kinds, err
}

// claim takes up to n due jobs of a kind for this node: those without a lane, and one of each lane that has room.
func (q *Queue) claim(ctx context.Context, h *handler, worker string, n int) ([]*claimed, error) {
	jobs, err := q.claimPlain(ctx, h.kind, worker, n)
	if err != nil || len(jobs) == n {
		return jobs, err
	}
	laned, err := q.claimLanes(ctx, h, worker, n-len(jobs))
	return append(jobs, laned...), err
}

func (q *Queue) claimPlain(ctx context.Context, kind, worker string, n int) ([]*claimed, error) {
	var waiting bool
	err := q.d.Get(ctx, &waiting, `SELECT EXISTS (SELECT 1 FROM queue_jobs WHERE state = 'ready' AND lane = $1 AND run_at <= $2)`,
		kind+"/", q.d.Now())
	if err != nil || !waiting {
		return nil, err
	}
	var jobs []*claimed
	err = q.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return tx.Select(ctx, &jobs, `WITH c AS MATERIALIZED (
			SELECT id FROM queue_jobs WHERE state = 'ready' AND lane = $1 AND run_at <= $2
			ORDER BY priority, run_at, id LIMIT $3`+tx.SkipLocked()+`)
			UPDATE queue_jobs SET state = 'running', worker = $4, attempt = attempt + 1, unique_key = NULL
			WHERE id IN (SELECT id FROM c) AND state = 'ready' RETURNING `+claimedColumns, kind+"/", tx.Now(), n, worker)
	})
	slices.SortFunc(jobs, byOrder)
	return jobs, err
}

func byOrder(a, b *claimed) int {
	return cmp.Or(cmp.Compare(a.Priority, b.Priority), a.RunAt.Compare(b.RunAt.Time), cmp.Compare(a.ID, b.ID))
}

// claimLanes takes the first due job of each lane that runs less than its share, beginning behind the lane that was served
// last. All nodes do this one after another (a lock on one row per kind), so the share holds for all of them together.
func (q *Queue) claimLanes(ctx context.Context, h *handler, worker string, n int) ([]*claimed, error) {
	ids, err := q.heads(ctx, q.d, h, n)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	var jobs []*claimed
	err = q.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.LockRow(ctx, "queue_leases", "lanes."+h.kind); err != nil {
			return err
		}
		ids, err = q.heads(ctx, tx, h, n)
		if err != nil || len(ids) == 0 {
			jobs = nil
			return err
		}
		a := tx.Args()
		return tx.Select(ctx, &jobs, `WITH c AS MATERIALIZED (
			SELECT id FROM queue_jobs WHERE state = 'ready' AND `+a.In("id", ids)+tx.SkipLocked()+`)
			UPDATE queue_jobs SET state = 'running', worker = `+a.Add(worker)+`, attempt = attempt + 1, unique_key = NULL
			WHERE id IN (SELECT id FROM c) AND state = 'ready' RETURNING `+claimedColumns, a.List()...)
	})
	if err != nil {
		return nil, err
	}
	turn := map[string]int{}
	for i, id := range ids {
		turn[id] = i
	}
	slices.SortFunc(jobs, func(a, b *claimed) int { return cmp.Compare(turn[a.ID], turn[b.ID]) })
	if len(jobs) > 0 {
		h.after = jobs[len(jobs)-1].Lane
	}
	return jobs, nil
}

// heads lists the first due job of up to n lanes that have room, in turn.
func (q *Queue) heads(ctx context.Context, on db.Q, h *handler, n int) ([]string, error) {
	first, end := lanesOf(h.kind)
	from := max(h.after, first)
	ids, err := headsBetween(ctx, on, from, end, h.p.LaneConcurrency, n)
	if err != nil || len(ids) == n || from == first {
		return ids, err
	}
	// Round the corner: the lanes up to and with the one served last.
	more, err := headsBetween(ctx, on, first, from+"\x01", h.p.LaneConcurrency, n-len(ids))
	return append(ids, more...), err
}

func headsBetween(ctx context.Context, on db.Q, after, before string, share, n int) ([]string, error) {
	var ids []string
	err := on.Select(ctx, &ids, `WITH RECURSIVE l(lane) AS (
		SELECT (SELECT lane FROM queue_jobs WHERE state = 'ready' AND lane > $1 AND lane < $2 ORDER BY lane LIMIT 1)
		UNION ALL
		SELECT (SELECT j.lane FROM queue_jobs j WHERE j.state = 'ready' AND j.lane > l.lane AND j.lane < $2 ORDER BY j.lane LIMIT 1)
		FROM l WHERE l.lane IS NOT NULL)
		SELECT h.id FROM (
			SELECT (SELECT j.id FROM queue_jobs j WHERE j.state = 'ready' AND j.lane = l.lane AND j.run_at <= $3
				ORDER BY j.priority, j.run_at, j.id LIMIT 1) AS id
			FROM l WHERE l.lane IS NOT NULL
			AND (SELECT COUNT(*) FROM queue_jobs r WHERE r.state = 'running' AND r.lane = l.lane) < $4) h
		WHERE h.id IS NOT NULL LIMIT $5`, after, before, on.Now(), share, n)
	return ids, err
}
