package config

import (
	"slices"
	"strings"
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/device"
	"linecard/internal/firmware"
	"linecard/internal/network"
	"linecard/internal/phone"
	"linecard/internal/phone/poly"
	"linecard/internal/phone/yealink"
	"linecard/internal/profile"
)

// scene is an estate that a test puts together by hand.
type scene struct {
	*estate
	phone own
}

const vvx = "VVX500"

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func newScene() *scene {
	e := &estate{customer: "c", path: []string{"o", "p", "c"}, makers: phone.Makers{poly.New(), yealink.New()}, address: "https://phones.example/p/acme",
		library: profile.Library{Profiles: map[string]profile.Profile{}, Containers: map[profile.ContainerKey][]string{}, Once: map[string][]string{}}}
	e.setSites(nil)
	e.catalogue = firmware.Catalogue{}
	return &scene{estate: e, phone: own{Setup: device.Setup{DeviceID: "d", CustomerID: "c", Maker: poly.Maker, MAC: phone.MAC{0x00, 0x04, 0xf2, 0xfc, 0xfc, 0x20}, Poll: phone.DefaultPoll},
		model: vvx, site: "s1"}}
}

// attributes reads "x=1 y=2".
func attributes(text string) []profile.Attribute {
	var out []profile.Attribute
	for _, f := range strings.Fields(text) {
		name, value, _ := strings.Cut(f, "=")
		out = append(out, profile.Attribute{Name: name, Value: value})
	}
	slices.SortFunc(out, func(a, b profile.Attribute) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func (s *scene) profile(id, text string) *scene {
	s.library.Profiles[id] = profile.Profile{ID: id, TenantID: "c", TenantKind: access.Customer, Mode: profile.ModePoly, Type: profile.User, Attributes: attributes(text)}
	return s
}

func (s *scene) selects(id, image string) *scene {
	p := s.library.Profiles[id]
	p.ID, p.Mode, p.ImageID = id, profile.ModePoly, image
	s.library.Profiles[id] = p
	return s
}

func (s *scene) image(id, version string, kind firmware.Kind, models ...string) *scene {
	i := firmware.Image{ID: id, Short: id, Maker: poly.Maker, Version: version, Kind: kind, Asked: "sip.ld"}
	i.ModelsOf.V = models
	s.catalogue[id] = i
	return s
}

// in puts profiles into a container: "site/s1", "global/-", "enforced/-@o", "device".
func (s *scene) in(container string, ids ...string) *scene {
	if container == "device" {
		s.phone.profiles = nil
		for _, id := range ids {
			s.phone.profiles = append(s.phone.profiles, s.library.Profiles[id])
		}
		return s
	}
	where, tenant, found := strings.Cut(container, "@")
	if !found {
		tenant = "c"
	}
	kind, key, _ := strings.Cut(where, "/")
	s.library.Containers[profile.ContainerKey{TenantID: tenant, Kind: profile.Kind(kind), Key: key}] = ids
	return s
}

func (s *scene) groups(ids ...string) *scene { s.phone.Groups = ids; return s }

// values gives what the phone gets of the names that the test is about.
func (s *scene) values(t *testing.T, names ...string) string {
	t.Helper()
	fresh := *s.with() // nothing computed before counts
	r, err := fresh.resolve(&s.phone, false)
	if err != nil {
		t.Fatal(err)
	}
	slow, err := fresh.resolve(&s.phone, true)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i, v := range r.values {
		if slow.values[i].Setting != v.Setting || slow.values[i].Origin != v.Origin {
			t.Errorf("with losers %s is %+v, without %+v", v.Name, slow.values[i], v)
		}
		if slices.Contains(names, v.Name) {
			got = append(got, v.Name+"="+v.Value)
		}
	}
	return strings.Join(got, " ")
}

func (s *scene) wants(t *testing.T, want string, names ...string) {
	t.Helper()
	if names == nil {
		names = []string{"x", "y", "z", "a", "b", "c", "d", "e"}
	}
	if got := s.values(t, names...); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// software says what the phone and the device that is paired with it are told to run.
func (s *scene) software(t *testing.T) string {
	t.Helper()
	r, err := s.with().resolve(&s.phone, false)
	if err != nil {
		t.Fatal(err)
	}
	told, paired := s.choose(&s.phone, r, noon)
	out := string(told.State) + " " + told.Image.Version
	if paired.Image.Version != "" {
		out += " paired " + paired.Image.Version
	}
	for _, w := range told.Warnings {
		out += " " + w.Code
	}
	return out
}

// The vectors of table 12.1 (DM-158 … DM-163).
func TestProfilesMergeAsTheVectorsSay(t *testing.T) {
	t.Run("M1 the site is above the global container", func(t *testing.T) {
		s := newScene().profile("A", "x=1").profile("B", "x=0").in("site/s1", "A").in("global/-", "B")
		s.wants(t, "x=1")
		s.phone.site = "s2"
		s.wants(t, "x=0")
	})
	t.Run("M2 software follows the same order", func(t *testing.T) {
		s := newScene().selects("A", "5.5").selects("B", "5.4").image("5.5", "5.5", firmware.ForPhone, vvx).image("5.4", "5.4", firmware.ForPhone, vvx).
			in("group/g1", "A").in("global/-", "B").groups("g1")
		s.sites["s1"] = network.Site{ID: "s1", Fixed: true}
		if got := s.software(t); got != "planned 5.5" {
			t.Error(got)
		}
		s.groups()
		if got := s.software(t); got != "planned 5.4" {
			t.Error(got)
		}
	})
	t.Run("M3 device, site, model, group, global", func(t *testing.T) {
		s := newScene().profile("dev", "x=dev").profile("sit", "x=sit").profile("mod", "x=mod").profile("grp", "x=grp").profile("glo", "x=glo").
			in("device", "dev").in("site/s1", "sit").in("model/VVX500", "mod").in("group/g1", "grp").in("global/-", "glo").groups("g1")
		for _, step := range []struct{ want, drop string }{{"dev", "device"}, {"sit", "site/s1"}, {"mod", "model/VVX500"}, {"grp", "group/g1"}, {"glo", "global/-"}} {
			s.wants(t, "x="+step.want)
			s.in(step.drop)
		}
		s.wants(t, "")
	})
	t.Run("M4 the order inside a container", func(t *testing.T) {
		s := newScene().profile("P1", "x=1").profile("P2", "x=2 y=2").in("site/s1", "P1", "P2")
		s.wants(t, "x=1 y=2")
		s.in("site/s1", "P2", "P1").wants(t, "x=2 y=2")
	})
	t.Run("M5 the phone's own order of groups", func(t *testing.T) {
		s := newScene().profile("P1", "x=1").profile("P2", "x=2 y=2").in("group/g1", "P1").in("group/g2", "P2").groups("g2", "g1")
		s.wants(t, "x=2 y=2")
		s.groups("g1", "g2").wants(t, "x=1 y=2")
	})
	t.Run("M6 the model is above groups", func(t *testing.T) {
		newScene().profile("P1", "x=1").profile("P2", "x=2").in("model/VVX500", "P2").in("group/g1", "P1").groups("g1").wants(t, "x=2")
	})
	t.Run("M7 the profile of the CSV is the highest until it is moved", func(t *testing.T) {
		s := newScene().profile("csv", "x=c").profile("P", "x=d z=9").in("device", "csv", "P")
		s.wants(t, "x=c z=9")
		s.in("device", "P", "csv").wants(t, "x=d z=9")
	})
	t.Run("M8 each container adds", func(t *testing.T) {
		newScene().profile("A", "a=1").profile("B", "b=1").profile("C", "c=1").profile("D", "d=1").profile("E", "e=1").
			in("device", "A").in("site/s1", "B").in("model/VVX500", "C").in("group/g", "D").in("global/-", "E").groups("g").wants(t, "a=1 b=1 c=1 d=1 e=1")
	})
	t.Run("M9 an empty value is a value", func(t *testing.T) {
		newScene().profile("A", "x=").profile("B", "x=5").in("device", "A").in("global/-", "B").wants(t, "x=")
	})
	t.Run("M11 the first occurrence of a profile counts", func(t *testing.T) {
		newScene().profile("P", "x=1").profile("Q", "x=2").in("site/s1", "P").in("global/-", "P").in("group/g", "Q").groups("g").wants(t, "x=1")
	})
	t.Run("M12 an image for another model is passed over", func(t *testing.T) {
		s := newScene().selects("A", "6.0").selects("B", "5.9").image("6.0", "6.0", firmware.ForPhone, "CCX500").image("5.9", "5.9", firmware.ForPhone, vvx).in("global/-", "B").in("device", "A")
		s.sites["s1"] = network.Site{ID: "s1", Fixed: true}
		if got := s.software(t); got != "planned 5.9" {
			t.Error(got)
		}
	})
	t.Run("M13 a paired device is chosen for by itself", func(t *testing.T) {
		s := newScene().selects("A", "6.2").selects("B", "5.9.1").image("6.2", "6.2", firmware.ForPaired, "Trio8800").image("5.9.1", "5.9.1", firmware.ForPhone, "Trio8800").
			in("global/-", "B").in("device", "A")
		s.phone.model = "Trio8800"
		s.sites["s1"] = network.Site{ID: "s1", Fixed: true}
		if got := s.software(t); got != "planned 5.9.1 paired 6.2" {
			t.Error(got)
		}
	})
	t.Run("M14 an image that is gone changes nothing", func(t *testing.T) {
		s := newScene().selects("A", "5.9").selects("B", "5.4").image("5.4", "5.4", firmware.ForPhone, vvx).in("global/-", "B").in("device", "A")
		if got := s.software(t); got != "withheld  image_missing" {
			t.Error(got)
		}
	})
	t.Run("M15 variables are filled in", func(t *testing.T) {
		s := newScene().profile("A", "LOG_FILE_DIRECTORY=http://user:password@1.2.3.4/${mac_address}").in("global/-", "A")
		r, err := s.resolve(&s.phone, false)
		if err != nil {
			t.Fatal(err)
		}
		in := s.inputs(&s.phone, r, true)
		i := slices.IndexFunc(in.Settings, func(x phone.Setting) bool { return x.Name == "LOG_FILE_DIRECTORY" })
		if i < 0 || in.Settings[i].Value != "http://user:password@1.2.3.4/0004f2fcfc20" {
			t.Errorf("%+v", in.Settings)
		}
		// A phone that has not proved who it is does not get the password in it (decision 15).
		if in := s.inputs(&s.phone, r, false); slices.ContainsFunc(in.Settings, func(x phone.Setting) bool { return x.Name == "LOG_FILE_DIRECTORY" }) {
			t.Error("a secret for anybody")
		}
	})
	t.Run("M16 a path in a profile switches the selection off", func(t *testing.T) {
		s := newScene().profile("A", "APP_FILE_PATH=ftp://srv/sip.ld").selects("B", "5.9").image("5.9", "5.9", firmware.ForPhone, vvx).in("global/-", "A").in("device", "B")
		if got := s.software(t); got != "own_path  selection_shadowed" {
			t.Error(got)
		}
	})
	t.Run("M17 a phone that moves gets what the new site says", func(t *testing.T) {
		s := newScene().profile("A", "x=1").profile("B", "x=9").in("site/s1", "A").in("global/-", "B")
		s.phone.site = "s2"
		s.wants(t, "x=9")
	})
	t.Run("M18 default groups", func(t *testing.T) {
		newScene().profile("A", "x=1").profile("B", "x=0 y=0").in("group/g1", "A").in("global/-", "B").groups("g1").wants(t, "x=1 y=0")
	})
	t.Run("M19 an unknown model has no container", func(t *testing.T) {
		s := newScene().profile("A", "x=m").profile("B", "x=0").in("model/VVX500", "A").in("global/-", "B")
		s.phone.model = ""
		s.wants(t, "x=0")
		s.phone.model = "VVX500"
		s.wants(t, "x=m")
	})
	t.Run("what operator and partners enforce is above everything, the widest first, and their defaults below", func(t *testing.T) {
		s := newScene().profile("O", "x=operator y=operator").profile("P", "x=partner y=partner z=partner").profile("D", "x=device y=device z=device a=device").
			profile("o", "a=default b=operator").profile("p", "b=partner").
			in("enforced/-@o", "O").in("enforced/-@p", "P").in("device", "D").in("defaults/-@o", "o").in("defaults/-@p", "p")
		s.wants(t, "a=device b=partner x=operator y=operator z=partner")
	})
	t.Run("a profile for another maker says nothing (DM-342)", func(t *testing.T) {
		s := newScene().profile("A", "x=1").profile("B", "x=2").in("global/-", "A", "B")
		p := s.library.Profiles["A"]
		p.Mode = profile.ModeYealink
		s.library.Profiles["A"] = p
		s.wants(t, "x=2")
	})
}

// Lines stand above the profiles of a phone for what they are, and below for what they look like (architecture, section 5).
func TestALineOverrulesProfilesForItsIdentityOnly(t *testing.T) {
	s := newScene().profile("csv", "reg.1.address=9999 reg.1.auth.password=wrong reg.1.label=Mine").in("device", "csv")
	s.phone.Lines = []phone.Line{{Number: 1, User: "1001", Password: "right", DisplayName: "Jon", Label: "Jon", Registrars: []phone.Server{{Host: "sip.example"}}}}
	s.phone.Ever = 1
	s.wants(t, "reg.1.address=1001 reg.1.auth.password=right reg.1.label=Mine", "reg.1.address", "reg.1.auth.password", "reg.1.label")
	r, err := s.resolve(&s.phone, true)
	if err != nil {
		t.Fatal(err)
	}
	i, ok := find(r.values, "reg.1.auth.password")
	if !ok || r.values[i].Container != Identity || len(r.values[i].Overruled) != 1 || r.values[i].Overruled[0].Value != "wrong" || r.values[i].Overruled[0].ProfileID != "csv" {
		t.Errorf("%+v", r.values[i])
	}
	for _, x := range s.inputs(&s.phone, r, false).Settings {
		if strings.HasPrefix(x.Name, "reg.1.a") {
			t.Errorf("a phone that has not proved who it is gets %+v", x)
		}
	}
}

// Decision 14: what is taken away must reach the phone.
func TestAKeyThatIsTakenAwayIsForgottenByPhonesThatKeepWhatTheyGot(t *testing.T) {
	s := newScene()
	s.phone.Maker, s.phone.model, s.phone.MAC = yealink.Maker, "T54W", phone.MAC{0x80, 0x5e, 0xc0, 0x0a, 0x0b, 0x0c}
	key := phone.Key{Position: 3, Type: phone.KeyBLF, Target: "1002", Label: "Jon"}
	s.phone.Was = []phone.Key{key}
	body := func() string {
		t.Helper()
		f, err := s.with().file(&s.phone, "805ec00a0b0c.cfg", noon, func(phone.Renderer, phone.Inputs) {})
		if err != nil {
			t.Fatal(err)
		}
		return string(f.Body)
	}
	if got := body(); !strings.Contains(got, "linekey.3.value = %NULL%") {
		t.Errorf("the phone keeps its key:\n%s", got)
	}
	s.phone.Keys = []phone.Key{key}
	if got := body(); !strings.Contains(got, "linekey.3.value = 1002") || strings.Contains(got, "linekey.3.value = %NULL%") {
		t.Errorf("the key that it has:\n%s", got)
	}
}
