package app_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"linecard/internal/config"
	"linecard/internal/config/configtest"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/device/devicetest"
	"linecard/internal/profile"
	"linecard/internal/sim"
)

// Issue of decision 14: a plan that is applied and undone leaves phones as they were, not only their files, or it said before what
// stays on them. Simulated phones keep what real ones keep between two starts.
func TestWhatIsUndoneIsUndoneOnPhonesToo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		ctx := context.Background()
		w := devicetest.New(t, d)
		n := newPhonesNode(t, w)
		ids := sim.Identities(12, 21)
		for _, id := range ids {
			w.Phone(t, w.Acme.ID, id.MAC.String())
		}
		phones := n.phones(t, ids)
		at := profile.AtCustomer(w.Acme.ID)
		settings := configtest.New(t, w, config.Options{})
		plans := configtest.Plans(w, settings)
		var made []profile.Profile
		for _, m := range []struct{ mode, names string }{{"poly", "x.a x.b x.c"}, {"yealink", "features.a features.b features.c"}, {"cisco", "A_Name B_Name C_Name"}} {
			in := profile.New{Name: "P-" + m.mode, Mode: m.mode, Lenient: true}
			for _, name := range strings.Fields(m.names) {
				in.Attributes = append(in.Attributes, profile.Attribute{Name: name, Value: "1"})
			}
			p, _, err := w.Profiles.Create(ctx, devicetest.System, at, in)
			if err != nil {
				t.Fatal(err)
			}
			made = append(made, p)
		}
		put := func(ids ...string) {
			t.Helper()
			if _, err := w.Profiles.SetContainer(ctx, devicetest.System, at, profile.Global, "-", ids, 0); err != nil {
				t.Fatal(err)
			}
		}
		put(made[0].ID, made[1].ID, made[2].ID)
		boot := func() []map[string]string {
			t.Helper()
			var out []map[string]string
			for _, p := range phones {
				if trip := p.Boot(ctx); !trip.Configured {
					t.Fatalf("%s: %s", p.MAC, trip.Fault)
				}
				out = append(out, p.Parameters())
			}
			return out
		}
		boot()
		boot() // the second start is with their own accounts
		r := rand.New(rand.NewPCG(3, 4))
		for round := range 15 {
			before := boot()
			p := made[r.IntN(len(made))]
			name := p.Attributes[r.IntN(3)].Name
			ask := config.Asked{Kind: config.ProfileUpdate, ProfileID: p.ID, Attributes: map[string]*string{name: nil}}
			switch r.IntN(3) {
			case 0:
				value := fmt.Sprint("new-", round)
				ask.Attributes[name] = &value
			case 1:
				ask = config.Asked{Kind: config.ContainerSet, Container: profile.Global, Key: "-", ProfileIDs: []string{made[r.IntN(3)].ID}}
			}
			plan, err := plans.Make(ctx, devicetest.System, at, ask)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := plans.Apply(ctx, devicetest.System, at, plan.ID, config.Go{}); err != nil {
				t.Fatal(err)
			}
			then := boot()
			changed := 0
			for i := range phones {
				if !maps.Equal(before[i], then[i]) {
					changed++
				}
			}
			if int64(changed) > plan.Affected {
				t.Errorf("round %d: %d phones are different, the plan said %d", round, changed, plan.Affected)
			}
			if _, err := plans.Undo(ctx, devicetest.System, at, plan.ID, 0); err != nil {
				t.Fatal(err)
			}
			for i, now := range boot() {
				for _, name := range slices.Sorted(maps.Keys(now)) {
					if was, had := before[i][name]; (!had || was != now[name]) && !slices.Contains(plan.Summary.Sticks, name) {
						t.Errorf("round %d, %s: %s is %q, was %q (%v)\n%+v", round, phones[i].Maker, name, now[name], was, had, ask)
					}
				}
				for name := range before[i] {
					if _, has := now[name]; !has {
						t.Errorf("round %d, %s: %s is gone", round, phones[i].Maker, name)
					}
				}
			}
			clock.Advance(1)
		}
	})
}
