package redirect

import (
	"context"
	"errors"
	"strings"
	"time"

	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/phone"
	"linecard/internal/queue"
)

const (
	pushKind      = "redirect.push"
	spreadKind    = "redirect.spread"
	reconcileKind = "redirect.reconcile"
	roundKind     = "redirect.round"
	purgeKind     = "redirect.purge"
)

type connectorArgs struct {
	ID string `json:"id"`
}

// Register gives the queue the room's work: imports, pushes, reading back every six hours, the end of old log lines, and the
// contacts that wait to be written.
func (s *Service) Register(q *queue.Queue) {
	queue.Handle(q, importKind, s.runImport, queue.Policy{MaxAttempts: 8, Timeout: 10 * time.Minute, Concurrency: 2})
	queue.Handle(q, pushKind, s.push, queue.Policy{Timeout: 10 * time.Minute, Backoff: queue.Exponential(5*time.Second, time.Hour)})
	queue.Handle(q, spreadKind, s.spreadOut, queue.Policy{Timeout: 10 * time.Minute})
	queue.Handle(q, reconcileKind, s.reconcile, queue.Policy{Timeout: 30 * time.Minute, MaxAttempts: 5, Backoff: queue.Exponential(30*time.Second, time.Hour)})
	queue.Handle(q, roundKind, func(ctx context.Context, _ queue.Job[struct{}]) error { return s.round(ctx) }, queue.Policy{})
	queue.Handle(q, purgeKind, func(ctx context.Context, _ queue.Job[struct{}]) error { return s.purge(ctx) }, queue.Policy{})
	q.Periodic(roundKind, "@every 6h", roundKind, struct{}{})
	q.Periodic(purgeKind, "41 3 * * *", purgeKind, struct{}{})
	q.Loop("redirect.contacts", 2*time.Second, s.Flush)
}

// wake has a connector's work looked at; the zero time is now.
func wake(ctx context.Context, tx *db.Tx, connectorID, scope string, at time.Time) error {
	return queue.Insert(ctx, tx, pushKind, connectorArgs{connectorID}, queue.Opts{Unique: connectorID, Lane: connectorID, Scope: scope, RunAt: at})
}

// spread has every entry below a connector looked at, in a job: there may be many.
func spread(ctx context.Context, tx *db.Tx, v Connector) error {
	return queue.Insert(ctx, tx, spreadKind, connectorArgs{v.ID}, queue.Opts{Unique: v.ID, Scope: v.Scope})
}

// nearest gives the connector that an entry is pushed with, also a disabled one, whose work waits; false for none.
func nearest(ctx context.Context, q db.Q, maker, scope string) (Connector, bool, error) {
	if maker == "" {
		return Connector{}, false, nil
	}
	a := q.Args()
	var all []Connector
	err := q.Select(ctx, &all, `SELECT `+connectorColumns+` FROM redirect_connectors WHERE maker = `+a.Add(maker)+` AND `+a.In("scope", above(scope)), a.List()...)
	if err != nil || len(all) == 0 {
		return Connector{}, false, err
	}
	best := all[0]
	for _, v := range all[1:] {
		if len(v.Scope) > len(best.Scope) {
			best = v
		}
	}
	return best, true, nil
}

// pushEntry notes in the transaction of a change what the maker's cloud has to hear; a job tells it (decision 21).
func (s *Service) pushEntry(ctx context.Context, tx *db.Tx, e Entry) error {
	c, found, err := nearest(ctx, tx, e.Maker, e.Scope)
	if err != nil {
		return err
	}
	if err := s.leave(ctx, tx, e.ID, c.ID); err != nil || !found {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO redirect_pushes (id, connector_id, mac, entry_id, scope, wanted, generation, state, code, reason, remote_id, drift, updated)
		VALUES ($1, $2, $3, $4, $5, TRUE, 1, 'pending', '', '', '', '', $6)
		ON CONFLICT (connector_id, mac) DO UPDATE SET entry_id = excluded.entry_id, scope = excluded.scope, wanted = TRUE,
		generation = redirect_pushes.generation + 1, state = 'pending', code = '', reason = '', drift = '', updated = excluded.updated`,
		db.NewID(), c.ID, e.MAC, e.ID, e.Scope, tx.Now())
	if err != nil {
		return err
	}
	return wake(ctx, tx, c.ID, c.Scope, time.Time{})
}

// unpush has all clouds forget an entry.
func (s *Service) unpush(ctx context.Context, tx *db.Tx, entryID string) error {
	return s.leave(ctx, tx, entryID, "")
}

// leave has clouds forget an entry, but for the connector that is named. What never got there is forgotten at once.
func (s *Service) leave(ctx context.Context, tx *db.Tx, entryID, but string) error {
	var rows []struct {
		ID    string    `db:"id"`
		Conn  string    `db:"connector_id"`
		Scope string    `db:"scope"`
		State PushState `db:"state"`
		Tried db.Time   `db:"tried"`
	}
	if err := tx.Select(ctx, &rows, `SELECT p.id, p.connector_id, c.scope, p.state, p.tried FROM redirect_pushes p JOIN redirect_connectors c ON c.id = p.connector_id
		WHERE p.entry_id = $1 AND p.wanted AND p.connector_id <> $2`, entryID, but); err != nil {
		return err
	}
	for _, r := range rows {
		if _, err := tx.Exec(ctx, `UPDATE redirect_pushes SET wanted = FALSE, entry_id = NULL, generation = generation + 1, state = 'pending', code = '', reason = '', drift = '',
			updated = $2 WHERE id = $1`, r.ID, tx.Now()); err != nil {
			return err
		}
		if err := wake(ctx, tx, r.Conn, r.Scope, time.Time{}); err != nil {
			return err
		}
	}
	return nil
}

// pushServer has the entries of a changed server told again.
func (s *Service) pushServer(ctx context.Context, tx *db.Tx, serverID string) error {
	n, err := tx.Exec(ctx, `UPDATE redirect_pushes SET generation = generation + 1, state = 'pending', code = '', reason = '', updated = $2
		WHERE wanted AND entry_id IN (SELECT id FROM redirect_entries WHERE server_id = $1)`, serverID, tx.Now())
	if err != nil || n == 0 {
		return err
	}
	var conns []struct {
		ID    string `db:"id"`
		Scope string `db:"scope"`
	}
	if err := tx.Select(ctx, &conns, `SELECT DISTINCT c.id, c.scope FROM redirect_connectors c JOIN redirect_pushes p ON p.connector_id = c.id
		JOIN redirect_entries e ON e.id = p.entry_id WHERE e.server_id = $1`, serverID); err != nil {
		return err
	}
	for _, c := range conns {
		if err := wake(ctx, tx, c.ID, c.Scope, time.Time{}); err != nil {
			return err
		}
	}
	return nil
}

const spreadAtOnce = 100

// spreadOut gives every entry below a connector to the connector that is the nearest now.
func (s *Service) spreadOut(ctx context.Context, j queue.Job[connectorArgs]) error {
	v, err := connectorOf(ctx, s.db, "", j.Args.ID)
	if err != nil {
		return gone(err)
	}
	after := ""
	for {
		var batch []Entry
		err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			batch = nil
			a := tx.Args()
			where := ` WHERE ` + (db.Filter{Within: []string{v.Scope}}).SQL(a, "e.scope") + ` AND e.maker = ` + a.Add(v.Maker) + ` AND e.mac > ` + a.Add(after)
			if err := tx.Select(ctx, &batch, entrySelect+where+` ORDER BY e.mac LIMIT `+a.Add(spreadAtOnce), a.List()...); err != nil {
				return err
			}
			for _, e := range batch {
				if err := s.pushEntry(ctx, tx, e); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		if len(batch) < spreadAtOnce {
			return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return wake(ctx, tx, v.ID, v.Scope, time.Time{}) })
		}
		after = batch[len(batch)-1].MAC.String()
	}
}

// gone makes a missing row the end of a job.
func gone(err error) error {
	if errs.KindOf(err) == errs.NotFound {
		return nil
	}
	return err
}

// waiting is a row of redirect_pushes that has to be told.
type waiting struct {
	ID         string    `db:"id"`
	MAC        phone.MAC `db:"mac"`
	EntryID    string    `db:"entry_id"`
	Wanted     bool      `db:"wanted"`
	Generation int64     `db:"generation"`
	RemoteID   string    `db:"remote_id"`
}

// push tells a maker's cloud what waits, a batch at a time. Its failures are the connector's and the rows', so that one refused
// phone holds up no other; only what may pass by itself is left to the queue to repeat.
func (s *Service) push(ctx context.Context, j queue.Job[connectorArgs]) error {
	for {
		v, err := connectorOf(ctx, s.db, "", j.Args.ID)
		if err != nil {
			return gone(err)
		}
		now := s.db.Now()
		if v.PauseUntil.After(now.Time) {
			return queue.Snooze(v.PauseUntil.Sub(now.Time))
		}
		if !v.Enabled {
			return nil
		}
		var rows []waiting
		if err := s.db.Select(ctx, &rows, `SELECT id, mac, COALESCE(entry_id, '') AS entry_id, wanted, generation, remote_id FROM redirect_pushes
			WHERE connector_id = $1 AND state = 'pending' ORDER BY id LIMIT $2`, v.ID, v.Settings.V.filled().BatchSize); err != nil {
			return err
		}
		if len(rows) == 0 {
			return s.works(ctx, v)
		}
		if err := s.pushBatch(ctx, v, rows); err != nil {
			return s.trouble(ctx, v, err)
		}
	}
}

// pushBatch tells one batch and writes down what came of it, also when it broke off in the middle.
func (s *Service) pushBatch(ctx context.Context, v Connector, rows []waiting) error {
	if v.DryRun {
		verdicts := make([]Verdict, len(rows))
		for i := range verdicts {
			verdicts[i] = Verdict{Done: true, Code: Rehearsed}
		}
		return s.settlePushes(ctx, v, rows, verdicts)
	}
	cloud, err := s.cloud(ctx, v)
	if err != nil {
		return err
	}
	var add []Registration
	var addRows, dropRows []waiting
	var drop []phone.MAC
	for _, r := range rows {
		if !r.Wanted {
			drop, dropRows = append(drop, r.MAC), append(dropRows, r)
			continue
		}
		reg, err := s.registration(ctx, r)
		if err != nil {
			if errs.KindOf(err) == errs.NotFound {
				drop, dropRows = append(drop, r.MAC), append(dropRows, r)
				continue
			}
			return err
		}
		add, addRows = append(add, reg), append(addRows, r)
	}
	var told error
	for _, part := range []struct {
		rows []waiting
		tell func() ([]Verdict, error)
	}{{dropRows, func() ([]Verdict, error) { return cloud.Forget(ctx, drop) }}, {addRows, func() ([]Verdict, error) { return cloud.Register(ctx, add) }}} {
		if len(part.rows) == 0 || told != nil {
			continue
		}
		verdicts, err := part.tell()
		told = err
		if err := s.settlePushes(context.WithoutCancel(ctx), v, part.rows, verdicts); err != nil {
			return err
		}
	}
	return told
}

// registration gathers what a cloud has to know about an entry.
func (s *Service) registration(ctx context.Context, r waiting) (Registration, error) {
	one := make([]Entry, 1)
	e := &one[0]
	if err := s.db.Get(ctx, e, entrySelect+` WHERE e.id = $1`, r.EntryID); err != nil {
		return Registration{}, err
	}
	if err := fillEntries(ctx, s.db, one); err != nil {
		return Registration{}, err
	}
	reg := Registration{MAC: e.MAC, Serial: e.Serial, RemoteID: r.RemoteID, Remark: e.Remark}
	var err error
	if e.UniqueURL != "" {
		reg.UniqueURL, reg.User = e.EffectiveURL, e.User
		reg.Password, err = s.open(e.User, e.Password, sealedAs("redirect_entries", e.ID))
		if err != nil {
			return reg, err
		}
	}
	if e.ServerID == "" {
		return reg, nil
	}
	v, err := getServer(ctx, s.db, e.CustomerID, e.ServerID)
	if err != nil {
		return reg, err
	}
	word, err := s.open(v.User, v.Password, sealedAs("redirect_servers", v.ID))
	if err != nil {
		return reg, err
	}
	if e.UniqueURL == "" && strings.Contains(v.URL, "{") { // the cloud knows no such placeholders: each phone gets its own address
		reg.UniqueURL, reg.User, reg.Password = e.EffectiveURL, v.User, word
		return reg, nil
	}
	if strings.Contains(v.URL, "{") {
		return reg, nil
	}
	reg.Server = &SharedServer{ID: v.ID, Name: v.Name, URL: v.URL, User: v.User, Password: word, CertificateURL: v.CertificateURL}
	return reg, nil
}

// settlePushes writes verdicts down. A row that has changed meanwhile stays pending.
func (s *Service) settlePushes(ctx context.Context, v Connector, rows []waiting, verdicts []Verdict) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for i, r := range rows {
			if i >= len(verdicts) || !verdicts[i].Done {
				continue
			}
			d := verdicts[i]
			if !r.Wanted && d.Code == "" {
				if _, err := tx.Exec(ctx, `DELETE FROM redirect_pushes WHERE id = $1 AND generation = $2`, r.ID, r.Generation); err != nil {
					return err
				}
				continue
			}
			state := Pushed
			switch {
			case d.Code == Rehearsed:
				state = NotPushed
			case d.Code != "":
				state = Refused
			}
			n, err := tx.Exec(ctx, `UPDATE redirect_pushes SET state = $3, code = $4, reason = $5, remote_id = $6, drift = '', tried = $7, updated = $8 WHERE id = $1 AND generation = $2`,
				r.ID, r.Generation, state, d.Code, d.Reason, d.RemoteID, tx.Now(), tx.Now())
			if err != nil {
				return err
			}
			if n == 1 && state == Refused && r.EntryID != "" {
				if err := s.tellRefused(ctx, tx, v, r, d); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func (s *Service) tellRefused(ctx context.Context, tx *db.Tx, v Connector, r waiting, d Verdict) error {
	var customerID string
	if err := tx.Get(ctx, &customerID, `SELECT customer_id FROM redirect_entries WHERE id = $1`, r.EntryID); err != nil {
		return gone(err)
	}
	t, err := accessOf(ctx, tx, customerID)
	if err != nil {
		return err
	}
	e := Entry{ID: r.EntryID, MAC: r.MAC}
	n := entryNews(t, e, "refused", "refused", map[string]any{"maker": v.Maker, "code": d.Code})
	n.NoLog = true
	return s.journal.Append(ctx, tx, systemActor, n)
}

// The failures of a whole connector.
var (
	errCredentials = errs.New(errs.Forbidden, "cloud_credentials", "The maker's cloud does not accept the key of the connector.")
	errCloudAway   = errs.New(errs.Unavailable, "cloud_unavailable", "The maker's cloud cannot be reached or does not answer as expected.")
)

// pauseError is "too many requests".
type pauseError struct{ after time.Duration }

func (p *pauseError) Error() string {
	return "the maker's cloud asks for a pause of " + p.after.String()
}

// works notes that everything was told.
func (s *Service) works(ctx context.Context, v Connector) error {
	_, err := s.db.Exec(ctx, `UPDATE redirect_connectors SET last_ok = $2, fault = '', fault_at = NULL, pause_until = NULL WHERE id = $1`, v.ID, s.db.Now())
	return err
}

// trouble writes a failure of the whole connector down and says what becomes of the job.
func (s *Service) trouble(ctx context.Context, v Connector, cause error) error {
	if ctx.Err() != nil {
		return cause // this node stops; another one goes on
	}
	var pause *pauseError
	if errors.As(cause, &pause) {
		wait := max(pause.after, time.Duration(v.Settings.V.filled().PauseS)*time.Second)
		if _, err := s.db.Exec(ctx, `UPDATE redirect_connectors SET pause_until = $2 WHERE id = $1`, v.ID, db.At(s.db.Now().Add(wait))); err != nil {
			return err
		}
		return queue.Snooze(wait)
	}
	code := errs.CodeOf(cause)
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE redirect_connectors SET fault = $2, fault_at = $3 WHERE id = $1 AND fault <> $4`, v.ID, code, tx.Now(), code)
		if err != nil || n == 0 {
			return err
		}
		t, err := accessOf(ctx, tx, v.TenantID)
		if err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, systemActor, connectorNews(t, v, "failed", "fail", map[string]any{"code": code}))
	})
	if err != nil {
		return err
	}
	if errs.KindOf(cause) == errs.Forbidden {
		return nil // nothing will change until somebody changes the connector, which wakes the job
	}
	return cause
}

// round has every connector's cloud read back, and what waits told.
func (s *Service) round(ctx context.Context) error {
	var all []Connector
	if err := s.db.Select(ctx, &all, `SELECT `+connectorColumns+` FROM redirect_connectors WHERE enabled`); err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, v := range all {
			if err := queue.Insert(ctx, tx, reconcileKind, connectorArgs{v.ID}, queue.Opts{Unique: v.ID, Lane: v.ID, Scope: v.Scope}); err != nil {
				return err
			}
			if err := wake(ctx, tx, v.ID, v.Scope, time.Time{}); err != nil {
				return err
			}
		}
		return nil
	})
}
