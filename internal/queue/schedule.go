package queue

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"linecard/internal/db"
)

// schedule is a registered periodic job.
type schedule struct {
	name, spec, kind string
	args             any
	every            time.Duration // of "@every"; 0 for a cron text
	cron             cron.Schedule
}

// Periodic registers a job that is inserted at the times of spec: five cron fields in UTC, "@daily" and its like, or
// "@every 90s". Over all nodes it is inserted exactly once for each time; when the time of several passed while no node
// ran, once for all of them; and not while the one before it still waits. It panics on a malformed spec or a taken name.
func (q *Queue) Periodic(name, spec, kind string, args any) {
	if q.schedules[name] != nil || !kindForm.MatchString(kind) {
		panic("queue: the schedule " + name + " is registered twice or has a malformed kind")
	}
	s := &schedule{name: name, spec: spec, kind: kind, args: args}
	var err error
	if d, ok := strings.CutPrefix(spec, "@every "); ok {
		if s.every, err = time.ParseDuration(d); err == nil && s.every < time.Second {
			err = fmt.Errorf("%v is shorter than a second", s.every)
		}
	} else {
		s.cron, err = cron.ParseStandard(spec)
	}
	if err != nil {
		panic("queue: the schedule " + name + ": " + err.Error())
	}
	q.schedules[name] = s
}

// next gives the first time after now; "@every" keeps its grid from the time that was due.
func (s *schedule) next(due, now db.Time) db.Time {
	if s.every > 0 {
		late := now.Sub(due.Time)
		return db.At(due.Add(s.every * (late/s.every + 1)))
	}
	return db.At(s.cron.Next(now.UTC()))
}

// saveSchedules makes the rows of new schedules; one whose spec was changed begins anew.
func (q *Queue) saveSchedules(ctx context.Context, tx *db.Tx) error {
	for _, s := range q.schedules {
		now := tx.Now()
		if _, err := tx.Exec(ctx, `INSERT INTO queue_schedules (id, spec, next_run_at) VALUES ($1, $2, $3)
			ON CONFLICT (id) DO UPDATE SET spec = excluded.spec, next_run_at = excluded.next_run_at
			WHERE queue_schedules.spec <> excluded.spec`, s.name, s.spec, s.next(now, now)); err != nil {
			return err
		}
	}
	return nil
}

// tick inserts the jobs of schedules that are due. The conditional update lets one node win each time.
func (q *Queue) tick(ctx context.Context) error {
	if len(q.schedules) == 0 {
		return nil
	}
	var rows []struct {
		ID        string
		NextRunAt db.Time
	}
	if err := q.d.Select(ctx, &rows, `SELECT id, next_run_at FROM queue_schedules WHERE next_run_at <= $1`, q.d.Now()); err != nil {
		return err
	}
	for _, r := range rows {
		s := q.schedules[r.ID]
		if s == nil {
			continue // another version's
		}
		err := q.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			n, err := tx.Exec(ctx, `UPDATE queue_schedules SET next_run_at = $1 WHERE id = $2 AND next_run_at = $3`,
				s.next(r.NextRunAt, tx.Now()), s.name, r.NextRunAt)
			if err != nil || n == 0 {
				return err
			}
			return Insert(ctx, tx, s.kind, s.args, Opts{Unique: "schedule:" + s.name})
		})
		if err != nil {
			return err
		}
	}
	return nil
}
