package wholesale_test

import (
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/account"
	"linecard/internal/api/wholesale"
	"linecard/internal/secret"
)

func TestATokenReachesWhatItsScopesNameAndNoMore(t *testing.T) { // WS-37, WS-60
	each(t, func(t *testing.T, w *world) {
		m, _ := w.stock(w.P, w.Clock.Now().AddDate(0, 0, -3).Format(time.DateOnly))
		acc := w.account(w.P, access.PartnerFullAdmin, access.PartnerWholesaleAdmin)
		maker := access.Actor{ID: acc.ID, Account: acc.ID, Kind: access.System, Email: acc.Email, Tenant: w.P.Access()}
		client, word, err := w.d.Accounts.CreateToken(ctx, maker, account.NewToken{Name: "client", Kind: account.ClientSecret})
		w.OK(err)
		reads := map[string]string{"customers": "/wholesale/customers", "subscribers": "/wholesale/subscribers", "billing_reports": "/wholesale/billing/reports", "sub_partners": "/wholesale/subPartners"}
		for name := range reads {
			for _, right := range []string{"_read", "_write"} {
				scope := "spark-admin:wholesale_" + name + right
				g, err := w.d.Accounts.ClientCredentials(ctx, client.ID, secret.Hide(word), scope)
				w.OK(err)
				if g.Scope != scope {
					t.Errorf("asked for %s, got %q", scope, g.Scope)
				}
				for other, path := range reads {
					r := w.get(g.AccessToken, path)
					if other == name {
						r.status(200)
					} else {
						r.refused(403, 72001).says("spark-admin:wholesale_" + other + "_read")
					}
				}
				if right == "_read" {
					w.post(g.AccessToken, "/wholesale/customers", customer(m.template, "x")).refused(403, 72001)
					w.delete(g.AccessToken, "/wholesale/subscribers/"+m.subscriber).refused(403, 72001)
					w.post(g.AccessToken, "/wholesale/billing/reports", body{}).refused(403, 72001)
					w.delete(g.AccessToken, "/wholesale/billing/reports/"+m.report).refused(403, 72001)
				}
			}
		}
		write, err := w.d.Accounts.ClientCredentials(ctx, client.ID, secret.Hide(word), "spark-admin:wholesale_subscribers_write spark-admin:wholesale_customers_write")
		w.OK(err)
		c := w.provisioned(write.AccessToken, m.template, "")
		u := w.post(write.AccessToken, "/wholesale/subscribers", person(c, "100")).status(200).object()["id"].(string)
		w.put(write.AccessToken, "/wholesale/subscribers/"+u, body{"package": "webex_meetings"}).status(200)
		w.delete(write.AccessToken, "/wholesale/subscribers/"+u).status(204)
		w.delete(write.AccessToken, "/wholesale/customers/"+c).status(202)

		less, word, err := w.d.Accounts.CreateToken(ctx, maker, account.NewToken{Name: "less", Kind: account.ClientSecret, Limits: []access.Action{access.CustomerView}})
		w.OK(err)
		g, err := w.d.Accounts.ClientCredentials(ctx, less.ID, secret.Hide(word), "spark-admin:wholesale_customers_write")
		w.OK(err)
		w.get(g.AccessToken, "/wholesale/customers").status(200)
		w.post(g.AccessToken, "/wholesale/customers", customer(m.template, "x")).refused(403, 72001) // never more than the client has
		if _, err := w.d.Accounts.ClientCredentials(ctx, less.ID, secret.Hide(word), "spark-admin:wholesale_subscribers_read"); err == nil {
			t.Error("a scope of which the client has nothing")
		}
		if len(wholesale.Scopes("spark-admin:people_read")) != 0 {
			t.Error("a scope that this API does not have")
		}
	})
}

func TestOnlyProvidersUseTheAPI(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.get(w.token(w.A, nil, access.CustomerFullAdmin), "/wholesale/customers").refused(403, 72008)
		w.get(w.token(w.P, nil, access.PartnerReadonlyAdmin), "/wholesale/customers").status(200)
		w.post(w.token(w.P, nil, access.PartnerReadonlyAdmin), "/wholesale/customers", body{}).refused(403, 72001)
		w.get(w.token(w.P, nil, access.PartnerBillingRead), "/wholesale/billing/reports").status(200)
		w.get(w.token(w.P, nil, access.PartnerBillingRead), "/wholesale/customers").refused(403, 72001)
		w.get(w.token(w.Operator, nil, access.OperatorAdmin), "/wholesale/customers").status(200)
	})
}
