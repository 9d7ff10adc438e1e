package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linecard/internal/app"
)

// TestTheDemoPrintsOneLineAndEverybodyCanSignIn runs the demo as a person or a program would.
func TestTheDemoPrintsOneLineAndEverybodyCanSignIn(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new") // the demo makes its folder
	s := site{dir: dir, db: "sqlite://" + filepath.Join(dir, "linecard.db"), http: freeAddress(t), phones: freeAddress(t)}
	c := command(t, "demo", "--data", s.dir, "--http", s.http, "--phones", s.phones, "--fleet", "8", "--json")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	logs := &lockedBuffer{}
	c.Stderr = logs
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	r := bufio.NewReader(out)
	line, err := r.ReadString('\n')
	if err != nil {
		t.Fatalf("no line: %v\n%s", err, logs.String())
	}
	var w app.World
	if err := json.Unmarshal([]byte(line), &w); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	if len(w.Customers) != 4 || w.Portal != "http://"+s.http || w.Phones != "https://"+s.phones {
		t.Errorf("the line is %s", line)
	}
	var names map[string]json.RawMessage
	if err := json.Unmarshal([]byte(line), &names); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"portal", "api", "wholesale", "phones", "phones_ca", "mail", "operator", "partner", "sub_partner", "customers"} {
		if names[name] == nil {
			t.Errorf("the line has no %s: %s", name, line)
		}
	}
	(&caller{base: w.Wholesale, token: w.Partner.Token, http: http.Client{Timeout: 10 * time.Second}}).must(t, "GET", "/wholesale/customers", nil)
	people := map[string]app.WorldAccount{"/operator": w.Operator, "/partner": w.Partner, "/customer": w.Customers[0].WorldAccount}
	for page, who := range people {
		signIn(t, w.Portal, page, who)
		me := (&caller{base: w.Portal, token: who.Token, http: http.Client{Timeout: 10 * time.Second}}).must(t, "GET", "/api/v1/me", nil)
		if me.text("email") != who.Email {
			t.Errorf("%s: me is %s", page, me.raw)
		}
	}
	signIn(t, w.Portal, "/partner", w.SubPartner)
	if _, err := os.Stat(w.PhonesCA); err != nil {
		t.Errorf("phones_ca: %v", err)
	}
	first := &caller{base: w.Portal, token: w.Partner.Token, http: http.Client{Timeout: 10 * time.Second}}
	if got := first.must(t, "GET", "/api/v1/customers/"+w.Customers[0].ID, nil).text("name"); got != w.Customers[0].Name {
		t.Errorf("the first customer belongs to the partner: %q", got)
	}
	if a, err := first.do(t.Context(), "GET", "/api/v1/customers/"+w.Customers[1].ID, nil); err != nil || a.status != http.StatusOK {
		t.Errorf("the second customer: %d %v", a.status, err)
	}
	sub := &caller{base: w.Portal, token: w.SubPartner.Token, http: first.http}
	if a, err := sub.do(t.Context(), "GET", "/api/v1/customers/"+w.Customers[0].ID, nil); err != nil || a.status != http.StatusNotFound {
		t.Errorf("the sub-partner asks for the partner's customer: %d %v", a.status, err)
	}
	res, err := http.Get(w.Mail)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("the mailbox answers %d", res.StatusCode)
	}
	_ = c.Process.Signal(os.Interrupt)
	if rest, _ := r.ReadString(0); strings.TrimSpace(rest) != "" {
		t.Errorf("more than one line on stdout: %q", rest)
	}
	if err := c.Wait(); err != nil {
		t.Errorf("the demo ended with %v\n%s", err, logs.String())
	}
	serve := append([]string{"serve", "--http", s.http, "--phones", s.phones}, s.stores()...)
	if code := exitCode(t, serve...); code != 1 {
		t.Errorf("serve on a demo's database ended with %d", code)
	}
}

// signIn posts the sign-in form and expects to land on a page of the portal.
func signIn(t *testing.T, portal, page string, who app.WorldAccount) {
	t.Helper()
	jar, _ := cookiejar.New(nil)
	c := http.Client{Jar: jar, Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := c.PostForm(portal+page, url.Values{"email": {who.Email}, "password": {who.Password}})
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusSeeOther {
		t.Errorf("signing in at %s as %s: %d", page, who.Email, res.StatusCode)
	}
}

// The demo lets a real phone of the network in: at an address that its certificate names, with a string for each maker's DHCP.
func TestTheDemoOnANetworkSaysHowARealPhoneGetsThere(t *testing.T) {
	dir := t.TempDir()
	s := site{dir: dir, http: freeAddress(t), phones: freeAddress(t)}
	const at = "127.0.0.2" // of this machine, and not the one that every certificate names
	c := command(t, "demo", "--data", s.dir, "--http", s.http, "--phones", s.phones, "--fleet", "0", "--lan", "--lan-address", at, "--json")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	logs := &lockedBuffer{}
	c.Stderr = logs
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("no line: %v\n%s", err, logs.String())
	}
	var w app.World
	if err := json.Unmarshal([]byte(line), &w); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	_, port, _ := net.SplitHostPort(s.phones)
	if w.Phones != "https://"+net.JoinHostPort(at, port) || !strings.HasPrefix(w.Portal, "http://127.0.0.1:") {
		t.Errorf("phones %s, portal %s", w.Phones, w.Portal)
	}
	pem, err := os.ReadFile(w.PhonesCA)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	phones := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	seen := map[string]bool{}
	for _, p := range w.LAN {
		seen[p.Maker] = true
		if len(p.DHCP) == 0 || len(p.Steps) < 2 || !strings.HasPrefix(p.URL, w.Phones+"/p/") {
			t.Errorf("%+v", p)
		}
		for _, o := range p.DHCP {
			u, err := url.Parse(strings.ReplaceAll(o.Value, "$MA.xml", ""))
			if err != nil || u.User.Username() != w.Customers[0].Provisioning.User || u.Path != "/p/"+w.Customers[0].Host+"/" {
				t.Errorf("%s: option %d is %s", p.Maker, o.Code, o.Value)
			}
		}
	}
	for _, m := range []string{"poly", "yealink", "cisco", "grandstream", "snom"} {
		if !seen[m] {
			t.Errorf("nothing about %s", m)
		}
	}
	// A new phone does what the paper says.
	for path, agent := range map[string]string{"64167f0d0e0f.cfg": "FileTransport PolycomVVX-VVX_411-UA/6.4.7.4560 (SN:64167f0d0e0f) Type/Application", "805ec00d0e0f.cfg": "Yealink SIP-T54W 96.86.0.45 80:5e:c0:0d:0e:0f"} {
		r, _ := http.NewRequest("GET", w.LAN[0].URL+path, nil)
		r.Header.Set("User-Agent", agent)
		r.SetBasicAuth(w.Customers[0].Provisioning.User, w.Customers[0].Provisioning.Password)
		res, err := phones.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusOK {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
}
