package httpx

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestABucketGivesItsBurstAndThenOneTokenAtATime(t *testing.T) {
	clock := newFakeClock()
	l := NewLimiter(Rate{Burst: 3, Every: 10 * time.Second}, 0, clock)
	take := func(want bool, wait time.Duration) {
		t.Helper()
		if ok, after := l.Allow("a"); ok != want || after != wait {
			t.Errorf("got %v after %v, want %v after %v", ok, after, want, wait)
		}
	}
	take(true, 0)
	take(true, 0)
	take(true, 0)
	take(false, 10*time.Second)
	clock.advance(4 * time.Second)
	take(false, 6*time.Second)
	if ok, _ := l.Allow("b"); !ok {
		t.Error("another key pays for this one")
	}
	clock.advance(6 * time.Second)
	take(true, 0)
	take(false, 10*time.Second)
	clock.advance(time.Hour)
	take(true, 0)
	take(true, 0)
	take(true, 0)
	take(false, 10*time.Second)
	l.Forget("a")
	take(true, 0)
}

// The oracle is a bucket that is refilled step by step, in integers of one millisecond.
func TestALimiterAgreesWithABucketThatIsRefilledStepByStep(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		burst, every := rapid.IntRange(1, 6).Draw(t, "burst"), rapid.IntRange(1, 50).Draw(t, "every")
		clock := newFakeClock()
		l := NewLimiter(Rate{Burst: burst, Every: time.Duration(every) * time.Millisecond}, 0, clock)
		level := burst * every // in parts: one token is `every` parts, one part arrives a millisecond
		for _, step := range rapid.SliceOfN(rapid.IntRange(0, 120), 1, 60).Draw(t, "steps") {
			clock.advance(time.Duration(step) * time.Millisecond)
			level = min(level+step, burst*every)
			want, wait := level >= every, 0
			if want {
				level -= every
			} else {
				wait = every - level
			}
			if ok, after := l.Allow("k"); ok != want || after != time.Duration(wait)*time.Millisecond {
				t.Fatalf("got %v %v, want %v %d ms", ok, after, want, wait)
			}
		}
	})
}

func TestAttackersWithManyAddressesDoNotGrowTheMemory(t *testing.T) {
	l := NewLimiter(Rate{Burst: 1, Every: time.Hour}, 1000, newFakeClock())
	for i := range 50_000 {
		l.Allow(fmt.Sprint("key ", i))
	}
	if n := l.Len(); n > 1000+limitShards || n < 900 {
		t.Errorf("%d keys are held, want about 1000", n)
	}
	if ok, _ := l.Allow("key 49999"); ok {
		t.Error("a recent key was forgotten")
	}
	if ok, _ := l.Allow("key 0"); !ok {
		t.Error("an old key was kept")
	}
}

func TestConcurrentRequestsNeverGetMoreThanTheBurst(t *testing.T) {
	l := NewLimiter(Rate{Burst: 50, Every: time.Hour}, 0, newFakeClock())
	var granted atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				if ok, _ := l.Allow("shared"); ok {
					granted.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if granted.Load() != 50 {
		t.Errorf("%d tokens of 50 were given", granted.Load())
	}
}

func TestAnIPv6SubscriberIsOneKey(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true}, {"2001:db8:1:2::1", "2001:db8:1:3::1", false},
		{"192.0.2.1", "::ffff:192.0.2.1", true}, {"192.0.2.1", "192.0.2.2", false},
	} {
		a, b := IPKey(netip.MustParseAddr(c.a)), IPKey(netip.MustParseAddr(c.b))
		if (a == b) != c.same {
			t.Errorf("%s is %q, %s is %q", c.a, a, c.b, b)
		}
	}
	if IPKey(netip.Addr{}) == "" {
		t.Error("an unknown address would be unlimited")
	}
}

func TestOverTheLimitIs429WithTheTimeToWait(t *testing.T) {
	clock := newFakeClock()
	l := NewLimiter(Rate{Burst: 1, Every: 90 * time.Second}, 0, clock)
	h := Chain(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), LimitRate(l, nil))
	from := func(addr string) *http.Response {
		r := httptest.NewRequest("POST", "/sign-in", nil)
		r.RemoteAddr = addr
		return through(Edge{Clock: clock}, h, r)
	}
	if res := from("192.0.2.1:1"); res.StatusCode != 200 {
		t.Fatal(res.Status)
	}
	clock.advance(500 * time.Millisecond)
	res := from("192.0.2.1:2")
	if p := problemIn(t, res); p.Status != 429 || p.Code != "too_many_requests" || res.Header.Get("Retry-After") != "90" {
		t.Errorf("%+v %v", p, res.Header)
	}
	if res := from("192.0.2.2:1"); res.StatusCode != 200 {
		t.Error("another address was refused:", res.Status)
	}
}

func BenchmarkLimiterUnderAttack(b *testing.B) {
	l := NewLimiter(Rate{Burst: 5, Every: time.Second}, 1<<16, nil)
	keys := make([]string, 1<<18)
	for i := range keys {
		keys[i] = fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		l.Allow(keys[i%len(keys)])
	}
}
