package httpx

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"linecard/internal/errs"
)

func TestAGateLetsInWaitsAndRefuses(t *testing.T) {
	ctx := context.Background()
	g := NewGate(1, 1, 10*time.Second)
	leave, err := g.Enter(ctx)
	if err != nil {
		t.Fatal(err)
	}
	entered := make(chan func())
	go func() {
		second, err := g.Enter(ctx)
		if err != nil {
			t.Error("the one who waits was refused:", err)
		}
		entered <- second
	}()
	eventually(t, func() bool { return len(g.queue) == 1 })
	if _, err := g.Enter(ctx); err == nil || errs.KindOf(err) != errs.Unavailable {
		t.Error("a third came in beside a full queue:", err)
	}
	leave()
	second := <-entered
	second()
	if len(g.slots) != 0 || len(g.queue) != 0 {
		t.Error("the gate is not empty after all have left")
	}
}

func TestNobodyWaitsLongerThanTheGateSaysOrTheClientStays(t *testing.T) {
	g := NewGate(1, 5, time.Millisecond)
	leave, _ := g.Enter(context.Background())
	defer leave()
	if _, err := g.Enter(context.Background()); err == nil || errs.KindOf(err) != errs.Unavailable {
		t.Error(err)
	}
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := fullGate().Enter(gone); err != context.Canceled {
		t.Error(err)
	}
}

// fullGate gives a gate that nobody leaves.
func fullGate() *Gate {
	g := NewGate(1, 1, time.Hour)
	g.slots <- struct{}{}
	return g
}

func TestAFullGateIs503WithRetryAfter(t *testing.T) {
	g := NewGate(1, 0, 2500*time.Millisecond)
	leave, _ := g.Enter(context.Background())
	h := Chain(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), LimitConcurrency(g))
	res := through(Edge{}, h, httptest.NewRequest("GET", "/", nil))
	if p := problemIn(t, res); p.Status != 503 || p.Code != "busy" || res.Header.Get("Retry-After") != "3" {
		t.Errorf("%+v %v", p, res.Header)
	}
	leave()
	if res := through(Edge{}, h, httptest.NewRequest("GET", "/", nil)); res.StatusCode != 200 || len(g.slots) != 0 {
		t.Error(res.Status)
	}
}

// eventually waits for what another goroutine is about to do.
func eventually(t *testing.T, done func() bool) {
	t.Helper()
	deadline := time.NewTimer(5 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-deadline.C:
			t.Fatal("did not happen")
		case <-tick.C:
		}
	}
}
