package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"linecard/internal/db/dbtest"
)

// TestKillLosesNothingAcknowledged kills the server with -9 at random instants under mixed write load, starts it again, and
// looks: everything that was acknowledged is there once, nothing is there twice, nothing is half done, the record of what
// happened is whole, and the start takes at most two seconds. LINECARD_KILLS sets how often (make kill: 1000).
func TestKillLosesNothingAcknowledged(t *testing.T) {
	kills := 25
	if v, err := strconv.Atoi(os.Getenv("LINECARD_KILLS")); err == nil {
		kills = v
	}
	t.Run("sqlite", func(t *testing.T) { killed(t, newSite(t, ""), kills) })
	t.Run("postgres", func(t *testing.T) { killed(t, newSite(t, dbtest.MigratedPostgresURL(t)), kills) })
}

// ledger is what the clients know: which names they asked for and which were acknowledged.
type ledger struct {
	mu     sync.Mutex
	acked  map[string]string // name → id
	edited map[string]string // id → last acknowledged contact
	asked  int
}

func (b *ledger) count() int { b.mu.Lock(); defer b.mu.Unlock(); return len(b.acked) }

func killed(t *testing.T, s site, kills int) {
	operator := s.bootstrap(t)
	n := s.serve(t)
	partner := operator.must(t, "POST", "/api/v1/partners", map[string]any{"name": "Killers", "email": "k@partner.example", "contact": "K"}).text("id")
	shop := newOffer(t, operator, partner)
	phone := s.phoneClient(t)
	book := &ledger{acked: map[string]string{}, edited: map[string]string{}}
	var slowest time.Duration
	for round := range kills {
		ctx, cancel := context.WithCancel(context.Background())
		before := book.count()
		var clients sync.WaitGroup
		for c := range 6 {
			clients.Go(func() { book.load(ctx, operator, partner, fmt.Sprintf("%d-%d", round, c)) })
		}
		clients.Go(func() { shop.sell(ctx, operator, round) })
		clients.Go(func() { shop.upload(ctx, n.phones, phone, round) })
		// However slow the computer is, the kill comes while writes are being acknowledged.
		dbtest.Eventually(t, "writes are acknowledged", func() bool { return book.count() > before })
		wait := time.NewTimer(time.Duration(rand.IntN(200)) * time.Millisecond)
		<-wait.C
		n.kill()
		cancel()
		clients.Wait()
		begin := time.Now()
		n = s.serve(t)
		slowest = max(slowest, time.Since(begin))
	}
	book.check(t, operator, partner)
	shop.check(t, operator)
	t.Logf("%d kills, %d requests, %d acknowledged creations, slowest start %v", kills, book.asked, len(book.acked), slowest)
	if slowest > 2*time.Second {
		t.Errorf("the slowest start took %v, more than 2 s", slowest)
	}
	if len(book.acked) < kills {
		t.Errorf("only %d writes were acknowledged in %d rounds; the load is no load", len(book.acked), kills)
	}
	if code := n.stop(); code != 0 {
		t.Errorf("an orderly stop ended with %d", code)
	}
	var whole struct {
		Whole bool `json:"whole"`
	}
	if out := output(t, append([]string{"audit", "verify", "--json"}, s.stores()...)...); json.Unmarshal([]byte(out), &whole) != nil || !whole.Whole {
		t.Errorf("audit verify: %s", out)
	}
}

// load writes until the server is gone: each creation is tried again under its idempotency key, as a careful client does.
func (b *ledger) load(ctx context.Context, c *caller, partner, who string) {
	for i := 0; ctx.Err() == nil; i++ {
		name := fmt.Sprintf("Customer %s-%d", who, i)
		in := map[string]any{"name": name, "email": strings.ReplaceAll(who, "-", "x") + "n" + strconv.Itoa(i) + "@kill.example", "contact": "first",
			"owner_id": partner, "permission_types": []string{"DMP"}}
		b.mu.Lock()
		b.asked++
		b.mu.Unlock()
		a, err := c.do(ctx, "POST", "/api/v1/customers", in, "Idempotency-Key", "kill-"+who+"-"+strconv.Itoa(i))
		if err != nil || a.status != http.StatusCreated {
			continue
		}
		id := a.text("id")
		b.mu.Lock()
		b.acked[name] = id
		b.mu.Unlock()
		contact := fmt.Sprintf("contact %d", i)
		e, err := c.do(ctx, "PATCH", "/api/v1/customers/"+id, map[string]any{"contact": contact})
		if err == nil && e.status == http.StatusOK {
			b.mu.Lock()
			b.edited[id] = contact
			b.mu.Unlock()
		}
	}
}

// check compares the server's truth with what was acknowledged, and repeats a few requests under their old keys.
func (b *ledger) check(t *testing.T, c *caller, partner string) {
	t.Helper()
	found := map[string]string{}
	contacts := map[string]string{}
	each(t, c, "/api/v1/customers?owner_id="+partner, "cursor", func(o map[string]any) {
		name := fmt.Sprint(o["name"])
		if _, twice := found[name]; twice {
			t.Errorf("%s is there twice", name)
		}
		found[name] = fmt.Sprint(o["id"])
		contacts[fmt.Sprint(o["id"])] = fmt.Sprint(o["contact"])
	})
	// Each customer that is there came with exactly one event and one first administrator: nothing is half done.
	made, admins := map[string]int{}, map[string]int{}
	dbtest.Eventually(t, "every event has its place", func() bool {
		clear(made)
		each(t, c, "/api/v1/events?types=customer.created", "after", func(e map[string]any) {
			made[fmt.Sprint(e["target"].(map[string]any)["id"])]++
		})
		return len(made) >= len(found)
	})
	each(t, c, "/api/v1/events?types=account.created", "after", func(e map[string]any) { admins[fmt.Sprint(e["scope"])]++ })
	for name, id := range found {
		if made[id] != 1 {
			t.Errorf("%s has %d events of its creation", name, made[id])
		}
	}
	for scope, n := range admins {
		if n != 1 {
			t.Errorf("the organisation at %s has %d first administrators", scope, n)
		}
	}
	if len(admins) != len(found)+2 { // and those of operator and partner
		t.Errorf("%d customers, but %d organisations with an administrator", len(found), len(admins)-2)
	}
	for name, id := range b.acked {
		if found[name] != id {
			t.Errorf("%s was acknowledged as %s; now it is %q", name, id, found[name])
		}
	}
	for id, want := range b.edited {
		if contacts[id] != want {
			t.Errorf("the change of %s to %q was acknowledged; now it is %q", id, want, contacts[id])
		}
	}
}

// each hands over every item of a list.
func each(t *testing.T, c *caller, path, cursorName string, fn func(map[string]any)) {
	t.Helper()
	for cursor := ""; ; {
		page := c.must(t, "GET", path+"&limit=1000&"+cursorName+"="+cursor, nil)
		items, _ := page.body["items"].([]any)
		for _, it := range items {
			fn(it.(map[string]any))
		}
		if cursor, _ = page.body["next"].(string); cursor == "" || len(items) == 0 {
			return
		}
	}
}
