package redirect_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/phone"
	"linecard/internal/redirect"
	"linecard/internal/secret"
	"linecard/internal/tenant"
)

const yealinkUA = "Yealink SIP-T54W 96.86.0.45 00:15:65:aa:bb:cc"

// CH-37, with decision 17: a phone that shows its maker's certificate is told where to go.
func TestAPhoneWithItsMakersCertificateIsToldItsAddress(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s, err := w.r.CreateServer(ctx, admin(w.a), w.a.ID, redirect.NewServer{Name: "S", URL: "https://p.example/", User: "prov", Password: secret.Hide("pw&<1>"), CertificateURL: "https://p.example/ca.pem"})
		w.ok(err)
		w.entry(w.a, redirect.NewEntry{MAC: "001565aabbcc", ServerID: s.ID})
		f, err := w.r.Serve(ctx, redirect.Request{Path: "001565AABBCC.cfg", UserAgent: yealinkUA, Certificate: mac("001565aabbcc")})
		want := "#!version:1.0.0.1\nstatic.trusted_certificates.url = https://p.example/ca.pem\nstatic.auto_provision.server.url = https://p.example/\n" +
			"static.auto_provision.server.username = prov\nstatic.auto_provision.server.password = pw&<1>\n"
		if err != nil || f.Status != 200 || string(f.Body) != want {
			t.Errorf("%d %s, %v", f.Status, f.Body, err)
		}
		_, err = w.r.Serve(ctx, redirect.Request{Path: "001565aabbcd.cfg", UserAgent: yealinkUA, Certificate: mac("001565aabbcd")})
		code(t, err, "not_found")                                                                                                  // unknown
		for _, path := range []string{"001565aabbcc.boot", "y000000000000.boot", "y000000000096.cfg", "../001565aabbcc.cfg.bak"} { // so that it goes on to the file that counts (A1.2)
			if _, err = w.r.Serve(ctx, redirect.Request{Path: path, UserAgent: yealinkUA, Certificate: mac("001565aabbcc")}); err == nil {
				t.Errorf("%s is answered", path)
			}
		}
	})
}

// Decision 17: without proof everybody is told the same, whatever is known about the MAC, and no credential.
func TestWithoutProofKnownAndUnknownAreToldTheSame(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s, err := w.r.CreateServer(ctx, admin(w.a), w.a.ID, redirect.NewServer{Name: "S", URL: "https://secret-tenant.example/", User: "prov", Password: secret.Hide("hush")})
		w.ok(err)
		off := w.entry(w.a, redirect.NewEntry{MAC: "001565000002", ServerID: s.ID})
		no := false
		_, err = w.r.EditEntry(ctx, admin(w.a), w.a.ID, off.ID, redirect.EntryPatch{Enabled: &no})
		w.ok(err)
		e := w.entry(w.a, redirect.NewEntry{MAC: "001565000001", ServerID: s.ID})
		say := func(m, maker, path string) string {
			f, err := w.r.Answer(ctx, redirect.Ask{MAC: mac(m), Maker: maker, Path: strings.ReplaceAll(path, "MAC", m), From: netip.MustParseAddr("203.0.113.7")})
			return strings.ReplaceAll(fmt.Sprint(f.Status, f.Location, f.ContentType, string(f.Body), errs.CodeOf(orNone(err))), m, "MAC")
		}
		paths := map[string]string{"yealink": "MAC.cfg", "poly": "MAC.cfg", "cisco": "MAC.xml", "grandstream": "cfgMAC.xml", "snom": "snom300-MAC.htm", "": "MAC.cfg"}
		for _, fallback := range []string{"", "https://phones.example/rps/"} {
			if _, err := w.r.SetPolicy(ctx, admin(w.operator), redirect.Policy{Fallback: fallback}); err != nil {
				t.Fatal(err)
			}
			for maker, path := range paths {
				known := say("001565000001", maker, path)
				for _, other := range []string{"001565000002", "001565ffff01"} {
					if got := say(other, maker, path); got != known {
						t.Errorf("%s %s: %q differs from %q", maker, other, got, known)
					}
				}
				if strings.Contains(known, "secret-tenant") || strings.Contains(known, "hush") || strings.Contains(known, "prov\"") || fallback == "" != strings.Contains(known, "not_found") {
					t.Errorf("%s: %s", maker, known)
				}
			}
		}
		_, err = w.r.OpenWindow(ctx, admin(w.a), w.a.ID, e.ID, 2*time.Hour, 0)
		w.ok(err)
		if got := say("001565000001", "yealink", "MAC.cfg"); !strings.Contains(got, "https://secret-tenant.example/") || !strings.Contains(got, "hush") {
			t.Error(got)
		}
		w.clock.Advance(2 * time.Hour)
		if got := say("001565000001", "yealink", "MAC.cfg"); strings.Contains(got, "secret-tenant") {
			t.Error(got)
		}
		// A certificate of another phone is no proof for this one.
		f, err := w.r.Serve(ctx, redirect.Request{Path: "001565000001.cfg", UserAgent: yealinkUA, Certificate: mac("001565aabbcc")})
		if err != nil || strings.Contains(string(f.Body), "secret-tenant") {
			t.Errorf("%s, %v", f.Body, err)
		}
		for _, c := range []struct {
			hours time.Duration
			ok    bool
		}{{1, true}, {168, true}, {169, false}, {-1, false}} {
			_, err := w.r.OpenWindow(ctx, admin(w.a), w.a.ID, e.ID, c.hours*time.Hour, 0)
			if (err == nil) != c.ok {
				t.Errorf("%d hours: %v", c.hours, err)
			}
		}
	})
}

func orNone(err error) error {
	if err == nil {
		return errs.New(errs.Internal, "none", "none")
	}
	return err
}

// CH-26, CH-37.
func TestAStoppedPhoneIsForbiddenAndOnlyAfterItProvedItself(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		e := w.entry(w.a, redirect.NewEntry{MAC: "001565aabbcc", UniqueURL: "https://p.example/"})
		ask := redirect.Ask{MAC: e.MAC, Maker: "yealink", Path: "001565aabbcc.cfg", Verified: true}
		_, err := w.tenants.Freeze(ctx, admin(w.p), w.a.ID, tenant.Freeze{})
		w.ok(err)
		_, err = w.r.Answer(ctx, ask) // freezing alone goes on serving phones
		w.ok(err)
		_, err = w.tenants.Unfreeze(ctx, admin(w.p), w.a.ID)
		w.ok(err)
		_, err = w.tenants.Freeze(ctx, admin(w.p), w.a.ID, tenant.Freeze{StopsService: true})
		w.ok(err)
		_, err = w.r.Answer(ctx, ask)
		code(t, err, "redirect_stopped")
		ask.Verified = false
		_, err = w.r.Answer(ctx, ask)
		code(t, err, "not_found")
	})
}

// CH-39.
func TestEachContactIsLoggedAndTheLastAddressShows(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		e := w.entry(w.a, redirect.NewEntry{MAC: "aabbcc000001", UniqueURL: "https://p.example/boot/"})
		if e.Contact.IP != "" || e.Contact.Times != 0 {
			t.Errorf("%+v", e.Contact)
		}
		f, err := w.r.Serve(ctx, redirect.Request{Path: "aabbcc000001.cfg", Certificate: e.MAC, From: netip.MustParseAddr("203.0.113.7")})
		if err != nil || f.Status != http.StatusFound || f.Location != "https://p.example/boot/aabbcc000001.cfg" {
			t.Errorf("%+v, %v", f, err)
		}
		w.ok(w.r.Flush(ctx))
		if e, err = w.r.GetEntry(ctx, admin(w.a), w.a.ID, e.ID); err != nil || e.Contact.IP != "203.0.113.7" || e.Contact.Result != 302 || e.Contact.Times != 1 || e.Version != 1 {
			t.Errorf("%+v, %v", e.Contact, err)
		}
		log, _, err := w.r.Log(ctx, admin(w.a), w.a.ID, e.ID, 0, db.Page{})
		if err != nil || len(log) != 1 || log[0].Result != 302 || log[0].IP != "203.0.113.7" || !log[0].Proven || log[0].File != "aabbcc000001.cfg" {
			t.Errorf("%+v, %v", log, err)
		}
		w.clock.Advance(time.Minute)
		for range 250 {
			_, _ = w.r.Serve(ctx, redirect.Request{Path: "aabbcc000001.cfg", From: netip.MustParseAddr("::ffff:203.0.113.8")})
		}
		w.ok(w.r.Flush(ctx))
		log, next, err := w.r.Log(ctx, admin(w.p), w.a.ID, e.ID, 404, db.Page{Limit: 1000})
		if err != nil || len(log) != 200 || next != "" || log[0].IP != "203.0.113.8" || log[0].Proven {
			t.Errorf("%d, %v", len(log), err)
		}
		_, _, err = w.r.Log(ctx, admin(w.b), w.a.ID, e.ID, 0, db.Page{})
		code(t, err, "not_found")
		var events int
		w.ok(w.db.Get(ctx, &events, `SELECT COUNT(*) FROM journal_entries WHERE type = 'redirect_entry.contacted'`))
		if events != 1 {
			t.Errorf("%d events", events)
		}
	})
}

// A walk through all MACs from one address ends; a campus behind one address does not notice.
func TestGuessingIsSlowedDownAndACampusIsNot(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		from := netip.MustParseAddr("203.0.113.9")
		blocked := 0
		for i := range 6000 {
			_, err := w.r.Answer(ctx, redirect.Ask{MAC: phone.MAC{0, 0x15, 0x65, 9, byte(i >> 8), byte(i)}, Path: "x.cfg", Maker: "yealink", From: from})
			if errs.KindOf(err) == errs.TooMany {
				blocked++
				if i < 5000 {
					t.Fatalf("blocked at %d", i)
				}
			}
		}
		if blocked == 0 {
			t.Error("nobody was blocked")
		}
		w.entry(w.a, redirect.NewEntry{MAC: "001565aabbcc", UniqueURL: "https://p.example/"})
		_, err := w.r.Answer(ctx, redirect.Ask{MAC: mac("001565aabbcc"), Maker: "yealink", Path: "001565aabbcc.cfg", From: from, Verified: true})
		w.ok(err)
	})
}
