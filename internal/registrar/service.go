package registrar

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/deliver"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/queue"
	"linecard/internal/secret"
	"linecard/internal/subscriber"
	"linecard/internal/tenant"
)

// Service is the use cases of calling platforms.
type Service struct {
	db      *db.DB
	journal *journal.Journal
	tenants *tenant.Service
	lines   *subscriber.Service
	box     *secret.Box
	guard   *deliver.Guard
	http    *http.Client
	log     *slog.Logger
	dial    func(ctx context.Context, v Platform) (Connector, error)
}

// Needs is what the room is made of.
type Needs struct {
	DB      *db.DB
	Journal *journal.Journal
	Tenants *tenant.Service
	Lines   *subscriber.Service
	Box     *secret.Box
	Guard   *deliver.Guard // what registrars are called through (decision 25)
	Log     *slog.Logger   // nil: slog.Default
	// Dial speaks with a registrar; nil: as its kind says. Tests have their own.
	Dial func(ctx context.Context, v Platform) (Connector, error)
}

// callLimit ends a call to a registrar.
const callLimit = 20 * time.Second

// NewService makes the room, and hears of lines from then on.
func NewService(n Needs) *Service {
	s := &Service{db: n.DB, journal: n.Journal, tenants: n.Tenants, lines: n.Lines, box: n.Box, guard: n.Guard, log: n.Log, dial: n.Dial}
	if s.log == nil {
		s.log = slog.Default()
	}
	if s.guard == nil {
		s.guard = deliver.NewGuard(deliver.GuardOptions{})
	}
	if s.dial == nil {
		s.dial = s.connect
	}
	s.http = s.guard.Client(callLimit)
	n.Lines.OnLines(s.heard)
	return s
}

const (
	publishKind = "registrar.publish"
	spreadKind  = "registrar.spread"
	readKind    = "registrar.read"
	checkKind   = "registrar.check"
	notifyKind  = "registrar.notify"
	roundKind   = "registrar.round"
	auditKind   = "registrar.audit"
)

type platformArgs struct {
	ID string `json:"id"`
}

// Register gives the queue the room's work: telling registrars, reading them every 30 seconds, and comparing them every ten minutes.
func (s *Service) Register(q *queue.Queue) {
	again := queue.Exponential(2*time.Second, 5*time.Minute)
	queue.Handle(q, publishKind, s.publish, queue.Policy{MaxAttempts: 1000, Timeout: 10 * time.Minute, Backoff: again})
	queue.Handle(q, spreadKind, s.spreadOut, queue.Policy{Timeout: 10 * time.Minute})
	queue.Handle(q, readKind, s.read, queue.Policy{MaxAttempts: 1, Timeout: 10 * time.Minute})
	queue.Handle(q, checkKind, s.check, queue.Policy{MaxAttempts: 3, Timeout: 30 * time.Minute, Backoff: again})
	queue.Handle(q, notifyKind, s.notify, queue.Policy{MaxAttempts: 3, Timeout: time.Minute, Backoff: again})
	queue.Handle(q, roundKind, func(ctx context.Context, _ queue.Job[struct{}]) error { return s.round(ctx, readKind, publishKind) }, queue.Policy{})
	queue.Handle(q, auditKind, func(ctx context.Context, _ queue.Job[struct{}]) error { return s.round(ctx, checkKind) }, queue.Policy{})
	q.Periodic(roundKind, "@every 30s", roundKind, struct{}{})
	q.Periodic(auditKind, "@every 10m", auditKind, struct{}{})
}

// round has every enabled registrar's work of these kinds done.
func (s *Service) round(ctx context.Context, kinds ...string) error {
	var all []Platform
	if err := s.db.Select(ctx, &all, selectPlatforms+` WHERE enabled`); err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, v := range all {
			for _, kind := range kinds {
				if err := wake(ctx, tx, kind, v.ID, v.Scope); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func wake(ctx context.Context, tx *db.Tx, kind, platformID, scope string) error {
	return queue.Insert(ctx, tx, kind, platformArgs{platformID}, queue.Opts{Unique: platformID, Lane: platformID, Scope: scope})
}

// owner gives the organisation whose registrar the actor manages: where it works.
func (s *Service) owner(ctx context.Context, q db.Q, actor access.Actor) (tenant.Tenant, error) {
	t, target, err := s.tenants.Target(ctx, q, actor, actor.Place().ID)
	if err == nil {
		err = access.Decide(actor, access.RegistrarManage, target)
	}
	return t, err
}

// allowed gives the customer when the actor may do the action there. What is no customer is NotFound like an unknown one.
func (s *Service) allowed(ctx context.Context, q db.Q, actor access.Actor, act access.Action, customerID string) (tenant.Tenant, error) {
	t, target, err := s.tenants.Target(ctx, q, actor, customerID)
	if err == nil {
		err = access.Decide(actor, act, target)
	}
	if err == nil && t.Kind != access.Customer {
		err = errs.Missing("object")
	}
	return t, err
}

func missing(err error, what string) error {
	if errs.KindOf(err) == errs.NotFound {
		return errs.Missing(what)
	}
	return err
}

// gone makes a missing row the end of a job.
func gone(err error) error {
	if errs.KindOf(err) == errs.NotFound {
		return nil
	}
	return err
}

// accessOf gives a tenant without asking who wants to know, for events that nobody caused.
func accessOf(ctx context.Context, q db.Q, id string) (access.Tenant, error) {
	var t struct {
		ID    string            `db:"id"`
		Kind  access.TenantKind `db:"kind"`
		Scope string            `db:"scope"`
		Name  string            `db:"name"`
	}
	err := q.Get(ctx, &t, `SELECT id, kind, scope, name FROM tenant_tenants WHERE id = $1`, id)
	return access.Tenant(t), err
}

// works notes that everything was told.
func (s *Service) works(ctx context.Context, v Platform) error {
	_, err := s.db.Exec(ctx, `UPDATE registrar_platforms SET last_ok = $2, fault = '', fault_at = NULL WHERE id = $1`, v.ID, s.db.Now())
	return err
}

// trouble writes a failure of a whole registrar down, once as an event, and says what becomes of the job.
func (s *Service) trouble(ctx context.Context, v Platform, cause error) error {
	if ctx.Err() != nil {
		return cause // this node stops, or it took too long; the queue goes on with it
	}
	code := errs.CodeOf(cause)
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE registrar_platforms SET fault = $2, fault_at = $3 WHERE id = $1 AND fault <> $4`, v.ID, code, tx.Now(), code)
		if err != nil || n == 0 {
			return err
		}
		t, err := accessOf(ctx, tx, v.TenantID)
		if err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, systemActor, platformNews(t, v, "failed", "fail", map[string]any{"code": code}))
	})
	if err != nil {
		return err
	}
	return cause
}

func platformNews(t access.Tenant, v Platform, what, verb string, data map[string]any) journal.News {
	if data == nil {
		data = map[string]any{}
	}
	data["kind"] = string(v.Kind)
	return journal.News{Type: "registrar." + what, Action: "registrar/" + verb, Tenant: t, Target: journal.Target{Kind: "registrar", ID: v.ID, Name: v.Name}, Data: data}
}
