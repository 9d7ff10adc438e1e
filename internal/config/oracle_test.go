package config

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"linecard/internal/profile"
)

// oracle says what a phone gets in the words of the specification and nothing else: for each name it walks all profiles from the lowest
// to the highest and lets each one overwrite what was there. It shares no code with resolve and is slow.
func oracle(s *scene) map[string]string {
	got := map[string]string{}
	put := func(tenant string, kind profile.Kind, key string) {
		ids := s.library.Containers[profile.ContainerKey{TenantID: tenant, Kind: kind, Key: key}]
		for i := len(ids) - 1; i >= 0; i-- {
			for _, a := range s.library.Profiles[ids[i]].Attributes {
				if s.library.Profiles[ids[i]].Mode == profile.ModePoly {
					got[a.Name] = a.Value
				}
			}
		}
	}
	put("o", profile.Defaults, "-")
	put("p", profile.Defaults, "-")
	put("c", profile.Global, "-")
	for i := len(s.phone.Groups) - 1; i >= 0; i-- {
		put("c", profile.OfGroup, s.phone.Groups[i])
	}
	put("c", profile.OfModel, s.phone.model)
	put("c", profile.OfSite, s.phone.site)
	for i := len(s.phone.profiles) - 1; i >= 0; i-- {
		for _, a := range s.phone.profiles[i].Attributes {
			if s.phone.profiles[i].Mode == profile.ModePoly {
				got[a.Name] = a.Value
			}
		}
	}
	put("p", profile.Enforced, "-")
	put("o", profile.Enforced, "-")
	return got
}

// random makes a scene in which much overlaps.
func random(r *rand.Rand) *scene {
	s := newScene()
	var ids []string
	for n := range 2 + r.IntN(10) {
		id := fmt.Sprint("P", n)
		ids = append(ids, id)
		p := profile.Profile{ID: id, TenantID: "c", Mode: profile.ModePoly}
		if r.IntN(6) == 0 {
			p.Mode = profile.ModeYealink
		}
		for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
			if r.IntN(3) == 0 {
				p.Attributes = append(p.Attributes, profile.Attribute{Name: name, Value: []string{"", id}[min(1, r.IntN(5))]})
			}
		}
		s.library.Profiles[id] = p
	}
	some := func() []string {
		r.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
		return slices.Clone(ids[:r.IntN(min(4, len(ids)))])
	}
	for _, at := range []string{"site/s1", "site/s2", "model/VVX500", "model/VVX450", "group/g1", "group/g2", "group/g3", "global/-", "defaults/-@o", "defaults/-@p", "enforced/-@o", "enforced/-@p"} {
		if r.IntN(3) > 0 {
			s.in(at, some()...)
		}
	}
	s.in("device", some()...)
	groups := []string{"g1", "g2", "g3"}
	r.Shuffle(3, func(i, j int) { groups[i], groups[j] = groups[j], groups[i] })
	s.groups(groups[:r.IntN(4)]...)
	s.phone.site, s.phone.model = []string{"s1", "s2", ""}[r.IntN(3)], []string{"VVX500", "VVX450", ""}[r.IntN(3)]
	return s
}

// check compares what resolve gives with the oracle.
func check(t *testing.T, s *scene) {
	t.Helper()
	want := oracle(s)
	for _, losers := range []bool{false, true} {
		r, err := s.resolve(&s.phone, losers)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.IsSortedFunc(r.values, byName) {
			t.Fatal("not sorted")
		}
		seen := 0
		for _, v := range r.values {
			if w, ok := want[v.Name]; ok {
				seen++
				if w != v.Value {
					t.Fatalf("%s is %q, the oracle says %q\n%+v\n%+v", v.Name, v.Value, w, s.library.Containers, s.phone)
				}
			} else if v.Container != OfMaker {
				t.Fatalf("%+v came from nowhere", v)
			}
		}
		if seen != len(want) {
			t.Fatalf("%d values, the oracle has %d", seen, len(want))
		}
	}
}

// DM-163; also after a change, whose result must be what a world that is built anew gives.
func TestTenThousandRandomPhonesGetWhatASlowOracleSays(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		s := random(r)
		check(t, s)
		change := randomChange(r, s)
		c, err := change.on(s.estate)
		if err != nil {
			t.Fatal(err)
		}
		then, err := c.phone(s.phone)
		if err != nil {
			t.Fatal(err)
		}
		check(t, &scene{estate: c.estate, phone: then})
		check(t, s) // the estate before is what it was
	}
}

func randomChange(r *rand.Rand, s *scene) Change {
	id := fmt.Sprint("P", r.IntN(len(s.library.Profiles)))
	switch r.IntN(4) {
	case 0:
		return Change{Profiles: []ProfileChange{{TenantID: "c", ID: id, Set: []profile.Attribute{{Name: "a", Value: "new"}}, Drop: []string{"b"}}}}
	case 1:
		return Change{Containers: []ContainerChange{{TenantID: "c", Kind: profile.Global, Key: "-", ProfileIDs: []string{id}}}}
	case 2:
		return Change{Containers: []ContainerChange{{TenantID: "c", Kind: profile.OfOneDevice, Key: s.phone.DeviceID, ProfileIDs: []string{id}}}}
	}
	model, groups := "VVX450", []string{"g2", "g1"}
	return Change{Devices: []DeviceChange{{ID: s.phone.DeviceID, Model: &model, Groups: &groups}}}
}

// DM-163: 50 profiles of 200 attributes merge quickly.
func BenchmarkResolve(b *testing.B) {
	s := newScene()
	var ids []string
	for n := range 50 {
		p := profile.Profile{ID: fmt.Sprint("P", n), TenantID: "c", Mode: profile.ModePoly}
		for a := range 200 {
			p.Attributes = append(p.Attributes, profile.Attribute{Name: fmt.Sprintf("x.%03d", a+n), Value: "1"})
		}
		s.library.Profiles[p.ID], ids = p, append(ids, p.ID)
	}
	s.in("global/-", ids[:25]...)
	s.in("device", ids[25:]...)
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.with().resolve(&s.phone, false); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("again", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.resolve(&s.phone, false); err != nil {
				b.Fatal(err)
			}
		}
	})
}
