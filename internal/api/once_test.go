package api_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"linecard/internal/access"
	"linecard/internal/account"
)

func (w *world) withKey(token, path, key string, body any) reply {
	w.tb.Helper()
	return w.do(request{method: "POST", path: path, token: token, body: body, header: map[string]string{"Idempotency-Key": key}})
}

func TestARepeatedRequestTakesEffectOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.full()
		body := newCustomer("Once")
		first := w.withKey(token, "/customers", "k1", body).status(201)
		before := w.rows()
		again := w.withKey(token, "/customers", "k1", body).status(201)
		if again.Header().Get("Idempotent-Replayed") != "true" || first.Header().Get("Idempotent-Replayed") != "" {
			t.Error("only the second answer is a repetition")
		}
		for _, h := range []string{"Etag", "Location", "Content-Type"} {
			if first.Header().Get(h) == "" || first.Header().Get(h) != again.Header().Get(h) {
				t.Errorf("%s was %q and is %q", h, first.Header().Get(h), again.Header().Get(h))
			}
		}
		if first.Body.String() != again.Body.String() {
			t.Errorf("the answer was\n%s and is\n%s", first.Body, again.Body)
		}
		if w.rows() != before {
			t.Error("the repetition wrote something")
		}
		w.withKey(token, "/customers", "k1", newCustomer("Other")).refused(422, "idempotency_key_reused")
		w.withKey(token, "/customers", "k2", body).status(409)
		w.withKey(token, "/partners/"+w.p.ID+"/sub-partners", "k1", map[string]any{"name": "S2", "email": mail(), "contact": "C"}).status(201) // another path
		w.withKey(w.full(), "/customers", "k1", newCustomer("Of another token")).status(201)
		w.withKey(token, "/customers", strings.Repeat("x", 256), body).faulty("Idempotency-Key bad_idempotency_key")
	})
}

func TestARefusalIsNotRepeated(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.full()
		body := newCustomer("Globex") // there is one
		w.withKey(token, "/customers", "k", body).refused(409, "name_taken")
		w.patch(token, "/customers/"+w.dd.ID, map[string]any{"name": "Initech"}).status(200)
		w.withKey(token, "/customers", "k", body).status(201)
	})
}

func TestARepetitionAsksForTheRightAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		acc := w.account(w.c, account.Invitation{Roles: []access.Role{access.CustomerFullAdmin}})
		token := w.token(w.c, acc)
		path := "/customers/" + w.c.ID + "/provisioning/reveal"
		user, word := "acme", "s3cret-word"
		w.patch(token, "/customers/"+w.c.ID+"/provisioning", map[string]any{"account": map[string]any{"user": user, "password": word}}).status(200)
		if got := w.withKey(token, path, "k", nil).status(200); got.object()["password"] != word || got.Header().Get("Cache-Control") != "no-store" {
			t.Fatal(got.Body, got.Header())
		}
		partner, admin := w.full(), w.as(w.c, access.CustomerFullAdmin)
		w.withKey(partner, path, "k", nil).status(200)
		w.withKey(partner, path, "k", nil).status(200)
		w.post(admin, "/customers/"+w.c.ID+"/authorisations/withdraw", nil).status(200)
		w.withKey(partner, path, "k", nil).refused(403, "not_authorised_by_customer")
		w.patch(admin, "/accounts/"+acc.ID, map[string]any{"roles": []string{"customer_readonly_admin"}}).status(200)
		w.withKey(token, path, "k", nil).refused(403, "forbidden")
		w.post(w.full(), "/customers/"+w.c.ID+"/freeze", nil).status(200)
		w.withKey(token, path, "k", nil).refused(403, "frozen")
	})
}

func TestRequestsAtTheSameTimeTakeEffectOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.full()
		body := newCustomer("Together")
		var mu sync.Mutex
		ids, fresh := map[string]int{}, 0
		var wg sync.WaitGroup
		for range 12 {
			wg.Go(func() {
				r := w.withKey(token, "/customers", "same", body)
				mu.Lock()
				defer mu.Unlock()
				if r.Code != http.StatusCreated {
					t.Errorf("%d %s", r.Code, r.Body)
					return
				}
				ids[r.object()["id"].(string)]++
				if r.Header().Get("Idempotent-Replayed") == "" {
					fresh++
				}
			})
		}
		wg.Wait()
		if len(ids) != 1 || fresh != 1 {
			t.Errorf("%d customers came of it, %d answers were fresh", len(ids), fresh)
		}
	})
}

func TestARefusedChangeStandsInTheLog(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.full()
		w.patch(token, "/customers/"+w.c.ID, map[string]any{"name": ""}).status(400)
		w.post(token, "/customers/"+w.cq.ID+"/freeze", nil).status(404)
		w.post(w.as(w.p, access.PartnerSupport), "/customers", newCustomer("X")).status(403)
		w.withKey(token, "/customers", "k", newCustomer("Globex")).status(409)
		var l struct {
			Items []struct {
				Action, Result, Reason, IP string
				Target                     struct{ ID string }
				Actor                      struct{ Name string }
			}
		}
		w.get(token, "/audit?result=failure").status(200).into(&l)
		var got []string
		for _, e := range l.Items {
			got = append(got, e.Action+" "+e.Reason+" "+e.Target.ID)
			if e.Actor.Name != "test" || e.IP == "" {
				t.Errorf("%+v does not say who", e)
			}
		}
		want := []string{"customer/create name_taken ", "customer/create forbidden ", "customer/freeze not_found " + w.cq.ID, "customer/edit invalid_fields " + w.c.ID}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("the log has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}
