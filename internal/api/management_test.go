package api_test

import (
	"strings"
	"testing"

	"linecard/internal/access"
	"linecard/internal/account"
)

// WS-142 … WS-147 through the API.
func TestWhoConfiguresAPhoneIsChosenAndTheirToolFetchesItAll(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.token(w.operator, w.account(w.operator, account.Invitation{Roles: []access.Role{access.OperatorAdmin}}))
		base := "/customers/" + w.c.ID
		r := w.post(token, base+"/devices", map[string]any{"mac": "0004f2000001", "management": "partner_managed"})
		if r.Code != 201 {
			t.Fatal(r.Code, r.Body)
		}
		id := r.object()["id"].(string)
		for _, c := range []struct {
			method, path string
			body         any
			status       int
			want         string
		}{
			{"GET", base + "/devices/" + id + "/management", nil, 200, `"partner_managed"`},
			{"POST", base + "/devices/" + id + "/lines", map[string]any{"user": "101", "password": "w0rd-of-101"}, 201, `"user":"101"`},
			{"POST", base + "/external-devices/reveal?limit=100", nil, 200, `"password":"w0rd-of-101"`},
			{"PUT", base + "/devices/" + id + "/management", map[string]any{"management": "platform_third_party"}, 400, "management_of_maker"},
			{"PUT", base + "/devices/" + id + "/management", map[string]any{"management": "platform_native"}, 200, "platform_native"},
			{"POST", base + "/external-devices/reveal", nil, 200, `"items":[]`},
			{"GET", "/device-models?q=vvx450", nil, 200, `"model":"VVX450"`},
			{"GET", "/device-models?q=vvx&limit=1", nil, 200, `"next":"poly/`},
			{"GET", "/device-models?q=vvx450&cursor=poly/VVX450", nil, 200, `"items":[]`},
			{"GET", "/device-models?cursor=nonsense", nil, 400, "bad_cursor"},
			{"GET", base + "/device-models?maker=poly", nil, 200, `"maker":"poly"`},
			{"PUT", base + "/device-policy", map[string]any{"third_party_phones": false}, 200, `false`},
			{"GET", base + "/device-policy", nil, 200, `"third_party_phones":false`},
		} {
			if r := w.do(request{method: c.method, path: c.path, token: token, body: c.body}); r.Code != c.status || !strings.Contains(r.Body.String(), c.want) {
				t.Errorf("%s %s: %d %s", c.method, c.path, r.Code, r.Body)
			}
		}
	})
}
