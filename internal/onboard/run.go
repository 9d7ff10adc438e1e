package onboard

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/operation"
	"linecard/internal/queue"
	"linecard/internal/tenant"
)

const (
	runKind      = "onboard.run"
	recheckKind  = "onboard.recheck"
	escalateKind = "onboard.escalate"
)

type runArgs struct {
	CustomerID string `json:"customer_id"`
	Run        int64  `json:"run"`
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// Register gives the queue the room's work: runs, the hourly look at customers that wait, and their escalation.
func (s *Service) Register(q *queue.Queue) {
	queue.Handle(q, runKind, s.work, queue.Policy{MaxAttempts: 12, Timeout: 5 * time.Minute, Backoff: queue.Exponential(time.Second, 10*time.Minute), Concurrency: 4})
	queue.Handle(q, recheckKind, func(ctx context.Context, _ queue.Job[struct{}]) error {
		return errors.Join(s.recheck(ctx), s.revive(ctx))
	}, queue.Policy{Timeout: 10 * time.Minute})
	queue.Handle(q, escalateKind, func(ctx context.Context, j queue.Job[runArgs]) error { return s.review(ctx, j.Args.CustomerID) }, queue.Policy{})
	q.Periodic("onboard.recheck", "@every 1h", recheckKind, struct{}{}) // WS-45
}

// revive gives runs a job again that stand still for an hour because theirs was given up: a node that died at the last attempt, or a
// database that was away for long. One that waits for a person is left alone, and one whose job still waits gets no second.
func (s *Service) revive(ctx context.Context) error {
	var all []Customer
	if err := s.db.Select(ctx, &all, customerColumns+` WHERE c.status IN ('provisioning', 'updating', 'deleting') AND c.updated < $1
		AND NOT EXISTS (SELECT 1 FROM onboard_steps s WHERE s.customer_id = c.id AND s.run = c.run AND s.state = 'waiting') ORDER BY c.id LIMIT 1000`,
		db.At(s.db.Now().Add(-time.Hour))); err != nil || len(all) == 0 {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, c := range all {
			if err := enqueue(ctx, tx, c); err != nil {
				return err
			}
		}
		return nil
	})
}

// house is who does the steps: Linecard itself. Who asked for the run stands in its first event.
var house = access.SystemActor("onboarding")

var (
	errRunEnded = errors.New("onboard: the run has ended or waits")
	errMoved    = errs.New(errs.Unavailable, "onboarding_moved", "Something changed meanwhile. It is tried again.")
	errDenied   = errs.New(errs.Conflict, "compliance_denied", "The compliance team of the operator has denied this customer.")
	errConsent  = errs.New(errs.Conflict, "consent_denied", "An administrator of the organisation has refused.")
)

// work does a run step by step; each step is one transaction with its effect, so that a node that dies between two of them loses
// nothing and repeats nothing: the next one goes on with the first step that is not done.
func (s *Service) work(ctx context.Context, j queue.Job[runArgs]) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		name, err := s.step(ctx, j)
		switch {
		case errors.Is(err, errRunEnded):
			return nil
		case err != nil && !permanent(err) && j.Attempt < j.MaxAttempts:
			return err
		case err != nil && ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			if noted, failed := s.fail(ctx, j, err); failed != nil || !noted {
				return errors.Join(failed, err)
			}
		}
		s.observe(j.Args.CustomerID, name)
	}
}

// working is the row and the step on which a transaction works.
type working struct {
	Customer
	step Step
	t    tenant.Tenant
}

// current gives the step that is next; nil when all are done or one waits for a person.
func current(ctx context.Context, q db.Q, c Customer) (*Step, error) {
	var st Step
	err := q.Get(ctx, &st, stepColumns+` WHERE customer_id = $1 AND run = $2 AND state IN ('pending', 'waiting') ORDER BY position LIMIT 1`, c.ID, c.Run)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		return nil, nil
	}
	return &st, err
}

const stepColumns = `SELECT run, position, step, subject, state, code, message, detail, tries, started, ended FROM onboard_steps`

// step does the next step of the run and says which one it was; errRunEnded when there is none to do.
func (s *Service) step(ctx context.Context, j queue.Job[runArgs]) (string, error) {
	ready, err := s.prepare(ctx, j.Args)
	if err != nil {
		return "", err
	}
	name, ended := "", false
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		w, err := s.locked(ctx, tx, j.Args)
		if err != nil {
			return err
		}
		ended = false
		if w == nil || w.step.State == StepWaiting {
			ended = true
			return j.Complete(ctx, tx)
		}
		if w.step.Name == "" {
			ended = true
			if err := s.finish(ctx, tx, w.Customer); err != nil {
				return err
			}
			return j.Complete(ctx, tx)
		}
		name = w.step.Name
		if w.t, err = s.tenants.Load(ctx, tx, w.ID); err != nil {
			return err
		}
		state, detail, err := s.do(ctx, tx, w, ready)
		if err != nil {
			return err
		}
		return s.note(ctx, tx, w.Customer, w.step, state, detail, nil)
	})
	if err == nil && ended {
		err = errRunEnded
	}
	return name, err
}

// locked gives the customer's row with its next step, held for this transaction; nil when the run is not the present one any more. A
// run whose steps are all done comes with the zero Step.
func (s *Service) locked(ctx context.Context, tx *db.Tx, args runArgs) (*working, error) {
	if err := hold(ctx, tx, args.CustomerID); err != nil {
		return nil, err
	}
	c, err := s.customer(ctx, tx, args.CustomerID)
	if err != nil || c.Run != args.Run || !c.Status.busy() {
		return nil, err
	}
	w := &working{Customer: c}
	st, err := current(ctx, tx, c)
	if st != nil {
		w.step = *st
	}
	return w, err
}

// hold locks a customer for a change. Everybody locks the tenant first, so that nobody waits for each other.
func hold(ctx context.Context, tx *db.Tx, id string) error {
	if err := tx.LockToRead(ctx, "tenant_tenants", id); err != nil {
		return err
	}
	return tx.LockRow(ctx, "onboard_customers", id)
}

// prepared is what was done before the transaction of a step, because it is slow or has transactions of its own.
type prepared struct {
	subject Subject
	hits    []Hit
	lists   []string
	release bool
}

func (s *Service) prepare(ctx context.Context, args runArgs) (prepared, error) {
	var p prepared
	c, err := s.customer(ctx, s.db, args.CustomerID)
	if err != nil || c.Run != args.Run {
		return p, err
	}
	st, err := current(ctx, s.db, c)
	if err != nil || st == nil || st.State != StepPending {
		return p, err
	}
	switch st.Name {
	case stepScreening:
		t, err := s.tenants.Load(ctx, s.db, c.ID)
		if err != nil {
			return p, err
		}
		return s.look(ctx, c, t)
	case stepRelease:
		if s.places == nil {
			return p, nil
		}
		t, err := s.tenants.Load(ctx, s.db, c.ID)
		if err != nil {
			return p, err
		}
		p.release = true
		return p, s.places.DropAll(ctx, house, t)
	}
	return p, nil
}

// fail notes that a step cannot be done. The run goes on with those that can: a package that fails keeps no other from coming
// (WS-39). Without the checks and the relations there is nothing to go on with.
func (s *Service) fail(ctx context.Context, j queue.Job[runArgs], cause error) (noted bool, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		w, err := s.locked(ctx, tx, j.Args)
		if noted = err == nil && w != nil && w.step.Name != ""; !noted {
			return err
		}
		return s.failStep(ctx, tx, w.Customer, w.step, errs.As(cause))
	})
	return noted, err
}

func (s *Service) failStep(ctx context.Context, tx *db.Tx, c Customer, st Step, cause *errs.Error) error {
	if err := s.note(ctx, tx, c, st, StepFailed, nil, cause); err != nil {
		return err
	}
	switch st.Name {
	case stepPackage, stepRemove:
		return setPackage(ctx, tx, c.ID, st.Subject, PackageError, cause)
	case stepConsent, stepScreening, stepRelations, stepRelease:
		_, err := tx.Exec(ctx, `UPDATE onboard_steps SET state = 'skipped', ended = $3 WHERE customer_id = $1 AND run = $2 AND state = 'pending'`, c.ID, c.Run, tx.Now())
		return err
	}
	return nil
}

// note writes what became of a step, and tells of it.
func (s *Service) note(ctx context.Context, tx *db.Tx, c Customer, st Step, state StepState, detail map[string]string, cause *errs.Error) error {
	if detail == nil {
		detail = map[string]string{}
	}
	var code, message string
	if cause != nil {
		code, message = cause.Code, cause.Message
		for _, f := range cause.Fields {
			message += " (" + f.Name + ": " + f.Message + ")"
		}
	}
	now := tx.Now()
	var ended db.Time
	if state != StepWaiting && state != StepPending {
		ended = now
	}
	if _, err := tx.Exec(ctx, `UPDATE onboard_steps SET state = $4, code = $5, message = $6, detail = $7, tries = tries + 1, started = COALESCE(started, $8), ended = $9
		WHERE customer_id = $1 AND run = $2 AND position = $3`, c.ID, c.Run, st.Position, state, code, message, db.AsJSON(detail), now, ended); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE onboard_customers SET updated = $2, version = version + 1 WHERE id = $1`, c.ID, now); err != nil {
		return err
	}
	return s.journal.Append(ctx, tx, house, journal.News{Type: "customer.step_" + string(state), Action: "customer/provision", NoLog: true,
		Tenant: access.Tenant{ID: c.ID, Kind: access.Customer, Scope: c.Scope, Name: c.Name}, Target: journal.Target{Kind: "customer", ID: c.ID, Name: c.Name},
		Data: map[string]any{"step": st.Name, "subject": st.Subject, "run": c.Run, "kind": c.Kind, "code": code}})
}

// finish ends a run: the status says what came of it (WS-39).
func (s *Service) finish(ctx context.Context, tx *db.Tx, c Customer) error {
	steps, err := s.steps(ctx, tx, c.ID, c.Run)
	if err != nil {
		return err
	}
	faults := faultsOf(steps)
	packages, err := s.packages(ctx, tx, c.ID)
	if err != nil {
		return err
	}
	good := slices.ContainsFunc(packages, func(p PackageState) bool { return p.Status == PackageProvisioned })
	broken := slices.ContainsFunc(packages, func(p PackageState) bool { return p.Status == PackageError })
	stopped := slices.ContainsFunc(steps, func(st Step) bool {
		return st.State == StepFailed && (st.Name == stepConsent || st.Name == stepScreening || st.Name == stepRelations)
	})
	was := c.Status
	switch {
	case c.Kind == runDelete && len(faults) == 0:
		c.Status = StatusGone
	case stopped && c.Kind != runUpdate, !good:
		c.Status = StatusError
	case broken || len(faults) > 0:
		c.Status = StatusWithErrors
	default:
		c.Status = StatusProvisioned
	}
	if _, err := tx.Exec(ctx, `UPDATE onboard_customers SET status = $2, updated = $3, status_since = $4, version = version + 1 WHERE id = $1`, c.ID, c.Status, tx.Now(), tx.Now()); err != nil {
		return err
	}
	if err := s.statusNews(ctx, tx, house, c, was, faults); err != nil {
		return err
	}
	if c.Status == StatusError {
		first := errs.New(errs.Conflict, "onboarding_failed", "The customer could not be provisioned.")
		if len(faults) > 0 {
			first = &errs.Error{Kind: errs.Conflict, Code: faults[0].Code, Message: faults[0].Message}
		}
		err = s.operations.Fail(ctx, tx, c.OperationID, first)
	} else {
		err = s.operations.Succeed(ctx, tx, c.OperationID, map[string]any{"customer_id": c.ID, "status": string(c.Status)})
	}
	if errs.KindOf(err) == errs.Conflict || errs.KindOf(err) == errs.NotFound {
		return nil // somebody cancelled the operation, or it was given up: the customer's status is what counts
	}
	if errors.Is(err, operation.ErrCancelled) {
		return nil
	}
	return err
}

func faultsOf(steps []Step) []Fault {
	var out []Fault
	for _, st := range steps {
		if st.State == StepFailed {
			out = append(out, Fault{Step: st.Name, Subject: st.Subject, Code: st.Code, Message: st.Message})
		}
	}
	return out
}
