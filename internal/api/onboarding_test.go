package api_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"linecard/internal/access"
	"linecard/internal/onboard"
)

// WS-37, WS-38, WS-39, WS-96, WS-121: from an empty partner to a customer that is being provisioned, by API alone.
func TestTheWholesaleOfferThroughTheAPI(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.offer()
		name := "Carrier"
		k, err := w.d.Onboard.AddCarrier(context.Background(), system, onboard.CarrierPatch{Name: &name})
		w.ok(err)
		token := w.as(w.p, access.PartnerFullAdmin, access.PartnerWholesaleAdmin)
		made := w.do(want("POST", "/api/v1/templates", token, map[string]any{"name": "Small", "country": "DE", "carrier_id": k.ID})).status(http.StatusCreated).object()
		body := map[string]any{"provisioning_id": made["provisioning_id"], "packages": []string{"webex_calling", "meetings"}, "external_id": "x-1", "name": "Wholesome", "email": "it@wholesome.test",
			"address":  map[string]any{"line1": "Linden 1", "city": "Berlin", "postal_code": "10117", "country": "DE"},
			"location": map[string]any{"name": "HQ", "time_zone": "Europe/Berlin", "language": "de_DE", "address": map[string]any{"line1": "Linden 1", "city": "Berlin", "postal_code": "10117", "country": "DE"}}}
		check := w.do(want("POST", "/api/v1/wholesale-customers/precheck", token, body)).status(http.StatusOK).object()
		if check["ok"] != true {
			t.Errorf("the check says %v", check)
		}
		dry := w.do(want("POST", "/api/v1/wholesale-customers?dry_run=true", token, body))
		if dry.Code != http.StatusAccepted {
			t.Errorf("a dry run: %d %s", dry.Code, dry.Body)
		}
		r := w.do(want("POST", "/api/v1/wholesale-customers", token, body)).status(http.StatusAccepted)
		at := r.Header().Get("Location")
		if !strings.HasPrefix(at, "/api/v1/customers/") || r.object()["status"] != "provisioning" {
			t.Errorf("accepted at %s: %s", at, r.Body)
		}
		w.do(want("POST", "/api/v1/wholesale-customers", token, body)).refused(http.StatusConflict, "external_id_taken")
		w.do(want("PATCH", at, token, map[string]any{})).refused(http.StatusConflict, "customer_busy")
		if h := w.get(token, at+"/history").status(http.StatusOK); !strings.Contains(h.Body.String(), `"step":"screening"`) {
			t.Errorf("the history is %s", h.Body)
		}
		other := map[string]any{}
		for key, v := range body {
			other[key] = v
		}
		other["name"], other["email"], other["external_id"] = "Second", "it@second.test", "x-2"
		bulk := w.do(want("POST", "/api/v1/wholesale-customers/bulk", token, map[string]any{"items": []any{body, other}})).status(http.StatusOK).object()
		if bulk["accepted"] != 1.0 || bulk["failed"] != 1.0 {
			t.Errorf("one bad item of two: %v", bulk)
		}
		w.get(token, "/api/v1/compliance/cases").refused(http.StatusForbidden, "forbidden")
		officer := w.as(w.operator, access.OperatorCompliance)
		list := "name,source,addresses\nEvil Corp,Test List,\"X, DE\"\n"
		loaded := w.do(request{method: "POST", path: "/api/v1/compliance/lists/load", token: officer, body: list, header: map[string]string{"Content-Type": "text/csv"}})
		if loaded.Code != http.StatusOK || !strings.Contains(loaded.Body.String(), `"entries":1`) {
			t.Errorf("a list: %d %s", loaded.Code, loaded.Body)
		}
		w.get(officer, "/api/v1/compliance/cases").status(http.StatusOK)
	})
}
