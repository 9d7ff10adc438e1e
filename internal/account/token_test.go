package account

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/errs"
	"linecard/internal/secret"
	"linecard/internal/tenant"
)

func (w *world) bearer(token string) (access.Actor, error) {
	return w.svc.AuthenticateBearer(w.ctx(), token, Request{IP: "192.0.2.50", ID: "r"})
}

func (w *world) token(a access.Actor, in NewToken) (Token, string) {
	w.t.Helper()
	t, plain, err := w.svc.CreateToken(w.ctx(), a, in)
	w.ok(err)
	return t, plain
}

func TestATokenActsWithTheRightsOfItsMaker(t *testing.T) { // WS-37
	each(t, func(t *testing.T, w *world) {
		a := w.actor(w.person(w.p, access.PartnerFullAdmin))
		made, plain := w.token(a, NewToken{Name: "CRM"})
		if !strings.HasPrefix(plain, "lct_") || made.Kind != BearerToken || made.AccountID != a.ID {
			t.Errorf("%+v", made)
		}
		m, err := w.bearer(plain)
		w.ok(err)
		if m.Kind != access.Machine || m.ID != made.ID || m.Account != a.ID || m.Name != "CRM" || m.IP != "192.0.2.50" || m.SessionID != "" || !m.Can(access.CustomerFreeze) {
			t.Errorf("%+v", m)
		}
		var stored int64
		w.ok(w.db.Get(w.ctx(), &stored, `SELECT COUNT(*) FROM account_tokens WHERE CAST(secret_hash AS TEXT) LIKE '%lct_%'`))
		if stored != 0 {
			t.Error("the secret itself is stored")
		}
		for _, bad := range []string{"", "lct_", plain + "x", plain[:len(plain)-1] + "?", strings.Repeat("x", 5000)} {
			_, err := w.bearer(bad)
			refused(t, err, errs.Unauthenticated, "invalid_token")
		}
	})
}

func TestTokensAreMadeByThoseWhoMayOnly(t *testing.T) { // WS-37
	each(t, func(t *testing.T, w *world) {
		for _, acc := range []Account{w.person(w.p, access.PartnerSupport), w.sub([]access.Action{access.CustomerView}, w.cp.ID), w.person(w.cp, access.CustomerReadonlyAdmin)} {
			_, _, err := w.svc.CreateToken(w.ctx(), w.actor(acc), NewToken{Name: "x"})
			refused(t, err, errs.Forbidden, "forbidden")
		}
		_, _, err := w.svc.CreateToken(w.ctx(), system, NewToken{Name: "x"})
		refused(t, err, errs.Forbidden, "people_only")
		a := w.actor(w.person(w.p, access.PartnerFullAdmin))
		_, _, err = w.svc.CreateToken(w.ctx(), a, NewToken{Name: "x", Limits: []access.Action{"customer.eat"}})
		faulty(t, err, "scopes", "unknown_scope")
		_, _, err = w.svc.CreateToken(w.ctx(), a, NewToken{Name: "x", Limits: []access.Action{access.PlatformEdit}})
		refused(t, err, errs.Forbidden, "more_than_own_rights")
		_, _, err = w.svc.CreateToken(w.ctx(), a, NewToken{Name: "", Kind: "cookie", ExpiresIn: 20 * 365 * 24 * time.Hour})
		faulty(t, err, "name", "required")
		faulty(t, err, "kind", "unknown_value")
		faulty(t, err, "expires_in", "out_of_range")
	})
}

func TestANarrowedTokenMakesNothingWider(t *testing.T) { // WS-37
	each(t, func(t *testing.T, w *world) {
		a := w.actor(w.person(w.p, access.PartnerFullAdmin))
		_, plain := w.token(a, NewToken{Name: "narrow", Limits: []access.Action{access.TokenManage, access.CustomerView, access.AccountEdit}, ExpiresIn: time.Hour})
		m, err := w.bearer(plain)
		w.ok(err)
		if m.Can(access.CustomerEdit) || !m.Can(access.CustomerView) {
			t.Error("limits do not hold")
		}
		_, err = w.tenants.CreateCustomer(w.ctx(), m, tenant.NewCustomer{Details: details("x"), PermissionTypes: []string{tenant.DMP}})
		refused(t, err, errs.Forbidden, "insufficient_scope")
		_, _, err = w.svc.CreateToken(w.ctx(), m, NewToken{Name: "wider", Limits: []access.Action{access.CustomerEdit}})
		refused(t, err, errs.Forbidden, "more_than_own_rights")
		child, childPlain := w.token(m, NewToken{Name: "child"})
		if !child.Expires.Equal(w.clock.Now().Add(time.Hour)) {
			t.Errorf("the child outlives its maker: %v", child.Expires)
		}
		c, err := w.bearer(childPlain)
		w.ok(err)
		if !slices.Equal(c.Limits, m.Limits) {
			t.Errorf("%v is not %v", c.Limits, m.Limits)
		}
		_, none := w.token(a, NewToken{Name: "nothing", Limits: []access.Action{}})
		if n, err := w.bearer(none); err != nil || n.Can(access.CustomerView) || n.Limits == nil {
			t.Errorf("a token without a scope may do something: %v %v", n.Limits, err)
		}
		_, err = w.svc.Invite(w.ctx(), m, Invitation{Email: newEmail(), Name: "Full", Roles: []access.Role{access.PartnerFullAdmin}})
		refused(t, err, errs.Forbidden, "more_than_own_rights")
	})
}

func TestATokenEndsWhenItExpiresOrIsRevoked(t *testing.T) { // CH-24, WS-37
	each(t, func(t *testing.T, w *world) {
		a := w.actor(w.person(w.p, access.PartnerFullAdmin))
		_, short := w.token(a, NewToken{Name: "short", ExpiresIn: 30 * time.Second})
		long, longPlain := w.token(a, NewToken{Name: "long"})
		w.clock.Advance(29 * time.Second)
		_, err := w.bearer(short) // remembered for a minute, but not longer than it lives
		w.ok(err)
		w.clock.Advance(time.Second)
		_, err = w.bearer(short)
		refused(t, err, errs.Unauthenticated, "invalid_token")

		_, err = w.bearer(longPlain)
		w.ok(err)
		stranger := w.actor(w.person(w.q, access.PartnerFullAdmin))
		refused(t, w.svc.RevokeToken(w.ctx(), stranger, long.ID, 0), errs.NotFound, "not_found")
		refused(t, w.svc.RevokeToken(w.ctx(), a, long.ID, 7), errs.Stale, "changed_meanwhile")
		w.ok(w.svc.RevokeToken(w.ctx(), a, long.ID, 1))
		_, err = w.bearer(longPlain)
		refused(t, err, errs.Unauthenticated, "invalid_token")
		refused(t, w.svc.RevokeToken(w.ctx(), a, long.ID, 0), errs.NotFound, "not_found")
	})
}

func TestWhatIsRememberedOfATokenIsForgottenWithEveryChangeHere(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		boss := w.actor(w.person(w.p, access.PartnerFullAdmin))
		acc := w.person(w.p, access.PartnerFullAdmin)
		_, plain := w.token(w.actor(acc), NewToken{Name: "m"})
		m, err := w.bearer(plain)
		w.ok(err)
		if !m.Can(access.CustomerFreeze) {
			t.Fatal("it cannot freeze")
		}
		less := []access.Role{access.PartnerReadonlyAdmin}
		_, err = w.svc.Edit(w.ctx(), boss, acc.ID, Patch{Roles: &less})
		w.ok(err)
		if m, err = w.bearer(plain); err != nil || m.Can(access.CustomerFreeze) {
			t.Errorf("the old rights are remembered: %v", err)
		}
		// Another node changes it: that takes effect after the time it may be remembered.
		_, err = w.db.Exec(w.ctx(), `UPDATE account_accounts SET state = 'disabled' WHERE id = $1`, acc.ID)
		w.ok(err)
		if _, err = w.bearer(plain); err != nil {
			t.Errorf("it was not remembered: %v", err)
		}
		w.clock.Advance(time.Minute)
		_, err = w.bearer(plain)
		refused(t, err, errs.Forbidden, "frozen")
	})
}

func TestAnAnswerReadBeforeAChangeIsNotRememberedAfterIt(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		hash := secret.TokenHash("some token")
		_, era, _ := w.svc.machines.get(hash)
		w.svc.machines.forgetAll() // a change commits while the answer is on its way
		w.svc.machines.put(hash, access.Actor{ID: "stale"}, era, time.Time{})
		if _, _, ok := w.svc.machines.get(hash); ok {
			t.Error("the stale answer is remembered")
		}
		for i := range rememberedMost + 10 {
			h := secret.TokenHash(strings.Repeat("x", i%50) + string(rune(i)))
			_, era, _ := w.svc.machines.get(h)
			w.svc.machines.put(h, access.Actor{}, era, time.Time{})
		}
		if n := len(w.svc.machines.kept); n > rememberedMost {
			t.Errorf("%d are remembered", n)
		}
	})
}

func TestTheLastUseOfATokenIsKeptToTheMinute(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a := w.actor(w.person(w.p, access.PartnerFullAdmin))
		made, plain := w.token(a, NewToken{Name: "m"})
		for range 3 {
			w.clock.Advance(2 * time.Minute)
			_, err := w.bearer(plain)
			w.ok(err)
			got, err := w.svc.GetToken(w.ctx(), a, made.ID)
			w.ok(err)
			if !got.LastUsed.Equal(w.clock.Now()) {
				t.Errorf("last used %v", got.LastUsed)
			}
		}
		_, err := w.svc.GetToken(w.ctx(), w.actor(w.person(w.q, access.PartnerFullAdmin)), made.ID)
		refused(t, err, errs.NotFound, "not_found")
		list, next, err := w.svc.Tokens(w.ctx(), a, db.Page{})
		w.ok(err)
		if len(list) != 1 || next != "" || list[0].ID != made.ID || list[0].Email != a.Email {
			t.Errorf("%+v", list)
		}
	})
}

func TestClientCredentialsGiveShortLivedTokens(t *testing.T) { // WS-37, RFC 6749 section 4.4
	each(t, func(t *testing.T, w *world) {
		a := w.actor(w.person(w.p, access.PartnerFullAdmin))
		client, plain := w.token(a, NewToken{Name: "client", Kind: ClientSecret, Limits: []access.Action{access.CustomerView, access.CustomerEdit}})
		other, _ := w.token(a, NewToken{Name: "other", Kind: ClientSecret})
		_, err := w.bearer(plain) // the secret itself is no bearer token
		refused(t, err, errs.Unauthenticated, "invalid_token")
		g, err := w.svc.ClientCredentials(w.ctx(), client.ID, secret.Hide(plain), "")
		w.ok(err)
		if g.ExpiresIn != 3600 || g.Scope != "customer.edit customer.view" {
			t.Errorf("%+v", g)
		}
		m, err := w.bearer(g.AccessToken)
		w.ok(err)
		if m.ID != client.ID || !m.Can(access.CustomerEdit) || m.Can(access.CustomerFreeze) {
			t.Errorf("%+v", m)
		}
		less, err := w.svc.ClientCredentials(w.ctx(), client.ID, secret.Hide(plain), "customer.view customer.view")
		w.ok(err)
		if m, err := w.bearer(less.AccessToken); err != nil || m.Can(access.CustomerEdit) || less.Scope != "customer.view" {
			t.Errorf("%+v %v", less, err)
		}
		for _, scope := range []string{"customer.freeze", "nonsense", "customer.view customer.freeze"} {
			_, err = w.svc.ClientCredentials(w.ctx(), client.ID, secret.Hide(plain), scope)
			refused(t, err, errs.Invalid, "invalid_scope")
		}
		for id, word := range map[string]string{client.ID: "lcc_wrong", other.ID: plain, "": plain, "unknown": plain} {
			_, err = w.svc.ClientCredentials(w.ctx(), id, secret.Hide(word), "")
			refused(t, err, errs.Unauthenticated, "invalid_client")
		}
		w.clock.Advance(time.Hour)
		_, err = w.bearer(g.AccessToken)
		refused(t, err, errs.Unauthenticated, "invalid_token")
		g, err = w.svc.ClientCredentials(w.ctx(), client.ID, secret.Hide(plain), "")
		w.ok(err)
		_, err = w.bearer(g.AccessToken)
		w.ok(err)
		w.ok(w.svc.RevokeToken(w.ctx(), a, client.ID, 0))
		_, err = w.bearer(g.AccessToken)
		refused(t, err, errs.Unauthenticated, "invalid_token")
		_, err = w.svc.ClientCredentials(w.ctx(), client.ID, secret.Hide(plain), "")
		refused(t, err, errs.Unauthenticated, "invalid_client")
	})
}

func TestAnAccessTokenNeverOutlivesItsClient(t *testing.T) { // WS-37
	each(t, func(t *testing.T, w *world) {
		a := w.actor(w.person(w.p, access.PartnerFullAdmin))
		client, plain := w.token(a, NewToken{Name: "client", Kind: ClientSecret, ExpiresIn: 10 * time.Minute})
		g, err := w.svc.ClientCredentials(w.ctx(), client.ID, secret.Hide(plain), "")
		w.ok(err)
		if g.ExpiresIn != 600 {
			t.Errorf("%d s", g.ExpiresIn)
		}
		w.clock.Advance(10 * time.Minute)
		_, err = w.bearer(g.AccessToken)
		refused(t, err, errs.Unauthenticated, "invalid_token")
	})
}

// A chain of tokens made by tokens, with any scopes asked for, never can do what its maker cannot (WS-37).
func TestNoTokenEverCanMoreThanItsMaker(t *testing.T) {
	clock := dbtest.NewClock()
	w := newWorld(t, dbtest.Open(t, dbtest.SQLiteURL(t), clock), clock)
	var makers []access.Actor
	for _, of := range []tenant.Tenant{w.p, w.cp, w.operator} {
		for _, r := range access.Roles(of.Kind) {
			if r != access.PartnerSubAccount {
				makers = append(makers, w.actor(w.person(of, r)))
			}
		}
	}
	all := access.Actions()
	rapid.Check(t, func(rt *rapid.T) {
		maker := rapid.SampledFrom(makers).Draw(rt, "maker")
		for depth := range rapid.IntRange(1, 4).Draw(rt, "depth") {
			in := NewToken{Name: "t", Kind: rapid.SampledFrom([]string{BearerToken, ClientSecret}).Draw(rt, "kind")}
			pool := all
			if rapid.Bool().Draw(rt, "own scopes only") {
				pool = slices.DeleteFunc(slices.Clone(all), func(act access.Action) bool { return !maker.Can(act) })
				pool = append(pool, access.Self)
			}
			if rapid.Bool().Draw(rt, "scopes") {
				in.Limits = rapid.SliceOfN(rapid.SampledFrom(pool), 0, 12).Draw(rt, "limits")
				if in.Limits == nil {
					in.Limits = []access.Action{}
				}
				if rapid.Bool().Draw(rt, "keeps token.manage") && maker.Can(access.TokenManage) {
					in.Limits = append(in.Limits, access.TokenManage)
				}
			}
			made, plain, err := w.svc.CreateToken(w.ctx(), maker, in)
			if err != nil {
				if errs.KindOf(err) != errs.Forbidden {
					rt.Fatal(err)
				}
				return
			}
			if in.Kind == ClientSecret {
				g, err := w.svc.ClientCredentials(w.ctx(), made.ID, secret.Hide(plain), "")
				if err != nil {
					rt.Fatal(err)
				}
				plain = g.AccessToken
			}
			got, err := w.bearer(plain)
			if err != nil {
				rt.Fatal(err)
			}
			for _, act := range all {
				if got.Can(act) && !maker.Can(act) {
					rt.Fatalf("depth %d: %v with %v may %s, its maker %v with %v may not", depth, got.Roles, got.Limits, act, maker.Roles, maker.Limits)
				}
			}
			maker = got
		}
	})
}
