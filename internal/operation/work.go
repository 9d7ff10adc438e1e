package operation

import (
	"context"
	"errors"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
)

// Start makes a pending operation in the caller's transaction, together with the job that does it. scope and tenantID say
// whom it is done to, which decides who may see it; whether the actor may start it is the caller's decision.
func (s *Service) Start(ctx context.Context, tx *db.Tx, a access.Actor, kind, scope, tenantID string) (Operation, error) {
	now := tx.Now()
	o := Operation{ID: db.NewID(), Kind: kind, Scope: scope, TenantID: tenantID, ActorID: a.ID, State: Pending,
		Created: now, Touched: now, Version: 1}
	_, err := tx.Exec(ctx, `INSERT INTO operation_operations
		(id, kind, scope, tenant_id, actor_id, state, done, total, result, fault, created, touched, version)
		VALUES ($1, $2, $3, $4, $5, 'pending', 0, 0, '', '', $6, $7, 1)`, o.ID, kind, scope, tenantID, a.ID, now, now)
	return o, err
}

const stillOpen = ` AND state IN ('pending', 'running')`

// Succeed ends the operation in the transaction of its effect. result is stored as JSON for whoever may see the operation, so
// it must not hold secrets. One that was cancelled meanwhile answers ErrCancelled, so that the effect is rolled back; one that
// has ended otherwise Conflict.
func (s *Service) Succeed(ctx context.Context, tx *db.Tx, id string, result any) error {
	text, err := marshal(result)
	if err != nil {
		return err
	}
	now := tx.Now()
	n, err := tx.Exec(ctx, `UPDATE operation_operations SET state = 'succeeded', result = $2, started = COALESCE(started, $3),
		touched = $4, finished = $5, version = version + 1, done = CASE WHEN total > 0 THEN total ELSE done END
		WHERE id = $1`+stillOpen, id, text, now, now, now)
	return s.ended(ctx, tx, id, n, err)
}

// Fail ends the operation with what err may show: code, sentence, fields. An error from elsewhere becomes "internal".
func (s *Service) Fail(ctx context.Context, tx *db.Tx, id string, err error) error {
	text, merr := marshal(faultOf(err))
	if merr != nil {
		return merr
	}
	now := tx.Now()
	n, err := tx.Exec(ctx, `UPDATE operation_operations SET state = 'failed', fault = $2, started = COALESCE(started, $3),
		touched = $4, finished = $5, version = version + 1 WHERE id = $1`+stillOpen, id, text, now, now, now)
	return s.ended(ctx, tx, id, n, err)
}

// ended says why an operation could not be ended, when it could not.
func (s *Service) ended(ctx context.Context, tx *db.Tx, id string, n int64, err error) error {
	if err != nil {
		return err
	}
	if n == 1 {
		tx.AfterCommit(func() { s.forget(id) })
		return nil
	}
	var state State
	if err := tx.Get(ctx, &state, `SELECT state FROM operation_operations WHERE id = $1`, id); err != nil {
		return err
	}
	if state == Cancelled {
		return ErrCancelled
	}
	return errFinal
}

// progress is what is known in this process of an operation that runs here.
type progress struct {
	done, total int64
	written     time.Time
	dirty       bool
	cancelled   bool
}

// progressEvery bounds the writes: at most two a second for one operation, however often Progress is called.
const progressEvery = 500 * time.Millisecond

// Progress says how far the work is and makes a pending operation running. It may be called as often as one likes, outside
// transactions; what it keeps back is written half a second later. ErrCancelled means: stop.
func (s *Service) Progress(ctx context.Context, id string, done, total int64) error {
	now := s.db.Now()
	s.mu.Lock()
	p := s.progress[id]
	if p == nil {
		p = &progress{}
		s.progress[id] = p
	}
	p.done, p.total, p.dirty = done, total, true
	stop, wait := p.cancelled, !p.written.IsZero() && now.Sub(p.written) < progressEvery
	s.mu.Unlock()
	if stop {
		return ErrCancelled
	}
	if wait {
		return nil
	}
	return s.write(ctx, id, p, now)
}

func (s *Service) write(ctx context.Context, id string, p *progress, now db.Time) error {
	s.mu.Lock()
	done, total := p.done, p.total
	p.written, p.dirty = now.Time, false
	s.mu.Unlock()
	n, err := s.db.Exec(ctx, `UPDATE operation_operations SET state = 'running', done = $2, total = $3,
		started = COALESCE(started, $4), touched = $5, version = version + 1 WHERE id = $1`+stillOpen, id, done, total, now, now)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err != nil:
		p.dirty = true
		return err
	case n == 0:
		p.cancelled = true
		return ErrCancelled
	}
	return nil
}

// flush writes progress that was kept back, and forgets operations nobody speaks of any more.
func (s *Service) flush(ctx context.Context) error {
	now := s.db.Now()
	s.mu.Lock()
	due := map[string]*progress{}
	for id, p := range s.progress {
		switch idle := now.Sub(p.written); {
		case p.dirty && !p.cancelled && idle >= progressEvery:
			due[id] = p
		case idle > time.Hour:
			delete(s.progress, id)
		}
	}
	s.mu.Unlock()
	for id, p := range due {
		if err := s.write(ctx, id, p, now); err != nil && !errors.Is(err, ErrCancelled) {
			return err
		}
	}
	return nil
}

func (s *Service) forget(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.progress, id)
}
