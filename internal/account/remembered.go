package account

import (
	"sync"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
)

// remembered keeps the actors of machines for a moment, because a client that sends a thousand requests a second must not
// cost four queries each. What this node changes is forgotten at once; what another node changes lives on for at most the
// time it was told, so it must be short.
type remembered struct {
	clock db.Clock
	life  time.Duration
	mu    sync.RWMutex
	kept  map[[32]byte]kept
	era   uint64 // grows with every forgetAll, so that an answer read before it is not kept after it
}

type kept struct {
	actor access.Actor
	until time.Time
}

const rememberedMost = 4096

func newRemembered(clock db.Clock, life time.Duration) *remembered {
	return &remembered{clock: clock, life: life, kept: map[[32]byte]kept{}}
}

func (r *remembered) get(hash []byte) (access.Actor, uint64, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	k, ok := r.kept[[32]byte(hash)]
	return k.actor, r.era, ok && r.clock.Now().Before(k.until)
}

// put keeps the actor, not longer than its token lives, unless something was forgotten since era. A zero end is never.
func (r *remembered) put(hash []byte, a access.Actor, era uint64, ends time.Time) {
	if r.life <= 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.era != era {
		return
	}
	if len(r.kept) >= rememberedMost {
		clear(r.kept)
	}
	until := r.clock.Now().Add(r.life)
	if !ends.IsZero() && ends.Before(until) {
		until = ends
	}
	r.kept[[32]byte(hash)] = kept{a, until}
}

func (r *remembered) forgetAll() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.era++
	clear(r.kept)
}
