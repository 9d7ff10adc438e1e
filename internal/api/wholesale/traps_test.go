package wholesale_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/api/wholesale"
	"linecard/internal/catalog/catalogtest"
)

// Each test here is a trap of the fact sheet: something that real clients do, or that the public description says in two ways.

func TestIdsAreURLSafeBase64WithoutPaddingOfAURN(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.full(w.P)
		c := w.provisioned(token, w.template(w.P), "")
		u := w.post(token, "/wholesale/subscribers", person(c, "100")).status(200).object()
		got := w.get(token, "/wholesale/customers/"+c).object()
		for id, want := range map[any]string{c: "ENTERPRISE", got["orgId"]: "ORGANIZATION", u["id"]: "SUBSCRIBER", u["personId"]: "PEOPLE", u["customerId"]: "ENTERPRISE"} {
			raw, err := base64.RawURLEncoding.DecodeString(id.(string))
			if err != nil || !regexp.MustCompile(`^ciscospark://us/`+want+`/[0-9a-f-]{36}$`).Match(raw) {
				t.Errorf("%v is %q (%v), want a %s", id, raw, err, want)
			}
		}
	})
}

func TestIdsAreTakenWithPaddingInAnyCaseWithOtherTypesAndBare(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.full(w.P)
		c := w.provisioned(token, w.template(w.P), "")
		id := inside(t, c)
		padded := base64.URLEncoding.EncodeToString([]byte("ciscospark://us/ENTERPRISE/" + id))
		for _, form := range []string{c, padded, c + "==", urn("enterprise", id), urn("Organization", id), urn("CUSTOMER", id), urn("PEOPLE", id), id, strings.ToUpper(id),
			base64.RawURLEncoding.EncodeToString([]byte(id)), base64.StdEncoding.EncodeToString([]byte("ciscospark://urn:TEAM:us-east-2_a/ENTERPRISE/" + id))} {
			w.get(token, "/wholesale/customers/"+url.PathEscape(form)).status(200)
			in := person(form, "")
			delete(in["provisioningParameters"].(body), "extension")
			in["packages"] = []string{"webex_meetings"}
			w.post(token, "/wholesale/subscribers", in).status(200)
		}
		for _, form := range []string{"x", "ZjViMzYxODct", urn("ROOM", id), urn("ENTERPRISE", "1"), urn("ENTERPRISE", id+"/x"), id + "0", strings.Repeat("A", 400), "%20", "%00"} {
			w.get(token, "/wholesale/customers/"+form).refused(404, 74002)
		}
	})
}

func TestAnArrayIsTakenRepeatedAndJoinedByCommas(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.full(w.P)
		template := w.template(w.P)
		w.provisioned(token, template, "")
		w.post(token, "/wholesale/customers", customer(template, "waiting")).status(202)
		for query, want := range map[string]int{"": 2, "?status=provisioned&status=provisioning": 2, "?status=provisioned%2Cprovisioning": 2, "?status=provisioned,error": 1,
			"?status=error": 0, "?status=provisioning": 1} {
			if got := len(w.get(token, "/wholesale/customers"+query).status(200).items()); got != want {
				t.Errorf("%q gives %d, want %d", query, got, want)
			}
		}
		w.get(token, "/wholesale/customers?status=gone").refused(400, 71005)
	})
}

// follow walks a list by its next links as clients do: blindly, and until there is none.
func (w *world) follow(token, path string) (pages int, ids []string) {
	w.t.Helper()
	for path != "" && pages < 50 {
		r := w.get(token, path).status(200)
		for _, i := range r.items() {
			id, _ := i["id"].(string)
			if id == "" {
				id, _ = i["orgId"].(string)
			}
			ids = append(ids, id)
		}
		pages++
		path = ""
		for _, part := range strings.Split(r.Header().Get("Link"), ",") { // so a reference client parses it
			if at, rel, found := strings.Cut(strings.TrimSpace(part), ">; rel="); found && rel == `"next"` {
				if !strings.HasPrefix(at, "<"+public+"/v1/") || !regexp.MustCompile(`offset=[0-9]+`).MatchString(at) {
					w.t.Errorf("a link to %s", at)
				}
				path = strings.TrimPrefix(at, "<"+public+"/v1")
			}
		}
	}
	return pages, ids
}

func TestPagesAreFollowedByTheLinkHeader(t *testing.T) { // WS-41, WS-88
	each(t, func(t *testing.T, w *world) {
		token := w.full(w.P)
		c := w.provisioned(token, w.template(w.P), "")
		made := map[string]bool{}
		for n := range 7 {
			w.Clock.Advance(time.Second)
			made[w.post(token, "/wholesale/subscribers", person(c, strconv.Itoa(100+n))).status(200).object()["id"].(string)] = true
		}
		for _, query := range []string{"?max=3", "?max=3&sortBy=created&sortOrder=DESC", "?max=3&sortBy=lastStatusChange", "?max=3&customerId=" + c} {
			pages, ids := w.follow(token, "/wholesale/subscribers"+query)
			if pages != 3 || len(ids) != 7 {
				t.Errorf("%s: %d pages, %d items", query, pages, len(ids))
			}
			seen := map[string]bool{}
			for _, id := range ids {
				if seen[id] || !made[id] {
					t.Errorf("%s: %s twice or foreign", query, id)
				}
				seen[id] = true
			}
		}
		middle := w.get(token, "/wholesale/subscribers?max=3&offset=3").Header().Get("Link")
		for _, want := range []string{`rel="first"`, `rel="prev"`, `rel="next"`, "offset=0", "offset=6", "max=3"} {
			if !strings.Contains(middle, want) {
				t.Errorf("%q lacks %s", middle, want)
			}
		}
		if got := w.get(token, "/wholesale/subscribers").Header().Get("Link"); got != "" {
			t.Errorf("one page with links: %s", got)
		}
		if len(w.get(token, "/wholesale/subscribers?offset=100").items()) != 0 {
			t.Error("there is something behind the end")
		}
		for _, query := range []string{"?max=0", "?max=x", "?max=-1", "?offset=-1", "?offset=1.5", "?offset=99999999999999999999"} {
			w.do(request{method: "GET", path: "/wholesale/subscribers" + query, token: token, loose: true}).refused(400, 71009)
		}
		if pages, ids := w.follow(token, "/wholesale/subscribers?max=1000"); pages != 1 || len(ids) != 7 {
			t.Error("more than a page holds is cut down and linked")
		}
		if pages, ids := w.follow(token, "/wholesale/customers?max=1"); pages != 1 || len(ids) != 1 {
			t.Errorf("customers: %d pages, %q", pages, ids)
		}
	})
}

func TestALinkLeadsToThePublicAddressWhateverHostTheClientSays(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.full(w.P)
		template := w.template(w.P)
		w.provisioned(token, template, "")
		w.provisioned(token, template, "")
		r := w.do(request{method: "GET", path: "/wholesale/customers?max=1", token: token, header: map[string]string{"Host": "evil.example", "X-Forwarded-Host": "evil.example"}})
		if link := r.Header().Get("Link"); !strings.HasPrefix(link, "<"+public+"/v1/wholesale/customers?") {
			t.Errorf("%q", link)
		}
	})
}

func TestARequestWithoutBodyMayCarryAMediaType(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.full(w.P)
		c := w.provisioned(token, w.template(w.P), "")
		u := w.post(token, "/wholesale/subscribers", person(c, "100")).status(200).object()["id"].(string)
		sdk := map[string]string{"Content-Type": "application/json;charset=utf-8"}
		for _, in := range []request{{method: "GET", path: "/wholesale/customers"}, {method: "GET", path: "/wholesale/customers/" + c}, {method: "GET", path: "/wholesale/subscribers"},
			{method: "GET", path: "/wholesale/billing/reports"}, {method: "GET", path: "/wholesale/subPartners"}, {method: "DELETE", path: "/wholesale/subscribers/" + u}} {
			in.token, in.header = token, sdk
			if r := w.do(in); r.Code >= 300 {
				t.Errorf("%s %s: %d %s", in.method, in.path, r.Code, r.Body)
			}
		}
		in := person(c, "101")
		w.do(request{method: "POST", path: "/wholesale/subscribers", token: token, body: in, header: sdk}).status(200)
		for _, kind := range []string{"application/x-www-form-urlencoded", "text/plain", "application/json;charset=latin1", "application/xml"} {
			w.do(request{method: "POST", path: "/wholesale/subscribers", token: token, body: in, header: map[string]string{"Content-Type": kind}}).refused(415, 70415)
		}
	})
}

func TestTheTrackingIdOfTheClientComesBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.full(w.P)
		const theirs = "SIMPLE_2f0c5a4e-7f0e-4b0c-9a36-9f6f4a1d6f00"
		if got := w.do(request{method: "GET", path: "/wholesale/customers", token: token, header: map[string]string{"TrackingID": theirs}}).Header().Get("trackingid"); got != theirs {
			t.Errorf("%q", got)
		}
		r := w.do(request{method: "GET", path: "/wholesale/customers/x", token: token, header: map[string]string{"TrackingID": theirs}}).refused(404, 74002)
		if r.object()["trackingId"] != theirs {
			t.Errorf("%s", r.Body)
		}
		r = w.do(request{method: "GET", path: "/wholesale/customers/x", token: token, header: map[string]string{"TrackingID": "a\"b <x>"}})
		if got := r.Header().Get("trackingid"); !strings.HasPrefix(got, "LINECARD_") || !strings.HasSuffix(got, r.Header().Get("X-Request-Id")) {
			t.Errorf("%q", got)
		}
	})
}

func TestWhatHasNoValueIsLeftOutAndNullIsTaken(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.full(w.P)
		in := customer(w.template(w.P), "nulls")
		in["orgId"], in["subPartnerAdminEmail"] = nil, nil
		in["address"].(body)["addressLine2"] = nil
		in["provisioningParameters"].(body)["packages"] = body{"limits": body{"webex_calling": 10.0, "webex_suite": nil, "webex_meetings": 5}}
		in["somethingNew"] = body{"deep": []int{1}} // fields that we do not know are left out of account
		r := w.do(request{method: "POST", path: "/wholesale/customers", token: token, body: in, loose: true}).status(202)
		if got := w.get(token, r.Header().Get("Location")[len(public+"/v1"):]).Body.String(); strings.Contains(got, ":null") {
			t.Errorf("%s", got)
		}
		w.post(token, "/wholesale/customers", `{"packages":"webex_calling"}`).refused(400, 71002).says("packages: ")
		w.post(token, "/wholesale/customers", `{"customerInfo":{"name":1}}`).refused(400, 71002).says("customerInfo.name: ")
		w.post(token, "/wholesale/customers", `[]`).refused(400, 71001)
		w.post(token, "/wholesale/customers", `{`).refused(400, 71001)
		w.post(token, "/wholesale/customers", ``).refused(400, 1001)
		w.post(token, "/wholesale/customers", "{\"externalId\":\"a\\u0000b\"}").refused(400, 71004)
		w.post(token, "/wholesale/customers", "{\"externalId\":\"\xff\"}").refused(400, 71003)
		w.post(token, "/wholesale/customers", strings.Repeat("[", 100)+strings.Repeat("]", 100)).refused(400, 71001)
		w.post(token, "/wholesale/customers", `{"x":`+strings.Repeat("[", 100)+strings.Repeat("]", 100)+`}`).refused(400, 70400)
		w.post(token, "/wholesale/customers", `{"externalId":"`+strings.Repeat("x", 1<<20)+`"}`).refused(400, 70400)
	})
}

func TestDatesOfReportsMayComeAsInstants(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.full(w.P)
		w.Clock.Set(time.Date(2024, 6, 15, 9, 0, 0, 0, time.UTC))
		w.post(token, "/wholesale/billing/reports", body{"billingStartDate": "2024-05-01", "billingEndDate": "2024-05-31"}).status(200)
		for _, query := range []string{"billingStartDate=2024-05-01&billingEndDate=2024-05-31", "billingStartDate=2024-05-01T00:00:00.000Z",
			"billingEndDate=2024-05-31T00:00:00Z", "billingStartDate=2024-05-01T00:00:00"} {
			if got := len(w.get(token, "/wholesale/billing/reports?"+query).status(200).items()); got != 1 {
				t.Errorf("%s gives %d", query, got)
			}
		}
		if got := len(w.get(token, "/wholesale/billing/reports?billingStartDate=2024-05-05").status(200).items()); got != 0 {
			t.Errorf("a day inside the period gives %d", got) // WS-65
		}
	})
}

func TestABillingReportAnswers200AndTheSamePeriod409WithItsId(t *testing.T) { // WS-61 … WS-67
	each(t, func(t *testing.T, w *world) {
		token := w.full(w.P)
		w.Clock.Set(time.Date(2024, 6, 15, 9, 0, 0, 0, time.UTC))
		in := body{"billingStartDate": "2024-05-01", "billingEndDate": "2024-05-31", "type": "USER", "internal": true}
		first := w.post(token, "/wholesale/billing/reports", in).status(200).object()
		if first["category"] != "RECONCILIATION" || first["type"] != "USER" || first["status"] != nil {
			t.Errorf("%v", first)
		}
		if again := w.post(token, "/wholesale/billing/reports", in).status(200).object(); again["id"] != first["id"] {
			t.Error("one that is being made is given again")
		}
		at := "/wholesale/billing/reports/" + first["id"].(string)
		if got := w.get(token, at).status(200).object(); got["status"] != "IN_PROGRESS" || got["tempDownloadURL"] != nil || got["createdBy"] == nil {
			t.Errorf("%v", got)
		}
		w.drain()
		got := w.get(token, at).status(200).object()
		if link, _ := got["tempDownloadURL"].(string); got["status"] != "COMPLETED" || !strings.HasPrefix(link, public+"/") {
			t.Errorf("%v", got)
		}
		w.post(token, "/wholesale/billing/reports", in).refused(409, 73017).says(first["id"].(string))
		w.delete(token, at).status(204)
		w.get(token, at).refused(404, 2024)
		w.delete(token, at).refused(404, 2024)
		if next := w.post(token, "/wholesale/billing/reports", in).status(200).object(); next["id"] == first["id"] {
			t.Error("a new report has the id of the deleted one")
		}
		for want, faulty := range map[int]body{
			1001:  {"billingStartDate": "2024-05-01"},
			71013: {"billingStartDate": "2024-5-1", "billingEndDate": "2024-05-31"},
			71014: {"billingStartDate": "2024-05-01", "billingEndDate": "2024-06-15"},
			71015: {"billingStartDate": "2024-05-31", "billingEndDate": "2024-05-01"},
			71005: {"billingStartDate": "2024-05-01", "billingEndDate": "2024-05-31", "type": "TENANT"},
		} {
			w.post(token, "/wholesale/billing/reports", faulty).refused(400, want)
		}
		for _, query := range []string{"?status=COMPLETED&type=USER&sortBy=id&max=1", "?sortBy=status", "?sortBy=billingEndDate", "?type=partner"} {
			w.do(request{method: "GET", path: "/wholesale/billing/reports" + query, token: token, loose: true}).status(200)
		}
		w.get(token, "/wholesale/billing/reports?sortBy=nonsense").refused(400, 71005)
		w.do(request{method: "GET", path: "/wholesale/billing/reports?offset=1", token: token}).refused(400, 71007) // the one list without it
	})
}

func TestTooManyRequestsSayInWholeSecondsHowLongToWait(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		slow := w.d
		slow.PerSecond = 1
		token := w.full(w.P)
		w.use(wholesale.New(slow))
		var r reply
		for range 6 {
			r = w.get(token, "/wholesale/customers")
		}
		r.refused(429, 70429)
		if n, err := strconv.Atoi(r.Header().Get("Retry-After")); err != nil || n < 1 || n > 60 {
			t.Errorf("Retry-After %q", r.Header().Get("Retry-After"))
		}
		w.get(w.full(w.P), "/wholesale/customers").status(200) // each token has its own measure
	})
}

func TestSubPartnersComeUnderItems(t *testing.T) { // WS-88
	each(t, func(t *testing.T, w *world) {
		token := w.full(w.P)
		r := w.get(token, "/wholesale/subPartners").status(200)
		got := r.items()
		if len(got) != 1 || inside(t, got[0]["orgId"].(string)) != w.S.ID || got[0]["provisioningState"] != "active" || got[0]["subscriptionId"] == nil || got[0]["billingStartDate"] == nil {
			t.Errorf("%s", r.Body)
		}
		_, err := w.Tenants.Suspend(ctx, catalogtest.System, w.S.ID)
		w.OK(err)
		for query, want := range map[string]int{"": 1, "?provisioningState=suspended": 1, "?provisioningState=active": 0, "?offset=1&max=10": 0} {
			if n := len(w.get(token, "/wholesale/subPartners"+query).status(200).items()); n != want {
				t.Errorf("%q gives %d", query, n)
			}
		}
		w.get(token, "/wholesale/subPartners?provisioningState=foo").refused(400, 71005)
		w.get(w.token(w.P, nil, access.PartnerFullAdmin), "/wholesale/subPartners").refused(403, 72001) // WS-83: both roles
		w.get(w.full(w.S), "/wholesale/subPartners").refused(403, 72001)
		if w.get(token, "/wholesale/subPartners?"+"onBehalfOfSubPartnerOrgId="+urn("ORGANIZATION", w.S.ID)).Code != 400 {
			t.Error("this one does not take onBehalfOfSubPartnerOrgId")
		}
	})
}

func TestPackagesTravelAsPackageAndAsPackages(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.full(w.P)
		in := customer(w.template(w.P), "forms")
		in["packages"] = []string{"webex_calling", "webex_meetings", "attendant_console"}
		r := w.post(token, "/wholesale/customers", in).status(202)
		w.drain()
		c := w.get(token, r.Header().Get("Location")[len(public+"/v1"):]).status(200).says(`"attendant_console"`).object()["id"].(string)
		one := person(c, "100")
		delete(one, "packages")
		one["package"] = "webex_calling"
		u := w.post(token, "/wholesale/subscribers", one).status(200).object()
		if u["package"] != "webex_calling" || asText(u["packages"]) != `["webex_calling"]` {
			t.Errorf("%v", u)
		}
		at := "/wholesale/subscribers/" + u["id"].(string)
		got := w.put(token, at, body{"packages": []string{"webex_calling", "attendant_console"}}).status(200).object()
		if got["package"] != "webex_calling" || asText(got["packages"]) != `["webex_calling","attendant_console"]` {
			t.Errorf("%v", got)
		}
		both := person(c, "101")
		both["package"] = "webex_meetings"
		w.post(token, "/wholesale/subscribers", both).refused(400, 71020)
		none := person(c, "101")
		delete(none, "packages")
		w.post(token, "/wholesale/subscribers", none).refused(400, 1001)
		for _, wrong := range [][]string{{"common_area_calling"}, {"nonsense"}, {"calling"}} {
			in := person(c, "101")
			in["packages"] = wrong
			w.post(token, "/wholesale/subscribers", in).refused(400, 71005)
		}
		for _, wrong := range [][]string{{"webex_calling", "webex_meetings"}, {"attendant_console"}} {
			in := person(c, "101")
			in["packages"] = wrong
			w.post(token, "/wholesale/subscribers", in).refused(400, 71020)
		}
	})
}

func TestACallerThatIsPollingSeesRefreshedTokensRefused401(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, token := range []string{"", "nonsense", "lct_" + strings.Repeat("x", 43)} {
			r := w.get(token, "/wholesale/customers").refused(401, 70401)
			if !strings.HasPrefix(r.Header().Get("WWW-Authenticate"), "Bearer") {
				t.Error("no challenge")
			}
		}
		w.do(request{method: "GET", path: "/wholesale/customers", header: map[string]string{"Authorization": "Basic eDp5"}}).refused(401, 70401)
	})
}

func TestAnyOtherCallAnswers404WithAPointer(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, path := range []string{"/people", "/wholesale/workspaces", "/wholesale", "/wholesale/customers/a/b", "/telephony/config/numbers", "/"} {
			r := w.get(w.full(w.P), path).refused(404, 74001).says(public + "/api/docs")
			if !strings.Contains(r.Header().Get("Link"), public+"/api/docs") {
				t.Error("no link to the documentation")
			}
		}
		r := w.do(request{method: "PATCH", path: "/wholesale/customers", token: w.full(w.P)}).refused(405, 74003)
		if allow := r.Header().Get("Allow"); !strings.Contains(allow, "GET") || !strings.Contains(allow, "POST") {
			t.Errorf("Allow %q", allow)
		}
	})
}

func TestAQueryParameterThatIsNotDescribedIsRefused(t *testing.T) { // WS-41
	each(t, func(t *testing.T, w *world) {
		token := w.full(w.P)
		w.get(token, "/wholesale/customers?name=x&foo=y").refused(400, 71007, 71007).says("foo: ").says("name: ")
		w.get(token, "/wholesale/customers?externalId=a&externalId=b").refused(400, 71008)
		w.get(token, "/wholesale/customers?externalId=%ff").refused(400, 71003)
		w.get(token, "/wholesale/customers?externalId=a%00").refused(400, 71004)
		w.get(token, "/wholesale/customers?externalId=%zz").refused(400, 70400)
	})
}

func TestErrorsAreNumbersAndNeverText(t *testing.T) { // they were text once, and strict clients broke
	each(t, func(t *testing.T, w *world) {
		var out struct {
			Errors []struct{ ErrorCode json.Number }
		}
		r := w.get("", "/wholesale/customers")
		if err := json.Unmarshal(r.Body.Bytes(), &out); err != nil || len(out.Errors) != 1 || strings.Contains(r.Body.String(), `"errorCode":"`) {
			t.Errorf("%s: %v", r.Body, err)
		}
		if r.Code != http.StatusUnauthorized {
			t.Error(r.Code)
		}
	})
}
