package boot_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"linecard/internal/boot"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/device"
	"linecard/internal/device/devicetest"
)

// Promise 4, decision 11.
func TestAFaultNeverLooksLikeAnAnswer(t *testing.T) {
	for name, at := range map[string]func(testing.TB) string{
		"sqlite":   dbtest.SQLiteURL,
		"postgres": func(tb testing.TB) string { return dbtest.FreshDatabase(tb, dbtest.PostgresURL(tb)) },
	} {
		t.Run(name, func(t *testing.T) {
			address, clock := at(t), dbtest.NewClock()
			w := devicetest.New(t, dbtest.Open(t, address, clock))
			w.Phone(t, w.Acme.ID, mac)
			w.Phone(t, w.Acme.ID, unknown)
			clock.Advance(time.Hour)
			own, err := db.Open(ctx, address, db.Options{Clock: clock})
			if err != nil {
				t.Fatal(err)
			}
			n := newNode(t, w.Node(t, own), clock)
			_, before := n.ask(t, "GET", "/p/acme/"+mac+".cfg", right)
			if err := own.Close(); err != nil {
				t.Fatal(err)
			}
			if res, body := n.ask(t, "GET", "/p/acme/"+mac+".cfg", right); res.StatusCode != 200 || body != before || before == "" {
				t.Errorf("%d %s", res.StatusCode, body)
			}
			n.status(t, 401, "GET", "/p/acme/"+mac+".cfg", basic(devicetest.User, "guess"))
			n.status(t, 401, "GET", "/p/acme/"+mac+".cfg")
			for _, path := range []string{"/p/acme/" + unknown + ".cfg", "/p/acme/" + mac + "-linecard.cfg", "/p/globex/" + mac + ".cfg", "/p/nobody/x", "/"} {
				res, body := n.ask(t, "GET", path, right)
				after, err := strconv.Atoi(res.Header.Get("Retry-After"))
				if res.StatusCode != 503 || body != "" || err != nil || after < 10 || after > 120 {
					t.Errorf("%s: %d %q %v", path, res.StatusCode, body, res.Header)
				}
			}
			if err := n.handler.Flush(ctx); err == nil {
				t.Error("a flush without a database succeeds")
			}
			clock.Advance(time.Hour)
			n.status(t, 503, "GET", "/p/acme/"+mac+".cfg", right)
		})
	}
}

func TestWhatCouldNotBeWrittenIsWrittenLater(t *testing.T) {
	each(t, func(t *testing.T, n *node) {
		n.status(t, 200, "GET", "/p/acme/"+mac+".cfg", right)
		gone, stop := cancelled()
		defer stop()
		if err := n.handler.Flush(gone); err == nil {
			t.Fatal("the flush was not refused")
		}
		if err := n.handler.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		var at int64
		if err := n.DB.Get(ctx, &at, `SELECT last_seen FROM device_sightings`); err != nil || at != n.clock.Now().UnixMilli() {
			t.Errorf("%d, %v", at, err)
		}
	})
}

func TestAPanicIsAFaultToThePhone(t *testing.T) {
	h, err := boot.New(boot.Options{Clock: dbtest.NewClock(), Box: devicetestBox(t)}) // nothing behind it
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/p/acme/"+mac+".cfg", nil)
	r.SetBasicAuth("a", "b")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || w.Body.Len() != 0 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func FuzzAnyPathAndAnyCredentialsAreAnswered(f *testing.F) {
	clock := dbtest.NewClock()
	w := devicetest.New(f, dbtest.Open(f, dbtest.SQLiteURL(f), clock))
	w.Phone(f, w.Acme.ID, mac)
	n := newNode(f, w, clock)
	for _, path := range []string{"/p/acme/" + mac + ".cfg", "//p//acme//..//x", "/%00", "/p/%ff/%2e%2e", "/p/acme/" + strings.Repeat("/a", 100)} {
		f.Add(path, strings.TrimPrefix(right, "Authorization: "))
		f.Add(path, `Digest username="x", realm="Linecard", nonce="", uri="/", response=""`)
		f.Add(path, `Digest a="\`)
		f.Add(path, "Basic Og==")
	}
	f.Fuzz(func(t *testing.T, path, authorization string) {
		u, err := url.ParseRequestURI(path)
		if err != nil || u.Host != "" {
			return
		}
		r := &http.Request{Method: "GET", URL: u, RequestURI: path, Header: http.Header{"Authorization": {authorization}}, Proto: "HTTP/1.1"}
		rec := httptest.NewRecorder()
		n.handler.ServeHTTP(rec, r)
		switch rec.Code {
		case 200:
			if "Authorization: "+authorization != right || !strings.Contains(rec.Body.String(), mac+"-linecard.cfg") && !strings.Contains(rec.Body.String(), "prov.polling") {
				t.Errorf("%q with %q opened", path, authorization)
			}
		case 401, 404, 429:
		default:
			t.Errorf("%q with %q: %d", path, authorization, rec.Code)
		}
	})
}

func FuzzAnyUploadIsAnswered(f *testing.F) {
	clock := dbtest.NewClock()
	w := devicetest.New(f, dbtest.Open(f, dbtest.SQLiteURL(f), clock))
	w.Phone(f, w.Acme.ID, mac)
	w.AutoAdd(f, w.Acme.ID, device.Off)
	n := newNode(f, w, clock)
	for _, name := range []string{mac + "-app.log", "log/" + mac + "-boot.log", mac + "-phone.cfg", mac + ".cfg", unknown + "-phone.cfg", mac + "-calls.xml", "../" + mac + "-web.cfg", "%00" + mac + "-web.cfg", "a/b/c/" + mac + "-directory.xml"} {
		f.Add("PUT", name, []byte("x"))
		f.Add("POST", name, []byte{0, 0xff})
	}
	f.Fuzz(func(t *testing.T, method, name string, body []byte) {
		u, err := url.ParseRequestURI("/p/acme/" + name)
		if err != nil || method != "PUT" && method != "POST" {
			return
		}
		r := &http.Request{Method: method, URL: u, RequestURI: u.RequestURI(), Proto: "HTTP/1.1", Header: http.Header{"Authorization": {strings.TrimPrefix(right, "Authorization: ")}},
			Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body))}
		rec := httptest.NewRecorder()
		n.handler.ServeHTTP(rec, r)
		switch rec.Code {
		case 200:
			if !strings.Contains(strings.ToLower(u.Path), mac) {
				t.Errorf("%q was taken", name)
			}
		case 403, 404:
		default:
			t.Errorf("%s %q: %d", method, name, rec.Code)
		}
	})
}
