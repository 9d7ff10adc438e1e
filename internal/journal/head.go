package journal

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/secret"
)

// headKey is the file that holds the head outside the database.
const headKey = "journal/head.json"

// Head says how far the chain reached at an instant, signed with a key that is not in the database. Kept outside, it shows a
// chain that was cut or written anew (decision 4).
type Head struct {
	Position int64   `json:"position"`
	Hash     string  `json:"hash"`
	Time     db.Time `json:"time"`
	MAC      string  `json:"mac"`
}

func (j *Journal) sign(h Head) string {
	return hex.EncodeToString(j.box.MAC("journal.head", strconv.FormatInt(h.Position, 10), h.Hash, strconv.FormatInt(h.Time.UnixMilli(), 10)))
}

// What is wrong with the head outside.
var (
	ErrHeadForged = errs.New(errs.Conflict, "journal_head_forged", "The journal's head outside the database is not what this server signed.")
	ErrHeadAhead  = errs.New(errs.Conflict, "journal_head_ahead",
		"The journal in the database does not contain what its head outside proves: entries were removed or rewritten, or an older database was restored.")
)

// ReadHead gives the head outside the database: NotFound before the first was written, ErrHeadForged when its signature is wrong.
func (j *Journal) ReadHead(ctx context.Context) (Head, error) {
	r, _, err := j.files.Open(ctx, headKey, 0)
	if err != nil {
		return Head{}, err
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, 4096))
	if err != nil {
		return Head{}, err
	}
	var h Head
	if err := json.Unmarshal(b, &h); err != nil || !secret.Equal([]byte(h.MAC), []byte(j.sign(h))) {
		return Head{}, ErrHeadForged
	}
	return h, nil
}

// How often the head is written: at most once a second, while nothing happens every five minutes, and to the log every ten.
const (
	publishEvery = time.Second
	publishIdle  = 5 * time.Minute
	tellEvery    = 10 * time.Minute
)

// published is what this node knows of the head outside.
type published struct {
	known bool
	head  Head
	told  db.Time // when the log last heard of it
	pause db.Time // after a fault: not before
	fault error   // of the last attempt
}

// Pauses after the head could not be written, and after it was found to contradict the chain.
const (
	publishAgain  = 10 * time.Second
	contradictory = 10 * time.Minute
)

// Publish writes the head outside the database when it is time to. It never replaces a head that the chain in the database
// contradicts: that file is the evidence, and stays until AcceptHead.
func (j *Journal) Publish(ctx context.Context) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	now := j.d.Now()
	if now.Before(j.seen.pause.Time) {
		return nil
	}
	err := j.publish(ctx, now)
	j.seen.fault = err
	switch {
	case errors.Is(err, ErrHeadForged), errors.Is(err, ErrHeadAhead):
		j.seen.known, j.seen.pause = false, db.At(now.Add(contradictory))
	case err != nil:
		j.seen.known, j.seen.pause = false, db.At(now.Add(publishAgain))
	}
	return err
}

func (j *Journal) publish(ctx context.Context, now db.Time) error {
	since := now.Sub(j.seen.head.Time.Time)
	if j.seen.known && since >= 0 && since < publishEvery {
		return nil
	}
	p, err := headOf(ctx, j.d)
	if err != nil {
		return err
	}
	if j.seen.known && since >= 0 && since < publishIdle && p.Position == j.seen.head.Position && p.Hash == j.seen.head.Hash {
		return nil
	}
	if err := j.recall(ctx); err != nil {
		return err
	}
	if err := j.contains(ctx, j.seen.head, p); err != nil {
		return err
	}
	return j.write(ctx, Head{Position: p.Position, Hash: p.Hash, Time: now})
}

// recall reads the head outside once, after the start or a fault.
func (j *Journal) recall(ctx context.Context) error {
	if j.seen.known {
		return nil
	}
	h, err := j.ReadHead(ctx)
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return err
	}
	j.seen.known, j.seen.head = true, h
	return nil
}

// contains says whether the chain that ends at p has an entry with the head's position and hash.
func (j *Journal) contains(ctx context.Context, h Head, p point) error {
	if h.Position == 0 || h.Position == p.Position && h.Hash == p.Hash {
		return nil
	}
	var anchor point
	if err := j.d.Get(ctx, &anchor, `SELECT position, hash FROM journal_anchor WHERE id = 'anchor'`); err != nil {
		return err
	}
	hash := anchor.Hash
	switch {
	case h.Position < anchor.Position:
		return nil
	case h.Position > anchor.Position:
		if err := j.d.Get(ctx, &hash, `SELECT hash FROM journal_entries WHERE position = $1`, h.Position); err != nil {
			if errs.KindOf(err) == errs.NotFound {
				return ErrHeadAhead
			}
			return err
		}
	}
	if hash != h.Hash {
		return ErrHeadAhead
	}
	return nil
}

func (j *Journal) write(ctx context.Context, h Head) error {
	h.MAC = j.sign(h)
	b, err := json.Marshal(h)
	if err != nil {
		return err
	}
	if _, err := j.files.Put(ctx, headKey, bytes.NewReader(b)); err != nil {
		return err
	}
	j.seen.head, j.seen.known = h, true
	if since := h.Time.Sub(j.seen.told.Time); since < 0 || since >= tellEvery {
		j.seen.told = h.Time
		j.log.Info("journal head", "position", h.Position, "hash", h.Hash, "time", h.Time.Format(time.RFC3339), "mac", h.MAC)
	}
	return nil
}

// AcceptHead makes the chain as it is now the truth, after an older database was restored on purpose. What the head outside
// said before stays in the journal. It needs the right to edit the platform.
func (j *Journal) AcceptHead(ctx context.Context, actor access.Actor, operator access.Tenant) error {
	if err := access.Decide(actor, access.PlatformEdit, access.Target{Tenant: operator}); err != nil {
		return err
	}
	old, err := j.ReadHead(ctx)
	if err != nil && errs.KindOf(err) != errs.NotFound && errs.CodeOf(err) != ErrHeadForged.Code {
		return err
	}
	if err := j.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return j.Append(ctx, tx, actor, News{Type: "journal.head_accepted", Action: "journal/accept-head", Tenant: operator,
			Data: map[string]any{"before": map[string]any{"position": old.Position, "hash": old.Hash, "time": old.Time}}})
	}); err != nil {
		return err
	}
	if _, err := j.Sequence(ctx); err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	p, err := headOf(ctx, j.d)
	if err != nil {
		return err
	}
	j.seen.pause, j.seen.fault = db.Time{}, nil
	return j.write(ctx, Head{Position: p.Position, Hash: p.Hash, Time: j.d.Now()})
}
