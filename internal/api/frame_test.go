package api_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/api"
	"linecard/internal/db/dbtest"
)

func TestOnlyABearerTokenLetsSomebodyIn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		good := w.full()
		w.get(good, "/me").status(200)
		w.do(request{method: "GET", path: "/me", header: map[string]string{"Authorization": "bearer " + good}}).status(200)
		for what, h := range map[string]map[string]string{
			"nothing":         {},
			"an empty token":  {"Authorization": "Bearer "},
			"a wrong token":   {"Authorization": "Bearer lct_" + strings.Repeat("x", 40)},
			"a long token":    {"Authorization": "Bearer " + strings.Repeat("x", 5000)},
			"another scheme":  {"Authorization": "Basic " + good},
			"a session":       {"Cookie": "session=" + good + "; linecard_session=" + good},
			"token in a body": {"X-Token": good},
		} {
			t.Run(what, func(t *testing.T) {
				r := w.do(request{method: "GET", path: "/me", header: h})
				r.refused(401, "invalid_token")
				if got := r.Header().Get("WWW-Authenticate"); !strings.HasPrefix(got, "Bearer") {
					t.Errorf("challenge %q", got)
				}
			})
		}
		w.get("", "/me?access_token="+good).refused(401, "invalid_token")
	})
}

func TestUnknownAddressesAndMethodsAreProblems(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.root()
		w.get(token, "/nothing").refused(404, "no_such_address")
		w.get(token, "/api/v2/customers").refused(404, "no_such_address")
		r := w.do(request{method: "PUT", path: "/audit", token: token})
		r.refused(405, "method_not_allowed")
		if got := r.Header().Get("Allow"); got != "GET, HEAD" {
			t.Errorf("Allow: %q", got)
		}
		for _, method := range []string{"PUT", "PATCH", "DELETE", "POST"} { // CH-85
			w.do(request{method: method, path: "/audit", token: token}).refused(405, "method_not_allowed")
		}
	})
}

func TestEachTokenHasItsOwnRate(t *testing.T) {
	d, clock := dbtest.Open(t, dbtest.SQLiteURL(t), nil), dbtest.NewClock()
	_ = d
	d = dbtest.Open(t, dbtest.SQLiteURL(t), clock)
	w := &world{tb: t, db: d, clock: clock}
	w.wire(2) // and four times that at once
	w.seed()
	one, other := w.full(), w.full()
	for range 8 {
		w.get(one, "/me").status(200)
	}
	r := w.get(one, "/me")
	r.refused(429, "too_many_requests")
	if got := r.Header().Get("Retry-After"); got != "1" {
		t.Errorf("Retry-After: %q", got)
	}
	w.get(other, "/me").status(200)
	clock.Advance(time.Second)
	w.get(one, "/me").status(200)
}

func TestStrangersAreLimitedByTheirAddress(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		refused := 0
		for range 300 {
			if w.get("", "/me").Code == http.StatusTooManyRequests {
				refused++
			}
		}
		if refused != 100 {
			t.Errorf("%d of 300 were refused for their number, want 100", refused)
		}
		w.get(w.full(), "/me").status(200)
	})
}

func TestInputIsStrict(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.full()
		good := `"name":"N","email":"n@example.test","contact":"C","permission_types":["DMP"]`
		for name, c := range map[string]struct {
			body   string
			faults []string
		}{
			"unknown field":         {`{` + good + `,"nam":"x"}`, []string{"nam unknown_field"}},
			"another case":          {`{"Name":"N","email":"n@example.test","contact":"C","permission_types":["DMP"]}`, []string{"Name unknown_field", "name required"}},
			"nothing":               {`{}`, []string{"contact required", "email required", "name required", "permission_types required"}},
			"a number for a text":   {`{"name":1,"email":"n@example.test","contact":"C","permission_types":["DMP"]}`, []string{"name wrong_type"}},
			"null for a text":       {`{"name":null,"email":"n@example.test","contact":"C","permission_types":["DMP"]}`, []string{"name wrong_type"}},
			"a text for a list":     {`{"name":"N","email":"n@example.test","contact":"C","permission_types":"DMP"}`, []string{"permission_types wrong_type"}},
			"an unknown value":      {`{"name":"N","email":"n@example.test","contact":"C","permission_types":["DMP","PBX"]}`, []string{"permission_types[1] unknown_value"}},
			"an empty list":         {`{"name":"N","email":"n@example.test","contact":"C","permission_types":[]}`, []string{"permission_types too_few_items"}},
			"too long":              {`{"name":"` + strings.Repeat("ä", 129) + `","email":"n@example.test","contact":"C","permission_types":["DMP"]}`, []string{"name too_long"}},
			"too short":             {`{"name":"","email":"n@example.test","contact":"C","permission_types":["DMP"]}`, []string{"name too_short"}},
			"only spaces":           {`{"name":"  ","email":"n@example.test","contact":"C","permission_types":["DMP"]}`, []string{"name required"}},
			"bidi":                  {`{"name":"Ac\u202eme","email":"n@example.test","contact":"C","permission_types":["DMP"]}`, []string{"name forbidden_character"}},
			"a control character":   {`{"name":"Ac\u0007me","email":"n@example.test","contact":"C","permission_types":["DMP"]}`, []string{"name forbidden_character"}},
			"a zero character":      {`{"name":"N","email":"n@example.test","contact":"C","permission_types":["DMP"],"owner_id":"\u0000"}`, []string{"owner_id forbidden_character"}},
			"invalid UTF-8":         {"{\"name\":\"Ac\xffme\",\"email\":\"n@example.test\",\"contact\":\"C\",\"permission_types\":[\"DMP\"]}", []string{"name bad_encoding"}},
			"half a surrogate":      {`{"name":"Ac\ud800me","email":"n@example.test","contact":"C","permission_types":["DMP"]}`, []string{"name forbidden_character"}},
			"a field twice":         {`{` + good + `,"name":"M"}`, []string{"name repeated_field"}},
			"a broken address":      {`{"name":"N","email":"nobody","contact":"C","permission_types":["DMP"]}`, []string{"email bad_email"}},
			"several at once":       {`{"name":"N","email":"nobody","contact":"` + strings.Repeat("x", 10) + `","phone":"none","country":"XX","time_zone":"Mars","permission_types":["DMP"]}`, []string{"country unknown_country", "email bad_email", "phone bad_phone", "time_zone unknown_time_zone"}},
			"a list for the body":   {`[]`, []string{"body wrong_type"}},
			"a text for the body":   {`"x"`, []string{"body wrong_type"}},
			"a host of no phone":    {`{` + good + `,"host":"A!"}`, []string{"host host_chars"}},
			"a monstrous number":    {`{"name":1e999}`, []string{"name out_of_range"}},
			"a field with zero key": {"{" + good + `,"a\u0000b":1}`, []string{"a\u0000b forbidden_character"}},
		} {
			t.Run(name, func(t *testing.T) {
				w := *w
				w.tb = t
				before := w.rows("journal_entries") // where the refusal stands (CH-83)
				w.post(token, "/customers", c.body).faulty(c.faults...)
				if after := w.rows("journal_entries"); after != before {
					t.Errorf("something was written:\n%s\nwas\n%s", after, before)
				}
			})
		}
		for name, c := range map[string]struct {
			body any
			code string
			want int
		}{
			"no JSON":           {`{"name":`, "bad_json", 400},
			"two values":        {`{} {}`, "bad_json", 400},
			"not even text":     {"\x00\x01\x02", "bad_json", 400},
			"deep":              {strings.Repeat("[", 100000) + strings.Repeat("]", 100000), "json_too_deep", 400},
			"deep in a field":   {`{"name":` + strings.Repeat(`{"a":`, 50) + `1` + strings.Repeat(`}`, 51), "json_too_deep", 400},
			"huge":              {`{"name":"` + strings.Repeat("x", 2<<20) + `"}`, "body_too_large", 413},
			"no body":           {nil, "body_required", 400},
			"a byte order mark": {"\xef\xbb\xbf{}", "bad_json", 400},
			"comments":          {`{} // x`, "bad_json", 400},
		} {
			t.Run(name, func(t *testing.T) {
				w := *w
				w.tb = t
				w.post(token, "/customers", c.body).refused(c.want, c.code)
			})
		}
	})
}

func TestTheBodyMustBeJSON(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.full()
		for kind, want := range map[string]int{"application/json": 201, "application/json; charset=utf-8": 201, "text/plain": 415,
			"application/x-www-form-urlencoded": 415, "application/json; charset=latin1": 415, "": 201, "x": 415} {
			r := w.do(request{method: "POST", path: "/customers", token: token, body: newCustomer("Kind " + kind), header: map[string]string{"Content-Type": kind}})
			r.status(want)
		}
		w.post(token, "/customers/"+w.c.ID+"/unfreeze", `{"x":1}`).refused(400, "no_body_expected")
		w.post(token, "/customers/"+w.c.ID+"/unfreeze", `{}`).status(200)
	})
}

func TestQueryParametersAreStrict(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.full()
		for query, fault := range map[string]string{
			"limitt=1": "limitt unknown_parameter", "limit=0": "limit out_of_range", "limit=1001": "limit out_of_range", "limit=x": "limit wrong_type",
			"limit=1&limit=2": "limit repeated_parameter", "frozen=maybe": "frozen unknown_value", "sort=phone": "sort unknown_value",
			"cursor=zzz": "cursor bad_cursor", "q=%ff": "q bad_encoding", "q=%00": "q forbidden_character", "dry_run=true": "dry_run unknown_parameter",
			"q=a%E2%80%AEb": "q forbidden_character",
		} {
			w.get(token, "/customers?"+query).faulty(fault)
		}
		w.get(token, "/customers?a=%zz").refused(400, "bad_query")
		w.post(token, "/customers?dry_run=yes", newCustomer("X")).faulty("dry_run wrong_type")
		w.post(token, "/customers?dryrun=true", newCustomer("X")).faulty("dryrun unknown_parameter")
		w.get(token, "/audit?from=yesterday").faulty("from bad_time")
		w.get(token, "/audit?from=2026-03-01T00:00:00Z&to=2026-04-01T00:00:00%2B02:00").status(200)
		w.get(token, "/customers/%00").refused(404, "not_found")
		w.get(token, "/customers/%ff").refused(404, "not_found")
		w.get(token, "/customers/"+strings.Repeat("x", 5000)).refused(404, "not_found")
		w.get(token, "/events?after=zzz").faulty("after bad_cursor")
	})
}

func TestADryRunAnswersAsItWouldAndWritesNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token, customer := w.full(), w.as(w.c, access.CustomerFullAdmin)
		made := w.post(token, "/customers", newCustomer("Dry")).status(201).object()["id"].(string)
		before := w.rows()
		for _, in := range []request{
			{method: "POST", path: "/customers", body: newCustomer("Never"), token: token},
			{method: "PATCH", path: "/customers/" + made, body: map[string]any{"name": "Never"}, token: token},
			{method: "POST", path: "/customers/" + made + "/freeze", token: token},
			{method: "POST", path: "/customers/" + made + "/archive", body: map[string]any{"confirm_name": "Dry"}, token: token},
			{method: "POST", path: "/accounts", body: map[string]any{"email": mail(), "name": "N", "roles": []string{"partner_support"}}, token: token},
			{method: "POST", path: "/tokens", body: map[string]any{"name": "N"}, token: token},
			{method: "POST", path: "/webhooks", body: map[string]any{"url": "https://example.com/x"}, token: token},
			{method: "POST", path: "/orders", body: map[string]any{"customer_id": w.c.ID, "lines": []any{map[string]any{"item": "device", "quantity": 5}}}, token: token},
			{method: "PUT", path: "/policies/" + w.p.ID, body: map[string]any{"password_min": 14}, token: token},
			{method: "POST", path: "/customers/" + w.c.ID + "/devices", body: map[string]any{"mac": "0004f2000001"}, token: customer},
			{method: "PATCH", path: "/customers/" + w.c.ID + "/provisioning", body: map[string]any{"account": map[string]any{"user": "u", "password": "pppppp"}}, token: customer},
			{method: "POST", path: "/customers/" + w.c.ID + "/authorisations/withdraw", token: customer},
			{method: "POST", path: "/customers/" + made + "/freeze", body: map[string]any{"reason": strings.Repeat("x", 501)}, token: token},
			{method: "POST", path: "/customers/unknown/freeze", token: token},
		} {
			in.path += "?dry_run=true"
			in.header = map[string]string{"Idempotency-Key": "k"}
			r := w.do(in)
			if r.Header().Get("Dry-Run") != "true" {
				t.Errorf("%s %s does not say that it was a dry run", in.method, in.path)
			}
			if want := !strings.Contains(in.path, "unknown") && r.Code != 400; want && (r.Code < 200 || r.Code > 299) {
				t.Errorf("%s %s: %d %s", in.method, in.path, r.Code, r.Body)
			}
			if after := w.rows(); after != before {
				t.Fatalf("%s %s wrote something:\n%s\nwas\n%s", in.method, in.path, after, before)
			}
		}
	})
}

func TestObjectsHaveETags(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.full()
		path := "/customers/" + w.dd.ID
		tag := w.get(token, path).status(200).Header().Get("ETag")
		if tag != `"v1"` {
			t.Fatalf("ETag %q", tag)
		}
		for header, want := range map[string]int{tag: 304, `W/` + tag: 304, `"x", ` + tag: 304, "*": 304, `"v2"`: 200, "v1": 200} {
			r := w.do(request{method: "GET", path: path, token: token, header: map[string]string{"If-None-Match": header}})
			if r.Code != want || (want == 304) != (r.Body.Len() == 0) || r.Header().Get("ETag") != tag {
				t.Errorf("If-None-Match %s: %d with %d bytes and ETag %q", header, r.Code, r.Body.Len(), r.Header().Get("ETag"))
			}
		}
		match := func(tag, method, path string, body any) reply {
			return w.do(request{method: method, path: path, token: token, body: body, header: map[string]string{"If-Match": tag}})
		}
		for _, stale := range []string{`"v9"`, "v1", `"x"`, `"v0x"`, `W/"v1"`} {
			match(stale, "PATCH", path, map[string]any{"contact": "Never"}).refused(412, "stale")
			match(stale, "POST", path+"/freeze", nil).refused(412, "stale")
			match(stale, "POST", path+"/unfreeze", nil).refused(412, "stale")
			match(stale, "PATCH", "/customers/"+w.cq.ID, map[string]any{"contact": "Never"}).refused(404, "not_found")
			match(stale, "POST", "/customers/"+w.cq.ID+"/unfreeze", nil).refused(404, "not_found")
			match(stale, "POST", "/customers/unknown/unfreeze", nil).refused(404, "not_found")
		}
		for i, step := range []struct {
			method, path string
			body         any
		}{{"PATCH", path, map[string]any{"contact": "Bo"}}, {"POST", path + "/freeze", nil}, {"POST", path + "/unfreeze", nil}, {"POST", path + "/restrict", nil}} {
			r := match(tag, step.method, step.path, step.body).status(200)
			if tag = r.Header().Get("ETag"); tag != `"v`+strconv.Itoa(i+2)+`"` {
				t.Fatalf("after %s the ETag is %s", step.path, tag)
			}
		}
		match("*", "PATCH", path, map[string]any{"contact": "Cy"}).status(200)
		match(tag, "POST", "/customers", newCustomer("X")).faulty("If-Match if_match_unsupported")
	})
}

func TestEveryOperationIsDescribed(t *testing.T) {
	ids, routes := map[string]bool{}, map[string]bool{}
	for _, op := range api.New(api.Deps{}).Operations() {
		if ids[op.ID] || routes[op.Method+op.Path] {
			t.Errorf("%s is there twice", op.ID)
		}
		ids[op.ID], routes[op.Method+op.Path] = true, true
		if !access.Known(op.Action) {
			t.Errorf("%s needs no permission that exists", op.ID)
		}
		if op.Changes() && op.Action != access.OperationGet && !access.Writes(op.Action) && op.Action != access.CustomerEnter {
			t.Errorf("%s changes something with the permission %s, which only looks", op.ID, op.Action)
		}
		if !op.Changes() && access.Writes(op.Action) && op.Action != access.Self && op.Action != access.TokenManage && !forEditors[op.ID] {
			t.Errorf("%s only looks but needs %s", op.ID, op.Action)
		}
	}
}

// forEditors only look, and are for those alone who may change what they look at: what leaves as a file (DM-154, DM-192), what is on its
// way in, and what shows how others are dealt with.
var forEditors = map[string]bool{"export-profiles": true, "export-profile": true, "export-partner-profiles": true, "export-partner-profile": true,
	"export-operator-profiles": true, "export-operator-profile": true, "get-software-upload": true, "download-resource-file": true, "download-device-file": true,
	"list-redirect-disputes": true, "list-redirect-connectors": true, "get-redirect-connector": true,
	"list-registrars": true, "get-registrar": true}

func TestAFaultOfOursIsNotCountedAsAGuessOfTheCaller(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		gone, stop := context.WithCancel(context.Background())
		stop() // as when the database does not answer in time
		for range 250 {
			r := httptest.NewRequest("GET", api.Prefix+"/me", nil).WithContext(gone)
			r.Header.Set("Authorization", "Bearer lct_ABCDEFGHIJKLMNOPQRSTUVWXYZ")
			w.handler.ServeHTTP(httptest.NewRecorder(), r)
		}
		if got := w.get("", "/me"); got.Code != 401 {
			t.Errorf("somebody behind the same address gets %d", got.Code)
		}
	})
}
