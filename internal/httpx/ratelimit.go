package httpx

import (
	"hash/maphash"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"linecard/internal/errs"
)

// Rate is a token bucket: Burst at once, then one every Every. Both must be positive.
type Rate struct {
	Burst int
	Every time.Duration
}

// Limiter keeps one token bucket a key, in bounded memory: with more keys than its capacity the one not asked for longest is
// forgotten, that is, full again. It is safe for concurrent use.
type Limiter struct {
	rate   Rate
	clock  Clock
	seed   maphash.Seed
	shards [limitShards]limitShard
}

const limitShards = 16

// limitShard holds its buckets in a ring of use: root.next is the most recent one.
type limitShard struct {
	mu      sync.Mutex
	buckets map[string]*bucket
	root    bucket
	max     int
}

// bucket stores the instant at which it is full again (the generic cell rate algorithm), so an idle one needs no refill.
type bucket struct {
	key        string
	full       time.Time
	prev, next *bucket
}

// maxLimitKey bounds a key; what is longer shares a bucket with what starts alike.
const maxLimitKey = 256

// NewLimiter gives a limiter for about capacity keys (0 → 65,536; about 200 bytes each). A nil clock is the system's.
func NewLimiter(rate Rate, capacity int, clock Clock) *Limiter {
	if rate.Burst < 1 || rate.Every <= 0 {
		panic("httpx: a rate needs a positive burst and interval")
	}
	if capacity <= 0 {
		capacity = 1 << 16
	}
	l := &Limiter{rate: rate, clock: clockOr(clock), seed: maphash.MakeSeed()}
	for i := range l.shards {
		s := &l.shards[i]
		s.buckets, s.max = map[string]*bucket{}, (capacity+limitShards-1)/limitShards
		s.root.prev, s.root.next = &s.root, &s.root
	}
	return l
}

// Allow takes a token of key. When there is none it takes nothing and says after how long there will be one.
func (l *Limiter) Allow(key string) (ok bool, retryAfter time.Duration) {
	now := l.clock.Now()
	s, key := l.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.get(key)
	full := b.full
	if full.Before(now) {
		full = now
	}
	room := time.Duration(l.rate.Burst-1) * l.rate.Every
	if wait := full.Sub(now) - room; wait > 0 {
		return false, wait
	}
	b.full = full.Add(l.rate.Every)
	return true, 0
}

// Forget makes the bucket of key full, as after a successful sign-in.
func (l *Limiter) Forget(key string) {
	s, key := l.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.buckets[key]; b != nil {
		b.unlink()
		delete(s.buckets, key)
	}
}

// Len gives the number of keys held, for metrics.
func (l *Limiter) Len() int {
	n := 0
	for i := range l.shards {
		l.shards[i].mu.Lock()
		n += len(l.shards[i].buckets)
		l.shards[i].mu.Unlock()
	}
	return n
}

func (l *Limiter) shard(key string) (*limitShard, string) {
	if len(key) > maxLimitKey {
		key = key[:maxLimitKey]
	}
	return &l.shards[maphash.String(l.seed, key)%limitShards], key
}

func (s *limitShard) get(key string) *bucket {
	b := s.buckets[key]
	switch {
	case b != nil:
		b.unlink()
	case len(s.buckets) >= s.max:
		b = s.root.prev // the struct is used again
		b.unlink()
		delete(s.buckets, b.key)
		*b = bucket{key: key}
	default:
		b = &bucket{key: key}
	}
	s.buckets[key] = b
	b.prev, b.next = &s.root, s.root.next
	b.prev.next, b.next.prev = b, b
	return b
}

func (b *bucket) unlink() { b.prev.next, b.next.prev = b.next, b.prev }

// IPKey gives the limit key of an address: an IPv4 address, or the /64 of an IPv6 one, since a subscriber owns all of that.
// The zero Addr gives "unknown", which all such requests share.
func IPKey(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	if !a.IsValid() {
		return "unknown"
	}
	if a.Is4() {
		return a.String()
	}
	p, err := a.Prefix(64)
	if err != nil {
		return a.String()
	}
	return p.String()
}

var errTooMany = errs.New(errs.TooMany, "too_many_requests", "Too many requests from here. Wait a moment, then try again.")

// TooMany gives the refusal for a limit that says how long to wait.
func TooMany(retryAfter time.Duration) error { return errTooMany.Retry(retryAfter) }

// LimitRate refuses requests over the limit with 429. key names the bucket of a request; "" leaves it unlimited, nil means by IPKey
// of the client.
func LimitRate(l *Limiter, key func(*http.Request) string) Middleware {
	if key == nil {
		key = func(r *http.Request) string { return IPKey(ClientIP(r.Context())) }
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if k := key(r); k != "" {
				if ok, after := l.Allow(k); !ok {
					WriteProblem(w, r, TooMany(after))
					return
				}
			}
			next.ServeHTTP(w, r)
		})
	}
}
