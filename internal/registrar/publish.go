package registrar

import (
	"context"
	"math/rand/v2"
	"strconv"

	"linecard/internal/db"
	"linecard/internal/queue"
	"linecard/internal/subscriber"
)

// stored is what the room needs of a line to note it.
type stored struct {
	ID         string `db:"id"`
	CustomerID string `db:"customer_id"`
	Scope      string `db:"scope"`
	User       string `db:"user_part"`
	NextAuthID string `db:"next_auth_id"`
}

const selectLines = `SELECT id, customer_id, scope, user_part, COALESCE(next_auth_id, '') AS next_auth_id FROM subscriber_lines`

// heard notes in the transaction of a change of lines what their registrar has to hear; a job tells it (decision 21).
func (s *Service) heard(ctx context.Context, tx *db.Tx, c subscriber.LineChange) error {
	if len(c.Gone) > 0 {
		if err := withdraw(ctx, tx, c.Gone); err != nil {
			return err
		}
	}
	if len(c.Set) == 0 {
		return nil
	}
	v, found, err := nearest(ctx, tx, c.Scope)
	if err != nil || !found {
		return err
	}
	a := tx.Args()
	var lines []stored
	if err := tx.Select(ctx, &lines, selectLines+` WHERE `+a.In("id", c.Set)+` ORDER BY id`, a.List()...); err != nil || len(lines) == 0 {
		return err
	}
	return s.note(ctx, tx, v, lines)
}

// note has these lines published at a registrar, and what stands of them at others kept until they were seen here.
func (s *Service) note(ctx context.Context, tx *db.Tx, v Platform, lines []stored) error {
	var ids, rotating []string
	a := tx.Args()
	rows := ""
	now := tx.Now()
	for i, l := range lines {
		if i > 0 {
			rows += ", "
		}
		rows += "(" + a.Add(db.NewID()) + ", " + a.Add(v.ID) + ", " + a.Add(l.ID) + ", " + a.Add(l.CustomerID) + ", " + a.Add(l.Scope) + ", " + a.Add(l.User) +
			", TRUE, FALSE, 1, 'pending', '', FALSE, " + a.Add(now) + ")"
		if ids = append(ids, l.ID); l.NextAuthID != "" {
			rotating = append(rotating, l.ID)
		}
	}
	if _, err := tx.Exec(ctx, `INSERT INTO registrar_publications (id, platform_id, line_id, customer_id, scope, user_part, wanted, leaving, generation, state, next_auth_id, overdue, updated)
		VALUES `+rows+` ON CONFLICT (platform_id, line_id) DO UPDATE SET wanted = TRUE, leaving = FALSE, generation = registrar_publications.generation + 1, state = 'pending',
		updated = excluded.updated`, a.List()...); err != nil {
		return err
	}
	if err := s.hold(ctx, tx, v, lines, rotating); err != nil {
		return err
	}
	if err := s.elsewhere(ctx, tx, v, ids); err != nil {
		return err
	}
	// Several keys, because on PostgreSQL two transactions with one key wait for each other.
	return queue.Insert(ctx, tx, publishKind, platformArgs{v.ID}, queue.Opts{Unique: v.ID + "/" + strconv.Itoa(rand.IntN(8)), Lane: v.ID, Scope: v.Scope})
}

// hold keeps new credentials from phones that this registrar would refuse still (decision 20).
func (s *Service) hold(ctx context.Context, tx *db.Tx, v Platform, lines []stored, rotating []string) error {
	if len(rotating) == 0 {
		return nil
	}
	a := tx.Args()
	var stand []struct {
		LineID string `db:"line_id"`
		Next   string `db:"next_auth_id"`
	}
	if err := tx.Select(ctx, &stand, `SELECT line_id, next_auth_id FROM registrar_publications WHERE platform_id = `+a.Add(v.ID)+` AND `+a.In("line_id", rotating), a.List()...); err != nil {
		return err
	}
	there := map[string]string{}
	for _, r := range stand {
		there[r.LineID] = r.Next
	}
	var unknown []string
	for _, l := range lines {
		if l.NextAuthID != "" && there[l.ID] != l.NextAuthID {
			unknown = append(unknown, l.ID)
		}
	}
	return s.lines.Hold(ctx, tx, unknown)
}

// elsewhere marks what stands of these lines in other registrars as leaving, and brings it up to date until it leaves.
func (s *Service) elsewhere(ctx context.Context, tx *db.Tx, v Platform, lineIDs []string) error {
	a := tx.Args()
	where := ` WHERE wanted AND platform_id <> ` + a.Add(v.ID) + ` AND ` + a.In("line_id", lineIDs)
	n, err := tx.Exec(ctx, `UPDATE registrar_publications SET leaving = TRUE, state = 'pending', generation = generation + 1`+where, a.List()...)
	if err != nil || n == 0 {
		return err
	}
	return wakeWhere(ctx, tx, where, a.List())
}

// withdraw has all registrars forget lines that are gone.
func withdraw(ctx context.Context, tx *db.Tx, lineIDs []string) error {
	a := tx.Args()
	where := ` WHERE ` + a.In("line_id", lineIDs)
	if _, err := tx.Exec(ctx, `DELETE FROM registrar_registrations`+where, a.List()...); err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `UPDATE registrar_publications SET wanted = FALSE, next_auth_id = '', state = 'pending', generation = generation + 1`+where, a.List()...)
	if err != nil || n == 0 {
		return err
	}
	return wakeWhere(ctx, tx, where, a.List())
}

// wakeWhere wakes the jobs of the registrars that have such publications.
func wakeWhere(ctx context.Context, tx *db.Tx, where string, args []any) error {
	var ids []string
	if err := tx.Select(ctx, &ids, `SELECT DISTINCT platform_id FROM registrar_publications`+where, args...); err != nil {
		return err
	}
	for _, id := range ids {
		v, err := platformOf(ctx, tx, "", id)
		if err == nil {
			err = wake(ctx, tx, publishKind, v.ID, v.Scope)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

const atOnce = 200

// spreadOut gives every line below a scope to the registrar that is in charge of it now.
func (s *Service) spreadOut(ctx context.Context, j queue.Job[spreadArgs]) error {
	after := ""
	for {
		var lines []stored
		err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			lines = nil
			a := tx.Args()
			if err := tx.Select(ctx, &lines, selectLines+` WHERE `+(db.Filter{Within: []string{j.Args.Scope}}).SQL(a, "scope")+` AND id > `+a.Add(after)+` ORDER BY id LIMIT `+
				a.Add(atOnce), a.List()...); err != nil {
				return err
			}
			by := map[string][]stored{}
			for _, l := range lines {
				by[l.Scope] = append(by[l.Scope], l)
			}
			for scope, all := range by {
				v, found, err := nearest(ctx, tx, scope)
				if err == nil && found {
					err = s.note(ctx, tx, v, all)
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || len(lines) < atOnce {
			return err
		}
		after = lines[len(lines)-1].ID
	}
}

// waiting is a publication that has to be told.
type waiting struct {
	ID         string `db:"id"`
	LineID     string `db:"line_id"`
	CustomerID string `db:"customer_id"`
	User       string `db:"user_part"`
	Wanted     bool   `db:"wanted"`
	Leaving    bool   `db:"leaving"`
	Generation int64  `db:"generation"`
	NextAuthID string `db:"next_auth_id"`
}

const selectWaiting = `SELECT id, line_id, customer_id, user_part, wanted, leaving, generation, next_auth_id FROM registrar_publications`

// publish tells a registrar what waits, a batch at a time. Nothing is lost while it is away: the rows wait, and the queue repeats.
func (s *Service) publish(ctx context.Context, j queue.Job[platformArgs]) error {
	var conn Connector
	for {
		v, err := platformOf(ctx, s.db, "", j.Args.ID)
		if err != nil {
			return gone(err)
		}
		var rows []waiting
		if err := s.db.Select(ctx, &rows, selectWaiting+` WHERE platform_id = $1 AND state = 'pending' ORDER BY id LIMIT $2`, v.ID, atOnce); err != nil {
			return err
		}
		if !v.Enabled || len(rows) == 0 {
			if conn != nil {
				return s.works(ctx, v)
			}
			return nil
		}
		if conn == nil {
			if conn, err = s.dial(ctx, v); err != nil {
				return s.trouble(ctx, v, err)
			}
			defer conn.Close()
		}
		if err := s.publishBatch(ctx, v, conn, rows); err != nil {
			return s.trouble(ctx, v, err)
		}
	}
}

func (s *Service) publishBatch(ctx context.Context, v Platform, conn Connector, rows []waiting) error {
	users, next, err := s.usersOf(ctx, v, rows)
	if err != nil {
		return err
	}
	var set []User
	var drop []string
	for _, r := range rows {
		if u, has := users[r.LineID]; has {
			set = append(set, u)
		} else {
			drop = append(drop, r.User)
		}
	}
	if len(set) > 0 {
		if err := conn.Publish(ctx, set); err != nil {
			return err
		}
	}
	if len(drop) > 0 {
		if err := conn.Remove(ctx, drop); err != nil {
			return err
		}
	}
	return s.settle(context.WithoutCancel(ctx), rows, next)
}

// usersOf gathers what shall stand of these lines, and the names that are new in a rotation. A line that is gone, or whose user is
// switched off, is in neither.
func (s *Service) usersOf(ctx context.Context, v Platform, rows []waiting) (map[string]User, map[string]string, error) {
	var ids []string
	for _, r := range rows {
		if r.Wanted {
			ids = append(ids, r.LineID)
		}
	}
	users, next := map[string]User{}, map[string]string{}
	if len(ids) == 0 {
		return users, next, nil
	}
	all, err := s.lines.Credentials(ctx, s.db, ids)
	for _, c := range all {
		u := users[c.LineID]
		u.Name, u.Accounts = c.User, append(u.Accounts, accountOf(c, v.Domain))
		if users[c.LineID] = u; c.Next {
			next[c.LineID] = c.AuthID
		}
	}
	return users, next, err
}

// settle writes down what was told. A row that has changed meanwhile stays pending. New credentials that stand now are offered to the
// phones, which are woken to fetch them.
func (s *Service) settle(ctx context.Context, rows []waiting, next map[string]string) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		now := tx.Now()
		var offer []string
		for _, r := range rows {
			if !r.Wanted {
				if _, err := tx.Exec(ctx, `DELETE FROM registrar_publications WHERE id = $1 AND generation = $2`, r.ID, r.Generation); err != nil {
					return err
				}
				continue
			}
			fresh := next[r.LineID]
			n, err := tx.Exec(ctx, `UPDATE registrar_publications SET state = 'published', published = $3, updated = $4 WHERE id = $1 AND generation = $2`, r.ID, r.Generation, now, now)
			if err != nil || n == 0 || fresh == r.NextAuthID {
				if err != nil {
					return err
				}
				continue
			}
			offered := db.Time{}
			if fresh != "" {
				offered = now
			}
			if _, err := tx.Exec(ctx, `UPDATE registrar_publications SET next_auth_id = $2, offered = $3, overdue = FALSE WHERE id = $1`, r.ID, fresh, offered); err != nil {
				return err
			}
			if fresh != "" && !r.Leaving {
				offer = append(offer, r.LineID)
				if err := queue.Insert(ctx, tx, notifyKind, lineArgs{r.LineID}, queue.Opts{Unique: r.LineID, Priority: 10}); err != nil {
					return err
				}
			}
		}
		return s.lines.Offer(ctx, tx, offer)
	})
}

// check compares a registrar with what shall stand there, and has what differs published again.
func (s *Service) check(ctx context.Context, j queue.Job[platformArgs]) error {
	v, err := platformOf(ctx, s.db, "", j.Args.ID)
	if err != nil || !v.Enabled {
		return gone(err)
	}
	conn, err := s.dial(ctx, v)
	if err != nil {
		return s.trouble(ctx, v, err)
	}
	defer conn.Close()
	drifted, ours, after := int64(0), int64(0), ""
	for {
		var rows []waiting
		if err := s.db.Select(ctx, &rows, selectWaiting+` WHERE platform_id = $1 AND id > $2 ORDER BY id LIMIT $3`, v.ID, after, atOnce); err != nil {
			return err
		}
		if len(rows) == 0 {
			break
		}
		after = rows[len(rows)-1].ID
		users, _, err := s.usersOf(ctx, v, rows)
		if err != nil {
			return err
		}
		n, err := s.compare(ctx, conn, rows, users)
		if err != nil {
			return s.trouble(ctx, v, err)
		}
		drifted, ours = drifted+n, ours+int64(len(users))
	}
	there, err := conn.Count(ctx)
	if err != nil {
		return s.trouble(ctx, v, err)
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE registrar_platforms SET checked = $2, drifted = $3, strangers = $4 WHERE id = $1`, v.ID, tx.Now(), drifted, max(0, there-ours+drifted)); err != nil || drifted == 0 {
			return err
		}
		if err := wake(ctx, tx, publishKind, v.ID, v.Scope); err != nil {
			return err
		}
		t, err := accessOf(ctx, tx, v.TenantID)
		if err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, systemActor, platformNews(t, v, "drifted", "drift", map[string]any{"lines": drifted}))
	})
}

// compare marks those of the rows to be published again that differ, and counts them. What waits anyway does not count.
func (s *Service) compare(ctx context.Context, conn Connector, rows []waiting, users map[string]User) (int64, error) {
	var expected []User
	at := map[string]waiting{}
	for _, r := range rows {
		u, has := users[r.LineID]
		if !has {
			u = User{Name: r.User} // nothing shall stand
		}
		expected, at[r.User] = append(expected, u), r
	}
	names, err := conn.Differs(ctx, expected)
	if err != nil || len(names) == 0 {
		return 0, err
	}
	var n int64
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		n = 0
		for _, name := range names {
			r := at[name]
			k, err := tx.Exec(ctx, `UPDATE registrar_publications SET state = 'pending', generation = generation + 1 WHERE id = $1 AND generation = $2 AND state = 'published'`, r.ID, r.Generation)
			if err != nil {
				return err
			}
			n += k
		}
		return nil
	})
	return n, err
}
