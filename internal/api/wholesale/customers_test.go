package wholesale_test

import (
	"strings"
	"sync"
	"testing"

	"linecard/internal/access"
	"linecard/internal/api/wholesale"
)

// without gives a deep copy of a body that lacks one field, named by its path.
func without(in body, path string) body {
	name, rest, deeper := strings.Cut(path, ".")
	out := body{}
	for k, v := range in {
		switch {
		case k != name:
			out[k] = v
		case deeper:
			out[k] = without(v.(body), rest)
		}
	}
	return out
}

func TestWhatIsMissingIsNamed(t *testing.T) { // WS-48, WS-114, WS-116
	each(t, func(t *testing.T, w *world) {
		token := w.full(w.P)
		template := w.template(w.P)
		full := customer(template, "full")
		const at = "provisioningParameters.calling.location"
		for _, path := range []string{"provisioningId", "packages", "externalId", "address", "customerInfo", "address.addressLine1", "address.city", "address.country",
			"address.zipOrPostalCode", "customerInfo.name", "customerInfo.primaryEmail", at, at + ".name", at + ".address.city", at + ".timezone", at + ".language"} {
			w.post(token, "/wholesale/customers", without(full, path)).refused(400, 1001).says(`"` + path + `: `)
		}
		us := customer(template, "us")
		us["address"] = body{"addressLine1": "1 Main St", "city": "Springfield", "country": "US", "zipOrPostalCode": "62701"}
		w.post(token, "/wholesale/customers", us).refused(400, 1001).says(`"address.stateOrProvince: `)
		long := customer(template, "long")
		long["address"].(body)["addressLine1"] = strings.Repeat("x", 51)
		w.post(token, "/wholesale/customers", long).refused(400, 1002).says(`"address.addressLine1: `)
		percent := customer(template, "percent")
		percent["customerInfo"].(body)["name"] = "100 % Acme"
		w.post(token, "/wholesale/customers", percent).refused(400, 71004).says(`"customerInfo.name: `)
		w.post(token, "/wholesale/customers", customer("unknown", "x")).refused(400, 71021).says(`"provisioningId: `)
		other := customer(template, "other")
		other["packages"] = []string{"webex_calling", "nonsense"}
		w.post(token, "/wholesale/customers", other).refused(400, 71005).says(`"packages[1]: `)
		other["packages"] = []string{"webex_calling", "cx_premium_agent"} // in the enumeration, not in this catalogue
		w.post(token, "/wholesale/customers", other).refused(400, 71006)
		c := w.provisioned(token, template, "")
		in := person(c, "100")
		for _, path := range []string{"customerId", "email", "provisioningParameters", "provisioningParameters.firstName", "provisioningParameters.lastName"} {
			w.post(token, "/wholesale/subscribers", without(in, path)).refused(400, 1001).says(`"` + path + `: `)
		}
		w.post(token, "/wholesale/subscribers", without(in, "provisioningParameters.extension")).refused(400, 1001) // WS-117
		bad := person("x", "100")
		w.post(token, "/wholesale/subscribers", bad).refused(400, 71011).says(`"customerId: `)
		w.post(token, "/wholesale/subscribers", person(c, "1")).refused(400, 71016).says(`"provisioningParameters.extension: `)
		w.post(token, "/wholesale/subscribers", in).status(200)
		same := person(c, "101")
		same["email"] = in["email"]
		w.post(token, "/wholesale/subscribers", same).refused(409, 10022)
		w.post(token, "/wholesale/subscribers", person(c, "100")).refused(409, 73012)
		suite := person(c, "102")
		suite["packages"] = []string{"webex_suite"}
		w.post(token, "/wholesale/subscribers", suite).refused(409, 73003).says("webex_suite")
	})
}

func TestTheExternalIdMakesACreateHappenOnce(t *testing.T) { // WS-42, WS-140
	each(t, func(t *testing.T, w *world) {
		token := w.full(w.P)
		template := w.template(w.P)
		in := customer(template, "crm-7")
		first := w.post(token, "/wholesale/customers", in).status(202).Header().Get("Location")
		again := w.post(token, "/wholesale/customers", in).status(409).says("externalId: ") // a retry after a time-out
		if got := again.Header().Get("Location"); got != first {
			t.Errorf("the refusal leads to %q, the customer is at %q", got, first)
		}
		w.post(token, "/wholesale/customers", customer(template, "crm-70")).status(202)
		if got := w.get(token, "/wholesale/customers?externalId=crm-7").items(); len(got) != 1 || !strings.HasSuffix(first, got[0]["id"].(string)) {
			t.Errorf("%v", got)
		}
		w.post(w.full(w.Q), "/wholesale/customers", customer(w.template(w.Q), "crm-7")).status(202) // another tree

		var wg sync.WaitGroup
		codes := make([]int, 8)
		for n := range codes {
			wg.Go(func() { codes[n] = w.post(token, "/wholesale/customers", customer(template, "at-once")).Code })
		}
		wg.Wait()
		made := 0
		for _, c := range codes {
			if c == 202 {
				made++
			} else if c != 409 {
				t.Errorf("one of those at once is %d", c)
			}
		}
		if made != 1 {
			t.Errorf("at once %d were made: %v", made, codes)
		}
	})
}

func TestARepeatedRequestWithAKeyGetsTheSameAnswer(t *testing.T) { // WS-41, decision 5
	each(t, func(t *testing.T, w *world) {
		token := w.full(w.P)
		template := w.template(w.P)
		in := customer(template, "keyed")
		send := func(key string, b body) reply {
			return w.do(request{method: "POST", path: "/wholesale/customers", token: token, body: b, header: map[string]string{"Idempotency-Key": key}})
		}
		first, again := send("k", in).status(202), send("k", in).status(202)
		if first.Body.String() != again.Body.String() || first.Header().Get("Location") != again.Header().Get("Location") {
			t.Errorf("%s %s", first.Body, again.Body)
		}
		send("k", customer(template, "other")).refused(409, 73019)
		send("l", in).status(409)
		w.drain()
		c := w.get(token, "/wholesale/customers?externalId=keyed").items()[0]["id"].(string)
		p := person(c, "100")
		user := func() reply {
			return w.do(request{method: "POST", path: "/wholesale/subscribers", token: token, body: p, header: map[string]string{"Idempotency-Key": "u"}}).status(200)
		}
		if a, b := user(), user(); a.Body.String() != b.Body.String() {
			t.Errorf("%s %s", a.Body, b.Body)
		}
	})
}

func TestAnUpdateTakesTheCompleteListOfPackages(t *testing.T) { // WS-138
	each(t, func(t *testing.T, w *world) {
		token := w.full(w.P)
		c := w.provisioned(token, w.template(w.P), "")
		at := "/wholesale/customers/" + c
		r := w.put(token, at, body{"packages": []string{"webex_calling"}, "externalId": "new-id"}).status(202)
		if r.object()["url"] != r.Header().Get("Location") || !strings.HasSuffix(r.Header().Get("Location"), c) {
			t.Errorf("%s", r.Body)
		}
		if got := w.get(token, at).status(200).object(); got["status"] != "updating" {
			t.Errorf("%v", got)
		}
		w.put(token, at, body{"packages": []string{"webex_calling"}}).refused(409, 73023)
		w.drain()
		if got := w.get(token, at).status(200).object(); got["status"] != "provisioned" || asText(got["packages"]) != `["webex_calling"]` || got["externalId"] != "new-id" {
			t.Errorf("%v", got)
		}
		w.post(token, "/wholesale/subscribers", person(c, "100")).status(200)
		w.put(token, at, body{"packages": []string{"webex_meetings"}}).refused(409, 73005).says("webex_calling")
		w.put(token, at, body{"externalId": "x"}).refused(400, 1001).says("packages: ")
		w.put(token, at, body{"packages": []string{"webex_calling", "webex_suite"}}).status(202)
		w.drain()
		got := w.get(token, at+"?includePackageLicenseInfo=true").status(200).object()
		for _, p := range got["resourceDetails"].(body)["packages"].([]any) {
			if ids, _ := p.(body)["licenseIds"].([]any); len(ids) != 1 {
				t.Errorf("%v", p)
			}
		}
		if got := w.get(token, at).object(); strings.Contains(asText(got), "licenseIds") {
			t.Errorf("%v", got)
		}
		w.do(request{method: "GET", path: at + "?includePackageLicenseInfo=yes", token: token}).refused(400, 71002)
	})
}

func TestPrechecksSayWhatWouldBeRefusedAndChangeNothing(t *testing.T) { // WS-121, WS-122
	each(t, func(t *testing.T, w *world) {
		token := w.full(w.P)
		template := w.template(w.P)
		c := w.provisioned(token, template, "")
		user := person(c, "100")
		w.post(token, "/wholesale/subscribers", user).status(200)
		foreign := person(w.provisioned(w.full(w.Q), w.template(w.Q), ""), "100")
		w.post(w.full(w.Q), "/wholesale/subscribers", foreign).status(200)
		before := w.rows()
		const passed = `{"message":"success","info":{"infoCode":100,"description":"Provisioning preCheck validation successful."}}`
		ok := func(path string, in body) {
			t.Helper()
			if r := w.post(token, path, in).status(200); r.Body.String() != passed {
				t.Errorf("%s", r.Body)
			}
		}
		ok("/wholesale/customers/validate", body{"address": address(), "customerInfo": body{"primaryEmail": mail()}})
		ok("/wholesale/customers/validate", customer(template, "check"))
		w.post(token, "/wholesale/customers/validate", body{"customerInfo": body{"primaryEmail": mail()}}).refused(400, 1001).says("address: ")
		bad := customer("unknown", "bad")
		bad["customerInfo"].(body)["primaryEmail"] = "x"
		bad["address"].(body)["country"] = ""
		w.post(token, "/wholesale/customers/validate", bad).refused(400, 1001, 71010, 71021).says("address.country: ").says("customerInfo.primaryEmail: ")

		ok("/wholesale/subscribers/validate", body{"email": mail()})
		ok("/wholesale/subscribers/validate", body{"email": mail(), "customerId": c})
		ok("/wholesale/subscribers/validate", body{"email": mail(), "provisioningId": template, "customerInfo": body{"primaryEmail": mail()}})
		ok("/wholesale/subscribers/validate", person(c, "101"))
		w.post(token, "/wholesale/subscribers/validate", body{}).refused(400, 1001)
		w.post(token, "/wholesale/subscribers/validate", body{"email": "x"}).refused(400, 71010)
		for _, in := range []body{{"email": user["email"]}, {"email": user["email"], "customerId": c}, {"email": foreign["email"]}, {"email": foreign["email"], "customerId": c}} {
			r := w.post(token, "/wholesale/subscribers/validate", in).refused(409, 10022)
			if strings.Contains(r.Body.String(), "Partner Q") {
				t.Errorf("it tells whose it is: %s", r.Body)
			}
		}
		w.post(token, "/wholesale/subscribers/validate", body{"email": mail(), "provisioningId": "unknown"}).refused(400, 71021)
		w.post(token, "/wholesale/subscribers/validate", person(c, "100")).refused(409, 73012)
		if after := w.rows(); after != before {
			t.Errorf("there were %s and are %s", before, after)
		}
		listed := w.d
		listed.PrecheckList = true
		w.use(wholesale.New(listed))
		w.contract.Components.Schemas["SubscriberProvisioningPrecheckResponse"].Properties["info"] = &schema{Type: "array", Items: w.contract.Components.Schemas["Error"]}
		w.contract.Components.Schemas["Error"].Properties["infoCode"] = &schema{Type: "number"}
		w.post(token, "/wholesale/subscribers/validate", body{"email": mail()}).status(200).says(`"info":[{"infoCode":100`)
	})
}

func TestTheListOfSubscribersIsFilteredExactly(t *testing.T) { // WS-119
	each(t, func(t *testing.T, w *world) {
		token := w.full(w.P)
		c := w.provisioned(token, w.template(w.P), "")
		one := w.post(token, "/wholesale/subscribers", person(c, "100")).status(200).object()
		w.Clock.Advance(3600e9)
		two := w.post(token, "/wholesale/subscribers", person(c, "101")).status(200).object()
		for query, want := range map[string]int{
			"email=" + one["email"].(string): 1, "email=nobody@example.test": 0, "personId=" + one["personId"].(string): 1, "customerId=" + c: 2,
			"externalCustomerId=" + one["externalCustomerId"].(string): 2, "externalCustomerId=x": 0, "status=provisioned": 2, "status=pending_user_migration": 0,
			"after=" + one["created"].(string): 1, "lastStatusChange=" + two["lastStatusChange"].(string): 0, "after=0": 2, "sortBy=userCreationTimestamp": 2,
			"customerId=" + urn("ENTERPRISE", "01900000-0000-7000-8000-000000000001"): 0,
		} {
			if got := len(w.get(token, "/wholesale/subscribers?"+query).status(200).items()); got != want {
				t.Errorf("%s gives %d, want %d", query, got, want)
			}
		}
		first := func(query string) any { return w.get(token, "/wholesale/subscribers?"+query).items()[0]["id"] }
		if first("sortOrder=ASC") != one["id"] || first("sortOrder=DESC") != two["id"] || first("") != one["id"] {
			t.Error("wrong order")
		}
		for query, number := range map[string]int{"status=gone": 71005, "sortBy=name": 71005, "sortOrder=UP": 71005, "after=yesterday": 71012, "customerId=x": 71011, "personId=x": 71011} {
			w.get(token, "/wholesale/subscribers?"+query).refused(400, number)
		}
	})
}

func TestAnAddressThatIsInUseIsRefusedWithoutSayingWhere(t *testing.T) { // WS-116, WS-121
	each(t, func(t *testing.T, w *world) {
		token := w.full(w.P)
		template := w.template(w.P)
		a, b := w.provisioned(token, template, ""), w.provisioned(token, template, "")
		user := person(a, "100")
		w.post(token, "/wholesale/subscribers", user).status(200)
		user["customerId"] = b
		near := w.post(token, "/wholesale/subscribers", user).refused(409, 10022)
		foreign := person(w.provisioned(w.full(w.Q), w.template(w.Q), ""), "100")
		foreign["email"] = user["email"]
		if far := w.post(w.full(w.Q), "/wholesale/subscribers", foreign).refused(409, 10022); same(far, mine{}) != same(near, mine{}) {
			t.Errorf("%s\n%s", near.Body, far.Body)
		}
	})
}

func TestARefusedChangeStandsInTheOperationLog(t *testing.T) { // CH-83
	each(t, func(t *testing.T, w *world) {
		token := w.token(w.P, nil, access.PartnerReadonlyAdmin)
		w.post(token, "/wholesale/customers", body{}).status(403)
		var n int64
		w.OK(w.DB.Get(ctx, &n, `SELECT COUNT(*) FROM journal_entries WHERE action = 'customer/create' AND result = 'failure'`))
		if n != 1 {
			t.Errorf("%d rows", n)
		}
	})
}
