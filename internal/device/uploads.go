package device

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/phone"
)

// Uploads keeps what phones send: logs in pieces, everything else as one file that the next one replaces (DM-126). It decides nothing:
// whoever calls it knows that the phone is the one it says.
type Uploads struct{ s *Service }

// Uploads gives the store of what phones send.
func (s *Service) Uploads() Uploads { return Uploads{s} }

// Upload is what a phone sends.
type Upload struct {
	DeviceID string
	Name     string // below the provisioning address, the MAC in lower case
	Kind     phone.FileKind
	Body     []byte
}

// Uploaded tells about a file as the phone sees it.
type Uploaded struct {
	ID     string         `db:"id"`
	Name   string         `db:"name"`
	Kind   phone.FileKind `db:"kind"`
	Size   int64          `db:"size"`
	Time   db.Time        `db:"time"` // of the last piece
	SHA256 string         `db:"sha256"`
}

const (
	// MaxLog is how large a log grows before it starts anew (fact: other provisioning servers do it at 512 KiB).
	MaxLog = 512 << 10
	// maxInline is how large a piece can be to stand in the database.
	maxInline = 32 << 10
	// maxNames is how many files one phone can keep, so that strange names do not fill the store.
	maxNames = 64
	// LogDays is for how many days logs are kept, today among them (DM-202).
	LogDays = 10
)

var (
	errUpload       = errs.Missing("file")
	errUploadsFull  = errs.New(errs.Conflict, "upload_limit", "The phone keeps too many different files here. Delete some.")
	errUploadsDates = errs.BadField("date", "bad_date", "Give a date like 2026-01-31.")
)

// piece is a row of device_uploads.
type piece struct {
	Uploaded
	DeviceID string `db:"device_id"`
	Part     int64  `db:"part"`
	Seq      int64  `db:"seq"`
	Upto     int64  `db:"upto"` // bytes of this part up to the end of this piece
	Body     []byte `db:"body"`
	Blob     string `db:"blob"`
}

const pieces = `SELECT id, device_id, name, kind, part, seq, size, upto, time, sha256, body, blob FROM device_uploads`

// Put keeps a file in place of the one with this name. A device that is gone is NotFound; upload_limit when it has too many names.
func (u Uploads) Put(ctx context.Context, x Upload) error {
	return u.keep(ctx, x, func(ctx context.Context, tx *db.Tx, p *piece) (bool, error) {
		a := tx.Args()
		return true, discard(ctx, tx, a, "device_id = "+a.Add(x.DeviceID)+" AND name = "+a.Add(x.Name))
	})
}

// Append adds to a log, which starts anew when it would pass MaxLog. Whether phones send only what is new, or all again, is not known
// for every model: what begins with all that is kept is taken as all again.
func (u Uploads) Append(ctx context.Context, x Upload) error {
	last, err := u.last(ctx, x.DeviceID, x.Name)
	if err != nil {
		return err
	}
	if last.Upto > 0 && int64(len(x.Body)) >= last.Upto {
		if _, kept, err := u.Open(ctx, x.DeviceID, x.Name); err == nil && bytes.HasPrefix(x.Body, kept) {
			if x.Body = x.Body[len(kept):]; len(x.Body) == 0 {
				return nil
			}
		}
	}
	return u.keep(ctx, x, func(ctx context.Context, tx *db.Tx, p *piece) (bool, error) {
		last, err := lastPiece(ctx, tx, x.DeviceID, x.Name)
		switch {
		case err != nil:
			return false, err
		case last.ID == "":
			p.Part = 1
		case last.Upto+p.Size > MaxLog:
			p.Part = last.Part + 1
		default:
			p.Part, p.Seq, p.Upto = last.Part, last.Seq+1, last.Upto+p.Size
		}
		return last.ID == "", nil
	})
}

// keep stores a piece: large ones beside the database, before its transaction begins. place says where it goes, and whether that is
// under a new name.
func (u Uploads) keep(ctx context.Context, x Upload, place func(context.Context, *db.Tx, *piece) (bool, error)) error {
	sum := sha256.Sum256(x.Body)
	p := piece{DeviceID: x.DeviceID, Body: x.Body, Uploaded: Uploaded{ID: db.NewID(), Name: x.Name, Kind: x.Kind, Size: int64(len(x.Body)), SHA256: hex.EncodeToString(sum[:])}}
	files := u.s.claims.files
	if files != nil && len(x.Body) > maxInline {
		p.Blob, p.Body = "phones/"+x.DeviceID+"/"+p.ID, nil
		if _, err := files.Put(ctx, p.Blob, bytes.NewReader(x.Body)); err != nil {
			return err
		}
	}
	err := u.s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.LockRow(ctx, "device_devices", x.DeviceID); err != nil { // pieces of one phone come one after another
			return err
		}
		p.Part, p.Seq, p.Upto, p.Time = 0, 0, p.Size, tx.Now()
		fresh, err := place(ctx, tx, &p)
		if err != nil {
			return err
		}
		if fresh {
			var names int
			if err := tx.Get(ctx, &names, `SELECT COUNT(DISTINCT name) FROM device_uploads WHERE device_id = $1`, x.DeviceID); err != nil {
				return err
			}
			if names >= maxNames {
				return errUploadsFull
			}
		}
		_, err = tx.Exec(ctx, `INSERT INTO device_uploads (id, device_id, name, kind, part, seq, size, upto, time, sha256, body, blob)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`, p.ID, p.DeviceID, p.Name, string(p.Kind), p.Part, p.Seq, p.Size, p.Upto, p.Time, p.SHA256, p.Body, p.Blob)
		return err
	})
	if err != nil && p.Blob != "" {
		_ = files.Delete(context.WithoutCancel(ctx), p.Blob)
	}
	return err
}

func (u Uploads) last(ctx context.Context, deviceID, name string) (piece, error) {
	return lastPiece(ctx, u.s.db, deviceID, name)
}

// lastPiece gives the zero piece when there is none.
func lastPiece(ctx context.Context, q db.Q, deviceID, name string) (piece, error) {
	var p piece
	err := q.Get(ctx, &p, `SELECT id, part, seq, upto FROM device_uploads WHERE device_id = $1 AND name = $2 ORDER BY part DESC, seq DESC LIMIT 1`, deviceID, name)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		return piece{}, nil
	}
	return p, err
}

// Stat tells about a file as the phone sees it; NotFound when it has none of this name.
func (u Uploads) Stat(ctx context.Context, deviceID, name string) (Uploaded, error) {
	var out Uploaded
	err := u.s.db.Get(ctx, &out, `SELECT MAX(id) AS id, name, kind, SUM(size) AS size, MAX(time) AS time, MAX(sha256) AS sha256 FROM device_uploads
		WHERE device_id = $1 AND name = $2 AND part = (SELECT MAX(part) FROM device_uploads WHERE device_id = $1 AND name = $2)
		GROUP BY name, kind`, deviceID, name)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		err = errUpload
	}
	return out, err
}

// Open gives a file as the phone sees it. It is never larger than what an upload can be, or MaxLog.
func (u Uploads) Open(ctx context.Context, deviceID, name string) (Uploaded, []byte, error) {
	var all []piece
	err := u.s.db.Select(ctx, &all, pieces+` WHERE device_id = $1 AND name = $2 AND part = (SELECT MAX(part) FROM device_uploads
		WHERE device_id = $1 AND name = $2) ORDER BY seq`, deviceID, name)
	if err == nil && len(all) == 0 {
		err = errUpload
	}
	if err != nil {
		return Uploaded{}, nil, err
	}
	return u.join(ctx, all)
}

func (u Uploads) join(ctx context.Context, all []piece) (Uploaded, []byte, error) {
	out := all[len(all)-1].Uploaded
	body := all[0].Body
	if len(all) > 1 || all[0].Blob != "" {
		body = nil
	}
	out.Size = 0
	for _, p := range all {
		out.Size += p.Size
		switch {
		case p.Blob != "":
			r, _, err := u.s.claims.files.Open(ctx, p.Blob, 0)
			if err != nil {
				return Uploaded{}, nil, err
			}
			b, err := io.ReadAll(r)
			_ = r.Close()
			if err != nil {
				return Uploaded{}, nil, err
			}
			body = append(body, b...)
		case len(all) > 1:
			body = append(body, p.Body...)
		}
	}
	return out, body, nil
}

// discard removes pieces; their files in the store go later.
func discard(ctx context.Context, tx *db.Tx, a *db.Args, where string) error {
	if _, err := tx.Exec(ctx, `INSERT INTO device_blobs_gone (blob) SELECT blob FROM device_uploads WHERE blob <> '' AND `+where, a.List()...); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM device_uploads WHERE `+where, a.List()...)
	return err
}

// discardUploads removes all that a device sent, before it goes (DM-201).
func discardUploads(ctx context.Context, tx *db.Tx, deviceID string) error {
	a := tx.Args()
	return discard(ctx, tx, a, "device_id = "+a.Add(deviceID))
}

// Logs gives the logs that a phone sent on a day (UTC), the zero time being today: one for each name, the newest last (DM-203).
func (s *Service) Logs(ctx context.Context, actor access.Actor, customerID, id, date string) ([]Uploaded, error) {
	day := s.db.Now().UTC()
	if date != "" {
		var err error
		if day, err = time.Parse(time.DateOnly, date); err != nil {
			return nil, errUploadsDates
		}
	}
	d, err := s.seen(ctx, actor, access.DeviceView, customerID, id)
	if err != nil {
		return nil, err
	}
	from, to := dayOf(day)
	var all []piece
	if err := s.db.Select(ctx, &all, `SELECT id, name, kind, size, time, sha256 FROM device_uploads WHERE device_id = $1 AND kind = $2 AND time >= $3 AND time < $4
		ORDER BY time, id`, d.ID, string(phone.Log), from, to); err != nil {
		return nil, err
	}
	var out []Uploaded
	for _, p := range all {
		if i := slices.IndexFunc(out, func(x Uploaded) bool { return x.Name == p.Name }); i >= 0 {
			out[i].Size += p.Size
			out[i].Time = p.Time
			continue
		}
		out = append(out, p.Uploaded)
	}
	return out, nil
}

func dayOf(t time.Time) (from, to db.Time) {
	day := t.UTC().Truncate(24 * time.Hour)
	return db.At(day), db.At(day.Add(24 * time.Hour))
}

// seen gives a device of the customer when the actor may do this with it.
func (s *Service) seen(ctx context.Context, actor access.Actor, act access.Action, customerID, id string) (Device, error) {
	if _, err := s.allowed(ctx, s.db, actor, act, customerID); err != nil {
		return Device{}, err
	}
	return get(ctx, s.db, customerID, id)
}

// OpenLog gives one log of a day, all its pieces in order.
func (s *Service) OpenLog(ctx context.Context, actor access.Actor, customerID, id, log string) (Uploaded, []byte, error) {
	d, err := s.seen(ctx, actor, access.DeviceView, customerID, id)
	if err != nil {
		return Uploaded{}, nil, err
	}
	first, err := pieceOf(ctx, s.db, d.ID, log, true)
	if err != nil {
		return Uploaded{}, nil, err
	}
	from, to := dayOf(first.Time.Time)
	var all []piece
	if err := s.db.Select(ctx, &all, pieces+` WHERE device_id = $1 AND name = $2 AND time >= $3 AND time < $4 ORDER BY part, seq`, d.ID, first.Name, from, to); err != nil {
		return Uploaded{}, nil, err
	}
	return s.Uploads().join(ctx, all)
}

func pieceOf(ctx context.Context, q db.Q, deviceID, id string, log bool) (piece, error) {
	var p piece
	err := q.Get(ctx, &p, pieces+` WHERE device_id = $1 AND id = $2`, deviceID, id)
	if err != nil && errs.KindOf(err) == errs.NotFound || err == nil && (p.Kind == phone.Log) != log {
		err = errUpload
	}
	return p, err
}

// FilesFromPhone gives what a phone keeps here beside its logs: changes made on it, contacts (DM-200).
func (s *Service) FilesFromPhone(ctx context.Context, actor access.Actor, customerID, id string) ([]Uploaded, error) {
	d, err := s.seen(ctx, actor, access.DeviceView, customerID, id)
	if err != nil {
		return nil, err
	}
	var out []Uploaded
	err = s.db.Select(ctx, &out, `SELECT id, name, kind, size, time, sha256 FROM device_uploads WHERE device_id = $1 AND kind <> $2 ORDER BY name`, d.ID, string(phone.Log))
	return out, err
}

// OpenFileFromPhone gives one of them as the phone sent it. What was changed on a phone may hold passwords in clear, so that it needs
// the right to see secrets (decision 16) and stands in the operation log.
func (s *Service) OpenFileFromPhone(ctx context.Context, actor access.Actor, customerID, id, file string) (Uploaded, []byte, error) {
	var p piece
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.allowed(ctx, tx, actor, access.SecretReveal, customerID)
		if err != nil {
			return err
		}
		d, err := get(ctx, tx, t.ID, id)
		if err != nil {
			return err
		}
		if p, err = pieceOf(ctx, tx, d.ID, file, false); err != nil {
			return err
		}
		n := news(t, d, "", "read_file", nil)
		n.Quiet, n.Type, n.Data = true, "", map[string]any{"file": p.Name}
		return s.journal.Append(ctx, tx, actor, n)
	})
	if err != nil {
		return Uploaded{}, nil, err
	}
	return s.Uploads().join(ctx, []piece{p})
}

// DeleteUpload removes a log of a day, or a file: then the phone hears that there is none (DM-200, DM-203).
func (s *Service) DeleteUpload(ctx context.Context, actor access.Actor, customerID, id, file string, log bool) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.allowedToChange(ctx, tx, actor, access.DeviceEdit, customerID)
		if err != nil {
			return err
		}
		d, err := get(ctx, tx, t.ID, id)
		if err != nil {
			return err
		}
		p, err := pieceOf(ctx, tx, d.ID, file, log)
		if err != nil {
			return err
		}
		a := tx.Args()
		where := "device_id = " + a.Add(d.ID) + " AND name = " + a.Add(p.Name)
		if log {
			from, to := dayOf(p.Time.Time)
			where += " AND time >= " + a.Add(from) + " AND time < " + a.Add(to)
		}
		if err := discard(ctx, tx, a, where); err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, actor, news(t, d, "file_deleted", "delete_file", map[string]any{"file": p.Name}))
	})
}

// tidyAtOnce is how many rows one transaction of Tidy removes.
const tidyAtOnce = 500

// Tidy removes logs and knocks that are too old, and files of the store that no row names. Call it every hour or so, on one node.
func (s *Service) Tidy(ctx context.Context) error {
	today, _ := dayOf(s.db.Now().Time)
	oldest := db.At(today.Add(-(LogDays - 1) * 24 * time.Hour))
	for {
		var ids []string
		err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			ids = nil
			if err := tx.Select(ctx, &ids, `SELECT id FROM device_uploads WHERE kind = $1 AND time < $2 ORDER BY time LIMIT $3`, string(phone.Log), oldest, tidyAtOnce); err != nil || len(ids) == 0 {
				return err
			}
			a := tx.Args()
			return discard(ctx, tx, a, a.In("id", ids))
		})
		if err != nil {
			return err
		}
		if len(ids) < tidyAtOnce {
			break
		}
	}
	if err := s.db.Tx(ctx, pruneKnocks); err != nil {
		return err
	}
	return s.sweep(ctx)
}

// sweep deletes files of the store. A row goes after its file, so that a fault leaves work and no rubbish.
func (s *Service) sweep(ctx context.Context) error {
	for s.claims.files != nil {
		var gone []string
		if err := s.db.Select(ctx, &gone, `SELECT DISTINCT blob FROM device_blobs_gone ORDER BY blob LIMIT $1`, tidyAtOnce); err != nil || len(gone) == 0 {
			return err
		}
		for _, key := range gone {
			if err := s.claims.files.Delete(ctx, key); err != nil {
				return err
			}
		}
		a := s.db.Args()
		stmt := `DELETE FROM device_blobs_gone WHERE ` + a.In("blob", gone)
		if _, err := s.db.Exec(ctx, stmt, a.List()...); err != nil {
			return err
		}
	}
	return nil
}
