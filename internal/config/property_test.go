package config

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"linecard/internal/phone"
	"linecard/internal/phone/cisco"
	"linecard/internal/phone/poly"
	"linecard/internal/phone/yealink"
	"linecard/internal/profile"
)

// trial is one maker with parameters that its phones keep and such that they do not.
type trial struct {
	maker, mode, model string
	names              []string
	mac                phone.MAC
}

var trials = []trial{
	{poly.Maker, profile.ModePoly, "VVX450", []string{"x.a", "x.b", "x.c", "device.sntp.serverName", "device.syslog.serverName", "up.backlight.timeout"}, phone.MAC{0x64, 0x16, 0x7f, 1, 2, 3}},
	{yealink.Maker, profile.ModeYealink, "T54W", []string{"features.a", "features.b", "static.c", "account.1.label", "phone_setting.d", "lang.gui"}, phone.MAC{0x80, 0x5e, 0xc0, 1, 2, 3}},
	{cisco.Maker, profile.ModeCisco, "CP-8841-3PCC", []string{"A_Name", "B_Name", "C_Name", "Dial_Plan_1_", "Time_Zone", "Display_Name_1_"}, phone.MAC{0x00, 0x08, 0x2f, 1, 2, 3}},
}

// randomTrial makes a scene for one maker in which much overlaps, with values at every place.
func randomTrial(r *rand.Rand) (*scene, trial) {
	x := trials[r.IntN(len(trials))]
	s := newScene()
	s.makers = phone.Makers{poly.New(), yealink.New(), cisco.New()}
	s.phone.Maker, s.phone.MAC, s.phone.model = x.maker, x.mac, x.model
	s.phone.SitePinned = true // there are no subnets here
	var ids []string
	for n := range 2 + r.IntN(6) {
		p := profile.Profile{ID: fmt.Sprint("P", n), TenantID: "c", Mode: x.mode}
		for _, name := range slices.Sorted(slices.Values(x.names)) {
			if r.IntN(2) == 0 {
				p.Attributes = append(p.Attributes, profile.Attribute{Name: name, Value: fmt.Sprint(r.IntN(4))})
			}
		}
		s.library.Profiles[p.ID], ids = p, append(ids, p.ID)
	}
	some := func() []string {
		r.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
		return slices.Clone(ids[:r.IntN(min(3, len(ids)))])
	}
	for _, at := range []string{"site/s1", "model/" + x.model, "group/g1", "group/g2", "global/-", "defaults/-@p", "enforced/-@o", "device"} {
		if r.IntN(3) == 0 {
			s.in(at, some()...)
		}
	}
	s.groups([]string{"g1", "g2"}[:r.IntN(3)]...)
	s.library.Once = map[string][]string{x.mode: used(s)}
	return s, x
}

// used are the parameters that profiles of a scene give to its phone.
func used(s *scene) []string {
	r, err := s.with().resolve(&s.phone, false)
	if err != nil {
		panic(err)
	}
	var out []string
	for _, v := range r.values {
		if v.Container != OfMaker {
			out = append(out, v.Name)
		}
	}
	return out
}

// trialChange is a random change of a scene.
func trialChange(r *rand.Rand, s *scene, x trial) Change {
	ids := slices.Sorted(maps.Keys(s.library.Profiles))
	id := ids[r.IntN(len(ids))]
	switch r.IntN(4) {
	case 0, 1:
		c := ProfileChange{TenantID: "c", ID: id, Set: []profile.Attribute{{Name: x.names[r.IntN(len(x.names))], Value: fmt.Sprint("new-", r.IntN(3))}}}
		if p := s.library.Profiles[id]; len(p.Attributes) > 0 {
			if name := p.Attributes[r.IntN(len(p.Attributes))].Name; name != c.Set[0].Name {
				c.Drop = []string{name}
			}
		}
		return Change{Profiles: []ProfileChange{c}}
	case 2:
		return Change{Containers: []ContainerChange{{TenantID: "c", Kind: profile.Global, Key: "-", ProfileIDs: ids[:r.IntN(len(ids))]}}}
	}
	groups := []string{"g2", "g1"}[:r.IntN(3)]
	return Change{Devices: []DeviceChange{{ID: s.phone.DeviceID, Groups: &groups}}}
}

// byHand gives the scene that a change makes, and what takes it back, written out once more and without any code of the room: the rows as
// an apply would leave them.
func byHand(s *scene, c Change) (*scene, Change) {
	out := &scene{estate: s.with(), phone: s.phone}
	var back Change
	for _, x := range c.Profiles {
		p := out.library.Profiles[x.ID]
		undo := ProfileChange{TenantID: x.TenantID, ID: x.ID}
		have := map[string]profile.Attribute{}
		for _, a := range p.Attributes {
			have[a.Name] = a
		}
		for _, a := range x.Set {
			if was, ok := have[a.Name]; ok {
				undo.Set = append(undo.Set, was)
			} else {
				undo.Drop = append(undo.Drop, a.Name)
			}
			have[a.Name] = a
		}
		for _, name := range x.Drop {
			undo.Set = append(undo.Set, have[name])
			delete(have, name)
		}
		p.Attributes = nil
		for _, name := range slices.Sorted(maps.Keys(have)) {
			p.Attributes = append(p.Attributes, have[name])
		}
		out.library.Profiles[x.ID] = p
		for i, mine := range out.phone.profiles { // the same row, seen from the phone
			if mine.ID == x.ID {
				out.phone.profiles = slices.Clone(out.phone.profiles)
				out.phone.profiles[i] = p
			}
		}
		back.Profiles = append(back.Profiles, undo)
	}
	for _, x := range c.Containers {
		key := profile.ContainerKey{TenantID: x.TenantID, Kind: x.Kind, Key: x.Key}
		back.Containers = append(back.Containers, ContainerChange{TenantID: x.TenantID, Kind: x.Kind, Key: x.Key, ProfileIDs: out.library.Containers[key]})
		out.library.Containers[key] = x.ProfileIDs
	}
	for _, x := range c.Devices {
		was := s.phone.Groups
		back.Devices = append(back.Devices, DeviceChange{ID: x.ID, Groups: &was})
		out.phone.Groups = *x.Groups
	}
	return out, back
}

// files are all files of the phone as it gets them.
func (s *scene) files(t *testing.T) map[string][]byte {
	t.Helper()
	r, err := s.resolve(&s.phone, false)
	if err != nil {
		t.Fatal(err)
	}
	in := s.inputs(&s.phone, r, true)
	out := map[string][]byte{}
	for _, name := range r.maker.Files(in) {
		f, err := r.maker.Render(name, in)
		if err != nil {
			t.Fatal(name, err)
		}
		out[name] = f.Body
	}
	return out
}

// handset remembers parameters as phones of its maker do between two starts (decision 14; fact sheets): a Poly phone forgets what no file
// says but for what stands in its flash, a Yealink phone what a file says %NULL% about, a Cisco phone nothing.
type handset struct {
	maker phone.Renderer
	kept  map[string]string
}

func (h *handset) boot(t *testing.T, files map[string][]byte) {
	t.Helper()
	if h.maker.Maker() == poly.Maker {
		maps.DeleteFunc(h.kept, func(name, _ string) bool { return !strings.HasPrefix(name, "device.") })
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		all, err := h.maker.(phone.Reader).ReadSettings(name, bytes.NewReader(files[name]))
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, files[name])
		}
		for _, s := range all {
			if s.Value == "%NULL%" && h.maker.Maker() == yealink.Maker {
				delete(h.kept, s.Name)
			} else {
				h.kept[s.Name] = s.Value
			}
		}
	}
}

// same says whether a parameter is in force alike in two memories: what is not there counts like what the maker writes to take it away.
func (h *handset) same(name string, was, now map[string]string) bool {
	a, had := was[name]
	b, has := now[name]
	if had == has {
		return a == b
	}
	gone, ok := h.maker.Gone(name)
	return ok && (gone.Name == "" || gone.Value == a || gone.Value == b)
}

// Decision 14 and the issue: what a plan shows is what an apply that is written out by hand gives, byte for byte; an undo gives the files
// of before, byte for byte; and on phones that remember, everything is as before or the plan had named it.
func TestTenThousandRandomPlansAreWhatTheyShowAndAreUndone(t *testing.T) {
	cases := 10_000
	if testing.Short() {
		cases = 1000
	}
	r := rand.New(rand.NewPCG(5, 6))
	kept, changed, named := 0, 0, 0
	for n := range cases {
		s, x := randomTrial(r)
		change := trialChange(r, s, x)
		done, back := byHand(s, change)
		// What phones were ever given is remembered from the apply on, also after an undo.
		once := slices.Compact(slices.Sorted(slices.Values(slices.Concat(s.library.Once[x.mode], used(done)))))

		planned, phoneThen, err := change.with(s.estate, s.phone)
		if err != nil {
			t.Fatal(err)
		}
		shown := &scene{estate: planned, phone: phoneThen}
		for _, e := range []*scene{done, shown} {
			e.library.Once = map[string][]string{x.mode: once}
		}
		after := done.files(t)
		if got := shown.files(t); !maps.EqualFunc(got, after, bytes.Equal) {
			t.Fatalf("%d, %s: the plan shows%s (the other is what an apply gives)\n%+v", n, x.maker, apart(got, after), change)
		}
		restored, phoneNow, err := back.with(done.estate, done.phone)
		if err != nil {
			t.Fatal(err)
		}
		undone := &scene{estate: restored, phone: phoneNow}
		before := s.files(t)
		undone.library.Once = s.library.Once
		if got := undone.files(t); !maps.EqualFunc(got, before, bytes.Equal) {
			t.Fatalf("%d, %s: undone is%s (the other is what was before)\n%+v", n, x.maker, apart(got, before), change)
		}
		undone.bases.Clear()
		undone.library.Once = map[string][]string{x.mode: once}

		was, err := s.resolve(&s.phone, false)
		if err != nil {
			t.Fatal(err)
		}
		will, err := shown.resolve(&shown.phone, false)
		if err != nil {
			t.Fatal(err)
		}
		all := differ(was.values, will.values)
		stay, stick := stays(will.maker, all), stays(was.maker, reversed(all))
		h := handset{maker: was.maker, kept: map[string]string{}}
		h.boot(t, before)
		start := maps.Clone(h.kept)
		h.boot(t, after)
		fresh := handset{maker: was.maker, kept: map[string]string{}}
		fresh.boot(t, after)
		for name := range merged(h.kept, fresh.kept) {
			if !h.same(name, fresh.kept, h.kept) {
				if kept++; !slices.Contains(stay, name) {
					t.Fatalf("%d, %s: after the apply %s is %q, on a new phone %q, and the plan did not say that it stays\n%+v", n, x.maker, name, h.kept[name], fresh.kept[name], change)
				}
			}
		}
		h.boot(t, undone.files(t))
		for name := range merged(h.kept, start) {
			if !h.same(name, start, h.kept) {
				if named++; !slices.Contains(stick, name) {
					t.Fatalf("%d, %s: after the undo %s is %q, before %q, and the plan did not say that it sticks\n%+v", n, x.maker, name, h.kept[name], start[name], change)
				}
			}
		}
		if len(all) > 0 {
			changed++
		}
	}
	t.Logf("%d cases, %d that change something, %d parameters that stay after an apply and %d after an undo, all of them named", cases, changed, kept, named)
	if changed < cases/4 || kept == 0 || named == 0 {
		t.Error("the cases show too little")
	}
}

func merged[V any](a, b map[string]V) map[string]V {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}

// apart shows the first line in which files differ.
func apart(a, b map[string][]byte) string {
	for _, name := range slices.Sorted(maps.Keys(merged(a, b))) {
		x, y := strings.Split(string(a[name]), "\n"), strings.Split(string(b[name]), "\n")
		for i := range min(len(x), len(y)) {
			if x[i] != y[i] {
				return fmt.Sprintf("\n%s: %s\n%s: %s", name, x[i], name, y[i])
			}
		}
		if len(x) != len(y) {
			return fmt.Sprintf("\n%s: %d lines, %d lines", name, len(x), len(y))
		}
	}
	return ""
}
