package redirect

import (
	"context"
	"crypto/subtle"
	"encoding/hex"
	"time"

	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/phone"
	"linecard/internal/queue"
	"linecard/internal/secret"
)

// Cloud is a maker's redirect service: register MAC → address, remove, read back (DM-121). Calls may break off; verdicts that are
// Done count all the same.
type Cloud interface {
	// Register adds phones or changes those that are there; verdicts are in the order of regs.
	Register(ctx context.Context, regs []Registration) ([]Verdict, error)
	// Forget removes phones; one that is not there is forgotten already.
	Forget(ctx context.Context, macs []phone.MAC) ([]Verdict, error)
	// Read gives everything that stands there under our account.
	Read(ctx context.Context, fn func(Record) error) error
	// Fits says whether a record is what Register would leave.
	Fits(ctx context.Context, reg Registration, r Record) (bool, error)
}

// Registration is what a cloud shall know about a phone.
type Registration struct {
	MAC       phone.MAC
	Serial    string
	RemoteID  string        // of the cloud, when known
	Server    *SharedServer // nil: the unique URL alone
	UniqueURL string        // wins over the server's; "" for none
	User      string        // of the unique URL
	Password  secret.String
	Remark    string
}

// SharedServer is a server that several phones use.
type SharedServer struct {
	ID, Name, URL, User, CertificateURL string
	Password                            secret.String
}

// Verdict is what a cloud says about one phone.
type Verdict struct {
	Done     bool   // false: nothing is known, ask again
	RemoteID string // when the cloud told it
	Code     string // "" is fine
	Reason   string // the cloud's words, fit to be shown
}

// Record is a phone as a cloud knows it.
type Record struct {
	MAC       phone.MAC
	RemoteID  string
	ServerID  string  // of the cloud
	UniqueURL *string // nil: the list does not say
}

// cloudToken is a bearer token of a cloud, kept in memory alone.
type cloudToken struct {
	text    string
	until   time.Time
	version int64 // of the connector: another key has another token
}

// cloud gives the client of a connector.
func (s *Service) cloud(ctx context.Context, v Connector) (Cloud, error) {
	word, err := s.box.Open(v.Secret, connectorSealed(v.ID))
	if err != nil {
		return nil, err
	}
	if _, err := s.guard.CheckURL("endpoint", v.Endpoint); err != nil {
		return nil, errCloudAway.Because(err)
	}
	known := map[string]remote{}
	var rows []struct {
		ServerID string `db:"server_id"`
		RemoteID string `db:"remote_id"`
		Digest   string `db:"digest"`
	}
	if err := s.db.Select(ctx, &rows, `SELECT server_id, remote_id, digest FROM redirect_remotes WHERE connector_id = $1`, v.ID); err != nil {
		return nil, err
	}
	for _, r := range rows {
		known[r.ServerID] = remote{r.RemoteID, r.Digest}
	}
	return &yealinkCloud{s: s, conn: v, set: v.Settings.V.filled(), key: secret.Hide(string(word)), servers: known}, nil
}

// remote is one of our servers as a cloud knows it.
type remote struct{ id, digest string }

// keepRemote remembers how a cloud calls one of our servers.
func (s *Service) keepRemote(ctx context.Context, connectorID, serverID string, r remote) error {
	_, err := s.db.Exec(ctx, `INSERT INTO redirect_remotes (id, connector_id, server_id, remote_id, digest) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (connector_id, server_id) DO UPDATE SET remote_id = excluded.remote_id, digest = excluded.digest`, db.NewID(), connectorID, serverID, r.id, r.digest)
	return err
}

// digest tells whether a server is what was pushed last; it shows nothing of the password.
func (s *Service) digest(v SharedServer) string {
	return hex.EncodeToString(s.box.MAC("redirect.server", v.URL, v.User, v.Password.Reveal(), v.CertificateURL))
}

// same compares digests.
func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// reconcile reads a cloud back and notes where it differs from what was pushed: it reports, and changes nothing there.
func (s *Service) reconcile(ctx context.Context, j queue.Job[connectorArgs]) error {
	v, err := connectorOf(ctx, s.db, "", j.Args.ID)
	if err != nil {
		return gone(err)
	}
	if now := s.db.Now(); v.PauseUntil.After(now.Time) {
		return queue.Snooze(v.PauseUntil.Sub(now.Time))
	}
	if !v.Enabled || v.DryRun {
		return nil
	}
	if err := s.readBack(ctx, v); err != nil {
		return s.trouble(ctx, v, err)
	}
	return nil
}

// readBackMost bounds what is kept in memory of a cloud's list.
const readBackMost = 500_000

var errCloudTooBig = errs.New(errs.TooLarge, "cloud_too_big", "The maker's cloud has more entries than Linecard reads back.")

func (s *Service) readBack(ctx context.Context, v Connector) error {
	cloud, err := s.cloud(ctx, v)
	if err != nil {
		return err
	}
	there := map[phone.MAC]Record{}
	if err := cloud.Read(ctx, func(r Record) error {
		if there[r.MAC] = r; len(there) > readBackMost {
			return errCloudTooBig
		}
		return nil
	}); err != nil {
		return err
	}
	var drifted, ours int64
	after := ""
	for {
		var rows []waiting
		if err := s.db.Select(ctx, &rows, `SELECT id, mac, COALESCE(entry_id, '') AS entry_id, wanted, generation, remote_id FROM redirect_pushes
			WHERE connector_id = $1 AND id > $2 ORDER BY id LIMIT 200`, v.ID, after); err != nil {
			return err
		}
		if len(rows) == 0 {
			break
		}
		after = rows[len(rows)-1].ID
		found := make([]string, len(rows))
		for i, r := range rows {
			rec, has := there[r.MAC]
			if has {
				ours++
			}
			if found[i], err = s.driftOf(ctx, cloud, r, rec, has); err != nil {
				return err
			}
		}
		n, err := s.writeDrift(ctx, rows, found)
		if err != nil {
			return err
		}
		drifted += n
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE redirect_connectors SET reconciled = $2, drifted = $3, strangers = $4, last_ok = $5, fault = '', fault_at = NULL WHERE id = $1`,
			v.ID, tx.Now(), drifted, int64(len(there))-ours, tx.Now()); err != nil || drifted == v.Drifted {
			return err
		}
		t, err := accessOf(ctx, tx, v.TenantID)
		if err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, systemActor, connectorNews(t, v, "drifted", "drift", map[string]any{"drifted": drifted}))
	})
}

func (s *Service) driftOf(ctx context.Context, cloud Cloud, r waiting, rec Record, has bool) (string, error) {
	if !r.Wanted {
		return "", nil
	}
	if !has {
		return DriftMissing, nil
	}
	reg, err := s.registration(ctx, r)
	if err != nil {
		return "", gone(err)
	}
	fits, err := cloud.Fits(ctx, reg, rec)
	if err != nil || fits {
		return "", err
	}
	return DriftDiffers, nil
}

// writeDrift notes it at the rows that say that they were pushed, and gives how many differ.
func (s *Service) writeDrift(ctx context.Context, rows []waiting, found []string) (int64, error) {
	var n int64
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		n = 0
		for i, r := range rows {
			k, err := tx.Exec(ctx, `UPDATE redirect_pushes SET drift = $3 WHERE id = $1 AND generation = $2 AND state = 'pushed'`, r.ID, r.Generation, found[i])
			if err != nil {
				return err
			}
			if found[i] != "" {
				n += k
			}
		}
		return nil
	})
	return n, err
}
