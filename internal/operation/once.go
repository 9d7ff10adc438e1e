package operation

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"linecard/internal/db"
	"linecard/internal/errs"
)

// Key names a request that may be repeated (decision 5). Everything but BodyHash and Recheck makes its identity: the same
// key of another actor, method or path is another key.
type Key struct {
	Actor    string // id of who asks
	Method   string
	Path     string // with the query, as far as it changes the effect
	Key      string // the Idempotency-Key header, 1 to 255 printable ASCII characters
	BodyHash []byte // SHA-256 of the body
	// Recheck asks again, before a stored answer is given out, whether the actor may do the request: rights may have been
	// withdrawn since. Its error is the answer then. It must be set.
	Recheck func(ctx context.Context) error
}

// Answer is what a request was answered with.
type Answer struct {
	Status int
	Header http.Header // those that belong to the answer: Location, ETag
	Body   []byte
	Secret bool // it holds a secret that is shown once: forgotten after an hour instead of a day
}

const (
	answerKept = 24 * time.Hour
	secretKept = time.Hour
)

var (
	errOtherBody = errs.New(errs.Mismatch, "idempotency_key_reused", "This idempotency key was used for another request. Use a new one.")
	errKeyUnused = errs.New(errs.Internal, "idempotency_key_incomplete", "Something went wrong on our side.")
)

// Once makes a request take effect once: the first call runs fn and stores its answer, later ones with the same key get that
// answer again (true) without running it. Key and effect commit in one transaction, which everything fn does in the database
// joins; a call that comes meanwhile waits for it. An error of fn, or an answer other than 2xx, rolls everything back and is
// not stored, so the request can be tried again with the same key. Another body under the same key is Mismatch.
//
// It must not be called inside a transaction. Since fn runs inside a transaction it must be repeatable and quick: no network, no files. In a dry run the key plays no part.
func (s *Service) Once(ctx context.Context, k Key, fn func(ctx context.Context) (Answer, error)) (Answer, bool, error) {
	if err := k.check(); err != nil {
		return Answer{}, false, err
	}
	if db.IsDryRun(ctx) {
		a, err := fn(ctx)
		return a, false, err
	}
	for {
		answer, replayed, err := s.attempt(ctx, k, fn)
		if !errors.Is(err, errKeyMoved) || ctx.Err() != nil {
			return answer, replayed, err
		}
	}
}

func (s *Service) attempt(ctx context.Context, k Key, fn func(ctx context.Context) (Answer, error)) (Answer, bool, error) {
	row, err := s.stored(ctx, s.db, k.id())
	if err != nil || row != nil { // no need to wait for the writer
		return s.replay(ctx, k, row, err)
	}
	var answer Answer
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		row = nil
		mine, err := reserve(ctx, tx, k)
		if err != nil {
			return err
		}
		if !mine {
			if row, err = s.stored(ctx, tx, k.id()); err == nil && row == nil {
				err = errKeyMoved
			}
			return err
		}
		if answer, err = fn(ctx); err != nil {
			return err
		}
		if answer.Status < 200 || answer.Status > 299 {
			return errNotStored
		}
		return s.keep(ctx, tx, k, answer)
	})
	switch {
	case errors.Is(err, errNotStored):
		return answer, false, nil
	case err != nil:
		return Answer{}, false, err
	case row != nil:
		return s.replay(ctx, k, row, nil)
	}
	return answer, false, nil
}

// Neither leaves this file: the first rolls back the transaction of an answer that is not 2xx, the second says that a key
// expired or was purged between two looks.
var (
	errNotStored = errors.New("operation: the answer is not stored")
	errKeyMoved  = errors.New("operation: the key has just expired")
)

func (k Key) check() error {
	if k.Actor == "" || k.Method == "" || k.Path == "" || len(k.BodyHash) == 0 || k.Recheck == nil {
		return errKeyUnused
	}
	ok := len(k.Key) >= 1 && len(k.Key) <= 255
	for i := 0; ok && i < len(k.Key); i++ {
		ok = k.Key[i] >= ' ' && k.Key[i] <= '~'
	}
	if !ok {
		return errs.BadField("Idempotency-Key", "bad_idempotency_key", "An idempotency key has 1 to 255 printable ASCII characters.")
	}
	return nil
}

// id is what the four parts that identify the request hash to; lengths keep them apart.
func (k Key) id() string {
	h := sha256.New()
	for _, part := range []string{k.Actor, k.Method, k.Path, k.Key} {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(part)))
		h.Write(n[:])
		h.Write([]byte(part))
	}
	return hex.EncodeToString(h.Sum(nil))
}

type keyRow struct {
	BodyHash []byte
	Answer   []byte
}

// stored gives the row of a key in force, nil when there is none.
func (s *Service) stored(ctx context.Context, q db.Q, id string) (*keyRow, error) {
	var r keyRow
	err := q.Get(ctx, &r, `SELECT body_hash, answer FROM operation_keys WHERE id = $1 AND expires > $2`, id, q.Now())
	if err != nil && errs.KindOf(err) == errs.NotFound {
		return nil, nil
	}
	return &r, err
}

// reserve takes the key for this transaction, false when it is in force already. On PostgreSQL it waits for another
// transaction that holds the same key to end.
func reserve(ctx context.Context, tx *db.Tx, k Key) (bool, error) {
	now := tx.Now()
	n, err := tx.Exec(ctx, `INSERT INTO operation_keys (id, actor_id, body_hash, created, expires) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (id) DO UPDATE SET body_hash = excluded.body_hash, answer = NULL, created = excluded.created, expires = excluded.expires
		WHERE operation_keys.expires <= $6`, k.id(), k.Actor, k.BodyHash, now, db.At(now.Add(answerKept)), now)
	return n == 1, err
}

func (s *Service) keep(ctx context.Context, tx *db.Tx, k Key, a Answer) error {
	if len(a.Body) > resultMost {
		return errTooBig
	}
	plain, err := json.Marshal(a)
	if err != nil {
		return err
	}
	id := k.id()
	sealed, err := s.box.Seal(plain, sealedAs(id))
	if err != nil {
		return err
	}
	life := answerKept
	if a.Secret {
		life = secretKept
	}
	_, err = tx.Exec(ctx, `UPDATE operation_keys SET answer = $2, expires = $3 WHERE id = $1`, id, sealed, db.At(tx.Now().Add(life)))
	return err
}

func sealedAs(id string) string { return "operation_keys/answer/" + id }

func (s *Service) replay(ctx context.Context, k Key, row *keyRow, err error) (Answer, bool, error) {
	if err != nil {
		return Answer{}, false, err
	}
	if err := k.Recheck(ctx); err != nil {
		return Answer{}, false, err
	}
	if subtle.ConstantTimeCompare(row.BodyHash, k.BodyHash) != 1 {
		return Answer{}, false, errOtherBody
	}
	plain, err := s.box.Open(row.Answer, sealedAs(k.id()))
	if err != nil {
		return Answer{}, false, err
	}
	var a Answer
	if err := json.Unmarshal(plain, &a); err != nil {
		return Answer{}, false, err
	}
	return a, true, nil
}
