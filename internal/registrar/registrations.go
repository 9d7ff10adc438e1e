package registrar

import (
	"context"
	"errors"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/queue"
)

const (
	sweepEvery = 10 * time.Minute // all registrations are read, to miss those that ended early
	overlap    = 2 * time.Minute  // between two readings, for clocks that differ
	keepSeen   = 7 * 24 * time.Hour
)

// read notes what is registered, lets lines leave their former registrar, and looks at rotations. A registrar that is away is the
// next round's business.
func (s *Service) read(ctx context.Context, j queue.Job[platformArgs]) error {
	v, err := platformOf(ctx, s.db, "", j.Args.ID)
	if err != nil || !v.Enabled {
		return gone(err)
	}
	if err := s.readAll(ctx, v); err != nil {
		if err := s.trouble(ctx, v, err); ctx.Err() != nil || errs.KindOf(err) == errs.Internal {
			return err
		}
		return nil
	}
	if err := s.moved(ctx, v); err != nil {
		return err
	}
	return s.rotations(ctx, v)
}

func (s *Service) readAll(ctx context.Context, v Platform) error {
	conn, err := s.dial(ctx, v)
	if err != nil {
		return err
	}
	defer conn.Close()
	now := s.db.Now()
	since := v.ReadAt.Add(-overlap)
	all := now.Sub(v.SweptAt.Time) >= sweepEvery
	if all {
		since = time.Time{}
	}
	batch := make([]Contact, 0, atOnce)
	flush := func() error {
		err := s.keep(ctx, v, batch, now)
		batch = batch[:0]
		return err
	}
	err = conn.Registrations(ctx, since, func(c Contact) error {
		if batch = append(batch, c); len(batch) < atOnce {
			return nil
		}
		return flush()
	})
	if errors.Is(err, errNoReading) {
		_, err = s.db.Exec(ctx, `DELETE FROM registrar_registrations WHERE platform_id = $1 AND registered < $2`, v.ID, db.At(now.Add(-keepSeen)))
		return err
	}
	if err == nil {
		err = flush()
	}
	if err != nil {
		return err
	}
	if all {
		if _, err := s.db.Exec(ctx, `DELETE FROM registrar_registrations WHERE platform_id = $1 AND sweep < $2`, v.ID, now); err != nil {
			return err
		}
		v.SweptAt = now
	}
	_, err = s.db.Exec(ctx, `UPDATE registrar_platforms SET read_at = $2, swept_at = $3, last_ok = $4, fault = '', fault_at = NULL WHERE id = $1`, v.ID, now, v.SweptAt, now)
	return err
}

// keep notes contacts of our lines; of others nothing is kept.
func (s *Service) keep(ctx context.Context, v Platform, all []Contact, now db.Time) error {
	if len(all) == 0 {
		return nil
	}
	a := s.db.Args()
	names := make([]string, len(all))
	for i, c := range all {
		names[i] = c.User
	}
	var ours []waiting
	if err := s.db.Select(ctx, &ours, selectWaiting+` WHERE wanted AND platform_id = `+a.Add(v.ID)+` AND `+a.In("user_part", names), a.List()...); err != nil {
		return err
	}
	lines := map[string]waiting{}
	for _, r := range ours {
		lines[r.User] = r
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, c := range all {
			r, has := lines[c.User]
			if !has {
				continue
			}
			if err := keepOne(ctx, tx, v.ID, r, c, now); err != nil {
				return err
			}
		}
		return nil
	})
}

func keepOne(ctx context.Context, q db.Q, platformID string, r waiting, c Contact, now db.Time) error {
	until := db.Time{}
	if !c.Until.IsZero() {
		until = db.At(c.Until)
	}
	_, err := q.Exec(ctx, `INSERT INTO registrar_registrations (id, platform_id, line_id, customer_id, remote_id, phone, auth_id, address, user_agent, registered, until, sweep)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (platform_id, remote_id) DO UPDATE SET line_id = excluded.line_id, customer_id = excluded.customer_id,
		phone = excluded.phone, auth_id = excluded.auth_id, address = excluded.address, user_agent = excluded.user_agent, registered = excluded.registered, until = excluded.until,
		sweep = excluded.sweep`,
		db.NewID(), platformID, r.LineID, r.CustomerID, cut(c.RemoteID, 255), cut(c.Phone, 255), cut(c.AuthID, 64), cut(c.Address, 255), cut(c.UserAgent, 255), db.At(c.Registered), until, now)
	return err
}

// cut bounds what phones say of themselves, and leaves out what no database takes.
func cut(s string, most int) string {
	out := make([]rune, 0, len(s))
	for _, r := range s {
		if r >= ' ' && r != 0x7f && r != 0xfffd && len(out) < most {
			out = append(out, r)
		}
	}
	return string(out)
}

// moved lets lines that were seen here leave the registrar where they were before.
func (s *Service) moved(ctx context.Context, v Platform) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a := tx.Args()
		where := ` WHERE leaving AND platform_id <> ` + a.Add(v.ID) + ` AND line_id IN (SELECT r.line_id FROM registrar_registrations r
			JOIN registrar_publications p ON p.platform_id = r.platform_id AND p.line_id = r.line_id AND NOT p.leaving AND p.wanted WHERE r.platform_id = ` + a.Add(v.ID) + `)`
		n, err := tx.Exec(ctx, `UPDATE registrar_publications SET wanted = FALSE, state = 'pending', generation = generation + 1`+where, a.List()...)
		if err != nil || n == 0 {
			return err
		}
		return wakeWhere(ctx, tx, where, a.List())
	})
}

// Status tells what is known about the registrar of a line of the customer; NotFound when it has no such managed line.
func (s *Service) Status(ctx context.Context, actor access.Actor, customerID, lineID string) (Status, error) {
	l, err := s.lines.Line(ctx, actor, customerID, lineID)
	if err != nil {
		return Status{}, err
	}
	out := Status{LineID: l.ID, State: NotPublished, Rotation: Rotation{Running: l.NextAuthID != ""}}
	var p struct {
		PlatformID string           `db:"platform_id"`
		State      PublicationState `db:"state"`
		Published  db.Time          `db:"published"`
		Offered    db.Time          `db:"offered"`
		Overdue    bool             `db:"overdue"`
		Fault      string           `db:"fault"`
	}
	err = s.db.Get(ctx, &p, `SELECT p.platform_id, p.state, p.published, p.offered, p.overdue, v.fault FROM registrar_publications p
		JOIN registrar_platforms v ON v.id = p.platform_id WHERE p.line_id = $1 AND p.wanted AND NOT p.leaving`, l.ID)
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return Status{}, err
	}
	if err == nil {
		out.PlatformID, out.State, out.Published, out.Fault = p.PlatformID, p.State, p.Published, p.Fault
		if out.Rotation.Running {
			out.Rotation.Offered, out.Rotation.Overdue = p.Offered, p.Overdue
		}
	}
	all, err := registrationsOf(ctx, s.db, []string{l.ID})
	now := s.db.Now().Time
	for _, r := range all {
		if out.Registrations = append(out.Registrations, r); r.live(now) {
			out.Registered = true
		}
	}
	return out, err
}

func registrationsOf(ctx context.Context, q db.Q, lineIDs []string) ([]Registration, error) {
	a := q.Args()
	var all []Registration
	err := q.Select(ctx, &all, `SELECT phone, auth_id, address, user_agent, registered, until, line_id FROM registrar_registrations WHERE `+a.In("line_id", lineIDs)+
		` ORDER BY registered DESC, id LIMIT 5000`, a.List()...)
	return all, err
}

type lineArgs struct {
	ID string `json:"id"`
}

// Sync wakes the phones of a line: they fetch their configuration. line_without_registrar and registrar_without_notify say why nobody can.
func (s *Service) Sync(ctx context.Context, actor access.Actor, customerID, lineID string) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.allowed(ctx, tx, actor, access.DeviceAct, customerID)
		if err != nil {
			return err
		}
		var user string
		if err := tx.Get(ctx, &user, `SELECT user_part FROM subscriber_lines WHERE id = $1 AND customer_id = $2`, lineID, t.ID); err != nil {
			return missing(err, "line")
		}
		v, err := inCharge(ctx, tx, lineID)
		switch {
		case err != nil:
			return err
		case v.Kind != Kamailio || v.Address == "":
			return errNoNotify
		}
		if err := queue.Insert(ctx, tx, notifyKind, lineArgs{lineID}, queue.Opts{Unique: lineID, Scope: t.Scope}); err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, actor, journal.News{Type: "line.sync_asked", Action: "line/sync", Tenant: t.Access(),
			Target: journal.Target{Kind: "line", ID: lineID, Name: user}, Data: map[string]any{"customer_id": t.ID, "managed": true}})
	})
}

// inCharge gives the registrar where a line is published; errNone when there is none.
func inCharge(ctx context.Context, q db.Q, lineID string) (Platform, error) {
	var id string
	err := q.Get(ctx, &id, `SELECT platform_id FROM registrar_publications WHERE line_id = $1 AND wanted AND NOT leaving`, lineID)
	if err != nil {
		if errs.KindOf(err) == errs.NotFound {
			err = errNone
		}
		return Platform{}, err
	}
	return platformOf(ctx, q, "", id)
}

// notify sends the event.
func (s *Service) notify(ctx context.Context, j queue.Job[lineArgs]) error {
	v, err := inCharge(ctx, s.db, j.Args.ID)
	if err != nil || !v.Enabled {
		if errors.Is(err, errNone) {
			return nil
		}
		return gone(err)
	}
	var user string
	if err := s.db.Get(ctx, &user, `SELECT user_part FROM registrar_publications WHERE platform_id = $1 AND line_id = $2`, v.ID, j.Args.ID); err != nil {
		return gone(err)
	}
	conn, err := s.dial(ctx, v)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err = conn.Notify(ctx, user); errors.Is(err, errNoNotify) {
		return nil
	}
	return err
}
