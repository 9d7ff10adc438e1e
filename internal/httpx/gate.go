package httpx

import (
	"context"
	"net/http"
	"time"

	"linecard/internal/errs"
)

// Gate bounds how much of something happens at once: Slots inside, a bounded queue before it, nobody waits longer than its wait.
// What does not get in is refused at once, so that overload never grows memory or makes everybody slow.
type Gate struct {
	slots, queue chan struct{}
	wait         time.Duration
}

// NewGate gives a gate with slots places inside and queue places to wait in, each for at most wait.
func NewGate(slots, queue int, wait time.Duration) *Gate {
	return &Gate{slots: make(chan struct{}, slots), queue: make(chan struct{}, queue), wait: wait}
}

var errBusy = errs.New(errs.Unavailable, "busy", "The service is busy. Try again in a moment.")

// Enter gives the function that must be called once when done, or errs.Unavailable with a Retry-After when there was no place in
// time, or the context's error.
func (g *Gate) Enter(ctx context.Context) (leave func(), err error) {
	select {
	case g.slots <- struct{}{}:
		return g.leave, nil
	default:
	}
	select {
	case g.queue <- struct{}{}:
		defer func() { <-g.queue }()
	default:
		return nil, errBusy.Retry(g.retry())
	}
	timer := time.NewTimer(g.wait)
	defer timer.Stop()
	select {
	case g.slots <- struct{}{}:
		return g.leave, nil
	case <-timer.C:
		return nil, errBusy.Retry(g.retry())
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (g *Gate) leave() { <-g.slots }

// retry spreads the next attempts behind the queue that is there now.
func (g *Gate) retry() time.Duration { return max(time.Second, g.wait) }

// LimitConcurrency lets requests through the gate; those that do not get in are answered 503 with Retry-After.
func LimitConcurrency(g *Gate) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			leave, err := g.Enter(r.Context())
			if err != nil {
				WriteProblem(w, r, err)
				return
			}
			defer leave()
			next.ServeHTTP(w, r)
		})
	}
}
