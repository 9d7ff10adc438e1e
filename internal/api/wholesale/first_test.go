package wholesale_test

import "testing"

func TestACustomerIsProvisionedAndASubscriberFollows(t *testing.T) { // WS-38, WS-39, WS-114, WS-116, WS-139
	each(t, func(t *testing.T, w *world) {
		token := w.full(w.P)
		template := w.template(w.P)
		in := customer(template, "crm-1")
		r := w.post(token, "/wholesale/customers", in).status(202)
		at := r.Header().Get("Location")
		if r.object()["url"] != at {
			t.Errorf("url %v, Location %q", r.object()["url"], at)
		}
		path := at[len(public+"/v1"):]
		before := w.get(token, path).status(200).object()
		if before["status"] != "provisioning" || before["orgId"] != nil || before["externalId"] != "crm-1" {
			t.Errorf("%v", before)
		}
		w.drain()
		after := w.get(token, path).status(200).object()
		if after["status"] != "provisioned" || after["orgId"] == nil || after["errors"] != nil {
			t.Errorf("%v", after)
		}
		if got := after["address"].(body); got["addressLine1"] != "Hauptstr. 1" || got["country"] != "DE" || got["addressLine2"] != nil {
			t.Errorf("%v", got)
		}
		id := after["id"].(string)
		u := w.post(token, "/wholesale/subscribers", person(id, "101")).status(200)
		got := u.object()
		if got["package"] != "webex_calling" || got["status"] != "provisioned" || got["externalCustomerId"] != "crm-1" || got["customerId"] != id || got["personId"] == nil {
			t.Errorf("%v", got)
		}
		same := w.get(token, u.Header().Get("Location")[len(public+"/v1"):]).status(200)
		if same.Body.String() != u.Body.String() {
			t.Errorf("%s\n%s", u.Body, same.Body)
		}
		w.put(token, "/wholesale/subscribers/"+got["id"].(string), body{"packages": []string{"webex_meetings"}}).status(200).says("webex_meetings")
		w.delete(token, "/wholesale/subscribers/"+got["id"].(string)).status(204)
		w.get(token, "/wholesale/subscribers/"+got["id"].(string)).refused(404, 74002)
		w.delete(token, path).status(202)
		w.drain()
		w.get(token, path).refused(404, 74002)
	})
}
