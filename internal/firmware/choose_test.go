package firmware_test

import (
	"strings"
	"testing"
	"time"

	"linecard/internal/db"
	"linecard/internal/firmware"
)

func image(id, version string, models ...string) firmware.Image {
	return firmware.Image{ID: id, Short: id, Maker: "poly", Family: "VVX", Version: version, Kind: firmware.ForPhone, Asked: "sip.ld", ModelsOf: db.AsJSON(models)}
}

func catalogue(images ...firmware.Image) firmware.Catalogue {
	c := firmware.Catalogue{}
	for _, i := range images {
		c[i.ID] = i
	}
	return c
}

func vvx(version string, c firmware.Catalogue, selected ...string) firmware.Ask {
	a := firmware.Ask{Maker: "poly", Model: "VVX500", Version: version, Internet: true, Catalogue: c, Now: time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)}
	for _, id := range selected {
		a.Selections = append(a.Selections, firmware.Selection{ProfileID: "p-" + id, ImageID: id, Label: "label of " + id})
	}
	return a
}

func warned(c firmware.Choice) string {
	var out []string
	for _, w := range c.Warnings {
		out = append(out, w.Code)
	}
	return strings.Join(out, " ")
}

// DM-169, DM-170, DM-172, DM-181; table 12.1: M2, M12, M13, M14, M16.
func TestTheHighestSelectionThatFitsIsTold(t *testing.T) {
	all := catalogue(image("i54", "5.4.0.10182", "VVX500"), image("i55", "5.5.0.20556", "VVX500"), image("i59", "5.9.0.9373", "VVX500"), image("c60", "6.0.0.4839", "CCX500"))
	gone := image("old", "5.9.1.0615", "VVX500")
	gone.Gone = true
	all["old"] = gone
	paired := image("g62", "6.2.0", "Trio8800")
	paired.Kind = firmware.ForPaired
	all["g62"] = paired
	all["t59"] = image("t59", "5.9.1.0000", "Trio8800")
	for _, c := range []struct {
		name     string
		version  string
		selected []string
		change   func(*firmware.Ask)
		state    firmware.State
		path     string
		warnings string
	}{
		{"M2: the group's before the customer's", "5.4.0.10182", []string{"i55", "i54"}, nil, firmware.Planned, "fw/i55/sip.ld", ""},
		{"M12: an image for other models is skipped", "5.4.0.10182", []string{"c60", "i59"}, nil, firmware.Planned, "fw/i59/sip.ld", ""},
		{"M14: one that is gone blocks", "5.4.0.10182", []string{"old", "i55"}, nil, firmware.Withheld, "", "image_missing"},
		{"M14: one that nobody knows blocks too", "5.4.0.10182", []string{"never", "i55"}, nil, firmware.Withheld, "", "image_missing"},
		{"M16: a path of its own wins", "5.4.0.10182", []string{"i59"}, func(a *firmware.Ask) { a.OwnPath, a.AppFilePath = true, "ftp://srv/sip.ld" }, firmware.Own, "", "selection_shadowed"},
		{"DM-172: back to an older one", "5.5.0.20556", []string{"i54"}, nil, firmware.Planned, "fw/i54/sip.ld", "rollback"},
		{"DM-173: it runs already", "5.5.0.20556", []string{"i55"}, nil, firmware.Current, "fw/i55/sip.ld", ""},
		{"nobody selects", "5.5.0.20556", nil, nil, firmware.None, "", ""},
		{"its model is not known", "", []string{"i55"}, func(a *firmware.Ask) { a.Model = "" }, firmware.None, "", ""},
		{"first contact", "", []string{"i55"}, nil, firmware.Planned, "fw/i55/sip.ld", ""},
		{"another maker", "5.5.0.20556", []string{"i55"}, func(a *firmware.Ask) { a.Maker = "yealink" }, firmware.None, "", ""},
		{"model as people write it", "5.4.0.10182", []string{"i55"}, func(a *firmware.Ask) { a.Model = "VVX 500" }, firmware.Planned, "fw/i55/sip.ld", ""},
	} {
		a := vvx(c.version, all, c.selected...)
		if c.change != nil {
			c.change(&a)
		}
		got, _ := firmware.Choose(a)
		if got.State != c.state || got.Image.Path != c.path || warned(got) != c.warnings {
			t.Errorf("%s: %s %q %q, want %s %q %q", c.name, got.State, got.Image.Path, warned(got), c.state, c.path, c.warnings)
		}
	}

	trio := vvx("5.9.0.0000", all, "g62", "t59") // M13
	trio.Model = "Trio8800"
	own, other := firmware.Choose(trio)
	if own.Target != "5.9.1.0000" || other.Target != "6.2.0" || other.Image.Path != "fw/g62/sip.ld" {
		t.Errorf("M13: the phone %+v, the paired device %+v", own, other)
	}
	if label := func() string { c, _ := firmware.Choose(vvx("5.4", all, "old")); return c.Warnings[0].Label }(); label != "VVX 5.9.1.0615" { // DM-156
		t.Errorf("the missing image is called %q", label)
	}
}

// DM-174, table 13.1, AMB-21.
func TestWhereSoftwareComesFrom(t *testing.T) {
	all := catalogue(image("i", "5.5.0.1", "VVX500"))
	settings := firmware.Paths{Internet: "https://svc/", Enterprise: "https://relay0/"}
	for _, c := range []struct {
		device   string
		site     string
		internet bool
		own      string
		paths    firmware.Paths
		source   firmware.Source
		path     string // where it is; of the phone's file when software is chosen
		told     string
		warnings string
	}{
		{"S", "https://relayS/", false, "", settings, firmware.FromSite, "https://relayS/", "https://relayS/fw/i/sip.ld", ""},
		{"N", "", false, "", settings, firmware.FromEnterprise, "https://relay0/", "https://relay0/fw/i/sip.ld", ""},
		{"Internet", "", true, "", settings, firmware.FromInternet, "https://svc/", "https://svc/fw/i/sip.ld", ""},
		{"S with a path of its own", "https://relayS/", false, "ftp://own/sip.ld", settings, firmware.FromProfile, "ftp://own/sip.ld", "", "selection_shadowed"},
		{"Internet with a path of its own", "", true, "ftp://own/sip.ld", settings, firmware.FromProfile, "ftp://own/sip.ld", "", "selection_shadowed"},
		{"N, no path for sites", "", false, "", firmware.Paths{Internet: "https://svc/"}, "", "", "", "path_missing"},
		{"Internet, the customer's own address", "", true, "", firmware.Paths{}, firmware.FromInternet, "", "fw/i/sip.ld", ""}, // DM-175
	} {
		a := vvx("5.4.0.1", all, "i")
		a.Internet, a.SitePath, a.Paths, a.AppFilePath, a.OwnPath = c.internet, c.site, c.paths, c.own, c.own != ""
		got, _ := firmware.Choose(a)
		if got.Source != c.source || got.Path != c.path || got.Image.Path != c.told || warned(got) != c.warnings {
			t.Errorf("%s: %s %q %q %q", c.device, got.Source, got.Path, got.Image.Path, warned(got))
		}
	}
}

func TestAPhoneGoesThroughTheVersionsThatItNeeds(t *testing.T) {
	target := image("i598", "5.9.8.3221", "VVX500")
	target.NeedsOf = db.AsJSON([]string{"5.7.3"})
	step := image("i573", "5.7.3.1234", "VVX500")
	far := image("i640", "6.4.0.1", "VVX500")
	far.NeedsOf = db.AsJSON([]string{"5.9.8"})
	between := image("i581", "5.8.1.1", "VVX500")
	for _, c := range []struct {
		name     string
		version  string
		all      firmware.Catalogue
		selected string
		state    firmware.State
		told     string
		warnings string
	}{
		{"5.5 takes 5.7.3 first", "5.5.2.8571", catalogue(target, step), "i598", firmware.Planned, "5.7.3.1234", ""},
		{"5.7.3 takes 5.9.8", "5.7.3.1234", catalogue(target, step), "i598", firmware.Planned, "5.9.8.3221", ""},
		{"later than that too", "5.8.0.1", catalogue(target, step), "i598", firmware.Planned, "5.9.8.3221", ""},
		{"a later one will do", "5.5.2.8571", catalogue(target, between), "i598", firmware.Planned, "5.8.1.1", ""},
		{"steps of steps", "5.5.2.8571", catalogue(target, step, far), "i640", firmware.Planned, "5.7.3.1234", ""},
		{"steps of steps, further on", "5.7.3.1234", catalogue(target, step, far), "i640", firmware.Planned, "5.9.8.3221", ""},
		{"there is no step", "5.5.2.8571", catalogue(target), "i598", firmware.Withheld, "", "step_missing"},
		{"nobody knows what it runs", "", catalogue(target, step), "i598", firmware.Withheld, "", "version_unknown"},
		{"back needs none", "6.4.0.1", catalogue(target, step), "i598", firmware.Planned, "5.9.8.3221", "rollback"},
	} {
		got, _ := firmware.Choose(vvx(c.version, c.all, c.selected))
		if got.State != c.state || got.Image.Version != c.told || warned(got) != c.warnings {
			t.Errorf("%s: %s %q %q", c.name, got.State, got.Image.Version, warned(got))
		}
		if c.told != "" && got.TargetID != c.selected {
			t.Errorf("%s: the target is %q", c.name, got.TargetID)
		}
	}

	circle := image("a", "7.0", "VVX500")
	circle.NeedsOf = db.AsJSON([]string{"6.0"})
	other := image("b", "6.0", "VVX500")
	other.NeedsOf = db.AsJSON([]string{"6.0"})
	if got, _ := firmware.Choose(vvx("5.0", catalogue(circle, other), "a")); got.State != firmware.Withheld {
		t.Errorf("a circle of needs: %+v", got)
	}
}

func TestANewVersionIsToldInsideTheWindowOfTheCustomersZone(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	night := firmware.Window{Start: 23 * 60, End: 4 * 60, Days: 1 << time.Saturday}
	all := catalogue(image("new", "5.5.0.2", "VVX500"), image("now", "5.4.0.2", "VVX500"))
	local := func(s string) time.Time {
		at, err := time.ParseInLocation("2006-01-02 15:04:05", s, berlin)
		if err != nil {
			t.Fatal(err)
		}
		return at.UTC()
	}
	for _, c := range []struct {
		now, version, told, next string
		state                    firmware.State
	}{
		{"2026-03-04 12:00:00", "5.4.0.2", "5.4.0.2", "2026-03-07 23:00:00", firmware.Waiting},
		{"2026-03-07 22:59:59", "5.4.0.2", "5.4.0.2", "2026-03-07 23:00:00", firmware.Waiting},
		{"2026-03-07 23:00:00", "5.4.0.2", "5.5.0.2", "2026-03-08 04:00:00", firmware.Planned},
		{"2026-03-08 03:59:59", "5.4.0.2", "5.5.0.2", "2026-03-08 04:00:00", firmware.Planned},
		{"2026-03-08 04:00:00", "5.4.0.2", "5.4.0.2", "2026-03-14 23:00:00", firmware.Waiting},
		{"2026-03-28 23:30:00", "5.4.0.2", "5.5.0.2", "2026-03-29 04:00:00", firmware.Planned}, // the night in which an hour is missing
		{"2026-10-25 03:30:00", "5.4.0.2", "5.5.0.2", "2026-10-25 04:00:00", firmware.Planned}, // and the one with an hour more
		{"2026-03-04 12:00:00", "5.5.0.2", "5.5.0.2", "", firmware.Current},                    // no window for what it runs already
		{"2026-03-04 12:00:00", "5.3.0.2", "", "2026-03-07 23:00:00", firmware.Waiting},        // what it runs is in no image: it is told nothing
		{"2026-03-04 12:00:00", "", "", "2026-03-07 23:00:00", firmware.Untouched},
	} {
		a := vvx(c.version, all, "new")
		a.Window, a.Zone, a.Now = night, berlin, local(c.now)
		got, _ := firmware.Choose(a)
		next := time.Time{}
		if c.next != "" {
			next = local(c.next)
		}
		if got.Image.Version != c.told || !got.Next.Equal(next) || got.State != c.state {
			t.Errorf("%s on %q: told %q until %v (%s), want %q until %v", c.now, c.version, got.Image.Version, got.Next.In(berlin), got.State, c.told, next.In(berlin))
		}
	}
}

func TestWindowsThatFollowEachOtherAreOne(t *testing.T) {
	whole := firmware.Window{Start: 6 * 60, End: 6 * 60, Days: 1<<time.Monday | 1<<time.Tuesday}
	open, next := whole.Open(time.Date(2026, 3, 2, 7, 0, 0, 0, time.UTC), nil) // a Monday
	if !open || !next.Equal(time.Date(2026, 3, 4, 6, 0, 0, 0, time.UTC)) {
		t.Errorf("open %v until %v", open, next)
	}
	if f := (firmware.Window{Start: -1, End: 24 * 60, Days: 1}).Faults(); len(f) != 2 {
		t.Errorf("%v", f)
	}
}
