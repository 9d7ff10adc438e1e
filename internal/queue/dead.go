package queue

import (
	"context"
	"time"

	"linecard/internal/db"
	"linecard/internal/errs"
)

// DeadJob is a job that failed for good.
type DeadJob struct {
	ID       string
	Kind     string
	Lane     string // as given to Insert
	Scope    string
	Args     string // JSON
	Attempts int    `db:"attempt"`
	Fault    string `db:"last_error"` // "code: sentence", safe to show; pages translate by the code
	Created  db.Time
	Finished db.Time
}

// DeadQuery chooses dead jobs; empty fields choose all.
type DeadQuery struct {
	Kind string
	Lane string // with Kind
	Page db.Page
}

// deadKept is how long dead jobs are kept.
const deadKept = 30 * 24 * time.Hour

// Dead lists dead jobs, the last to die first, and gives the cursor of the next page ("" at the end). What an actor may see
// of them is the caller's to decide.
func (q *Queue) Dead(ctx context.Context, what DeadQuery) ([]DeadJob, string, error) {
	a := q.d.Args()
	k, err := what.Page.Keyset(a, "id", db.Sort{Name: "finished", Column: "finished", Number: true, Desc: true})
	if err != nil {
		return nil, "", err
	}
	where := "state = 'failed' AND " + k.Where
	if what.Kind != "" {
		where += " AND kind = " + a.Add(what.Kind)
		if what.Lane != "" {
			where += " AND lane = " + a.Add(what.Kind+"/"+what.Lane)
		}
	}
	var jobs []DeadJob
	err = q.d.Select(ctx, &jobs, `SELECT id, kind, lane, scope, args, attempt, last_error, created, finished FROM queue_jobs
		WHERE `+where+` ORDER BY `+k.OrderBy+` LIMIT `+a.Add(k.Limit), a.List()...)
	for i := range jobs {
		jobs[i].Lane = jobs[i].Lane[len(jobs[i].Kind)+1:]
	}
	jobs, next := db.Cut(k, jobs, func(j DeadJob) (any, string) { return j.Finished.UnixMilli(), j.ID })
	return jobs, next, err
}

// Retry gives a dead job all its attempts again, now. NotFound when there is no dead job with this id.
func Retry(ctx context.Context, tx *db.Tx, id string) error {
	n, err := tx.Exec(ctx, `UPDATE queue_jobs SET state = 'ready', attempt = 0, lost = 0, run_at = $2, finished = NULL
		WHERE id = $1 AND state = 'failed'`, id, tx.Now())
	if err == nil && n == 0 {
		return errs.Missing("job")
	}
	tx.AfterCommit(wakeAll)
	return err
}

// purge removes dead jobs that were kept long enough, some at a time.
func (q *Queue) purge(ctx context.Context) error {
	for {
		n, err := q.d.Exec(ctx, `DELETE FROM queue_jobs WHERE id IN (
			SELECT id FROM queue_jobs WHERE state = 'failed' AND finished < $1 ORDER BY finished LIMIT 500)`,
			db.At(q.d.Now().Add(-deadKept)))
		if err != nil || n < 500 {
			return err
		}
	}
}

// Depth is how much of a kind there is.
type Depth struct {
	Kind    string
	Ready   int64 // waiting, due or not
	Running int64
	Failed  int64         // dead
	Oldest  time.Duration `db:"-"` // how long the job that waits longest is overdue; 0 when none is
	Since   db.Time       `db:"since"`
}

// Depth counts the jobs by kind, for metrics; its cost grows with their number, so ask every quarter of a minute, not more.
func (q *Queue) Depth(ctx context.Context) ([]Depth, error) {
	var all []Depth
	err := q.d.Select(ctx, &all, `SELECT kind, SUM(CASE WHEN state = 'ready' THEN 1 ELSE 0 END) AS ready,
		SUM(CASE WHEN state = 'running' THEN 1 ELSE 0 END) AS running, SUM(CASE WHEN state = 'failed' THEN 1 ELSE 0 END) AS failed,
		MIN(CASE WHEN state = 'ready' THEN run_at ELSE NULL END) AS since FROM queue_jobs GROUP BY kind ORDER BY kind`)
	now := q.d.Now()
	for i, d := range all {
		if !d.Since.IsZero() {
			all[i].Oldest = max(now.Sub(d.Since.Time), 0)
		}
	}
	return all, err
}
