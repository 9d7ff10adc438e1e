package device

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"linecard/internal/access"
	"linecard/internal/blob"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/phone"
	"linecard/internal/revision"
	"linecard/internal/secret"
	"linecard/internal/tenant"
)

// Claim is what proves that a request comes from one phone: the account that only this phone has been given (decision 15). The zero
// Claim is that of a phone which the customer does not have.
type Claim struct {
	DeviceID string
	MAC      phone.MAC // the user of its account
	Revision int64     // of the account; 0: it was never given one
	Used     bool      // its present password was used, so it has arrived
	Claimed  bool      // some password of its own was used: from then on the customer's account opens no secret of it
	Open     db.Time   // until then the customer's account does nevertheless

	password, previous []byte
}

// claims is what the service holds for phones that get in.
type claims struct {
	files blob.Store

	nobody       sync.Once
	nobodySealed []byte
	nobodyErr    error

	adding adding
}

// Window bounds for how long a reopened phone can be.
const (
	DefaultWindow = 24 * time.Hour
	MaxWindow     = 7 * 24 * time.Hour
)

var errWindow = errs.BadField("hours", "out_of_range", "A window is from 1 to 168 hours.")

// OwnPasswords opens the passwords of a phone's own account, the present one and the one before; it takes the same work whether there
// are any, and gives words that nobody knows for those that there are not.
func (s *Service) OwnPasswords(c Claim) (present, previous secret.String, err error) {
	id, first, second := c.DeviceID, c.password, c.previous
	dummy, err := s.nobodys()
	if err != nil {
		return present, previous, err
	}
	at := func(sealed []byte) (string, []byte) {
		if sealed == nil {
			return "", dummy
		}
		return id, sealed
	}
	one, first := at(first)
	a, err := s.box.Open(first, ownSealed("password", one))
	if err != nil {
		return present, previous, err
	}
	two, second := at(second)
	column := "previous"
	if two == "" {
		column = "password" // what the dummy was sealed for
	}
	b, err := s.box.Open(second, ownSealed(column, two))
	return secret.Hide(string(a)), secret.Hide(string(b)), err
}

// nobodys gives a sealed password that no phone has.
func (s *Service) nobodys() ([]byte, error) {
	s.claims.nobody.Do(func() {
		s.claims.nobodySealed, s.claims.nobodyErr = s.box.Seal([]byte(rand.Text()), ownSealed("password", ""))
	})
	return s.claims.nobodySealed, s.claims.nobodyErr
}

func ownSealed(column, deviceID string) string { return "device_owns/" + column + "/" + deviceID }

// own gives the account as a phone is told it; zero when there is none yet.
func (s *Service) own(deviceID string, mac phone.MAC, sealed []byte) (phone.Account, error) {
	if sealed == nil {
		return phone.Account{}, nil
	}
	word, err := s.box.Open(sealed, ownSealed("password", deviceID))
	return phone.Account{User: mac.String(), Password: string(word)}, err
}

// Endow gives a phone an account of its own when it has none; its next configuration carries it. A device that is gone is NotFound.
func (s *Service) Endow(ctx context.Context, deviceID string) error {
	sealed, err := s.box.Seal([]byte(rand.Text()), ownSealed("password", deviceID))
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `INSERT INTO device_owns (device_id, revision, password) VALUES ($1, 1, $2) ON CONFLICT (device_id) DO NOTHING`, deviceID, sealed)
		if err != nil && errs.KindOf(err) == errs.Conflict {
			return errs.Missing("device")
		}
		if err != nil || n == 0 {
			return err
		}
		return revision.Bump(ctx, tx, revision.Device, deviceID)
	})
}

// Arrived notes that a phone used an account of its own. With the present password the one before ends, and a window that was
// reopened closes: the phone has what it was open for.
func (s *Service) Arrived(ctx context.Context, c Claim, present bool) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		stmt := `UPDATE device_owns SET claimed = COALESCE(claimed, $2) WHERE device_id = $1 AND revision = $3`
		if present {
			stmt = `UPDATE device_owns SET claimed = COALESCE(claimed, $2), used = COALESCE(used, $2), previous = NULL, open_until = NULL
				WHERE device_id = $1 AND revision = $3 AND used IS NULL`
		}
		_, err := tx.Exec(ctx, stmt, c.DeviceID, tx.Now(), c.Revision)
		return err
	})
}

// Access tells people how a phone gets in; no part of it is secret.
type Access struct {
	User    string  `db:"-"` // of its own account
	Given   bool    `db:"-"` // it has one
	Claimed db.Time `db:"claimed"`
	Used    db.Time `db:"used"` // zero: the present password has not been seen yet
	Open    db.Time `db:"open_until"`
}

// Access gives how a phone of the customer gets in.
func (s *Service) Access(ctx context.Context, actor access.Actor, customerID, id string) (Access, error) {
	if _, err := s.allowed(ctx, s.db, actor, access.DeviceView, customerID); err != nil {
		return Access{}, err
	}
	d, err := get(ctx, s.db, customerID, id)
	if err != nil {
		return Access{}, err
	}
	return accessOf(ctx, s.db, d)
}

func accessOf(ctx context.Context, q db.Q, d Device) (Access, error) {
	a := Access{}
	err := q.Get(ctx, &a, `SELECT claimed, used, open_until FROM device_owns WHERE device_id = $1`, d.ID)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		return Access{User: d.MAC.String()}, nil
	}
	a.User, a.Given = d.MAC.String(), true
	if !a.Open.After(q.Now().Time) {
		a.Open = db.Time{}
	}
	return a, err
}

// Reopen lets a phone that lost its own account, after a factory reset for example, come in with the customer's account and fetch its
// secrets and a new account (decision 15). The window is DefaultWindow when it is 0, at most MaxWindow, and closes as soon as the phone
// has used the new account.
func (s *Service) Reopen(ctx context.Context, actor access.Actor, customerID, id string, window time.Duration) (Access, error) {
	if window == 0 {
		window = DefaultWindow
	}
	if window < time.Hour || window > MaxWindow {
		return Access{}, errWindow
	}
	return s.change(ctx, actor, access.DeviceAct, customerID, id, func(ctx context.Context, tx *db.Tx, t tenant.Tenant, d Device) error {
		until := db.At(tx.Now().Add(window))
		if err := s.rotate(ctx, tx, d.ID); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE device_owns SET open_until = $2 WHERE device_id = $1`, d.ID, until); err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, actor, news(t, d, "reopened", "reopen", map[string]any{"until": until.UTC().Format(time.RFC3339)}))
	})
}

// RotateAccount gives a phone a new password of its own with its next configuration; the old one is valid until the new one was used.
func (s *Service) RotateAccount(ctx context.Context, actor access.Actor, customerID, id string) (Access, error) {
	return s.change(ctx, actor, access.DeviceEdit, customerID, id, func(ctx context.Context, tx *db.Tx, t tenant.Tenant, d Device) error {
		if err := s.rotate(ctx, tx, d.ID); err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, actor, news(t, d, "account_rotated", "rotate_account", nil))
	})
}

// change does something to a phone's account with the customer's row locked.
func (s *Service) change(ctx context.Context, actor access.Actor, act access.Action, customerID, id string, do func(context.Context, *db.Tx, tenant.Tenant, Device) error) (Access, error) {
	var out Access
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.allowedToChange(ctx, tx, actor, act, customerID)
		if err != nil {
			return err
		}
		d, err := get(ctx, tx, customerID, id)
		if err != nil {
			return err
		}
		if err := do(ctx, tx, t, d); err != nil {
			return err
		}
		out, err = accessOf(ctx, tx, d)
		return err
	})
	return out, err
}

// ownRow is a row of device_owns.
type ownRow struct {
	Revision int64   `db:"revision"`
	Password []byte  `db:"password"`
	Previous []byte  `db:"previous"`
	Used     db.Time `db:"used"`
}

// rotate makes a new password. One that never arrived stays: what the phone uses is the one before it, and that must stay valid.
func (s *Service) rotate(ctx context.Context, tx *db.Tx, deviceID string) error {
	var o ownRow
	err := tx.Get(ctx, &o, `SELECT revision, password, previous, used FROM device_owns WHERE device_id = $1`, deviceID)
	switch {
	case err != nil && errs.KindOf(err) != errs.NotFound:
		return err
	case err == nil && o.Used.IsZero():
		return nil
	}
	sealed, err := s.box.Seal([]byte(rand.Text()), ownSealed("password", deviceID))
	if err != nil {
		return err
	}
	if o.Password != nil {
		word, err := s.box.Open(o.Password, ownSealed("password", deviceID))
		if err != nil {
			return err
		}
		if o.Previous, err = s.box.Seal(word, ownSealed("previous", deviceID)); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, `INSERT INTO device_owns (device_id, revision, password, previous) VALUES ($1, $2, $3, $4)
		ON CONFLICT (device_id) DO UPDATE SET revision = excluded.revision, password = excluded.password, previous = excluded.previous, used = NULL`,
		deviceID, o.Revision+1, sealed, o.Previous); err != nil {
		return err
	}
	return revision.Bump(ctx, tx, revision.Device, deviceID)
}

// resealOwns seals the accounts of phones anew, some at a time, and gives how many.
func (s *Service) resealOwns(ctx context.Context) (int, error) {
	n, last := 0, ""
	for {
		var ids []string
		if err := s.db.Select(ctx, &ids, `SELECT device_id FROM device_owns WHERE device_id > $1 ORDER BY device_id LIMIT 500`, last); err != nil || len(ids) == 0 {
			return n, err
		}
		last = ids[len(ids)-1]
		done := 0
		err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			done = 0
			a := tx.Args()
			var rows []struct {
				ID string `db:"device_id"`
				ownRow
			}
			if err := tx.Select(ctx, &rows, `SELECT device_id, revision, password, previous, used FROM device_owns WHERE `+a.In("device_id", ids), a.List()...); err != nil {
				return err
			}
			for _, r := range rows {
				if !s.box.NeedsReseal(r.Password) && !s.box.NeedsReseal(r.Previous) {
					continue
				}
				was := r.Revision
				for column, sealed := range map[string]*[]byte{"password": &r.Password, "previous": &r.Previous} {
					if err := s.resealed(sealed, ownSealed(column, r.ID)); err != nil {
						return err
					}
				}
				if _, err := tx.Exec(ctx, `UPDATE device_owns SET password = $3, previous = CASE WHEN previous IS NULL THEN previous ELSE $4 END
					WHERE device_id = $1 AND revision = $2`, r.ID, was, r.Password, r.Previous); err != nil {
					return err
				}
				done++
			}
			return nil
		})
		if n += done; err != nil {
			return n, err
		}
	}
}

func (s *Service) resealed(sealed *[]byte, at string) error {
	if *sealed == nil {
		return nil
	}
	word, err := s.box.Open(*sealed, at)
	if err == nil {
		*sealed, err = s.box.Seal(word, at)
	}
	return err
}

// warn tells of what a listener of phones has seen.
func (s *Service) warn(ctx context.Context, customerID, scope, what string, target journal.Target, data map[string]any) error {
	t := access.Tenant{ID: customerID, Kind: access.Customer, Scope: scope}
	data["customer_id"] = customerID
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return s.journal.Append(ctx, tx, access.SystemActor("phones"), journal.News{Type: "device." + what, Action: "device/" + what, Tenant: t, Target: target, Data: data})
	})
}

// Same says whether two claims let the same requests in.
func (c Claim) Same(o Claim) bool {
	return c.DeviceID == o.DeviceID && c.Revision == o.Revision && c.Used == o.Used && c.Claimed == o.Claimed && c.Open == o.Open
}
