package account

import (
	"context"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/secret"
)

// Session is a signed-in browser. Its token is known to the browser alone; the database holds a hash.
type Session struct {
	ID        string  `db:"id"`
	AccountID string  `db:"account_id"`
	Stage     string  `db:"stage"`
	Created   db.Time `db:"created"`
	Seen      db.Time `db:"seen"`
	Expires   db.Time `db:"expires"`
	IP        string  `db:"ip"`
	UserAgent string  `db:"user_agent"`
	Acting    string  `db:"acting"`
	Door      string  `db:"acting_door"`
	ReadOnly  bool    `db:"acting_ro"`
	Until     db.Time `db:"acting_till"`
}

const (
	stageSecond = "second_factor"
	stageActive = "active"

	sessionLife    = 12 * time.Hour  // from sign-in, however busy
	secondLife     = 5 * time.Minute // between password and code
	delegationLife = 8 * time.Hour   // CH-32
	sessionsMost   = 50              // of one account; the one that was quiet longest ends for a new one
	seenGrain      = time.Second     // activity is written at most this often, so a session never ends much too early
)

const sessionColumns = `id, account_id, stage, created, seen, expires, ip, user_agent, acting, acting_door, acting_ro, acting_till`

func (s *Service) openSession(ctx context.Context, tx *db.Tx, accountID, stage, ip, agent string) (Session, string, error) {
	token, hash := secret.Token("lcs_")
	life := sessionLife
	if stage == stageSecond {
		life = secondLife
	}
	now := tx.Now()
	ses := Session{ID: db.NewID(), AccountID: accountID, Stage: stage, Created: now, Seen: now, Expires: db.At(now.Add(life)), IP: ip, UserAgent: clip(agent, 300)}
	_, err := tx.Exec(ctx, `INSERT INTO account_sessions (id, token_hash, account_id, stage, created, seen, expires, ip, user_agent)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)`, ses.ID, hash, accountID, stage, ses.Created, ses.Seen, ses.Expires, ip, ses.UserAgent)
	if err == nil {
		_, err = tx.Exec(ctx, `DELETE FROM account_sessions WHERE id IN (SELECT id FROM account_sessions WHERE account_id = $1 AND id <> $2 ORDER BY seen DESC, id DESC LIMIT 1000 OFFSET $3)`,
			accountID, ses.ID, sessionsMost-1)
	}
	return ses, token, err
}

// Request is what the edge knows of the request that an actor is asked for.
type Request struct {
	IP       string
	ID       string
	Activity bool // the person did something; polling by the page is not activity (CH-6)
}

// Authenticate gives the actor of a session token. A session that idled too long, expired or was ended is Unauthenticated;
// a suspended tenant or a disabled account is Forbidden. It is asked with every request, so changes to an account, its
// roles or its tenant take effect at the next one (CH-24, CH-91).
func (s *Service) Authenticate(ctx context.Context, token string, r Request) (access.Actor, error) {
	if token == "" {
		return access.Actor{}, errNoSession
	}
	hash := secret.TokenHash(token)
	var ses Session
	err := s.db.Get(ctx, &ses, `SELECT `+sessionColumns+` FROM account_sessions WHERE token_hash = $1`, hash)
	if err != nil {
		if errs.KindOf(err) == errs.NotFound {
			return access.Actor{}, errNoSession
		}
		return access.Actor{}, err
	}
	if ses.Stage != stageActive {
		return access.Actor{}, errNoSession
	}
	acc, err := byID(ctx, s.db, ses.AccountID)
	if err != nil {
		if errs.KindOf(err) == errs.NotFound {
			return access.Actor{}, errNoSession
		}
		return access.Actor{}, err
	}
	a, idle, err := s.actor(ctx, acc)
	if err != nil {
		return access.Actor{}, err
	}
	now := s.db.Now()
	if now.After(ses.Expires.Time) || now.Sub(ses.Seen.Time) > idle {
		return access.Actor{}, errExpired
	}
	a.SessionID, a.IP, a.RequestID = ses.ID, r.IP, r.ID
	if ses.Acting != "" {
		if a, err = s.acting(ctx, a, ses); err != nil {
			return access.Actor{}, err
		}
	}
	if r.Activity && now.Sub(ses.Seen.Time) >= seenGrain {
		if _, err := s.db.Exec(ctx, `UPDATE account_sessions SET seen = $2 WHERE id = $1 AND seen < $2`, ses.ID, now); err != nil {
			// The database may be read-only for a while (disk full); what can still be read must keep working.
			s.log.WarnContext(ctx, "session activity not stored", "session", ses.ID, "error", errs.CodeOf(err))
		}
	}
	return a, nil
}

// SignOut ends the session (CH-5), and with it a visit to another organisation, whose log shows that (CH-32). Ending one that
// is gone already is no error.
func (s *Service) SignOut(ctx context.Context, a access.Actor) error {
	if a.Kind != access.Person {
		return errOnlyPeople
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `DELETE FROM account_sessions WHERE id = $1`, a.SessionID)
		if err != nil || n == 0 {
			return err
		}
		if a.Acting != nil {
			if err := s.note(ctx, tx, a, "", "session/leave", a.Acting.Tenant, a.ID, a.Email, nil); err != nil {
				return err
			}
		}
		own := a
		own.Acting = nil
		return s.note(ctx, tx, own, "", "session/sign-out", a.Tenant, a.ID, a.Email, nil)
	})
}

// Sessions lists the account's own open sessions, newest first.
func (s *Service) Sessions(ctx context.Context, a access.Actor) ([]Session, error) {
	if err := access.Decide(a, access.Self, access.Target{Tenant: a.Place()}); err != nil {
		return nil, err
	}
	p, err := s.tenants.Effective(ctx, s.db, a.Tenant.ID)
	if err != nil {
		return nil, err
	}
	now := s.db.Now()
	var out []Session
	err = s.db.Select(ctx, &out, `SELECT `+sessionColumns+` FROM account_sessions WHERE account_id = $1 AND stage = 'active' AND expires > $2
		AND seen >= $3 ORDER BY created DESC, id DESC LIMIT 100`, a.Account, now, db.At(now.Add(-p.IdleEnd)))
	return out, err
}

// EndSession ends one of the account's own sessions; NotFound for another's.
func (s *Service) EndSession(ctx context.Context, a access.Actor, id string) error {
	if err := access.Decide(a, access.Self, access.Target{Tenant: a.Place()}); err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `DELETE FROM account_sessions WHERE id = $1 AND account_id = $2`, id, a.Account)
		if err != nil {
			return err
		}
		if n == 0 {
			return errs.Missing("session")
		}
		return s.note(ctx, tx, a, "", "session/end", a.Tenant, a.ID, a.Email, map[string]any{"session": id})
	})
}

// purge drops what has expired. It runs as a periodic job and is safe to run any time.
func (s *Service) purge(ctx context.Context) error {
	now := s.db.Now()
	day := db.At(now.Add(-24 * time.Hour))
	for _, p := range []struct {
		table, id, old string
		at             db.Time
	}{
		{"account_sessions", "id", "expires < $1", now},
		{"account_captchas", "id", "expires < $1", now},
		{"account_access_tokens", "token_hash", "expires < $1", now},
		{"account_attempts", "id", "at < $1 AND (locked IS NULL OR locked < $1)", day},
		{"account_links", "id", "expires < $1", db.At(now.Add(-30 * 24 * time.Hour))},
	} {
		// Some at a time: after an attack there are millions of attempts, and whoever signs in waits for the writer.
		for n := int64(purgeMost); n == purgeMost; {
			var err error
			if n, err = s.db.Exec(ctx, `DELETE FROM `+p.table+` WHERE `+p.id+` IN (SELECT `+p.id+` FROM `+p.table+` WHERE `+p.old+` LIMIT $2)`, p.at, purgeMost); err != nil {
				return err
			}
		}
	}
	return nil
}

const purgeMost = 500 // rows in one transaction

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}
