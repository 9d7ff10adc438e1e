package portaltest

import (
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"linecard/internal/portal/page"
)

// Browser is somebody at the portal without scripts: a client that keeps cookies and follows nothing by itself.
type Browser struct {
	t      *testing.T
	base   string
	client *http.Client
	Header http.Header // sent with every request
}

// Answer is what came back.
type Answer struct {
	Status int
	To     string // path of a redirect
	Body   string
	Header http.Header
}

// Browser gives a fresh one.
func (w *World) Browser(t *testing.T) *Browser {
	t.Helper()
	return w.At(t, w.URL)
}

// From gives a browser that comes from another address, through a proxy that the portal trusts.
func (w *World) From(t *testing.T, ip string) *Browser {
	t.Helper()
	b := w.Browser(t)
	b.Header.Set("X-Forwarded-For", ip)
	return b
}

// At gives a browser at another server than the world's own.
func (w *World) At(t *testing.T, base string) *Browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &Browser{t: t, base: base, Header: http.Header{}, client: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// SignedIn gives a browser that this person signed in with.
func (w *World) SignedIn(t *testing.T, p Person) *Browser {
	t.Helper()
	b := w.Browser(t)
	if a := b.SignIn(p, Password); a.Status != http.StatusSeeOther {
		t.Fatalf("signing in as %s: %d %s", p.Email, a.Status, a.Says())
	}
	return b
}

// SignIn sends the sign-in form of the person's audience.
func (b *Browser) SignIn(p Person, password string) Answer {
	b.t.Helper()
	return b.Post(page.Door(p.Realm), "email", p.Email, "password", password)
}

// Get asks for a page.
func (b *Browser) Get(path string) Answer {
	b.t.Helper()
	return b.Send(http.MethodGet, path, nil)
}

// Post sends a form of pairs of name and value.
func (b *Browser) Post(path string, pairs ...string) Answer {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return b.Send(http.MethodPost, path, strings.NewReader(form.Encode()))
}

// Send sends any request; a body is a form.
func (b *Browser) Send(method, path string, body io.Reader) Answer {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.base+path, body)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header = b.Header.Clone()
	if body != nil && r.Header.Get("Content-Type") == "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return Answer{Status: res.StatusCode, To: res.Header.Get("Location"), Body: string(text), Header: res.Header}
}

// Cookie gives the value of one of the browser's cookies; "" when it has none of that name.
func (b *Browser) Cookie(name string) string {
	u, _ := url.Parse(b.base)
	for _, c := range b.client.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

var tags = regexp.MustCompile(`(?s)<(script|style)[^>]*>.*?</(script|style)>|<[^>]*>`)

// Says gives the text of a page without markup.
func (a Answer) Says() string {
	return strings.Join(strings.Fields(html.UnescapeString(tags.ReplaceAllString(a.Body, " "))), " ")
}

// Has says whether the page's text holds all of these.
func (a Answer) Has(texts ...string) bool {
	says := a.Says()
	for _, t := range texts {
		if !strings.Contains(says, t) {
			return false
		}
	}
	return true
}

// Value gives the value of the first field of that name, "" when there is none.
func (a Answer) Value(name string) string {
	input := regexp.MustCompile(`<input[^>]*\bname="` + regexp.QuoteMeta(name) + `"[^>]*>`).FindString(a.Body)
	value := regexp.MustCompile(`\bvalue="([^"]*)"`).FindStringSubmatch(input)
	if value == nil {
		return ""
	}
	return html.UnescapeString(value[1])
}

// Link gives the first link of the page whose address begins so, "" when there is none.
func (a Answer) Link(prefix string) string {
	found := regexp.MustCompile(`href="(` + regexp.QuoteMeta(prefix) + `[^"]*)"`).FindStringSubmatch(a.Body)
	if found == nil {
		return ""
	}
	return html.UnescapeString(found[1])
}

// AtHost asks for a page of the world's portal under another host name, as somebody who is not signed in.
func (w *World) AtHost(t *testing.T, host, path string) Answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return Answer{Status: res.StatusCode, To: res.Header.Get("Location"), Body: string(text), Header: res.Header}
}
