package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"linecard/internal/access"
	"linecard/internal/catalog"
	"linecard/internal/db"

	"context"
)

func want(method, path, token string, body any) request {
	return request{method: method, path: path, token: token, body: body}
}

// scim is do for answers in the shapes of RFC 7644.
func (w *world) scim(in request) *httptest.ResponseRecorder {
	w.tb.Helper()
	var body io.Reader
	if in.body != nil {
		raw, err := json.Marshal(in.body)
		w.ok(err)
		body = bytes.NewReader(raw)
	}
	r := httptest.NewRequest(in.method, in.path, body)
	r.Header.Set("Content-Type", "application/scim+json")
	r.Header.Set("Authorization", "Bearer "+in.token)
	out := httptest.NewRecorder()
	w.handler.ServeHTTP(out, r)
	return out
}

// offer gives customer C of P calling and meetings.
func (w *world) offer() {
	w.tb.Helper()
	ctx := context.Background()
	_, err := w.d.Catalog.Subscribe(ctx, system, w.p.ID, catalog.NewSubscription{Currency: "EUR", Start: "2026-01-01", Items: []string{"calling", "meetings", "common_area"}})
	w.ok(err)
	_, err = w.d.Catalog.SetSubscriptionState(ctx, system, w.p.ID, catalog.Sells, 0)
	w.ok(err)
	w.ok(w.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return w.d.Catalog.SetCustomerPackages(ctx, tx, system, w.c, []catalog.PackageLimit{{Code: "calling"}, {Code: "meetings"}, {Code: "common_area"}})
	}))
}

func TestUsersThroughTheAPI(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.offer()
		token, base := w.full(), "/api/v1/customers/"+w.c.ID
		loc := w.do(want("POST", base+"/locations", token, map[string]any{"name": "Berlin", "time_zone": "Europe/Berlin", "language": "de_DE",
			"address": map[string]any{"line1": "Linden 1", "city": "Berlin", "postal_code": "10117", "country": "DE"}}))
		if loc.Code != http.StatusCreated {
			t.Fatal(loc.Body)
		}
		one := map[string]any{"email": "a@acme.test", "first_name": "Ann", "last_name": "Lee", "package": "webex_calling", "extension": "100"}
		made := w.do(want("POST", base+"/users", token, one))
		if made.Code != http.StatusCreated || made.Header().Get("Etag") == "" || !strings.Contains(made.Body.String(), `"package":"calling"`) {
			t.Fatal(made.Body)
		}
		if again := w.do(want("POST", base+"/users", token, one)); again.Code != http.StatusConflict {
			t.Error(again.Body)
		}
		var many []any
		for i := range 26 {
			many = append(many, map[string]any{"email": fmt.Sprintf("b%d@acme.test", i), "first_name": "B", "last_name": "B", "package": "meetings"})
		}
		if r := w.do(want("POST", base+"/users/add", token, map[string]any{"users": many})); r.Code != http.StatusBadRequest { // WS-132
			t.Error(r.Code, r.Body)
		}
		if r := w.do(want("POST", base+"/users/bulk?dry_run=true", token, map[string]any{"users": many})); !strings.Contains(r.Body.String(), `"made":26`) {
			t.Error(r.Body)
		}
		many[3] = one
		if r := w.do(want("POST", base+"/users/check", token, map[string]any{"users": many})); !strings.Contains(r.Body.String(), "user_email_taken") {
			t.Error(r.Body)
		}
		if r := w.do(want("POST", base+"/users/bulk", token, map[string]any{"users": many})); r.Code != http.StatusOK || !strings.Contains(r.Body.String(), `"made":25,"failed":1`) {
			t.Error(r.Code, r.Body)
		}
		file := "email;first_name;last_name;package;extension\r\na@acme.test;Anna;;;\r\nc@acme.test;C;C;calling;101\r\nd@acme.test;;D;meetings;\r\n"
		if r := w.do(want("POST", base+"/users/import", token, file)); r.Code != http.StatusOK || !strings.Contains(r.Body.String(), `"added":1,"updated":1,"unchanged":0,"failed":1`) {
			t.Error(r.Code, r.Body)
		}
	})
}

// WS-135, RFC 7644.
func TestADirectoryMakesChangesAndRemovesUsers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.offer()
		token := w.as(w.c, access.CustomerFullAdmin)
		if r := w.do(want("PUT", "/api/v1/customers/"+w.c.ID+"/directory", token, map[string]any{"package": "calling", "first_extension": "200"})); r.Code != http.StatusOK {
			t.Fatal(r.Body)
		}
		user := map[string]any{"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:User"}, "userName": "eve@acme.test", "externalId": "d-1", "name": map[string]any{"givenName": "Eve", "familyName": "Ott"}}
		made := w.scim(want("POST", "/scim/v2/Users", token, user))
		body := made.Body.String()
		if made.Code != http.StatusCreated || !strings.Contains(body, `"extension":"200"`) || !strings.Contains(body, `"active":true`) || made.Header().Get("Content-Type") != "application/scim+json" {
			t.Fatal(made.Code, body)
		}
		at := made.Header().Get("Location")
		if r := w.scim(want("POST", "/scim/v2/Users", token, user)); r.Code != http.StatusConflict || !strings.Contains(r.Body.String(), `"scimType":"uniqueness"`) {
			t.Error(r.Code, r.Body)
		}
		if r := w.scim(want("GET", "/scim/v2/Users?filter=userName%20eq%20%22EVE@acme.test%22", token, nil)); !strings.Contains(r.Body.String(), `"totalResults":1`) || !strings.Contains(r.Body.String(), "eve@acme.test") {
			t.Error(r.Body)
		}
		if r := w.scim(want("GET", "/scim/v2/Users?filter=title%20pr", token, nil)); r.Code != http.StatusBadRequest || !strings.Contains(r.Body.String(), "invalidFilter") {
			t.Error(r.Body)
		}
		off := map[string]any{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:PatchOp"}, "Operations": []any{
			map[string]any{"op": "Replace", "path": "active", "value": "False"}, map[string]any{"op": "replace", "value": map[string]any{"name.familyName": "Otto", "title": "CEO"}}}}
		if r := w.scim(want("PATCH", at, token, off)); r.Code != http.StatusOK || !strings.Contains(r.Body.String(), `"active":false`) || !strings.Contains(r.Body.String(), `"familyName":"Otto"`) {
			t.Error(r.Code, r.Body)
		}
		if r := w.scim(want("GET", at, w.as(w.dd, access.CustomerFullAdmin), nil)); r.Code != http.StatusNotFound || !strings.Contains(r.Body.String(), "urn:ietf:params:scim:api:messages:2.0:Error") {
			t.Error(r.Code, r.Body)
		}
		if r := w.scim(want("DELETE", at, w.as(w.c, access.CustomerReadonlyAdmin), nil)); r.Code != http.StatusForbidden {
			t.Error(r.Code, r.Body)
		}
		if r := w.scim(want("DELETE", at, token, nil)); r.Code != http.StatusNoContent {
			t.Error(r.Code, r.Body)
		}
		if r := w.scim(want("GET", strings.Replace(at, "/v2/", "/v2/customers/"+w.c.ID+"/", 1), w.full(), nil)); r.Code != http.StatusNotFound {
			t.Error(r.Code, r.Body)
		}
	})
}
