package app_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/account"
	"linecard/internal/app"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/errs"
	"linecard/internal/onboard"
	"linecard/internal/queue"
	"linecard/internal/secret"
	"linecard/internal/tenant"
)

// Secrets stand sealed or hashed where they must be kept and nowhere else: whatever way they come in or go out, on success and on
// failure, they are in no log, no journal, no event, no delivery, no file, no backup and no column (issue 2; decision 16).
func TestNoSecretIsFoundWhereItMustNotBe(t *testing.T) {
	for name, database := range map[string]func(testing.TB) string{"sqlite": dbtest.SQLiteURL, "postgres": dbtest.MigratedPostgresURL} {
		t.Run(name, func(t *testing.T) {
			v := startVault(t, database(t))
			v.people(t)
			v.machines(t)
			v.phones(t)
			v.strangers(t)
			v.rotate(t)
			v.faults(t)
			v.search(t)
		})
	}
}

// vault is a running installation and every secret that anybody gave it or got from it.
type vault struct {
	*app.App
	settings app.Settings
	log      *pages
	post     *postOffice
	hook     *httptest.Server
	received *pages
	dir      string

	mu      sync.Mutex
	planted map[string]string // by what it is
}

// pages is a buffer that several goroutines write.
type pages struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (p *pages) Write(b []byte) (int, error) { p.mu.Lock(); defer p.mu.Unlock(); return p.b.Write(b) }
func (p *pages) String() string              { p.mu.Lock(); defer p.mu.Unlock(); return p.b.String() }

func startVault(t *testing.T, database string) *vault {
	t.Helper()
	v := &vault{log: &pages{}, received: &pages{}, dir: t.TempDir(), planted: map[string]string{}}
	log := slog.New(slog.NewJSONHandler(v.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	before := slog.Default()
	slog.SetDefault(log)
	t.Cleanup(func() { slog.SetDefault(before) })
	v.post = newPostOffice(t)
	v.hook = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(v.received, "%v\n%s\n", r.Header, body)
	}))
	t.Cleanup(v.hook.Close)
	listen := func() net.Listener {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	web, sip := listen(), listen()
	v.settings = app.Settings{Stores: app.Stores{DB: database, Blob: "file://" + filepath.Join(v.dir, "files"), KeyFile: filepath.Join(v.dir, "keys.json")},
		HTTP: web.Addr().String(), Phones: sip.Addr().String(), PublicURL: "http://" + web.Addr().String(), MailFrom: "Linecard <linecard@example.com>",
		SMTP:         "smtp://mailer:" + v.plant("password of the mail server") + "@" + v.post.Addr().String() + "?tls=none",
		MetricsToken: v.plant("token for metrics"), WebhookPlain: true, WebhookAllow: []string{"127.0.0.0/8"}, Drain: time.Second, SignIns: 6000, Requests: 6000, Node: "one"}
	var err error
	if v.App, err = app.New(t.Context(), v.settings, app.Options{Log: log, HTTPListener: web, PhonesListener: sip}); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- v.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return v
}

// plant makes a secret that can be recognised.
func (v *vault) plant(what string) string { return v.keep(what, "Planted-"+rand.Text()) }

// keep remembers a secret that was made elsewhere.
func (v *vault) keep(what, secret string) string {
	if len(secret) < 10 {
		panic(what + " is too short to be looked for")
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.planted[fmt.Sprintf("%s (%d)", what, len(v.planted))] = secret
	return secret
}

// browser is a person at the portal.
type browser struct {
	*http.Client
	v *vault
}

func (v *vault) browser(t *testing.T) browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return browser{&http.Client{Jar: jar, Timeout: 20 * time.Second}, v}
}

// page asks and gives status and body; the cookies it got are secrets.
func (b browser) page(t *testing.T, method, path string, form url.Values) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, b.v.settings.PublicURL+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := b.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	for _, c := range b.Jar.Cookies(r.URL) {
		if (strings.HasSuffix(c.Name, "lc_session") || strings.HasSuffix(c.Name, "lc_step")) && c.Value != "" {
			b.v.keep("cookie "+c.Name, c.Value)
		}
	}
	return res.StatusCode, string(body)
}

// want is page with the status that must come.
func (b browser) want(t *testing.T, status int, method, path string, form url.Values) string {
	t.Helper()
	got, body := b.page(t, method, path, form)
	if got != status {
		t.Fatalf("%s %s: %d, want %d", method, path, got, status)
	}
	return body
}

const (
	partnerMail  = "mara@brightline.example"
	customerMail = "priya@harbour.example"
)

var system = access.SystemActor("test")

// people get supplied passwords, links and second factors, and mistype all of them.
func (v *vault) people(t *testing.T) {
	ctx := t.Context()
	first, err := v.Bootstrap(ctx, "Uplink", "Ada", "ada@uplink.example")
	if err != nil {
		t.Fatal(err)
	}
	v.keep("bootstrap password", first)
	supplied, chosen := v.plant("supplied password"), v.plant("chosen password")
	partner, err := v.Onboard.CreatePartner(ctx, system, tenant.Details{Name: "Brightline", Email: partnerMail, Contact: "Mara"},
		onboard.First{Password: secret.Hide(supplied)})
	if err != nil {
		t.Fatal(err)
	}
	mara := v.browser(t)
	wrong := v.plant("wrong password")
	mara.want(t, 401, "POST", "/partner", url.Values{"email": {partnerMail}, "password": {wrong}})
	mara.want(t, 401, "POST", "/partner", url.Values{"email": {"nobody@brightline.example"}, "password": {wrong}})
	mara.want(t, 401, "POST", "/partner", url.Values{"email": {v.plant("password in the wrong box")}, "password": {wrong}})
	mara.want(t, 200, "POST", "/partner", url.Values{"email": {partnerMail}, "password": {supplied}})
	for _, bad := range []url.Values{
		{"old_password": {supplied}, "new_password": {v.plant("one entry")}, "again": {v.plant("another entry")}},
		{"old_password": {v.plant("wrong old password")}, "new_password": {chosen}, "again": {chosen}},
		{"old_password": {supplied}, "new_password": {supplied}, "again": {supplied}},
	} {
		mara.want(t, 400, "POST", "/first-password", bad)
	}
	mara.want(t, 200, "POST", "/first-password", url.Values{"old_password": {supplied}, "new_password": {chosen}, "again": {chosen}})
	mara.want(t, 400, "POST", "/account/password", url.Values{"old_password": {v.plant("wrong old password")}, "new_password": {chosen + "x"}, "again": {chosen + "x"}})

	v.secondFactor(t, mara, chosen)
	v.invitation(t, partner.Tenant)
	v.recovery(t)
}

func (v *vault) secondFactor(t *testing.T, mara browser, password string) {
	ctx := t.Context()
	signed, err := v.Accounts.SignIn(ctx, account.SignIn{Realm: account.PartnerRealm, Email: partnerMail, Password: secret.Hide(password)})
	if err != nil {
		t.Fatal(err)
	}
	actor, err := v.Accounts.Authenticate(ctx, v.keep("session", signed.Token), account.Request{Activity: true})
	if err != nil {
		t.Fatal(err)
	}
	e, err := v.Accounts.BeginSecondFactor(ctx, actor, "Linecard")
	if err != nil {
		t.Fatal(err)
	}
	typed := strings.ReplaceAll(e.Secret, " ", "")
	v.keep("second factor as typed", typed)
	v.keep("second factor as shown", e.Secret)
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(typed)
	if err != nil {
		t.Fatal(err)
	}
	v.keep("second factor", string(key))
	if _, err := v.Accounts.ConfirmSecondFactor(ctx, actor, v.plant("wrong code")); errs.KindOf(err) != errs.Invalid {
		t.Fatal(err)
	}
	codes, err := v.Accounts.ConfirmSecondFactor(ctx, actor, totp(key, v.DB.Now().Time))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range codes {
		v.keep("recovery code", c)
		v.keep("recovery code as typed", strings.ReplaceAll(c, "-", ""))
	}
	other := v.browser(t)
	other.want(t, 200, "POST", "/partner", url.Values{"email": {partnerMail}, "password": {password}})
	other.want(t, 401, "POST", "/code/partner", url.Values{"code": {v.plant("wrong recovery code")}})
	other.want(t, 200, "POST", "/code/partner", url.Values{"code": {codes[0]}})
	other.want(t, 400, "POST", "/account/second-factor/off", url.Values{"password": {v.plant("wrong password")}})
	_, _ = mara.page(t, "GET", "/account", nil) // the session of before was ended
}

// totp is the code of an instant (RFC 6238).
func totp(key []byte, at time.Time) string {
	m := hmac.New(sha1.New, key)
	_ = binary.Write(m, binary.BigEndian, at.Unix()/30)
	sum := m.Sum(nil)
	n := binary.BigEndian.Uint32(sum[sum[19]&0xf:]) & 0x7fffffff
	return fmt.Sprintf("%06d", n%1_000_000)
}

func (v *vault) invitation(t *testing.T, partner tenant.Tenant) {
	if _, err := v.Onboard.CreateCustomer(t.Context(), system, tenant.NewCustomer{OwnerID: partner.ID, PermissionTypes: []string{tenant.DMP, tenant.RPS}, Host: "harbour",
		Details: tenant.Details{Name: "Harbour", Email: customerMail, Contact: "Priya"}}, onboard.First{}); err != nil {
		t.Fatal(err)
	}
	link := v.keep("invitation link", v.post.link(t, customerMail))
	priya := v.browser(t)
	priya.want(t, 200, "GET", "/link/"+link, nil)
	priya.want(t, 404, "GET", "/link/"+link+"/more", nil)
	priya.want(t, 404, "POST", "/links/"+link, nil)
	priya.want(t, 410, "GET", "/link/"+v.plant("link that is none"), nil)
	password := v.plant("password by link")
	priya.want(t, 400, "POST", "/link/"+link, url.Values{"password": {password}, "again": {v.plant("another entry")}})
	priya.want(t, 400, "POST", "/link/"+link, url.Values{"password": {customerMail}, "again": {customerMail}})
	priya.want(t, 200, "POST", "/link/"+link, url.Values{"password": {password}, "again": {password}})
	priya.want(t, 410, "GET", "/link/"+link, nil)
	priya.want(t, 200, "POST", "/customer", url.Values{"email": {customerMail}, "password": {password}})
	priya.want(t, 200, "POST", "/sign-out", nil)
}

var captchaField = regexp.MustCompile(`name="captcha" value="([^"]+)"|value="([^"]+)" name="captcha"|/captcha/([0-9a-f-]{36})/`)

func (v *vault) recovery(t *testing.T) {
	b := v.browser(t)
	v.post.forget()
	for _, answer := range []string{v.plant("wrong answer"), ""} {
		page := b.want(t, 200, "GET", "/recover/customer", nil)
		found := captchaField.FindStringSubmatch(page)
		if found == nil {
			t.Fatal("the recovery page has no captcha")
		}
		id := found[1] + found[2] + found[3]
		status := 400
		if answer == "" {
			if err := v.DB.Get(t.Context(), &answer, `SELECT answer FROM account_captchas WHERE id = $1`, id); err != nil {
				t.Fatal(err)
			}
			status = 200
		}
		b.want(t, status, "POST", "/recover/customer", url.Values{"email": {customerMail}, "captcha": {id}, "answer": {answer}})
	}
	b.want(t, 200, "GET", "/link/"+v.keep("recovery link", v.post.link(t, customerMail)), nil)
}

// api calls the native API and gives status and the answer's members.
func (v *vault) api(t *testing.T, token, method, path string, in any, header ...string) (int, map[string]any) {
	t.Helper()
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		body = bytes.NewReader(raw)
	}
	if !strings.HasPrefix(path, "/oauth2") {
		path = "/api/v1" + path
	}
	r, err := http.NewRequestWithContext(t.Context(), method, v.settings.PublicURL+path, body)
	if err != nil {
		t.Fatal(err)
	}
	if form, ok := in.(url.Values); ok {
		r.Body = io.NopCloser(strings.NewReader(form.Encode()))
		r.ContentLength = int64(len(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	} else if in != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	out := map[string]any{}
	_ = json.NewDecoder(res.Body).Decode(&out)
	return res.StatusCode, out
}

// machines get tokens, clients and webhooks, once with an idempotency key that repeats the answer.
func (v *vault) machines(t *testing.T) {
	for realm, email := range map[account.Realm]string{account.PartnerRealm: partnerMail, account.CustomerRealm: customerMail} {
		actor, err := v.Accounts.ActorOf(t.Context(), realm, email)
		if err != nil {
			t.Fatal(err)
		}
		_, token, err := v.Accounts.CreateToken(t.Context(), actor, account.NewToken{Name: "first"})
		if err != nil {
			t.Fatal(err)
		}
		v.keep("token", token)
		for _, kind := range []string{"token", "client"} {
			in := map[string]any{"name": "a " + kind, "kind": kind}
			id, made := "", ""
			for range 2 { // the second answer is the stored one
				status, out := v.api(t, token, "POST", "/tokens", in, "Idempotency-Key", "key of "+kind)
				if status != 201 {
					t.Fatal(status, out)
				}
				id, made = out["id"].(string), v.keep(kind, out["secret"].(string))
			}
			if kind == "token" {
				v.wantStatus(t, 200, made, "GET", "/me", nil)
				continue
			}
			v.oauth(t, id, made)
		}
		_, out := v.api(t, token, "POST", "/webhooks", map[string]any{"url": v.hook.URL + "/events"}, "Idempotency-Key", "webhook")
		v.keepWebhook(out["secret"])
		hook, _ := out["id"].(string)
		_, out = v.api(t, token, "POST", "/webhooks/"+hook+"/rotate-secret", map[string]any{"overlap_seconds": 3600}, "Idempotency-Key", "rotation")
		v.keepWebhook(out["secret"])
		v.wantStatus(t, 200, token, "POST", "/webhooks/"+hook+"/test", nil)
		v.wantStatus(t, 400, token, "POST", "/webhooks", map[string]any{"url": "http://user:" + v.plant("password in an address") + "@127.0.0.1:9/"})
		v.wantStatus(t, 400, token, "POST", "/tokens", map[string]any{"name": "x", "secret": v.plant("unknown field")})
	}
}

func (v *vault) keepWebhook(made any) {
	text, _ := made.(string)
	v.keep("webhook secret", text)
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(text, "whsec_"))
	if err == nil {
		v.keep("webhook key", string(raw))
	}
}

func (v *vault) oauth(t *testing.T, id, made string) {
	grant := url.Values{"grant_type": {"client_credentials"}}
	basic := func(secret string) []string {
		whole := base64.StdEncoding.EncodeToString([]byte(id + ":" + secret))
		return []string{"Authorization", "Basic " + v.keep("credentials of a client", whole)}
	}
	status, out := v.api(t, "", "POST", "/oauth2/token", grant, basic(made)...)
	if status != 200 {
		t.Fatal(status, out)
	}
	v.wantStatus(t, 200, v.keep("access token", out["access_token"].(string)), "GET", "/me", nil)
	if status, _ := v.api(t, "", "POST", "/oauth2/token", grant, basic(v.plant("wrong client secret"))...); status != 401 {
		t.Errorf("a wrong secret: %d", status)
	}
	for _, form := range []url.Values{
		{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {v.plant("wrong client secret")}},
		{"grant_type": {"password"}, "username": {"x"}, "password": {v.plant("password of another grant")}},
	} {
		if status, _ := v.api(t, "", "POST", "/oauth2/token", form); status < 400 {
			t.Errorf("%v: %d", form.Get("grant_type"), status)
		}
	}
}

func (v *vault) wantStatus(t *testing.T, want int, token, method, path string, in any, header ...string) map[string]any {
	t.Helper()
	status, out := v.api(t, token, method, path, in, header...)
	if status != want {
		t.Fatalf("%s %s: %d, want %d: %v", method, path, status, want, out)
	}
	return out
}

// phones get an account that changes, is refused, is shown, and is mistyped by a phone.
func (v *vault) phones(t *testing.T) {
	actor, err := v.Accounts.ActorOf(t.Context(), account.CustomerRealm, customerMail)
	if err != nil {
		t.Fatal(err)
	}
	_, token, err := v.Accounts.CreateToken(t.Context(), actor, account.NewToken{Name: "phones"})
	if err != nil {
		t.Fatal(err)
	}
	v.keep("token", token)
	at := "/customers/" + actor.Tenant.ID + "/provisioning"
	old, now := v.plant("provisioning password"), v.plant("provisioning password")
	for _, word := range []string{old, now} {
		v.wantStatus(t, 200, token, "PATCH", at, map[string]any{"account": map[string]any{"user": "harbour", "password": word, "keep_old_seconds": 3600}})
	}
	v.wantStatus(t, 400, token, "PATCH", at, map[string]any{"account": map[string]any{"user": "harbour", "password": v.plant("refused password") + " é"}})
	if out := v.wantStatus(t, 200, token, "POST", at+"/reveal", nil); out["password"] != now {
		t.Error("the revealed password is another one")
	}
	v.profiles(t, token, "/customers/"+actor.Tenant.ID)
	v.wantStatus(t, 201, token, "POST", "/customers/"+actor.Tenant.ID+"/devices", map[string]any{"mac": "0004f2abcdef", "name": "Lobby"})
	plain := http.DefaultTransport.(*http.Transport).Clone()
	plain.TLSClientConfig = insecure()
	phone := &http.Client{Transport: plain, Timeout: 20 * time.Second}
	for word, want := range map[string]int{old: 200, now: 200, v.plant("wrong password of a phone"): 401} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, v.PhonesURL()+"/p/harbour/0004f2abcdef.cfg?key="+v.plant("query of a phone"), nil)
		if err != nil {
			t.Fatal(err)
		}
		r.SetBasicAuth("harbour", word)
		v.keep("credentials of a phone", strings.TrimPrefix(r.Header.Get("Authorization"), "Basic "))
		v.keep("HA1 of a phone", secret.HA1("harbour", "Linecard", word))
		res, err := phone.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("a phone: %d, want %d", res.StatusCode, want)
		}
	}
}

// strangers send secrets where nobody asked for them.
func (v *vault) strangers(t *testing.T) {
	for _, path := range []string{"/partner?password=", "/api/v1/customers?access_token=", "/healthz?token=", "/metrics?token=", "/nothing?password=",
		"/recover/partner?code=", "/static/x.css?token=", "/oauth2/token?client_secret=", "/link/"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, v.settings.PublicURL+path+v.plant("query "+path), nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+v.plant("bearer "+path))
		r.Header.Set("Cookie", "lc_session="+v.plant("cookie "+path)+"; lc_step="+v.plant("step "+path))
		r.Header.Set("Referer", v.settings.PublicURL+"/link/"+v.plant("referer "+path))
		r.Header.Set("X-Request-Id", v.plant("request id "+path))
		r.Header.Set("X-Api-Key", v.plant("header "+path))
		res, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
	}
}

// rotate makes a new key and waits until everything is sealed with it, so that what the old one sealed can be read without it.
func (v *vault) rotate(t *testing.T) {
	if err := v.Box.Rotate(); err != nil {
		t.Fatal(err)
	}
	if err := v.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		return queue.Insert(ctx, tx, "secrets.reseal", struct{}{}, queue.Opts{})
	}); err != nil {
		t.Fatal(err)
	}
	v.Queue.Wake()
	dbtest.Eventually(t, "everything is sealed with the new key", func() bool {
		for _, column := range []string{"totp_secret FROM account_accounts WHERE totp_secret IS NOT NULL", "account_password FROM device_customers WHERE account_password IS NOT NULL",
			"sealed FROM profile_profiles WHERE sealed IS NOT NULL", "previous_password FROM device_customers WHERE previous_password IS NOT NULL", "secret FROM deliver_webhooks"} {
			var sealed [][]byte
			if err := v.DB.Select(t.Context(), &sealed, `SELECT `+column); err != nil || len(sealed) == 0 {
				return false
			}
			if slices.ContainsFunc(sealed, v.Box.NeedsReseal) {
				return false
			}
		}
		return true
	})
}

// faults are errors about settings that hold a secret.
func (v *vault) faults(t *testing.T) {
	word := v.plant("password in a setting")
	for _, s := range []app.Settings{
		{Stores: app.Stores{DB: "postgres://linecard:" + word + "@127.0.0.1:1/linecard?connect_timeout=1"}},
		{Stores: app.Stores{DB: "postgres://linecard:" + word + "@127.0.0.1:1/linecard?sslmode=unheard-of"}},
		{Stores: app.Stores{DB: "postgres://linecard:" + word + "@[/linecard"}},
		{Stores: app.Stores{DB: v.settings.DB}, SMTP: "smtp://mailer:" + word + "@/", MailFrom: "x@example.com"},
		{Stores: app.Stores{DB: v.settings.DB}, SMTP: "smtp://mailer:" + word + "@mail.example.com:99999", MailFrom: "x@example.com"},
	} {
		s.Blob, s.KeyFile, s.HTTP, s.Phones, s.PublicURL = v.settings.Blob, v.settings.KeyFile, "127.0.0.1:0", "127.0.0.1:0", "http://localhost"
		_, err := app.New(t.Context(), s, app.Options{Log: slog.Default()})
		if err == nil {
			t.Errorf("a wrong setting was taken")
			continue
		}
		slog.Error("cannot start", "err", err) // as the command line does
		fmt.Fprintln(v.log, err.Error())
		if checked := s.Check(); checked != nil {
			fmt.Fprintln(v.log, checked.Error())
		}
	}
}

// search looks for every secret in every form at every place.
func (v *vault) search(t *testing.T) {
	dbtest.Eventually(t, "events were delivered and mails sent", func() bool {
		return strings.Contains(v.received.String(), "webhook.secret_rotated") && v.post.all() >= 2
	})
	v.keepKeys(t)
	places := map[string]string{"the log": v.log.String(), "what webhooks got": v.received.String(), "the metrics": v.metrics(t), "events and log by the API": v.told(t)}
	for table, text := range v.tables(t) {
		places["table "+table] = text
	}
	_ = filepath.WalkDir(v.dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasPrefix(path, filepath.Join(v.dir, "files")) {
			places[path] = read(t, path)
		}
		return err
	})
	if file, ok := strings.CutPrefix(v.settings.DB, "sqlite://"); ok {
		for _, part := range []string{"", "-wal"} {
			places["database file"+part] = read(t, file+part) // with what was deleted
		}
		backup := filepath.Join(t.TempDir(), "backup.tar.gz")
		if err := app.Backup(t.Context(), v.settings.Stores, backup, nil); err != nil {
			t.Fatal(err)
		}
		zip, err := gzip.NewReader(strings.NewReader(read(t, backup)))
		if err != nil {
			t.Fatal(err)
		}
		all, err := io.ReadAll(zip)
		if err != nil {
			t.Fatal(err)
		}
		places["the backup"] = string(all)
	}
	if len(places["the log"]) < 10_000 || !strings.Contains(places["table journal_entries"], "session/sign-in") || !strings.Contains(places["events and log by the API"], "token.created") {
		t.Error("the places that are searched are empty")
	}
	for what, s := range v.planted {
		for _, form := range formsOf(s) {
			for place, text := range places {
				if i := strings.Index(text, form); i >= 0 {
					t.Errorf("%s is in %s: …%q…", what, place, text[max(0, i-80):min(len(text), i+len(form)+20)])
				}
			}
		}
	}
}

// formsOf gives a secret in clear, in hex, and as it looks inside a longer base64 text.
func formsOf(s string) []string {
	all := []string{s, hex.EncodeToString([]byte(s)), strings.ToUpper(hex.EncodeToString([]byte(s))), url.QueryEscape(s)}
	for pad := range 3 {
		b := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("\x00", pad) + s))
		b = b[[]int{0, 2, 3}[pad] : len(b)-2]
		all = append(all, b, strings.NewReplacer("+", "-", "/", "_").Replace(b))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// keepKeys makes secrets of what the key file holds.
func (v *vault) keepKeys(t *testing.T) {
	t.Helper()
	keys := regexp.MustCompile(`"([A-Za-z0-9+/=_-]{32,})"`).FindAllStringSubmatch(read(t, v.settings.KeyFile), -1)
	if len(keys) < 2 {
		t.Fatal("the key file has another form")
	}
	for _, k := range keys {
		v.keep("key of the installation", k[1])
		if raw, err := base64.StdEncoding.DecodeString(k[1]); err == nil {
			v.keep("key of the installation, raw", string(raw))
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(b)
}

func (v *vault) metrics(t *testing.T) string {
	t.Helper()
	res, err := http.Get(v.settings.PublicURL + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, _ := io.ReadAll(res.Body)
	if res.StatusCode != 200 {
		t.Fatal(res.Status)
	}
	return string(b)
}

// told is what the operator can read of events and of the log.
func (v *vault) told(t *testing.T) string {
	t.Helper()
	token, err := v.OperatorToken(t.Context(), "ada@uplink.example", "reader", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	v.keep("token", token)
	var b strings.Builder
	for _, path := range []string{"/events?limit=1000", "/audit?limit=1000", "/operations"} {
		fmt.Fprintln(&b, v.wantStatus(t, 200, token, "GET", path, nil))
	}
	return b.String()
}

// tables gives every row of every table.
func (v *vault) tables(t *testing.T) map[string]string {
	t.Helper()
	list := `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'`
	if v.DB.Embedded() {
		list = `SELECT name FROM sqlite_master WHERE type = 'table'`
	}
	var names []string
	if err := v.DB.Select(t.Context(), &names, list); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, name := range names {
		var b strings.Builder
		if err := v.DB.Each(t.Context(), func(scan func(any) error) error {
			row := map[string]any{}
			if err := scan(&row); err != nil {
				return err
			}
			for column, value := range row {
				if raw, ok := value.([]byte); ok {
					value = string(raw)
				}
				fmt.Fprintf(&b, "%s: %v\n", column, value)
			}
			return nil
		}, `SELECT * FROM `+name); err != nil {
			t.Fatal(name, err)
		}
		out[name] = b.String()
	}
	return out
}
