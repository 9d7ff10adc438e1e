package api_test

import (
	"context"
	"strings"
	"testing"

	"linecard/internal/access"
	"linecard/internal/device"
	"linecard/internal/tenant"
)

// CH-29, CH-31: what happens to a customer's phones is told to its provider only while the customer authorises it.
func TestEventsOfPhonesNeedTheCustomersAuthorisation(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		_, err := w.d.Devices.Create(ctx, system, w.dd.ID, device.New{MAC: "0004f2abcdef", Name: "Lobby"})
		w.ok(err)
		_, err = w.d.Journal.Sequence(ctx)
		w.ok(err)
		told := func(token string) bool {
			return strings.Contains(w.get(token, "/events?limit=1000&types=device.*").Body.String(), "0004f2abcdef")
		}
		provider, customer := w.full(), w.as(w.dd, access.CustomerFullAdmin)
		if told(provider) || !told(customer) || !told(w.root()) {
			t.Errorf("provider %v, customer %v, operator %v", told(provider), told(customer), told(w.root()))
		}
		_, err = w.d.Tenants.Authorise(ctx, system, w.dd.ID, tenant.Authorisation{})
		w.ok(err)
		if !told(provider) {
			t.Error("an authorised provider is not told")
		}
	})
}
