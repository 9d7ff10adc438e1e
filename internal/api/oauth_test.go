package api_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"linecard/internal/access"
)

func (w *world) askToken(path string, form url.Values, header map[string]string) reply {
	w.tb.Helper()
	h := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	for k, v := range header {
		h[k] = v
	}
	return w.do(request{method: "POST", path: path, body: form.Encode(), header: h})
}

func TestAClientGetsATokenForItsSecret(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.post(w.full(), "/tokens", map[string]any{"name": "Back office", "kind": "client", "scopes": []string{"customer.view", "partner.view"}}).status(201).object()
		id, secret := c["id"].(string), c["secret"].(string)
		basic := map[string]string{"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id)+":"+url.QueryEscape(secret)))}
		grant := url.Values{"grant_type": {"client_credentials"}}
		for _, path := range []string{"/oauth2/token", "/v1/access_token"} {
			for what, r := range map[string]reply{
				"basic": w.askToken(path, grant, basic),
				"form":  w.askToken(path, url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}}, nil),
			} {
				got := r.status(200).object()
				if got["token_type"] != "Bearer" || got["expires_in"] != 3600.0 || got["scope"] != "customer.view partner.view" || r.Header().Get("Cache-Control") != "no-store" {
					t.Errorf("%s %s: %v %v", path, what, got, r.Header())
				}
				token := got["access_token"].(string)
				w.get(token, "/customers").status(200)
				w.post(token, "/customers", newCustomer("X")).refused(403, "insufficient_scope")
			}
		}
		narrow := w.askToken("/oauth2/token", url.Values{"grant_type": {"client_credentials"}, "scope": {"partner.view"}}, basic).status(200).object()["access_token"].(string)
		w.get(narrow, "/customers").refused(403, "insufficient_scope")
		w.get(narrow, "/partners").status(200)
		w.get(secret, "/customers").refused(401, "invalid_token") // a client's secret is no token
		w.clock.Advance(time.Hour + time.Second)
		w.get(narrow, "/partners").refused(401, "invalid_token")
	})
}

func TestTheTokenEndpointRefusesInItsOwnWords(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.post(w.full(), "/tokens", map[string]any{"name": "Back office", "kind": "client", "scopes": []string{"customer.view"}}).status(201).object()
		id, secret := c["id"].(string), c["secret"].(string)
		form := func(more ...string) url.Values {
			v := url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}}
			for i := 0; i < len(more); i += 2 {
				v.Set(more[i], more[i+1])
			}
			return v
		}
		basic := func(user, word string) map[string]string {
			return map[string]string{"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+word))}
		}
		for what, x := range map[string]struct {
			form   url.Values
			header map[string]string
			status int
			word   string
		}{
			"wrong secret":          {form("client_secret", "wrong"), nil, 401, "invalid_client"},
			"wrong client":          {form("client_id", "wrong"), nil, 401, "invalid_client"},
			"nobody":                {url.Values{"grant_type": {"client_credentials"}}, nil, 401, "invalid_client"},
			"wrong secret, basic":   {url.Values{"grant_type": {"client_credentials"}}, basic(id, "wrong"), 401, "invalid_client"},
			"both ways":             {form(), basic(id, secret), 400, "invalid_request"},
			"no grant":              {form("grant_type", ""), nil, 400, "invalid_request"},
			"another grant":         {form("grant_type", "password"), nil, 400, "unsupported_grant_type"},
			"unknown scope":         {form("scope", "everything"), nil, 400, "invalid_scope"},
			"more than it has":      {form("scope", "customer.view token.manage"), nil, 400, "invalid_scope"},
			"a parameter twice":     {url.Values{"grant_type": {"client_credentials"}, "client_id": {id, id}, "client_secret": {secret}}, nil, 400, "invalid_request"},
			"JSON":                  {form(), map[string]string{"Content-Type": "application/json"}, 400, "invalid_request"},
			"a huge form":           {form("scope", strings.Repeat("x", 20000)), nil, 400, "invalid_request"},
			"a control character":   {form("client_id", "a\x00b"), nil, 400, "invalid_request"},
			"broken escape (basic)": {url.Values{"grant_type": {"client_credentials"}}, basic("%zz", "x"), 400, "invalid_request"},
		} {
			r := w.askToken("/oauth2/token", x.form, x.header)
			got := r.object()
			if r.Code != x.status || got["error"] != x.word || r.Header().Get("Cache-Control") != "no-store" || r.Header().Get("Content-Type") != "application/json" {
				t.Errorf("%s: %d %v, want %d %s", what, r.Code, got, x.status, x.word)
			}
			if strings.Contains(what, "secret, basic") && !strings.HasPrefix(r.Header().Get("WWW-Authenticate"), "Basic") {
				t.Errorf("%s: no challenge", what)
			}
		}
		w.do(request{method: "GET", path: "/oauth2/token"}).status(http.StatusMethodNotAllowed)
		w.do(request{method: "DELETE", path: "/tokens/" + id, token: w.full()}).status(204)
		w.askToken("/oauth2/token", form(), nil).status(401)
	})
}

func TestATokenIsNeverStrongerThanItsMaker(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		acc := w.post(w.full(), "/tokens", map[string]any{"name": "narrow", "scopes": []string{"token.manage", "customer.view"}}).status(201).object()
		narrow := acc["secret"].(string)
		w.post(narrow, "/tokens", map[string]any{"name": "x", "scopes": []string{"customer.edit"}}).refused(403, "more_than_own_rights")
		child := w.post(narrow, "/tokens", map[string]any{"name": "x"}).status(201).object()
		w.post(child["secret"].(string), "/customers", newCustomer("X")).refused(403, "insufficient_scope")
		w.post(w.full(), "/tokens", map[string]any{"name": "x", "scopes": []string{"everything"}}).faulty("scopes unknown_scope")
		w.post(w.as(w.p, access.PartnerSupport), "/tokens", map[string]any{"name": "x"}).refused(403, "forbidden")
	})
}
