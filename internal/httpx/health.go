package httpx

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Health answers whether the process lives and whether it can work. The zero value is ready; checks are added before serving.
type Health struct {
	Timeout time.Duration // of one check; 0 → 2 s
	Fresh   time.Duration // results younger than this are said again, so that probes cost the database little; 0 → 1 s
	Clock   Clock
	Log     *slog.Logger

	mu       sync.Mutex
	checks   []*check
	asked    time.Time
	draining atomic.Bool
}

type check struct {
	name    string
	fn      func(context.Context) error
	running atomic.Bool // a check that does not end is not started a second time
	ok      bool
}

// Add registers a readiness check. Its error is logged when the state changes and never shown.
func (h *Health) Add(name string, fn func(ctx context.Context) error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.checks = append(h.checks, &check{name: name, fn: fn, ok: true})
	h.asked = time.Time{}
}

// Drain makes the node not ready for good, so that load balancers leave before the listeners close.
func (h *Health) Drain() {
	h.draining.Store(true)
}

// Ready runs the checks, or repeats fresh results, and gives each check's state. ready is true when all are.
func (h *Health) Ready(ctx context.Context) (ready bool, checks map[string]bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	fresh := h.Fresh
	if fresh == 0 {
		fresh = time.Second
	}
	now := clockOr(h.Clock).Now()
	if h.asked.IsZero() || now.Sub(h.asked) >= fresh || now.Before(h.asked) {
		h.ask(ctx)
		h.asked = now
	}
	ready, checks = !h.draining.Load(), map[string]bool{}
	for _, c := range h.checks {
		checks[c.name] = c.ok
		ready = ready && c.ok
	}
	return ready, checks
}

// ask runs all checks side by side and waits no longer than the time-out, even for one that ignores its context.
func (h *Health) ask(ctx context.Context) {
	timeout := h.Timeout
	if timeout == 0 {
		timeout = 2 * time.Second
	}
	// The asker's own patience does not make the node unready.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	defer cancel()
	type answer struct {
		c   *check
		err error
	}
	answers := make(chan answer, len(h.checks))
	waiting := map[*check]bool{}
	for _, c := range h.checks {
		if !c.running.CompareAndSwap(false, true) {
			h.note(c, context.DeadlineExceeded)
			continue
		}
		waiting[c] = true
		go func() {
			err := c.run(ctx)
			c.running.Store(false)
			answers <- answer{c, err}
		}()
	}
	for len(waiting) > 0 {
		select {
		case a := <-answers:
			delete(waiting, a.c)
			h.note(a.c, a.err)
		case <-ctx.Done():
			for c := range waiting {
				h.note(c, ctx.Err())
			}
			return
		}
	}
}

// run makes a panic of a check its failure.
func (c *check) run(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("check panicked: %v", p)
		}
	}()
	return c.fn(ctx)
}

func (h *Health) note(c *check, err error) {
	if (err == nil) != c.ok {
		log := h.Log
		if log == nil {
			log = slog.Default()
		}
		if err != nil {
			log.Warn("not ready", slog.String("check", c.name), slog.String("cause", err.Error()))
		} else {
			log.Info("ready again", slog.String("check", c.name))
		}
	}
	c.ok = err == nil
}

// Live answers /healthz: the process runs and its listener answers.
func (h *Health) Live() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		writeHealth(w, http.StatusOK, map[string]any{"status": "alive"})
	})
}

// Readiness answers /readyz: 200 when every check passes, else 503 with Retry-After. It names checks, never their errors.
func (h *Health) Readiness() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ready, checks := h.Ready(r.Context())
		if ready {
			writeHealth(w, http.StatusOK, map[string]any{"status": "ready", "checks": checks})
			return
		}
		w.Header().Set("Retry-After", "5")
		writeHealth(w, http.StatusServiceUnavailable, map[string]any{"status": "not_ready", "checks": checks})
	})
}

func writeHealth(w http.ResponseWriter, status int, body map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
