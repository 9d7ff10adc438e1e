package app_test

import (
	"context"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/account"
	"linecard/internal/app"
	"linecard/internal/catalog"
	"linecard/internal/db/dbtest"
	"linecard/internal/onboard"
	"linecard/internal/tenant"
)

// later is the machine's clock, some time off, and can be moved on.
type later struct{ by atomic.Int64 }

func (l *later) Now() time.Time { return time.Now().Add(time.Duration(l.by.Load())) }

// TestABackOfficeOnboardsACustomerAndReadsItsUsage is a client written after the public description alone: it knows a base address, client
// credentials and a provisioning id. From there on it does what answers tell it (WS-37 … WS-39, WS-61, WS-64, WS-114, WS-116, WS-136).
func TestABackOfficeOnboardsACustomerAndReadsItsUsage(t *testing.T) {
	for name, database := range map[string]func(testing.TB) string{"sqlite": dbtest.SQLiteURL, "postgres": dbtest.MigratedPostgresURL} {
		t.Run(name, func(t *testing.T) {
			clock := &later{}
			clock.by.Store(int64(-3 * 24 * time.Hour))
			c := startShop(t, database(t), clock)
			c.signIn(t)
			out, header := c.call(t, "POST", c.base+"/wholesale/customers", map[string]any{"provisioningId": c.template, "packages": []string{"webex_calling", "webex_meetings"},
				"externalId": "crm-4711", "address": c.address(), "customerInfo": map[string]any{"name": "Harbour Bakery", "primaryEmail": "priya@harbour.example"},
				"provisioningParameters": map[string]any{"calling": map[string]any{"location": map[string]any{"name": "Head office", "address": c.address(),
					"timezone": "Europe/Berlin", "language": "de_de"}}}}, 202)
			at := out["url"].(string)
			if header.Get("Location") != at {
				t.Fatalf("url %q, Location %q", at, header.Get("Location"))
			}
			var customer map[string]any
			dbtest.Eventually(t, "the customer is provisioned", func() bool {
				customer, _ = c.call(t, "GET", at, nil, 200)
				return customer["status"] == "provisioned"
			})
			user, header := c.call(t, "POST", c.base+"/wholesale/subscribers", map[string]any{"customerId": customer["id"], "email": "owen@harbour.example",
				"packages": []string{"webex_meetings"}, "provisioningParameters": map[string]any{"firstName": "Owen", "lastName": "Marsh"}}, 200)
			clock.by.Store(int64(-2 * 24 * time.Hour))
			c.signIn(t) // the token of three days ago has ended
			changed, _ := c.call(t, "PUT", header.Get("Location"), map[string]any{"packages": []string{"webex_calling"},
				"provisioningParameters": map[string]any{"extension": "100"}}, 200)
			if changed["id"] != user["id"] || changed["package"] != "webex_calling" {
				t.Fatalf("%v", changed)
			}
			clock.by.Store(0)
			c.signIn(t)
			today := clock.Now().UTC()
			order, _ := c.call(t, "POST", c.base+"/wholesale/billing/reports", map[string]any{"billingStartDate": today.AddDate(0, 0, -4).Format(time.DateOnly),
				"billingEndDate": today.AddDate(0, 0, -1).Format(time.DateOnly), "type": "USER"}, 200)
			var report map[string]any
			dbtest.Eventually(t, "the report is complete", func() bool {
				report, _ = c.call(t, "GET", c.base+"/wholesale/billing/reports/"+order["id"].(string), nil, 200)
				return report["status"] == "COMPLETED"
			})
			c.token = "" // the address is the whole right
			rows := c.rows(t, report["tempDownloadURL"].(string))
			services := map[string]bool{}
			for _, r := range rows {
				services[r["SERVICE_NAME"]] = true
				if r["CUSTOMER_EXTERNAL_ID"] != "crm-4711" || r["QUANTITY"] == "" || r["SUBSCRIBER_ID"] == "" {
					t.Errorf("%v", r)
				}
			}
			if len(rows) != 2 || len(services) != 2 {
				t.Errorf("a user that changed from one package to the other is in %v", rows)
			}
		})
	}
}

// shop is a client of the wholesale API: it knows what somebody would paste into its settings.
type shop struct {
	base, id, secret, template string
	token                      string
}

// startShop starts an installation with a partner that sells, and gives what that partner's back office needs.
func startShop(t *testing.T, database string, clock *later) *shop {
	t.Helper()
	ctx, dir, log := t.Context(), t.TempDir(), slog.New(slog.DiscardHandler)
	listen := func() net.Listener {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	web, sip := listen(), listen()
	a, err := app.New(ctx, app.Settings{Stores: app.Stores{DB: database, Blob: "file://" + filepath.Join(dir, "files"), KeyFile: filepath.Join(dir, "keys.json")},
		HTTP: web.Addr().String(), Phones: sip.Addr().String(), PublicURL: "http://" + web.Addr().String(), MailFrom: "Linecard <linecard@example.com>",
		Drain: time.Second, SignIns: 6000, Requests: 6000, Node: "one"}, app.Options{Log: log, HTTPListener: web, PhonesListener: sip, Clock: clock})
	must(err)
	_, err = a.Bootstrap(ctx, "Uplink", "Ada", "ada@uplink.example")
	must(err)
	made, err := a.Onboard.CreatePartner(ctx, system, tenant.Details{Name: "Brightline", Email: "mara@brightline.example", Contact: "Mara"}, onboard.First{})
	must(err)
	p := made.Tenant
	_, err = a.Catalog.Subscribe(ctx, system, p.ID, catalog.NewSubscription{Currency: "EUR", Start: "2020-01-01", BillingDay: 1, Items: []string{"calling", "meetings"},
		Prices: []catalog.Price{{Item: "calling", ValidFrom: "2020-01-01", Price: 100000}, {Item: "meetings", ValidFrom: "2020-01-01", Price: 70000}}})
	must(err)
	_, err = a.Catalog.SetSubscriptionState(ctx, system, p.ID, catalog.Sells, 0)
	must(err)
	name, region, active := "Carrier", "EURO", onboard.CarrierActive
	carrier, err := a.Onboard.AddCarrier(ctx, system, onboard.CarrierPatch{Name: &name, Region: &region, State: &active})
	must(err)
	template, err := a.Onboard.CreateTemplate(ctx, system, onboard.NewTemplate{OwnerID: p.ID, Name: "Bakeries", Country: "DE", Admin: made.Admin.ID, CarrierID: carrier.ID})
	must(err)
	maker := access.Actor{ID: made.Admin.ID, Account: made.Admin.ID, Kind: access.System, Email: made.Admin.Email, Tenant: p.Access()}
	client, secret, err := a.Accounts.CreateToken(ctx, maker, account.NewToken{Name: "Back office", Kind: account.ClientSecret})
	must(err)
	running, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(running) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return &shop{base: "http://" + web.Addr().String() + "/v1", id: client.ID, secret: secret, template: template.ProvisioningID}
}

func (c *shop) address() map[string]any {
	return map[string]any{"addressLine1": "Hafenstr. 1", "city": "Hamburg", "zipOrPostalCode": "20457", "country": "DE"}
}

// signIn gets a token for the scopes of the public description.
func (c *shop) signIn(t *testing.T) {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {"spark-admin:wholesale_customers_read spark-admin:wholesale_customers_write " +
		"spark-admin:wholesale_subscribers_write spark-admin:wholesale_billing_reports_write"}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.base+"/access_token", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(c.id+":"+c.secret)))
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var out struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil || out.Token == "" {
		t.Fatalf("%d %v", res.StatusCode, err)
	}
	c.token = out.Token
}

// call sends JSON and gives the object that comes back.
func (c *shop) call(t *testing.T, method, at string, in any, want int) (map[string]any, http.Header) {
	t.Helper()
	res := c.send(t, method, at, in)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != want {
		t.Fatalf("%s %s: %d %s %v", method, at, res.StatusCode, raw, err)
	}
	var out map[string]any
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatalf("%s %s: %q", method, at, raw)
	}
	return out, res.Header
}

func (c *shop) send(t *testing.T, method, at string, in any) *http.Response {
	t.Helper()
	body := io.Reader(http.NoBody)
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		body = strings.NewReader(string(raw))
	}
	r, err := http.NewRequestWithContext(t.Context(), method, at, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json;charset=utf-8")
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// rows downloads a report and gives its rows by column.
func (c *shop) rows(t *testing.T, at string) []map[string]string {
	t.Helper()
	res := c.send(t, http.MethodGet, at, nil)
	defer res.Body.Close()
	all, err := csv.NewReader(res.Body).ReadAll()
	if err != nil || res.StatusCode != http.StatusOK || len(all) == 0 {
		t.Fatalf("%s: %d %v", at, res.StatusCode, err)
	}
	var out []map[string]string
	for _, cells := range all[1:] {
		row := map[string]string{}
		for i, name := range all[0] {
			row[name] = cells[i]
		}
		out = append(out, row)
	}
	return out
}
