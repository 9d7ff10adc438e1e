package httpx

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func ask(h http.Handler) (int, map[string]any, string) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/readyz", nil))
	text := w.Body.String()
	var m map[string]any
	_ = json.Unmarshal(w.Body.Bytes(), &m)
	return w.Code, m, text
}

func TestReadinessNamesTheFailingCheckAndHidesItsError(t *testing.T) {
	var book logBook
	clock := newFakeClock()
	h := &Health{Clock: clock, Log: book.logger()}
	var fault error
	asked := 0
	h.Add("database", func(context.Context) error { asked++; return fault })
	h.Add("files", func(context.Context) error { return nil })

	expect := func(status int, state string, db bool) {
		t.Helper()
		code, got, text := ask(h.Readiness())
		want := map[string]any{"status": state, "checks": map[string]any{"database": db, "files": true}}
		if diff := cmp.Diff(want, got); code != status || diff != "" || strings.Contains(text, "10.1.2.3") {
			t.Errorf("%d %s\n%s", code, text, diff)
		}
	}
	expect(200, "ready", true)
	fault = errors.New("dial tcp 10.1.2.3:5432: refused")
	expect(200, "ready", true) // fresh enough to be said again
	if asked != 1 {
		t.Errorf("the database was asked %d times within a second", asked)
	}
	clock.advance(2 * time.Second)
	expect(503, "not_ready", false)
	clock.advance(2 * time.Second)
	expect(503, "not_ready", false)
	fault = nil
	clock.advance(2 * time.Second)
	expect(200, "ready", true)
	if n, m := len(book.lines(t, "not ready")), len(book.lines(t, "ready again")); n != 1 || m != 1 {
		t.Errorf("the log tells the change %d and %d times, want once each: %s", n, m, book.String())
	}
}

func TestACheckThatHangsOrPanicsFailsAloneAndIsNotPiledUp(t *testing.T) {
	clock := newFakeClock()
	h := &Health{Clock: clock, Timeout: 200 * time.Millisecond, Log: (&logBook{}).logger()}
	release, started := make(chan struct{}), make(chan struct{}, 10)
	h.Add("hangs", func(context.Context) error { started <- struct{}{}; <-release; return nil })
	h.Add("panics", func(context.Context) error { panic("nil") })
	h.Add("works", func(context.Context) error { return nil })
	for range 3 {
		ready, checks := h.Ready(context.Background())
		if diff := cmp.Diff(map[string]bool{"hangs": false, "panics": false, "works": true}, checks); ready || diff != "" {
			t.Error(ready, diff)
		}
		clock.advance(2 * time.Second)
	}
	if len(started) != 1 {
		t.Errorf("the hanging check was started %d times", len(started))
	}
	close(release)
	eventually(t, func() bool {
		clock.advance(2 * time.Second)
		_, checks := h.Ready(context.Background())
		return checks["hangs"]
	})
}

func TestAnImpatientProbeDoesNotMakeTheNodeUnready(t *testing.T) {
	h := &Health{}
	h.Add("database", func(ctx context.Context) error { return ctx.Err() })
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if ready, _ := h.Ready(ctx); !ready {
		t.Error("the probe's own end was taken for the database's")
	}
}

func TestADrainingNodeIsAliveButNotReady(t *testing.T) {
	h := &Health{}
	h.Drain()
	if code, got, _ := ask(h.Readiness()); code != 503 || got["status"] != "not_ready" {
		t.Error(code, got)
	}
	if code, got, _ := ask(h.Live()); code != 200 || got["status"] != "alive" {
		t.Error(code, got)
	}
}
