package account

import (
	"context"
	"strconv"
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
)

// One account fills neither the table of sessions nor that of tokens.
func TestOfTooManySessionsTheOneThatWasQuietLongestEnds(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		acc, other := w.person(w.p, access.PartnerFullAdmin), w.person(w.p, access.PartnerFullAdmin)
		open := func(a Account) string {
			var token string
			w.ok(w.db.Tx(w.ctx(), func(ctx context.Context, tx *db.Tx) (err error) {
				_, token, err = w.svc.openSession(ctx, tx, a.ID, stageActive, "192.0.2.1", "test")
				return err
			}))
			w.clock.Advance(time.Second)
			return token
		}
		first, second, theirs := open(acc), open(acc), open(other)
		_, err := w.svc.Authenticate(w.ctx(), first, Request{Activity: true}) // it is busy, so the second one is the quietest
		w.ok(err)
		for range sessionsMost - 1 {
			open(acc)
		}
		for name, x := range map[string]struct {
			token string
			lives bool
		}{"the busy one": {first, true}, "the quiet one": {second, false}, "somebody else's": {theirs, true}} {
			if _, err := w.svc.Authenticate(w.ctx(), x.token, Request{}); (err == nil) != x.lives {
				t.Errorf("%s: %v", name, err)
			}
		}
		var n int
		w.ok(w.db.Get(w.ctx(), &n, `SELECT COUNT(*) FROM account_sessions WHERE account_id = $1`, acc.ID))
		if n != sessionsMost {
			t.Errorf("%d sessions", n)
		}
	})
}

func TestAnAccountHasAHundredTokensAtMost(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a := w.actor(w.person(w.p, access.PartnerFullAdmin))
		first, _ := w.token(a, NewToken{Name: "0", ExpiresIn: time.Hour})
		for i := range tokensMost - 1 {
			w.token(a, NewToken{Name: strconv.Itoa(i + 1)})
		}
		_, _, err := w.svc.CreateToken(w.ctx(), a, NewToken{Name: "more"})
		refused(t, err, errs.Conflict, "token_limit")
		w.ok(w.svc.RevokeToken(w.ctx(), a, first.ID, 0))
		again, _ := w.token(a, NewToken{Name: "more", ExpiresIn: time.Hour})
		_, _, err = w.svc.CreateToken(w.ctx(), a, NewToken{Name: "still more"})
		refused(t, err, errs.Conflict, "token_limit")
		w.clock.Advance(2 * time.Hour) // one that has expired takes no place
		w.token(a, NewToken{Name: "after " + again.Name})
		w.token(w.actor(w.person(w.p, access.PartnerFullAdmin)), NewToken{Name: "of a colleague"})
	})
}
