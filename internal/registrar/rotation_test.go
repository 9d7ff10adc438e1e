package registrar_test

import (
	"strconv"
	"testing"
	"time"

	"linecard/internal/errs"
	"linecard/internal/subscriber"
)

// desk is a phone of the simulation: it registers every quarter of an hour with what its last file said.
type desk struct {
	w          *world
	host       string
	line       subscriber.Line
	name, word string
	off        bool
	refused    int
}

func (d *desk) fetch() { d.name, d.word = d.w.file(d.w.A, d.line.ID) }

func (d *desk) register() {
	if !d.w.sip.register(d.host, d.line.User, d.name, d.word) {
		d.refused++
	}
}

// DM-decision 20: 1,000 rotations with 10 % of the phones off, and with a registrar that is away at the beginning: nobody is refused at
// any time, the rotations of the phones that are there end, and those of the others wait without harm and end when they come back.
func TestAThousandRotationsWithATenthOfThePhonesOffRefuseNobody(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := 1000
		if testing.Short() {
			n = 100
		}
		w.platform(w.P)
		desks := make([]*desk, n)
		var news []subscriber.NewUser
		for i := range n {
			news = append(news, subscriber.NewUser{Email: "d" + strconv.Itoa(i) + "@a.test", FirstName: "D", LastName: strconv.Itoa(i), Package: "calling", Extension: strconv.Itoa(10000 + i)})
		}
		made, err := w.sub.CreateUsers(ctx, system, w.A.ID, news)
		w.OK(err)
		w.work()
		for i := range n {
			d := &desk{w: w, host: "10.0." + strconv.Itoa(i/250) + "." + strconv.Itoa(i%250), line: w.line(w.A, made[i].User), off: i%10 == 3}
			d.fetch()
			d.register()
			w.sip.waking[d.line.User] = func() {
				if !d.off {
					d.fetch()
					d.register()
				}
			}
			desks[i] = d
		}
		// Phones that are off had registered before: their contacts stay until they run out.
		w.sip.set(errs.New(errs.Unavailable, "registrar_unreachable", "Away."))
		for _, d := range desks {
			_, err := w.sub.Rotate(ctx, system, w.A.ID, d.line.ID, 0)
			w.OK(err)
		}
		// Every second phone fetches its file by chance at the worst moment: the registrar has not heard of the new names.
		for i, d := range desks {
			if i%2 == 0 && !d.off {
				d.fetch()
				d.register()
			}
		}
		w.later(time.Minute)
		round := func() {
			for _, d := range desks {
				if !d.off {
					d.register()
				}
			}
			w.later(15 * time.Minute)
		}
		round()
		w.sip.set(nil)
		for range 8 {
			round()
		}
		rotating := func() (running, overdue int) {
			all, err := w.sub.Rotations(ctx, w.DB, n)
			w.OK(err)
			w.OK(w.DB.Get(ctx, &overdue, `SELECT COUNT(*) FROM registrar_publications WHERE overdue`))
			return len(all), overdue
		}
		if running, _ := rotating(); running != n/10 {
			t.Fatalf("%d rotations run still", running)
		}
		for range 4 * 73 / 8 { // three days
			w.Clock.Advance(105 * time.Minute)
			round()
		}
		if _, overdue := rotating(); overdue != n/10 || w.events("line.rotation_overdue") != n/10 {
			t.Errorf("%d overdue, %d events", overdue, w.events("line.rotation_overdue"))
		}
		// They come back: half register with what they had, half fetch first.
		for i, d := range desks {
			if d.off {
				if d.off = false; i%20 < 10 {
					d.register()
				}
				d.fetch()
				d.register()
			}
		}
		for range 3 {
			round()
		}
		refused := 0
		for _, d := range desks {
			refused += d.refused
			if w.sip.names(d.line.User) != 1 {
				t.Fatalf("%d names are left for a line", w.sip.names(d.line.User))
			}
		}
		if running, _ := rotating(); running != 0 || refused != 0 || w.sip.refused != 0 {
			t.Errorf("%d rotations run, %d registrations were refused", running, w.sip.refused)
		}
		if old := desks[0]; w.events("line.rotation_ended") != n || old.name == desks[0].line.AuthID {
			t.Errorf("%d ended; the first phone registers as %s", w.events("line.rotation_ended"), old.name)
		}
	})
}

// Decision 20: the old credentials are no good once the rotation has ended.
func TestOldCredentialsAreRefusedAfterARotationAndNotBefore(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.platform(w.P)
		l := w.line(w.A, w.user(w.A, 1))
		w.work()
		name, word := w.file(w.A, l.ID)
		_, err := w.sub.Rotate(ctx, system, w.A.ID, l.ID, 0)
		w.OK(err)
		if n, _ := w.file(w.A, l.ID); n != name {
			t.Error("phones get what does not register yet")
		}
		w.work()
		fresh, secret := w.file(w.A, l.ID)
		if fresh == name || w.sip.notified != 1 || w.sip.names(l.User) != 2 {
			t.Fatalf("%s, %d notified, %d names", fresh, w.sip.notified, w.sip.names(l.User))
		}
		if st := w.status(w.A, l.ID); !st.Rotation.Running || st.Rotation.Offered.IsZero() {
			t.Errorf("%+v", st.Rotation)
		}
		if !w.sip.register("10.1.1.1", l.User, name, word) {
			t.Error("the old name is refused too early")
		}
		if w.later(time.Minute); !w.sip.register("10.1.1.2", l.User, fresh, secret) {
			t.Error("the new name is refused")
		}
		if w.later(time.Minute); w.sip.names(l.User) != 2 {
			t.Error("ended although another phone registers with the old name")
		}
		w.sip.register("10.1.1.1", l.User, fresh, secret)
		w.later(time.Minute)
		if w.later(time.Minute); w.sip.names(l.User) != 1 || w.sip.register("10.1.1.1", l.User, name, word) {
			t.Error("the old name registers for ever")
		}
	})
}

func TestAnAbandonedRotationLeavesTheOldCredentialsAlone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.platform(w.P)
		l := w.line(w.A, w.user(w.A, 1))
		name, word := w.file(w.A, l.ID)
		_, err := w.sub.Rotate(ctx, system, w.A.ID, l.ID, 0)
		w.OK(err)
		w.work()
		_, err = w.sub.AbandonRotation(ctx, system, w.A.ID, l.ID)
		w.OK(err)
		if w.work(); w.sip.names(l.User) != 1 || !w.sip.register("10.1.1.1", l.User, name, word) {
			t.Error("the old credentials were touched")
		}
		_, err = w.sub.Rotate(ctx, system, w.A.ID, l.ID, 0)
		w.OK(err)
		if w.work(); w.sip.names(l.User) != 2 {
			t.Error("it cannot be rotated again")
		}
	})
}
