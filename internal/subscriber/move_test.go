package subscriber_test

import (
	"strings"
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/deliver"
	"linecard/internal/subscriber"
)

// token gives what the link of the last letter ends with.
func (w *world) token() string {
	w.t.Helper()
	l := w.letters[len(w.letters)-1]
	if l.Template != deliver.UserMoveConsent {
		w.t.Fatalf("the last letter is %s to %s", l.Template, l.To)
	}
	return l.Values["link"][strings.LastIndex(l.Values["link"], "/")+1:]
}

// WS-116: who belongs to another organisation is asked at its own address, and moves when it agrees: there the user ends, here it begins,
// at the same instant.
func TestAPersonOfAnotherOrganisationMovesWhenItAgrees(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.location(w.D, "HQ")
		w.user(w.D, person(2)) // administers D, as the first
		old := w.user(w.D, person(1))
		n := person(1)
		_, err := w.subs.CreateUser(ctx, system, w.A.ID, n)
		refused(t, err, "user_email_elsewhere")
		n.AskConsent, n.AddOns = true, []string{"attendant_console"}
		u := w.user(w.A, n)
		if u.Status != subscriber.Pending || w.used(w.A, "calling") != 0 || len(w.spans(u)) != 0 || w.count(`SELECT COUNT(*) FROM subscriber_lines WHERE holder_id = $1`, u.ID) != 0 {
			t.Fatalf("%+v, %d used", u, w.used(w.A, "calling"))
		}
		if l := w.letters[len(w.letters)-1]; l.To != n.Email || l.Values["organisation"] != w.A.Name || strings.Contains(l.Values["link"], u.ID) {
			t.Errorf("%+v", l)
		}
		token := w.token()
		m, err := w.subs.OpenMove(ctx, token)
		if err != nil || m.From != w.D.Name || m.To != w.A.Name || m.Email != n.Email {
			t.Fatalf("%+v, %v", m, err)
		}
		w.Clock.Advance(time.Hour)
		got, err := w.subs.Agree(ctx, token, "192.0.2.1")
		if err != nil || got.Status != subscriber.Provisioned || got.ID != u.ID || len(got.AddOns) != 1 {
			t.Fatalf("%+v, %v", got, err)
		}
		before, after := w.spans(old), w.spans(u)
		if len(before) != 1 || len(after) != 2 || before[0].End != after[0].Start || w.used(w.A, "calling") != 1 || w.used(w.A, "attendant_console") != 1 || w.used(w.D, "calling") != 1 {
			t.Errorf("%+v\n%+v", before, after)
		}
		if w.count(`SELECT COUNT(*) FROM subscriber_lines WHERE holder_id = $1`, u.ID) != 1 || w.count(`SELECT COUNT(*) FROM subscriber_holders WHERE id = $1`, old.ID) != 0 {
			t.Error("the lines did not follow")
		}
		if l := w.letters[len(w.letters)-1]; l.Template != deliver.UserMovedAway || l.To != w.D.Email || strings.Contains(strings.Join([]string{l.Values["person"], l.Values["organisation"]}, " "), w.A.Name) {
			t.Errorf("the organisation that was left hears %+v", l)
		}
		for kind, at := range map[string]string{"user.moved_away": w.D.ID, "user.moved": w.A.ID} {
			if n := w.count(`SELECT COUNT(*) FROM journal_entries WHERE type = $1 AND tenant_id = $2`, kind, at); n != 1 {
				t.Errorf("%d of %s", n, kind)
			}
		}
		_, err = w.subs.Agree(ctx, token, "")
		refused(t, err, "link_expired")
		_, err = w.subs.AskAgain(ctx, system, w.A.ID, u.ID)
		refused(t, err, "user_not_pending")
	})
}

func TestTheQuestionIsAskedAgainAtMostOnceAMinuteAndOnlyTheNewestCounts(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.user(w.B, person(2))
		w.user(w.B, person(1))
		n := person(1)
		n.AskConsent = true
		u := w.user(w.A, n)
		first := w.token()
		_, err := w.subs.AskAgain(ctx, system, w.A.ID, u.ID)
		refused(t, err, "too_soon")
		w.Clock.Advance(time.Minute)
		if _, err := w.subs.AskAgain(ctx, system, w.D.ID, u.ID); err == nil {
			t.Error("asked by another customer")
		}
		_, err = w.subs.AskAgain(ctx, system, w.A.ID, u.ID)
		w.OK(err)
		_, err = w.subs.OpenMove(ctx, first)
		refused(t, err, "link_expired")
		w.Clock.Advance(14*24*time.Hour + time.Second)
		_, err = w.subs.Agree(ctx, w.token(), "")
		refused(t, err, "link_expired")
		_, err = w.subs.AskAgain(ctx, system, w.A.ID, u.ID)
		w.OK(err)
		stale, mail := w.token(), "other@acme.test"
		_, err = w.subs.EditUser(ctx, system, w.A.ID, u.ID, subscriber.HolderPatch{Email: &mail})
		w.OK(err)
		_, err = w.subs.OpenMove(ctx, stale)
		refused(t, err, "link_expired") // another person is meant now
	})
}

func TestAMoveIsRefusedByTheRulesOfACreation(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.user(w.A, person(30))         // administers A
		first := w.user(w.D, person(1)) // the first user administers D
		n := person(1)
		n.AskConsent = true
		w.user(w.A, n)
		_, err := w.subs.Agree(ctx, w.token(), "")
		refused(t, err, "mover_administers")
		if got, err := w.subs.User(ctx, system, w.D.ID, first.ID); err != nil || got.Status != subscriber.Provisioned {
			t.Errorf("%+v, %v", got, err)
		}
		w.user(w.D, person(2))
		for i := range 2 { // B may have two
			w.user(w.B, person(10+i))
		}
		n = person(2)
		n.AskConsent = true
		_, err = w.subs.CreateUser(ctx, system, w.B.ID, n)
		refused(t, err, "limit_reached")
		two := w.user(w.A, person(3))
		n = person(3)
		n.AskConsent = true
		w.OK(w.subs.DeleteUser(ctx, system, w.B.ID, w.one(w.B, "u11@acme.test"), 0))
		waits := w.user(w.B, n)
		w.user(w.B, person(11))
		_, err = w.subs.Agree(ctx, w.token(), "")
		refused(t, err, "limit_reached")
		if got, err := w.subs.User(ctx, system, w.A.ID, two.ID); err != nil || w.spans(got)[0].End < got.Created.Unix()+1<<40 {
			t.Errorf("the user of the present organisation ended although nothing came of it: %v", err)
		}
		w.OK(w.subs.DeleteUser(ctx, system, w.A.ID, two.ID, 0)) // gone meanwhile: nobody is left, the person just comes
		w.OK(w.subs.DeleteUser(ctx, system, w.B.ID, w.one(w.B, "u11@acme.test"), 0))
		got, err := w.subs.Agree(ctx, w.token(), "")
		if err != nil || got.ID != waits.ID {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

// one gives the id of the user with an address.
func (w *world) one(t interface{ Access() access.Tenant }, email string) string {
	w.t.Helper()
	var id string
	w.OK(w.DB.Get(ctx, &id, `SELECT id FROM subscriber_holders WHERE email_fold = $1 AND customer_id = $2`, email, t.Access().ID))
	return id
}
