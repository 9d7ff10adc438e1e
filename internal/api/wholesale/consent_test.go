package wholesale_test

import (
	"strings"
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/api/wholesale"
)

// WS-116, WS-119: with the setting, a person of another customer is asked by mail, 202 until it agrees, and asked again at most once a minute.
func TestAPersonOfAnotherCustomerIsAskedAndMovesOnceItAgrees(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token, there := w.full(w.P), w.full(w.Q)
		here, elsewhere := w.provisioned(token, w.template(w.P), ""), w.provisioned(there, w.template(w.Q), "")
		w.post(there, "/wholesale/subscribers", person(elsewhere, "100")).status(200) // administers it, as the first
		old := w.post(there, "/wholesale/subscribers", person(elsewhere, "101")).status(200).object()
		in := person(here, "200")
		in["email"] = old["email"]
		w.post(token, "/wholesale/subscribers", in).refused(409, 10022)
		w.post(token, "/wholesale/subscribers/validate", in).refused(409, 10022)

		w.d.AskConsent = true
		w.use(wholesale.New(w.d))
		w.post(token, "/wholesale/subscribers/validate", in).status(200)
		w.post(token, "/wholesale/subscribers/validate", body{"email": old["email"]}).status(200)
		r := w.post(token, "/wholesale/subscribers", in).status(202)
		u := r.object()
		if u["status"] != "pending_user_migration" || u["personId"] != nil || !strings.HasPrefix(r.Header().Get("Location"), public) {
			t.Fatalf("%v", u)
		}
		ask := "/subscribers/" + u["id"].(string) + "/emails/consentMove"
		if r := w.post(token, ask, nil).status(429); r.Header().Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
		w.Clock.Advance(time.Minute)
		w.post(there, ask, nil).refused(404, 74002)
		w.post(token, "/subscribers/"+old["id"].(string)+"/emails/consentMove", nil).refused(404, 74002)
		w.post(there, "/subscribers/"+old["id"].(string)+"/emails/consentMove", nil).refused(409, 73027)
		w.post(w.token(w.P, wholesale.Scopes("spark-admin:wholesale_subscribers_read"), access.PartnerFullAdmin), ask, nil).status(403)
		w.post(token, ask, nil).status(204)
		if len(w.letters) != 2 || w.letters[1].To != old["email"] {
			t.Fatalf("%+v", w.letters)
		}
		link := w.letters[1].Values["link"]
		_, err := w.d.Subscribers.Agree(ctx, link[strings.LastIndex(link, "/")+1:], "")
		w.OK(err)
		got := w.get(token, "/wholesale/subscribers/"+u["id"].(string)).status(200).object()
		if got["status"] != "provisioned" || got["personId"] == nil {
			t.Errorf("%v", got)
		}
		w.get(there, "/wholesale/subscribers/"+old["id"].(string)).refused(404, 74002)
		w.post(token, ask, nil).refused(409, 73027)
	})
}
