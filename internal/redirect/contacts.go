package redirect

import (
	"context"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
)

// LogLine is one contact of a phone (CH-39).
type LogLine struct {
	ID     string  `db:"id"`
	At     db.Time `db:"at"`
	IP     string  `db:"ip"`
	File   string  `db:"file"`
	Result int     `db:"result"` // status of the answer
	Proven bool    `db:"proven"` // it showed its maker's certificate
}

const (
	bufferMost = 20_000 // contacts that wait to be written; a herd of that size has been answered and is only counted
	logKept    = 200    // of one entry
	logAge     = 90 * 24 * time.Hour
	fileMost   = 128
)

type contact struct {
	entry  string
	at     db.Time
	ip     string
	file   string
	result int
	proven bool
}

// note keeps a contact until Flush writes it. Of a MAC that nobody has there is nothing to keep.
func (s *Service) note(entry string, a Ask, f File, err error) {
	if entry == "" {
		return
	}
	file := printable(a.Path, fileMost)
	ip := ""
	if a.From.IsValid() {
		ip = a.From.Unmap().WithZone("").String()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.seen) >= bufferMost {
		s.lost++
		return
	}
	s.seen = append(s.seen, contact{entry, s.db.Now(), ip, file, statusOf(f, err), a.Verified})
}

// Flush writes the contacts that were noted, in batches. What could not be written waits for the next time.
func (s *Service) Flush(ctx context.Context) error {
	for {
		s.mu.Lock()
		n := min(len(s.seen), 200)
		batch := s.seen[:n:n]
		lost := s.lost
		s.lost = 0
		s.mu.Unlock()
		if lost > 0 {
			s.log.Warn("contacts at the redirect service were not logged, too many at once", "contacts", lost)
		}
		if n == 0 {
			return nil
		}
		if err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return s.writeContacts(ctx, tx, batch) }); err != nil {
			return err
		}
		s.mu.Lock()
		s.seen = s.seen[n:]
		if len(s.seen) == 0 {
			s.seen = nil
		}
		s.mu.Unlock()
	}
}

func (s *Service) writeContacts(ctx context.Context, tx *db.Tx, batch []contact) error {
	touched := map[string]bool{}
	for _, c := range batch {
		e := struct {
			CustomerID string `db:"customer_id"`
		}{}
		if err := tx.Get(ctx, &e, `SELECT customer_id FROM redirect_entries WHERE id = $1`, c.entry); err != nil {
			if errs.KindOf(err) == errs.NotFound {
				continue // removed meanwhile
			}
			return err
		}
		first, err := tx.Exec(ctx, `INSERT INTO redirect_contacts (id, last_at, last_ip, last_result, times) VALUES ($1, $2, $3, $4, 0) ON CONFLICT (id) DO NOTHING`,
			c.entry, c.at, c.ip, c.result)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE redirect_contacts SET last_at = $2, last_ip = $3, last_result = $4, times = times + 1 WHERE id = $1`, c.entry, c.at, c.ip, c.result); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO redirect_log (id, entry_id, at, ip, file, result, proven) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			db.NewID(), c.entry, c.at, c.ip, c.file, c.result, c.proven); err != nil {
			return err
		}
		touched[c.entry] = true
		if first == 1 {
			if err := s.firstContact(ctx, tx, e.CustomerID, c); err != nil {
				return err
			}
		}
	}
	for id := range touched {
		if _, err := tx.Exec(ctx, `DELETE FROM redirect_log WHERE entry_id = $1 AND id NOT IN (SELECT id FROM redirect_log WHERE entry_id = $2 ORDER BY at DESC, id DESC LIMIT $3)`,
			id, id, logKept); err != nil {
			return err
		}
	}
	return nil
}

// firstContact tells that a phone that was added has come (CH-36: added → contacted).
func (s *Service) firstContact(ctx context.Context, tx *db.Tx, customerID string, c contact) error {
	t, err := accessOf(ctx, tx, customerID)
	if err != nil {
		return err
	}
	e, err := getEntry(ctx, tx, customerID, c.entry)
	if err != nil {
		return err
	}
	n := entryNews(t, e, "contacted", "contact", map[string]any{"result": c.result})
	n.NoLog = true
	return s.journal.Append(ctx, tx, systemActor, n)
}

// Log gives the contacts of an entry, the newest first (CH-39); result 0 is any.
func (s *Service) Log(ctx context.Context, actor access.Actor, customerID, id string, result int, page db.Page) ([]LogLine, string, error) {
	if _, err := s.allowed(ctx, s.db, actor, access.RedirectView, customerID); err != nil {
		return nil, "", err
	}
	if _, err := getEntry(ctx, s.db, customerID, id); err != nil {
		return nil, "", err
	}
	a := s.db.Args()
	where := ` WHERE entry_id = ` + a.Add(id)
	if result != 0 {
		where += ` AND result = ` + a.Add(result)
	}
	k, err := page.Keyset(a, "id", db.Sort{Name: "at", Column: "at", Number: true, Desc: true})
	if err != nil {
		return nil, "", err
	}
	var all []LogLine
	if err := s.db.Select(ctx, &all, `SELECT id, at, ip, file, result, proven FROM redirect_log`+where+` AND `+k.Where+` ORDER BY `+k.OrderBy+` LIMIT `+a.Add(k.Limit), a.List()...); err != nil {
		return nil, "", err
	}
	all, next := db.Cut(k, all, func(l LogLine) (any, string) { return l.At.UnixMilli(), l.ID })
	return all, next, nil
}

// purge ends the log's oldest lines, a part at a time.
func (s *Service) purge(ctx context.Context) error {
	for {
		n, err := s.db.Exec(ctx, `DELETE FROM redirect_log WHERE id IN (SELECT id FROM redirect_log WHERE at < $1 LIMIT 500)`, db.At(s.db.Now().Add(-logAge)))
		if err != nil || n < 500 {
			return err
		}
	}
}

// Policy is what the operator says about everybody.
type Policy struct {
	// Fallback is the address that phones without proof are sent to, the same for all; "" sends them nowhere (404).
	Fallback string
}

// Policy gives it; who may see the platform may see it.
func (s *Service) Policy(ctx context.Context, actor access.Actor) (Policy, error) {
	if err := access.Decide(actor, access.PlatformStatus, access.Target{Tenant: actor.Place()}); err != nil {
		return Policy{}, err
	}
	v, err := db.Setting(ctx, s.db, fallbackSetting)
	return Policy{Fallback: v}, err
}

// SetPolicy replaces it. The address has neither placeholders nor credentials, since it must not depend on who asks (decision 17).
func (s *Service) SetPolicy(ctx context.Context, actor access.Actor, p Policy) (Policy, error) {
	var c errs.Checker
	p.Fallback = checkURL(&c, "fallback_url", p.Fallback, 0, maxUniqueURL)
	if expand(p.Fallback, [6]byte{}, "", "") != p.Fallback && !c.Failed("fallback_url") {
		c.Add(errs.Field{Name: "fallback_url", Code: "bad_placeholder", Message: "Of placeholders there are {mac}, {model} and {enterprise}, and none here."})
	}
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := access.Decide(actor, access.PlatformEdit, access.Target{Tenant: actor.Place()}); err != nil {
			return err
		}
		if err := c.Err(); err != nil {
			return err
		}
		if err := db.SetSetting(ctx, tx, fallbackSetting, p.Fallback); err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, actor, policyNews(actor))
	})
	return p, err
}

// printable makes foreign text fit for one line.
func printable(s string, most int) string {
	out := make([]rune, 0, min(len(s), most))
	for _, r := range s {
		if len(out) == most {
			break
		}
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == 0xfffd || r >= 0x202a && r <= 0x202e || r >= 0x2060 && r <= 0x206f {
			continue
		}
		out = append(out, r)
	}
	return string(out)
}

func policyNews(actor access.Actor) journal.News {
	t := actor.Place()
	return journal.News{Action: "redirect/policy", Tenant: t, Quiet: true, Target: journal.Target{Kind: string(t.Kind), ID: t.ID, Name: t.Name}}
}
