package httpx

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestTheAccessLogSaysWhatHappenedWithoutSecrets(t *testing.T) {
	var book logBook
	clock := newFakeClock()
	mux := NewMux()
	mux.HandleFunc("GET /customers/{id}", func(w http.ResponseWriter, r *http.Request) {
		clock.advance(250 * time.Millisecond)
		_, _ = io.WriteString(w, "hello")
	})
	e := Edge{Name: "portal", Clock: clock, Log: book.logger()}
	r := httptest.NewRequest("GET", "/customers/42?token=hunter2", nil)
	r.Header.Set("Authorization", "Bearer hunter3")
	res := through(e, mux, r)
	through(e, mux, httptest.NewRequest("GET", "/invite/s3cretlinkvalue00000001?next=hunter2", nil))
	lines := book.lines(t, "request")
	if len(lines) != 2 {
		t.Fatal(book.String())
	}
	one := lines[0]
	if one["listener"] != "portal" || one["method"] != "GET" || one["route"] != "GET /customers/{id}" || one["status"] != 200.0 ||
		one["bytes"] != 5.0 || one["took"] != 250e6 || one["ip"] != "192.0.2.1" || one["id"] != res.Header.Get("X-Request-Id") {
		t.Error(one)
	}
	if lines[1]["path"] != "/invite/…" || lines[1]["code"] != "no_such_address" {
		t.Error(lines[1])
	}
	for _, secret := range []string{"hunter", "s3cret"} {
		if strings.Contains(book.String(), secret) {
			t.Errorf("%q is in the log: %s", secret, book.String())
		}
	}
}

func TestPathsAreLoggedWithoutWhatLooksLikeASecret(t *testing.T) {
	for path, want := range map[string]string{
		"/p/acme/0004f2abcdef.cfg":                     "/p/acme/0004f2abcdef.cfg",
		"//p//acme":                                    "//p//acme",
		"/reset/Zk3q9ABCDEFGHIJKLMNOPQ":                "/reset/…",
		"/link/ABCDEFGHIJKLMNOPQRSTUVWXYZ/":            "/link/…/", // one of two hundred tokens has no digit
		"/c/0190b6c2-7c1e-7000-8000-0123456789ab/edit": "/c/0190b6c2-7c1e-7000-8000-0123456789ab/edit",
		"/a/line\nbreak":                               "/a/…",
		"/operator/sign-in-and-recovery":               "/operator/sign-in-and-recovery",
	} {
		if got := RedactPath(path); got != want {
			t.Errorf("%q is logged as %q, want %q", path, got, want)
		}
	}
}

func TestTheCallerCanKeepAnswersOutOfTheLogAndRedactPathsItself(t *testing.T) {
	var book logBook
	e := Edge{Log: book.logger(), Redact: func(string) string { return "/masked" },
		Quiet: func(r *http.Request, status int) bool { return r.URL.Path == "/healthz" && status == 200 }}
	ok := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	through(e, ok, httptest.NewRequest("GET", "/healthz", nil))
	through(e, ok, httptest.NewRequest("GET", "/other", nil))
	if lines := book.lines(t, "request"); len(lines) != 1 || lines[0]["path"] != "/masked" {
		t.Error(lines)
	}
}

func TestRequestIDsAreTakenFromTrustedProxiesOnly(t *testing.T) {
	trusted := Trust{Proxies: Networks{netip.MustParsePrefix("192.0.2.0/24")}}
	for _, c := range []struct {
		name  string
		trust Trust
		sent  string
		taken bool
	}{
		{"a sane id of a trusted proxy", trusted, "edge-7f3a.22_b", true},
		{"an id of a stranger", Trust{}, "edge-7f3a.22_b", false},
		{"an id with a line break", trusted, "edge-7f3a\nlevel=ERROR", false},
		{"a short id", trusted, "1", false},
		{"an endless id", trusted, strings.Repeat("a", 65), false},
		{"no id", trusted, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/", nil)
			r.Header["X-Request-Id"] = []string{c.sent}
			var seen string
			res := through(Edge{Trust: c.trust}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { seen = RequestID(r.Context()) }), r)
			answered := res.Header.Get("X-Request-Id")
			if answered != seen || answered == "" || (answered == c.sent) != c.taken {
				t.Errorf("sent %q, handler saw %q, answered %q", c.sent, seen, answered)
			}
		})
	}
}

func TestAPanicIsOneRefusedRequestAndNothingMore(t *testing.T) {
	var book logBook
	calls := 0
	s := serve(t, Config{Edge: Edge{Log: book.logger()}, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if calls++; calls == 1 {
			panic("nil map")
		}
	})})
	c := dial(t, s)
	res, rest := talk(t, c, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
	if p := problemIn(t, res); p.Status != 500 || p.Code != "internal" || strings.Contains(p.Detail, "nil map") {
		t.Errorf("%+v", p)
	}
	if _, err := io.WriteString(c, "GET /b HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	again, err := http.ReadResponse(rest, nil)
	if err != nil || again.StatusCode != 200 {
		t.Errorf("the connection did not survive: %v %v", again, err)
	}
	if lines := book.lines(t, "handler panicked"); len(lines) != 1 || !strings.Contains(lines[0]["stack"].(string), "edge_test.go") {
		t.Error("the log has no stack:", lines)
	}
	if lines := book.lines(t, "request failed"); len(lines) != 0 {
		t.Error("the panic is told twice:", lines)
	}
}

func TestHandlersOnTheirOwnGetEmptyAnswersAboutTheClient(t *testing.T) {
	ctx := context.Background()
	SetRoute(ctx, "must not stick to the shared zero")
	if ClientIP(ctx).IsValid() || Scheme(ctx) != "" || Host(ctx) != "" || RequestID(ctx) != "" || nobody.route != "" {
		t.Error("something is known of nobody")
	}
}

func TestAHijackedConnectionIsFreeOfDeadlines(t *testing.T) {
	s := serve(t, Config{Edge: Edge{Stall: 100 * time.Millisecond}, HeaderTimeout: 400 * time.Millisecond,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c, rw, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
			_ = rw.Flush()
			_, _ = io.Copy(c, rw)
		})})
	c := dial(t, s)
	_, rest := talk(t, c, "GET /relay HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	wait := time.NewTimer(500 * time.Millisecond) // longer than any deadline of the listener
	<-wait.C
	if _, err := io.WriteString(c, "still here\n"); err != nil {
		t.Fatal(err)
	}
	if line, err := rest.ReadString('\n'); line != "still here\n" {
		t.Errorf("%q %v", line, err)
	}
}

func TestAClientThatDoesNotReadIsLetGo(t *testing.T) {
	gone := make(chan error, 1)
	s := serve(t, Config{Edge: Edge{Stall: 50 * time.Millisecond}, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		chunk := make([]byte, 1<<20)
		for {
			if _, err := w.Write(chunk); err != nil {
				gone <- err
				return
			}
		}
	})})
	c := dial(t, s)
	if _, err := io.WriteString(c, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-gone:
		if ne, ok := err.(net.Error); !ok || !ne.Timeout() {
			t.Errorf("the write failed with %v, not by time", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("the handler still waits for a client that does not read")
	}
}

func TestAnEventStreamMayBeSilentLongerThanAStall(t *testing.T) {
	const stall = 100 * time.Millisecond
	s := serve(t, Config{Edge: Edge{Stall: stall}, TLS: &TLS{GetCertificate: testCerts().Certs.GetCertificate}, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for range 2 {
			_, _ = io.WriteString(w, "event\n")
			_ = http.NewResponseController(w).Flush()
			silence := time.NewTimer(3 * stall)
			<-silence.C
		}
	})})
	for _, h2 := range []bool{false, true} {
		res, err := (&http.Client{Transport: &http.Transport{TLSClientConfig: clientTLS(), ForceAttemptHTTP2: h2}}).Get(s.URL())
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(res.Body); string(body) != "event\nevent\n" || (res.ProtoMajor == 2) != h2 {
			t.Errorf("over %s: %q %v", res.Proto, body, err)
		}
		res.Body.Close()
	}
}

func TestFlushingReachesTheClientThroughTheWrapper(t *testing.T) {
	release := make(chan struct{})
	s := serve(t, Config{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "first\n")
		w.(http.Flusher).Flush()
		<-release
	})})
	defer close(release)
	res, err := http.Get(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if line, err := bufio.NewReader(res.Body).ReadString('\n'); line != "first\n" {
		t.Errorf("%q %v", line, err)
	}
}
