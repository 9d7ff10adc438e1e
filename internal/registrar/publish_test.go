package registrar_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/registrar"
	"linecard/internal/tenant"
)

// Decision 21: what is told to a registrar is told by jobs, and again until it stands there.
func TestALineIsPublishedSeenRegisteredAndTakenAwayWithItsUser(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		early := w.line(w.A, w.user(w.A, 1)) // before there is a registrar
		v := w.platform(w.P)
		u := w.user(w.A, 2)
		l := w.line(w.A, u)
		if st := w.status(w.A, l.ID); st.State != registrar.Pending || st.PlatformID != v.ID || w.sip.dials != 0 {
			t.Fatalf("%+v after %d calls: nothing is told in a transaction", st, w.sip.dials)
		}
		w.work()
		name, word := w.file(w.A, l.ID)
		if st := w.status(w.A, l.ID); st.State != registrar.Published || st.Registered {
			t.Fatalf("%+v", st)
		}
		if !w.sip.register("10.1.1.1", l.User, name, word) {
			t.Fatal("the credentials of the file do not register")
		}
		if w.sip.register("10.1.1.1", l.User, name, word+"x") || w.sip.register("10.1.1.1", early.User, name, word) {
			t.Fatal("the test's registrar refuses nothing")
		}
		if n, p := w.file(w.A, early.ID); !w.sip.register("10.1.1.2", early.User, n, p) {
			t.Error("a line from before the registrar was not published")
		}
		w.later(31 * time.Second)
		st := w.status(w.A, l.ID)
		if !st.Registered || len(st.Registrations) != 1 || st.Registrations[0].AuthID != name || st.Registrations[0].UserAgent != "Yealink T54W" {
			t.Errorf("%+v", st)
		}
		w.later(2 * time.Hour)
		if w.status(w.A, l.ID).Registered {
			t.Error("a registration that has run out is shown as one")
		}
		w.OK(w.sub.DeleteUser(ctx, system, w.A.ID, u.ID, 0))
		w.work()
		if w.sip.register("10.1.1.1", l.User, name, word) {
			t.Error("the line of a deleted user registers")
		}
		if _, err := w.r.Status(ctx, system, w.A.ID, l.ID); errs.KindOf(err) != errs.NotFound {
			t.Error(err)
		}
		if w.sip.names(early.User) != 1 {
			t.Error("another line went with it")
		}
	})
}

// Decision 21: a registrar that is away costs nothing but time.
func TestWhatARegistrarMissedWhileItWasAwayItHearsLater(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		v := w.platform(w.P)
		w.sip.set(errs.New(errs.Unavailable, "registrar_unreachable", "Away."))
		u := w.user(w.A, 1)
		l := w.line(w.A, u)
		gone := w.line(w.A, w.user(w.A, 2))
		w.OK(w.sub.DeleteLine(ctx, system, w.A.ID, gone.ID, 0))
		for range 5 {
			w.later(time.Minute)
		}
		p, err := w.r.Platform(ctx, admin(w.P), v.ID)
		w.OK(err)
		if p.Fault != "registrar_unreachable" || w.events("registrar.failed") != 1 || w.status(w.A, l.ID).Fault != p.Fault {
			t.Errorf("%+v, %d events", p, w.events("registrar.failed"))
		}
		w.sip.set(nil)
		for range 10 {
			w.later(time.Minute)
		}
		if p, _ = w.r.Platform(ctx, admin(w.P), v.ID); p.Fault != "" || w.sip.names(l.User) != 1 || w.sip.names(gone.User) != 0 || w.status(w.A, l.ID).State != registrar.Published {
			t.Errorf("%+v", p)
		}
	})
}

func TestWhatSomebodyChangedInARegistrarIsRepairedAndReported(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		v := w.platform(w.P)
		l := w.line(w.A, w.user(w.A, 1))
		other := w.line(w.A, w.user(w.A, 2))
		w.work()
		name, word := w.file(w.A, l.ID)
		w.sip.mu.Lock()
		w.sip.accounts[name] = account{l.User, "changed"}
		w.sip.accounts["stranger"] = account{"somebody", "x"}
		w.sip.drop(other.User)
		w.sip.mu.Unlock()
		w.later(11 * time.Minute)
		if !w.sip.register("10.1.1.1", l.User, name, word) || w.sip.names(other.User) != 1 || w.sip.names("somebody") != 1 {
			t.Error("not repaired, or something that is not ours was touched")
		}
		if p, err := w.r.Platform(ctx, admin(w.P), v.ID); err != nil || p.Drifted != 2 || w.events("registrar.drifted") != 1 {
			t.Errorf("%+v %v", p, err)
		}
		w.later(11 * time.Minute)
		if p, err := w.r.Platform(ctx, admin(w.P), v.ID); err != nil || p.Drifted != 0 || p.Strangers != 1 || w.events("registrar.drifted") != 1 {
			t.Errorf("%+v %v", p, err)
		}
	})
}

// Decision 22: freezing, suspension and a move to another registrar take nobody's way to emergency services away.
func TestFrozenSuspendedAndMovedCustomersKeepRegistering(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.platform(w.P)
		l := w.line(w.A, w.user(w.A, 1))
		sub := w.line(w.C, w.user(w.C, 1))
		w.work()
		name, word := w.file(w.A, l.ID)
		subName, subWord := w.file(w.C, sub.ID)
		try := func(when string) {
			t.Helper()
			w.later(11 * time.Minute)
			if !w.sip.register("10.1.1.1", l.User, name, word) || !w.sip.register("10.1.1.2", sub.User, subName, subWord) {
				t.Error("refused " + when)
			}
		}
		_, err := w.Tenants.Freeze(ctx, admin(w.P), w.A.ID, tenant.Freeze{Reason: "unpaid", StopsService: true})
		w.OK(err)
		try("when frozen")
		_, err = w.Tenants.Suspend(ctx, system, w.S.ID)
		w.OK(err)
		try("when suspended")
		if !w.status(w.A, l.ID).Registered {
			t.Error("registrations of a frozen customer are not read")
		}
	})
}

func TestALineThatMovesToANearerRegistrarStaysInTheOldOneUntilItWasSeenThere(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		far := w.platform(w.P)
		l := w.line(w.A, w.user(w.A, 1))
		w.work()
		near := w.platform(w.A)
		w.work()
		if st := w.status(w.A, l.ID); st.PlatformID != near.ID || st.State != registrar.Published {
			t.Fatalf("%+v", st)
		}
		count := func(id string) (n int) {
			w.OK(w.DB.Get(ctx, &n, `SELECT COUNT(*) FROM registrar_publications WHERE platform_id = $1`, id))
			return n
		}
		if w.later(time.Hour); count(far.ID) != 1 {
			t.Error("it left before it was seen")
		}
		name, word := w.file(w.A, l.ID)
		w.sip.register("10.1.1.1", l.User, name, word)
		w.later(time.Minute)
		if w.later(time.Minute); count(far.ID) != 0 || count(near.ID) != 1 {
			t.Errorf("%d and %d", count(far.ID), count(near.ID))
		}
	})
}

func TestARegistrarIsItsOrganisationsOwn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		v := w.platform(w.P)
		_, err := w.r.Create(ctx, admin(w.P), registrar.Kamailio, kamailioPatch())
		code(t, err, "registrar_exists")
		for _, who := range []access.Actor{admin(w.Q), admin(w.S), admin(w.A), admin(w.Operator)} {
			if _, err := w.r.Platform(ctx, who, v.ID); errs.KindOf(err) != errs.NotFound {
				t.Errorf("%s: %v", who.Name, err)
			}
			if _, err := w.r.Edit(ctx, who, v.ID, registrar.Patch{Name: text("X")}); errs.KindOf(err) != errs.NotFound {
				t.Errorf("%s: %v", who.Name, err)
			}
			if err := w.r.Delete(ctx, who, v.ID, 0); errs.KindOf(err) != errs.NotFound {
				t.Errorf("%s: %v", who.Name, err)
			}
		}
		if _, _, err := w.r.Platforms(ctx, person(w.P, access.PartnerSupport), db.Page{}); errs.KindOf(err) != errs.Forbidden {
			t.Error(err)
		}
		l := w.line(w.A, w.user(w.A, 1))
		for _, who := range []access.Actor{admin(w.Q), admin(w.B)} {
			if _, err := w.r.Status(ctx, who, w.A.ID, l.ID); errs.KindOf(err) != errs.NotFound {
				t.Errorf("%s: %v", who.Name, err)
			}
			if err := w.r.Sync(ctx, who, w.A.ID, l.ID); errs.KindOf(err) != errs.NotFound {
				t.Errorf("%s: %v", who.Name, err)
			}
		}
		if err := w.r.Sync(ctx, admin(w.B), w.B.ID, l.ID); errs.KindOf(err) != errs.NotFound {
			t.Error("another customer's line: ", err)
		}
		w.OK(w.r.Delete(ctx, admin(w.P), v.ID, 0))
		code(t, w.r.Sync(ctx, system, w.A.ID, l.ID), "line_without_registrar")
	})
}

func TestWrongRegistrarsAreRefusedWithAllFaults(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, err := w.r.Create(ctx, admin(w.P), registrar.Kamailio, registrar.Patch{Domain: text("no domain"), Address: text("http://169.254.169.254/"), DatabaseURL: hide("host=/tmp"),
			Settings: &registrar.Settings{TimeZone: "Mars/Base", RotationHours: 99999}})
		got := map[string]string{}
		for _, f := range errs.As(err).Fields {
			got[f.Name] = f.Code
		}
		for field, want := range map[string]string{"name": "required", "domain": "bad_host", "address": "address_refused", "database_url": "bad_database_url", "settings.time_zone": "bad_time_zone",
			"settings.rotation_hours": "out_of_range"} {
			if got[field] != want {
				t.Errorf("%s: %q instead of %q", field, got[field], want)
			}
		}
		for _, u := range []string{"postgres://u:p@h/d?sslrootcert=/etc/passwd", "postgres://u:p@h/d?host=/run", "postgres://u:p@a,b/d", "postgres://u:p@%2Frun/d", "postgres:///d", "mysql://u:p@h/d",
			"postgres://u:p@h", "postgres://u:p@h/d?passfile=x", "postgres://u:p@h/d?sslmode=allow"} {
			p := kamailioPatch()
			p.DatabaseURL = hide(u)
			if _, err := w.r.Create(ctx, admin(w.P), registrar.Kamailio, p); err == nil {
				t.Error("accepted ", u)
			}
		}
		_, err = w.r.Create(ctx, admin(w.P), registrar.FreeSWITCH, registrar.Patch{Name: text("F"), Domain: text(domain), Secret: hide("short")})
		code(t, err, "invalid_fields")
	})
}

// Decision 16: no password of a line or a registrar stands in clear anywhere.
func TestNoSecretStandsInTablesJobsOrTheJournal(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := kamailioPatch()
		p.Secret = hide("Rpc-Secret-0815")
		v, err := w.r.Create(ctx, admin(w.P), registrar.Kamailio, p)
		w.OK(err)
		l := w.line(w.A, w.user(w.A, 1))
		w.sip.set(errs.New(errs.Unavailable, "registrar_unreachable", "Away."))
		w.work()
		name, word := w.file(w.A, l.ID)
		said, err := json.Marshal(v)
		w.OK(err)
		var all strings.Builder
		all.Write(said)
		for table, columns := range map[string]string{"journal_entries": "data", "queue_jobs": "args || last_error", "registrar_platforms": "settings || fault", "registrar_publications": "user_part || next_auth_id"} {
			var rows []string
			w.OK(w.DB.Select(ctx, &rows, `SELECT `+columns+` FROM `+table))
			all.WriteString(strings.Join(rows, "\n"))
		}
		for _, s := range []string{word, md(name + ":" + domain + ":" + word), "Rpc-Secret-0815", "k:word@"} {
			if strings.Contains(all.String(), s) {
				t.Error("found ", s)
			}
		}
		w.OK(w.box.Rotate())
		if n, err := w.r.Reseal(ctx); err != nil || n != 2 {
			t.Errorf("%d resealed, %v", n, err)
		}
		w.sip.set(nil)
		w.later(time.Hour)
		if w.sip.names(l.User) != 1 {
			t.Error("it does not work after the keys were rotated")
		}
	})
}
