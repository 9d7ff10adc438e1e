// Package live owns the one channel on which the portal tells open pages that something changed on the server: Server-Sent Events,
// one connection for each tab that is looked at.
//
// It must not say what changed: a page that is told asks for itself again and shows what its person may see. So nothing of another
// organisation can arrive here, not even a kind or an id. It reads the journal, which every node writes into, and keeps nothing.
package live

import (
	"context"
	"net/http"
	"sync"
	"time"

	"linecard/internal/access"
	"linecard/internal/account"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/httpx"
	"linecard/internal/journal"
	"linecard/internal/portal/page"
)

// Bounds of the channel.
const (
	beat       = time.Second // how often a connection looks
	checkBeats = 10          // beats between two looks at the session, with a sign of life for proxies
	mostHere   = 2000        // connections of one node; who comes later asks again after retryAfter
	mostOne    = 8           // of one session
	retryAfter = "30"
	window     = 200 // events that are looked at in one go; more of them say no more than these
)

var errFull = errs.New(errs.TooMany, "live_full", "Too many pages are open. This one is refreshed when you load it again.")

// Pages is the channel.
type Pages struct {
	*page.Deps
	hub *hub
}

// Routes is its one address.
func Routes(d *page.Deps) []page.Route {
	p := Pages{d, &hub{sessions: map[string]int{}}}
	return []page.Route{{Pattern: "GET " + page.LivePath, In: page.Anywhere, Needs: access.Self, Serve: p.Stream, Idle: true}}
}

// hub is what the connections of a node share: how many there are, and where the journal ends.
type hub struct {
	mu       sync.Mutex
	all      int
	sessions map[string]int
	head     string
	fresh    bool
}

func (h *hub) enter(session string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.all >= mostHere || h.sessions[session] >= mostOne {
		return false
	}
	h.all++
	h.sessions[session]++
	return true
}

func (h *hub) leave(session string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all--
	if h.sessions[session]--; h.sessions[session] == 0 {
		delete(h.sessions, session)
	}
}

// end gives the cursor behind the newest event. All connections of a node together ask the database at most once a beat.
func (h *hub) end(ctx context.Context, j *journal.Journal, q db.Q) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.fresh {
		return h.head, nil
	}
	head, err := j.Latest(ctx, q)
	if err != nil {
		return "", err
	}
	h.head, h.fresh = head, true
	time.AfterFunc(beat*9/10, func() {
		h.mu.Lock()
		h.fresh = false
		h.mu.Unlock()
	})
	return head, nil
}

// Stream tells one tab, until it leaves, its session ends or the node stops. It is no activity of the person, so it prolongs nothing
// (CH-6).
func (p Pages) Stream(r *page.Request) error {
	session := r.Actor.SessionID
	if !p.hub.enter(session) {
		r.W.Header().Set("Retry-After", retryAfter)
		return errFull
	}
	defer p.hub.leave(session)
	after := r.Header.Get("Last-Event-ID")
	if after == "" {
		after = r.URL.Query().Get("after")
	}
	if _, err := journal.Position(after); err != nil || after == "" {
		var err error
		if after, err = p.Journal.Latest(r.Context(), p.DB); err != nil {
			return err
		}
	}
	h := r.W.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // proxies pass on what comes
	r.W.WriteHeader(http.StatusOK)
	s := stream{w: r.W, out: http.NewResponseController(r.W)}
	if s.say("retry: 3000\n\n") {
		p.tell(r, &s, after)
	}
	return nil
}

type stream struct {
	w   http.ResponseWriter
	out *http.ResponseController
}

// say sends text; false when nobody listens any more.
func (s *stream) say(text string) bool {
	if _, err := s.w.Write([]byte(text)); err != nil {
		return false
	}
	return s.out.Flush() == nil
}

func (p Pages) tell(r *page.Request, s *stream, after string) {
	ctx, stopping := r.Context(), httpx.Stopping(r.Context())
	beats := time.NewTicker(beat)
	defer beats.Stop()
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-stopping:
			return
		case <-beats.C:
		}
		head, err := p.hub.end(ctx, p.Journal, p.DB)
		if err != nil {
			return // the page says that the connection is lost, and tries again
		}
		if head == after && n%checkBeats != 0 {
			continue
		}
		actor, err := p.Accounts.Authenticate(ctx, r.Token(), account.Request{IP: r.IP, ID: r.ID()})
		if errs.KindOf(err) == errs.Unauthenticated || err == nil && actor.Place().ID != r.Actor.Place().ID {
			s.say("event: end\ndata:\n\n")
			return
		}
		if err != nil {
			return
		}
		if head == after {
			if !s.say(": still here\n\n") {
				return
			}
			continue
		}
		seen, next, err := p.changed(ctx, actor, after)
		if err != nil {
			return
		}
		after = next
		if seen && !s.say("id: "+after+"\nevent: changed\ndata:\n\n") {
			return
		}
	}
}

// changed says whether anything behind the cursor concerns what the actor may see. Events about phones of customers that have not
// authorised the actor's organisation do not count (CH-29, CH-31).
func (p Pages) changed(ctx context.Context, actor access.Actor, after string) (bool, string, error) {
	see, err := p.Tenants.Visible(ctx, p.DB, actor, access.Self, true)
	if err != nil {
		return false, "", err
	}
	all, next, err := p.Journal.Events(ctx, p.DB, journal.EventQuery{Filter: see, After: after, Limit: window})
	if err != nil {
		return false, "", err
	}
	filters := map[access.Action]db.Filter{}
	for _, e := range all {
		act := access.EventNeeds(e.Type)
		if act == "" {
			return true, next, nil
		}
		f, known := filters[act]
		if !known {
			if f, err = p.Tenants.Visible(ctx, p.DB, actor, act, true); err != nil && errs.KindOf(err) != errs.Forbidden {
				return false, "", err
			}
			filters[act] = f
		}
		if f.Includes(e.Scope) {
			return true, next, nil
		}
	}
	return false, next, nil
}
