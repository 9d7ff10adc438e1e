package httpx

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// reading decodes nothing: it answers how many bytes came.
var reading = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	data, err := ReadBody(r)
	if err != nil {
		WriteProblem(w, r, err)
		return
	}
	fmt.Fprintf(w, "%d", len(data))
})

func TestBodiesUpToTheLimitPassAndLargerOnesAreRefused(t *testing.T) {
	for _, proto := range []string{"HTTP/1.1", "HTTP/2"} {
		cfg := Config{Handler: reading, Edge: Edge{Body: BodyLimits{MaxBytes: 1000}}, TLS: &TLS{GetCertificate: testCerts().Certs.GetCertificate}}
		s := serve(t, cfg)
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: clientTLS(), ForceAttemptHTTP2: proto == "HTTP/2"}}
		for _, c := range []struct {
			size    int
			chunked bool
			want    int
		}{{1000, false, 200}, {1000, true, 200}, {1001, false, 413}, {1001, true, 413}, {500_000, false, 413}, {500_000, true, 413}, {0, false, 200}} {
			var body io.Reader = strings.NewReader(strings.Repeat("x", c.size))
			if c.chunked {
				body = struct{ io.Reader }{body} // hides the length
			}
			res, err := client.Post(s.URL(), "text/plain", body)
			if err != nil {
				t.Errorf("%s %+v: %v", proto, c, err)
				continue
			}
			if !strings.HasPrefix(res.Proto, proto) || res.StatusCode != c.want {
				t.Errorf("%s %+v: got %s over %s", proto, c, res.Status, res.Proto)
			}
			if c.want == 413 {
				if proto == "HTTP/1.1" && !res.Close {
					t.Errorf("%+v: the connection stays and would wait for the rest of the body", c)
				}
				if p := problemIn(t, res); p.Code != "body_too_large" {
					t.Error(p)
				}
			}
			res.Body.Close()
		}
	}
}

func TestABodyAnnouncedAsTooLargeIsNeverAskedFor(t *testing.T) {
	s := serve(t, Config{Handler: reading, Edge: Edge{Body: BodyLimits{MaxBytes: 1000}}})
	c := dial(t, s)
	res, rest := talk(t, c, "PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\nExpect: 100-continue\r\n\r\n")
	if res.StatusCode != 413 {
		t.Errorf("got %s, want 413 without 100 Continue", res.Status)
	}
	problemIn(t, res)
	closedByPeer(t, rest)
}

func TestABodyThatFitsIsAskedForWhenTheHandlerReads(t *testing.T) {
	s := serve(t, Config{Handler: reading})
	c := dial(t, s)
	res, rest := talk(t, c, "PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
	if res.StatusCode != 100 {
		t.Fatal(res.Status)
	}
	if _, err := io.WriteString(c, "body"); err != nil {
		t.Fatal(err)
	}
	if res, err := http.ReadResponse(rest, nil); err != nil || res.StatusCode != 200 {
		t.Error(res, err)
	}
}

func TestATricklingBodyIsAnswered408AndClosed(t *testing.T) {
	s := serve(t, Config{Handler: reading, Edge: Edge{Body: BodyLimits{MinRate: 1000, Grace: 30 * time.Millisecond}}})
	c := dial(t, s)
	res, rest := talk(t, c, "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nfew bytes")
	if p := problemIn(t, res); p.Status != 408 || p.Code != "body_too_slow" || res.Header.Get("Retry-After") == "" {
		t.Errorf("%+v %v", p, res.Header)
	}
	closedByPeer(t, rest)
}

func TestATricklingStreamOfHTTP2IsAnswered408AndTheConnectionStays(t *testing.T) {
	s := serve(t, Config{Handler: reading, Edge: Edge{Body: BodyLimits{MinRate: 1000, Grace: 30 * time.Millisecond}},
		TLS: &TLS{GetCertificate: testCerts().Certs.GetCertificate}})
	dials := 0
	tr := &http.Transport{TLSClientConfig: clientTLS(), ForceAttemptHTTP2: true, DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		dials++
		return (&net.Dialer{}).DialContext(ctx, network, addr)
	}}
	client := &http.Client{Transport: tr}
	pr, pw := io.Pipe()
	defer pw.Close()
	res, err := client.Post(s.URL(), "text/plain", pr)
	if err != nil {
		t.Fatal(err)
	}
	if p := problemIn(t, res); p.Status != 408 || res.ProtoMajor != 2 {
		t.Errorf("%+v over %s", p, res.Proto)
	}
	res, err = client.Post(s.URL(), "text/plain", strings.NewReader("hello"))
	if err != nil || res.StatusCode != 200 || dials != 1 {
		t.Error("other streams suffered:", res, err, dials)
	}
}

func TestASteadyUploadMayTakeLongerThanTheGraceTime(t *testing.T) {
	s := serve(t, Config{Handler: reading, Edge: Edge{Body: BodyLimits{MinRate: 1000, Grace: 300 * time.Millisecond}}})
	c := dial(t, s)
	if _, err := io.WriteString(c, "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 2000\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for range 20 { // half a second at 4000 bytes a second
		<-tick.C
		if _, err := io.WriteString(c, strings.Repeat("x", 100)); err != nil {
			t.Fatal(err)
		}
	}
	if res, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil || res.StatusCode != 200 {
		t.Error(res, err)
	}
}

func TestAnUnreadTricklingBodyDoesNotHoldTheConnection(t *testing.T) {
	for _, answer := range []int{0, 100_000} { // a long answer makes net/http drain the body before the handler has ended
		s := serve(t, Config{Edge: Edge{Body: BodyLimits{Grace: 30 * time.Millisecond}}, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write(make([]byte, answer))
		})})
		c := dial(t, s)
		_, rest := talk(t, c, "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nfew bytes")
		closedByPeer(t, rest)
	}
}

func TestALongHandlerAfterTheBodyIsNotTakenForASlowClient(t *testing.T) {
	s := serve(t, Config{Edge: Edge{Body: BodyLimits{Grace: 100 * time.Millisecond}}, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		wait := time.NewTimer(200 * time.Millisecond)
		select {
		case <-wait.C:
		case <-r.Context().Done():
			t.Error("the request was cancelled while the client waited")
		}
	})})
	res, err := http.Post(s.URL(), "text/plain", strings.NewReader("hello"))
	if err != nil || res.StatusCode != 200 {
		t.Error(res, err)
	}
}

func TestSomeRequestsMayCarryMoreAndSomeHandlersTakeLess(t *testing.T) {
	e := Edge{Body: BodyLimits{MaxBytes: 10}, BodyFor: func(r *http.Request) BodyLimits {
		if r.URL.Path == "/upload" {
			return BodyLimits{MaxBytes: 100}
		}
		return BodyLimits{}
	}}
	for _, c := range []struct {
		path string
		size int
		want int
	}{{"/upload", 100, 200}, {"/upload", 101, 413}, {"/other", 10, 200}, {"/other", 11, 413}} {
		res := through(e, reading, httptest.NewRequest("POST", c.path, strings.NewReader(strings.Repeat("x", c.size))))
		if res.StatusCode != c.want {
			t.Errorf("%+v: %d", c, res.StatusCode)
		}
	}
	for _, c := range []struct{ limit, size, want int }{{3, 4, 413}, {4, 4, 200}, {50, 11, 413}} {
		for _, length := range []int64{int64(c.size), -1} {
			r := httptest.NewRequest("POST", "/other", struct{ io.Reader }{strings.NewReader(strings.Repeat("x", c.size))})
			r.ContentLength = length
			if res := through(e, Chain(reading, LimitBody(int64(c.limit))), r); res.StatusCode != c.want {
				t.Errorf("%+v, length %d: %s", c, length, res.Status)
			}
		}
	}
	w := httptest.NewRecorder() // without an Edge
	Chain(reading, LimitBody(3)).ServeHTTP(w, httptest.NewRequest("POST", "/", struct{ io.Reader }{strings.NewReader("abcd")}))
	if w.Code != 413 {
		t.Error("without an Edge:", w.Code)
	}
}

func TestADecodersErrorIsStillTheRefusal(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var v any
		WriteProblem(w, r, json.NewDecoder(r.Body).Decode(&v))
	})
	r := httptest.NewRequest("POST", "/", struct{ io.Reader }{strings.NewReader(`["aaaaaaaaaaaaaaaaaaaaaaaaa"]`)})
	r.ContentLength = -1
	if res := through(Edge{Body: BodyLimits{MaxBytes: 10}}, h, r); res.StatusCode != 413 {
		t.Error(res.Status)
	}
}

func TestABodyThatBreaksOffIsTheClientsFault(t *testing.T) {
	got := make(chan error, 1)
	s := serve(t, Config{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := ReadBody(r)
		got <- err
	})})
	c := dial(t, s)
	_, _ = io.WriteString(c, "POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nnot a chunk\r\n")
	if err := <-got; err == nil || Refusal(err).Code != "body_broken" {
		t.Error(err)
	}
}
