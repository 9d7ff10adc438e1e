package registrar_test

import (
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"linecard/internal/registrar"
)

// ask is what mod_xml_curl sends for a REGISTER that was answered with these credentials.
func ask(line, name, password string) url.Values {
	nonce, uri := "8f0e", "sip:"+domain
	answer := md(md(name+":"+domain+":"+password) + ":" + nonce + ":00000001:c0:auth:" + md("REGISTER:"+uri))
	return url.Values{"section": {"directory"}, "tag_name": {"domain"}, "key_name": {"name"}, "key_value": {domain}, "action": {"sip_auth"}, "user": {name}, "domain": {domain}, "ip": {"192.0.2.8"},
		"sip_user_agent": {"snom"}, "sip_auth_username": {name}, "sip_auth_realm": {domain}, "sip_auth_nonce": {nonce}, "sip_auth_uri": {uri}, "sip_contact_host": {"10.9.9.9"}, "sip_to_user": {line},
		"sip_from_user": {line}, "sip_auth_qop": {"auth"}, "sip_auth_cnonce": {"c0"}, "sip_auth_nc": {"00000001"}, "sip_auth_response": {answer}, "sip_auth_method": {"REGISTER"}}
}

// Issue 4, item 11: FreeSWITCH asks for each user. It gets digests of managed lines, and nobody else gets anything.
func TestFreeSWITCHFindsLinesByTheirNameAndProvesRegistrations(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		v, err := w.r.Create(ctx, admin(w.P), registrar.FreeSWITCH, registrar.Patch{Name: text("FS"), Domain: text(domain), Secret: hide("a-long-shared-secret")})
		w.OK(err)
		server := httptest.NewServer(w.r.Directory())
		defer server.Close()
		post := func(id, word string, form url.Values) (int, string) {
			t.Helper()
			r, err := http.NewRequest(http.MethodPost, server.URL+registrar.DirectoryPath, strings.NewReader(form.Encode()))
			w.OK(err)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.SetBasicAuth(id, word)
			a, err := http.DefaultClient.Do(r)
			w.OK(err)
			defer a.Body.Close()
			b, err := io.ReadAll(a.Body)
			w.OK(err)
			return a.StatusCode, string(b)
		}
		u := w.user(w.A, 1)
		l, other := w.line(w.A, u), w.line(w.D, w.user(w.D, 1))
		name, word := w.file(w.A, l.ID)
		find := func(form url.Values) string {
			t.Helper()
			status, body := post(v.ID, "a-long-shared-secret", form)
			if status != 200 {
				t.Fatalf("%d %s", status, body)
			}
			var any struct {
				XMLName xml.Name `xml:"document"`
			}
			w.OK(xml.Unmarshal([]byte(body), &any))
			return body
		}
		with := func(field, value string) url.Values {
			f := ask(l.User, name, word)
			f.Set(field, value)
			return f
		}
		got := find(ask(l.User, name, word))
		if !strings.Contains(got, `<user id="`+name+`">`) || !strings.Contains(got, `<param name="a1-hash" value="`+md(name+":"+domain+":"+word)+`"`) || strings.Contains(got, word) ||
			!strings.Contains(got, `value="Ann &lt;&amp;&gt; Lee"`) {
			t.Error(got)
		}
		if st := w.status(w.A, l.ID); !st.Registered || st.Registrations[0].AuthID != name || !st.Registrations[0].Until.IsZero() {
			t.Errorf("%+v", st)
		}
		w.Clock.Advance(3 * time.Hour)
		find(ask(l.User, name, word+"x"))
		if w.status(w.A, l.ID).Registered {
			t.Error("a wrong answer to the challenge counts as a registration")
		}
		theirs, secret := w.file(w.D, other.ID)
		for what, f := range map[string]url.Values{"another's address": with("sip_to_user", "u123"), "another domain": with("domain", "evil.test"), "another section": with("section", "dialplan"),
			"an unknown name": with("sip_auth_username", "x' OR '1'='1"), "a line of another provider": ask(other.User, theirs, secret), "the user part": with("sip_auth_username", l.User)} {
			if body := find(f); !strings.Contains(body, `status="not found"`) {
				t.Error(what, " found: ", body)
			}
		}
		for _, c := range [][2]string{{v.ID, "wrong"}, {"unknown", "a-long-shared-secret"}, {v.ID, ""}, {"", ""}} {
			if status, body := post(c[0], c[1], ask(l.User, name, word)); status != 401 || strings.Contains(body, name) {
				t.Errorf("%v: %d %s", c, status, body)
			}
		}
		code(t, w.r.Sync(ctx, system, w.A.ID, l.ID), "registrar_without_notify")
		w.OK(w.sub.DeleteUser(ctx, system, w.A.ID, u.ID, 0))
		if body := find(ask(l.User, name, word)); !strings.Contains(body, `status="not found"`) {
			t.Error("a deleted line is found: ", body)
		}
	})
}
