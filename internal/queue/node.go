package queue

import (
	"context"
	"time"

	"linecard/internal/db"
)

// life is this process's membership in the cluster: from joining until it leaves or is declared dead. Each has a new id, so
// whatever an earlier life still tries to write finds no row that is its own.
type life struct {
	worker   string
	ctx      context.Context // ends with the life
	end      context.CancelFunc
	jobs     context.Context // what handlers get; ends earlier when Run has waited long enough
	stopJobs context.CancelFunc
	fuse     *time.Timer // ends the duties when no beat got through for so long that others may be about to take them
}

// peer is what was last seen of another node, by this machine's steady clock: the clocks of two machines are never compared.
type peer struct {
	beat  int64
	since time.Time
}

// join enters this process as a node and makes the rows it needs. alone says that all other nodes are dead for certain.
func (q *Queue) join(ctx context.Context, alone bool) (*life, error) {
	id := db.NewID()
	err := q.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if alone {
			if _, err := tx.Exec(ctx, `DELETE FROM queue_nodes`); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `INSERT INTO queue_nodes (id, name, beat) VALUES ($1, $2, 0)`, id, q.o.Node); err != nil {
			return err
		}
		if err := sweep(ctx, tx); err != nil {
			return err
		}
		if err := q.saveSchedules(ctx, tx); err != nil {
			return err
		}
		for _, lease := range q.leaseNames() {
			if _, err := tx.Exec(ctx, `INSERT INTO queue_leases (id, holder, epoch) VALUES ($1, '', 0) ON CONFLICT (id) DO NOTHING`,
				lease); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	l := &life{worker: id}
	l.ctx, l.end = context.WithCancel(context.Background())
	l.jobs, l.stopJobs = context.WithCancel(l.ctx)
	l.fuse = time.AfterFunc(q.o.Beat*5/2, q.suspendDuties)
	q.mu.Lock()
	q.life, q.peers = l, map[string]peer{}
	q.mu.Unlock()
	return l, nil
}

// alive gives the current life, nil when there is none.
func (q *Queue) alive() *life {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.life == nil || q.life.ctx.Err() != nil {
		return nil
	}
	return q.life
}

// leave gives up membership at once: what still runs is free for others.
func (q *Queue) leave(ctx context.Context, l *life) error {
	l.fuse.Stop()
	l.end()
	return q.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM queue_nodes WHERE id = $1`, l.worker); err != nil {
			return err
		}
		return sweep(ctx, tx)
	})
}

// beating shows signs of life, joins again when it was declared dead, and buries nodes that show none.
func (q *Queue) beating(ctx context.Context) {
	trouble := q.trouble("showing a sign of life")
	for pause(ctx, q.o.Beat, nil) {
		err := q.beat(ctx)
		if err != nil {
			q.mu.Lock()
			q.peers = map[string]peer{} // while we see nothing, we know nothing of others
			q.mu.Unlock()
		}
		if ctx.Err() == nil {
			trouble.note(err)
		}
	}
}

func (q *Queue) beat(ctx context.Context) error {
	began := time.Now()
	ctx, stop := context.WithTimeout(ctx, 2*q.o.Beat)
	defer stop()
	l := q.alive()
	if l == nil {
		_, err := q.join(ctx, false)
		return err
	}
	n, err := q.d.Exec(ctx, `UPDATE queue_nodes SET beat = beat + 1 WHERE id = $1`, l.worker)
	if err != nil {
		return err
	}
	if n == 0 {
		q.log.Warn("this node was silent for so long that others took its work; joining again")
		l.end()
		q.suspendDuties()
		_, err := q.join(ctx, false)
		return err
	}
	l.fuse.Reset(max(q.o.Beat*5/2-time.Since(began), time.Millisecond))
	return q.bury(ctx, l.worker)
}

// bury removes nodes whose beat has not changed for three beats, and gives their work back.
func (q *Queue) bury(ctx context.Context, self string) error {
	var rows []struct {
		ID   string
		Name string
		Beat int64
	}
	if err := q.d.Select(ctx, &rows, `SELECT id, name, beat FROM queue_nodes`); err != nil {
		return err
	}
	now, seen := time.Now(), map[string]peer{}
	q.mu.Lock()
	for _, r := range rows {
		p, known := q.peers[r.ID]
		if !known || p.beat != r.Beat {
			p = peer{beat: r.Beat, since: now}
		}
		seen[r.ID] = p
	}
	q.peers = seen
	q.mu.Unlock()
	for _, r := range rows {
		if r.ID == self || now.Sub(seen[r.ID].since) < 3*q.o.Beat {
			continue
		}
		n, err := q.d.Exec(ctx, `DELETE FROM queue_nodes WHERE id = $1 AND beat = $2`, r.ID, r.Beat)
		if err != nil {
			return err
		}
		if n == 1 {
			q.log.Warn("a node died; its work goes on elsewhere", "dead", r.Name)
			q.kickDuties()
		}
	}
	var lost bool
	if err := q.d.Get(ctx, &lost, `SELECT EXISTS (SELECT 1 FROM queue_jobs WHERE state = 'running'
		AND worker NOT IN (SELECT id FROM queue_nodes))`); err != nil || !lost {
		return err
	}
	defer q.Wake()
	return q.d.Tx(ctx, sweep)
}

// lostMost is how often a job may take its node down, or go down with it, before it is dead.
const lostMost = 10

// sweep makes the running jobs of nodes that are no more ready again. Their unique key stays out of force: a job with the
// same key may be waiting.
func sweep(ctx context.Context, tx *db.Tx) error {
	_, err := tx.Exec(ctx, `UPDATE queue_jobs SET worker = '', lost = lost + 1, attempt = attempt - 1,
		state = CASE WHEN lost >= $1 THEN 'failed' ELSE 'ready' END,
		finished = CASE WHEN lost >= $2 THEN CAST($3 AS BIGINT) ELSE NULL END,
		last_error = CASE WHEN lost >= $4 THEN CAST($5 AS TEXT) ELSE last_error END
		WHERE state = 'running' AND worker NOT IN (SELECT id FROM queue_nodes)`,
		lostMost, lostMost, tx.Now().UnixMilli(), lostMost, safeText(errWorkerLost))
	return err
}
