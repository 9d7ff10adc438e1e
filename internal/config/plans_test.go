package config_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/config"
	"linecard/internal/config/configtest"
	"linecard/internal/db"
	"linecard/internal/device"
	"linecard/internal/device/devicetest"
	"linecard/internal/errs"
	"linecard/internal/phone"
	"linecard/internal/profile"
	"linecard/internal/queue"
)

// desk is a fixture with somebody who makes plans.
type desk struct {
	*fixture
	plans *config.Plans
	at    profile.Place
	queue *queue.Queue
}

func eachDesk(t *testing.T, test func(t *testing.T, d *desk)) {
	t.Helper()
	each(t, func(t *testing.T, f *fixture) {
		d := &desk{fixture: f, plans: configtest.Plans(f.World, f.config), at: profile.AtCustomer(f.Acme.ID), queue: queue.New(f.DB, queue.Options{Node: "test"})}
		d.plans.Register(d.queue)
		test(t, d)
	})
}

func (d *desk) profile(t *testing.T, at profile.Place, name, attributes string) profile.Profile {
	t.Helper()
	n := profile.New{Name: name, Mode: profile.ModePoly}
	for _, f := range strings.Fields(attributes) {
		k, v, _ := strings.Cut(f, "=")
		n.Attributes = append(n.Attributes, profile.Attribute{Name: k, Value: v})
	}
	p, _, err := d.Profiles.Create(ctx, devicetest.System, at, n)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (d *desk) put(t *testing.T, at profile.Place, kind profile.Kind, key string, ids ...string) {
	t.Helper()
	if _, err := d.Profiles.SetContainer(ctx, devicetest.System, at, kind, key, ids, 0); err != nil {
		t.Fatal(err)
	}
}

func (d *desk) plan(t *testing.T, a config.Asked) config.Plan {
	t.Helper()
	p, err := d.plans.Make(ctx, devicetest.System, d.at, a)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (d *desk) apply(t *testing.T, id string, g config.Go) config.Plan {
	t.Helper()
	p, err := d.plans.Apply(ctx, devicetest.System, d.at, id, g)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// files gives all files of a phone of Acme as it would get them now.
func (d *desk) files(t *testing.T, mac string) string {
	t.Helper()
	var out strings.Builder
	for _, name := range []string{mac + ".cfg", mac + "-linecard.cfg"} {
		f, err := d.ask(t, "acme", mac, name)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(f.Body)
	}
	return out.String()
}

func set(name, value string) map[string]*string { return map[string]*string{name: &value} }

const parameters = mac + "-linecard.cfg"

func TestAPlanChangesNothingUntilItIsAppliedAndUndoGivesTheSameBytesBack(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		other := d.Phone(t, d.Acme.ID, "64167f0a0b0d")
		p := d.profile(t, d.at, "Tones", "foo.bar=1 foo.keep=2")
		d.put(t, d.at, profile.Global, "-", p.ID)
		mine := d.profile(t, d.at, "Mine", "foo.bar=7")
		d.put(t, d.at, profile.OfOneDevice, other.ID, mine.ID)
		before := d.files(t, mac)

		change := set("foo.bar", "5")
		change["foo.keep"] = nil
		plan := d.plan(t, config.Asked{Kind: config.ProfileUpdate, ProfileID: p.ID, Attributes: change})
		if plan.State != config.Ready || plan.Looked != 2 || plan.Affected != 2 || plan.Summary.Distinct != 2 || plan.Summary.ByCustomer[0].Devices != 2 {
			t.Fatalf("%+v", plan)
		}
		if got := d.files(t, mac); got != before {
			t.Fatal("a plan changed what the phone gets")
		}
		shown, _, err := d.plans.Files(ctx, devicetest.System, d.at, plan.ID, db.Page{Limit: 10})
		if err != nil || len(shown) != 2 {
			t.Fatalf("%+v, %v", shown, err)
		}
		i := slices.IndexFunc(shown, func(f config.PlanFile) bool { return f.DeviceID == d.device.ID })
		for _, line := range []string{`-  foo.bar="1"`, `+  foo.bar="5"`, `-  foo.keep="2"`} {
			if !strings.Contains(shown[i].Diff, line) {
				t.Errorf("the plan does not show %s:\n%s", line, shown[i].Diff)
			}
		}
		// What is overruled for the other phone is no difference there (DM-166): only the second attribute is.
		if strings.Contains(shown[1-i].Diff, "-  foo.bar") || !strings.Contains(shown[1-i].Diff, "foo.keep") {
			t.Errorf("%s", shown[1-i].Diff)
		}

		d.apply(t, plan.ID, config.Go{})
		if got := d.files(t, mac); !strings.Contains(got, `foo.bar="5"`) || strings.Contains(got, "foo.keep") {
			t.Errorf("applied: %s", got)
		}
		done, err := d.plans.Undo(ctx, devicetest.System, d.at, plan.ID, 0)
		if err != nil || done.State != config.Undone {
			t.Fatalf("%+v, %v", done, err)
		}
		if got := d.files(t, mac); got != before {
			t.Errorf("undone, but:\n%s\nis not\n%s", got, before)
		}
		if _, err := d.plans.Undo(ctx, devicetest.System, d.at, plan.ID, 0); errs.CodeOf(err) != "plan_state" {
			t.Errorf("undone twice: %v", err)
		}
	})
}

func TestAPlanIsRefusedWhenSomethingHasMoved(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		p := d.profile(t, d.at, "Tones", "foo.bar=1")
		d.put(t, d.at, profile.Global, "-", p.ID)
		refused := func(what string, err error) {
			t.Helper()
			if errs.CodeOf(err) != "plan_outdated" || errs.KindOf(err) != errs.Conflict {
				t.Errorf("%s: %v", what, err)
			}
		}
		plan := d.plan(t, config.Asked{Kind: config.ProfileUpdate, ProfileID: p.ID, Attributes: set("foo.bar", "2")})
		if _, _, err := d.Profiles.Edit(ctx, devicetest.System, d.at, p.ID, profile.Patch{Set: []profile.Attribute{{Name: "foo.other", Value: "9"}}}); err != nil {
			t.Fatal(err)
		}
		_, err := d.plans.Apply(ctx, devicetest.System, d.at, plan.ID, config.Go{})
		refused("a profile", err)
		_, _, err = d.plans.Files(ctx, devicetest.System, d.at, plan.ID, db.Page{})
		refused("its files", err)

		// A phone that came since is not among those that were shown.
		plan = d.plan(t, config.Asked{Kind: config.ProfileUpdate, ProfileID: p.ID, Attributes: set("foo.bar", "2")})
		d.Phone(t, d.Acme.ID, "64167f0a0b0e")
		_, err = d.plans.Apply(ctx, devicetest.System, d.at, plan.ID, config.Go{})
		refused("a new phone", err)

		plan = d.plan(t, config.Asked{Kind: config.ProfileUpdate, ProfileID: p.ID, Attributes: set("foo.bar", "3")})
		d.apply(t, plan.ID, config.Go{})
		if _, _, err := d.Profiles.Edit(ctx, devicetest.System, d.at, p.ID, profile.Patch{Drop: []string{"foo.other"}}); err != nil {
			t.Fatal(err)
		}
		_, err = d.plans.Undo(ctx, devicetest.System, d.at, plan.ID, 0)
		refused("undo", err)
	})
}

func TestSomePhonesTryAChangeFirst(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		const second = "64167f0a0b0d"
		d.Phone(t, d.Acme.ID, second)
		p := d.profile(t, d.at, "Tones", "foo.bar=1")
		d.put(t, d.at, profile.Global, "-", p.ID)
		before, beforeSecond := d.files(t, mac), d.files(t, second)
		plan := d.plan(t, config.Asked{Kind: config.ProfileUpdate, ProfileID: p.ID, Attributes: set("foo.bar", "2")})
		if _, err := d.plans.Apply(ctx, devicetest.System, d.at, plan.ID, config.Go{DeviceIDs: []string{db.NewID()}}); errs.KindOf(err) != errs.Invalid {
			t.Errorf("a foreign phone on trial: %v", err)
		}
		if staged := d.apply(t, plan.ID, config.Go{DeviceIDs: []string{d.device.ID}}); staged.State != config.Staged {
			t.Fatalf("%+v", staged)
		}
		if got := d.files(t, mac); !strings.Contains(got, `foo.bar="2"`) {
			t.Error("the phone on trial does not have the change")
		}
		if d.files(t, second) != beforeSecond {
			t.Error("another phone has the change")
		}
		// Another plan cannot take the same phone.
		rival := d.plan(t, config.Asked{Kind: config.ProfileUpdate, ProfileID: p.ID, Attributes: set("foo.bar", "3")})
		if _, err := d.plans.Apply(ctx, devicetest.System, d.at, rival.ID, config.Go{DeviceIDs: []string{d.device.ID}}); errs.CodeOf(err) != "device_in_trial" {
			t.Errorf("two trials: %v", err)
		}
		if got, err := d.plans.Undo(ctx, devicetest.System, d.at, plan.ID, 0); err != nil || got.State != config.Withdrawn {
			t.Fatalf("%+v, %v", got, err)
		}
		if d.files(t, mac) != before {
			t.Error("the trial is over, but not for the phone")
		}
		d.apply(t, rival.ID, config.Go{DeviceIDs: []string{d.device.ID}})
		if done := d.apply(t, rival.ID, config.Go{}); done.State != config.Applied {
			t.Fatalf("%+v", done)
		}
		if !strings.Contains(d.files(t, mac), `foo.bar="3"`) || !strings.Contains(d.files(t, second), `foo.bar="3"`) {
			t.Error("promoted, but not for all")
		}
		var left int
		if err := d.DB.Get(ctx, &left, `SELECT COUNT(*) FROM config_overlays`); err != nil || left != 0 {
			t.Errorf("%d phones are still on trial, %v", left, err)
		}
	})
}

func TestAPlanCanWaitForItsNight(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		p := d.profile(t, d.at, "Tones", "foo.bar=1")
		d.put(t, d.at, profile.Global, "-", p.ID)
		before := d.files(t, mac)
		plan := d.plan(t, config.Asked{Kind: config.ProfileUpdate, ProfileID: p.ID, Attributes: set("foo.bar", "2")})
		now := d.clock.Now()
		from := now.Add(3 * time.Hour)
		w := &config.Window{}
		w.Start = minutes(from.Add(time.Hour))
		w.End = minutes(from.Add(2 * time.Hour))
		waiting := d.apply(t, plan.ID, config.Go{NotBefore: from, Window: w})
		if waiting.State != config.Scheduled || waiting.NotBefore.Before(from.Add(30*time.Minute)) || waiting.NotBefore.After(from.Add(2*time.Hour)) {
			t.Fatalf("%+v at %v", waiting, now)
		}
		drain := func() {
			t.Helper()
			if _, err := d.queue.Drain(ctx); err != nil {
				t.Fatal(err)
			}
		}
		drain()
		if d.files(t, mac) != before {
			t.Fatal("too early")
		}
		d.clock.Advance(waiting.NotBefore.Sub(now))
		drain()
		if got := d.files(t, mac); !strings.Contains(got, `foo.bar="2"`) {
			t.Error("its time has come, but nothing happened")
		}
		if got, err := d.plans.Get(ctx, devicetest.System, d.at, plan.ID); err != nil || got.State != config.Applied {
			t.Errorf("%+v, %v", got, err)
		}
		// One that is taken back before its time never happens.
		plan = d.plan(t, config.Asked{Kind: config.ProfileUpdate, ProfileID: p.ID, Attributes: set("foo.bar", "3")})
		d.apply(t, plan.ID, config.Go{NotBefore: d.clock.Now().Add(time.Hour)})
		if _, err := d.plans.Undo(ctx, devicetest.System, d.at, plan.ID, 0); err != nil {
			t.Fatal(err)
		}
		d.clock.Advance(2 * time.Hour)
		drain()
		if !strings.Contains(d.files(t, mac), `foo.bar="2"`) {
			t.Error("a plan that was taken back happened")
		}
		// One that is outdated when its time comes fails and says so.
		plan = d.plan(t, config.Asked{Kind: config.ProfileUpdate, ProfileID: p.ID, Attributes: set("foo.bar", "4")})
		d.apply(t, plan.ID, config.Go{NotBefore: d.clock.Now().Add(time.Hour)})
		d.put(t, d.at, profile.OfModel, "VVX450", p.ID)
		d.clock.Advance(2 * time.Hour)
		drain()
		if got, _ := d.plans.Get(ctx, devicetest.System, d.at, plan.ID); got.State != config.Failed || got.Fault.Code != "plan_outdated" {
			t.Errorf("%+v", got)
		}
	})
}

func TestAPlanAboveCustomersCountsTheirPhones(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		d.Phone(t, d.Globex.ID, "64167f0a0c01")
		d.Phone(t, d.Globex.ID, "64167f0a0c02")
		partner := profile.AtPartner(d.Partner.ID)
		p := d.profile(t, partner, "Ours", "foo.bar=1")
		plan, err := d.plans.Make(ctx, devicetest.System, partner, config.Asked{Kind: config.ContainerSet, Container: profile.Defaults, Key: "-", ProfileIDs: []string{p.ID}})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range plan.Summary.ByCustomer {
			got = append(got, fmt.Sprint(c.Name, " ", c.Devices))
		}
		if slices.Sort(got); fmt.Sprint(got) != "[acme 1 globex 2]" || plan.Affected != 3 || plan.Summary.Distinct != 1 || plan.Summary.Samples[0].Devices != 3 {
			t.Errorf("%v %+v", got, plan)
		}
		if plan, err = d.plans.Apply(ctx, devicetest.System, partner, plan.ID, config.Go{}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(d.files(t, mac), `foo.bar="1"`) {
			t.Error("a default of the partner does not reach the phone")
		}
		// Customers see neither the plan nor that there is one.
		if _, err := d.plans.Get(ctx, devicetest.Admin(d.Acme), partner, plan.ID); errs.KindOf(err) != errs.NotFound {
			t.Errorf("a customer's administrator sees it: %v", err)
		}
		if _, err := d.plans.Get(ctx, devicetest.Admin(d.Acme), d.at, plan.ID); errs.KindOf(err) != errs.NotFound {
			t.Errorf("a customer's administrator sees it: %v", err)
		}
		if _, err := d.plans.Undo(ctx, devicetest.System, partner, plan.ID, 0); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(d.files(t, mac), "foo.bar") {
			t.Error("undone, but the phone still gets it")
		}
	})
}

func TestGroupsSitesAndDevicesArePlannedToo(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		g, err := d.Devices.CreateGroup(ctx, devicetest.System, d.Acme.ID, device.NewGroup{Name: "Sales"})
		if err != nil {
			t.Fatal(err)
		}
		p := d.profile(t, d.at, "SalesTones", "foo.bar=sales")
		d.put(t, d.at, profile.OfGroup, g.ID, p.ID)
		before := d.files(t, mac)
		plan := d.plan(t, config.Asked{Kind: config.GroupSet, GroupID: g.ID, DeviceIDs: []string{d.device.ID}})
		if plan.Affected != 1 || !strings.Contains(plan.Summary.Samples[0].Diff, `+  foo.bar="sales"`) {
			t.Errorf("%+v", plan)
		}
		d.apply(t, plan.ID, config.Go{})
		if !strings.Contains(d.files(t, mac), `foo.bar="sales"`) {
			t.Error("the phone is not in the group")
		}
		if _, err := d.plans.Undo(ctx, devicetest.System, d.at, plan.ID, 0); err != nil {
			t.Fatal(err)
		}
		if d.files(t, mac) != before {
			t.Error("undone, but not the same")
		}

		m := d.profile(t, d.at, "Big", "foo.model=450")
		d.put(t, d.at, profile.OfModel, "VVX 450", m.ID)
		model := "VVX450"
		plan = d.plan(t, config.Asked{Kind: config.DeviceUpdate, DeviceID: d.device.ID, Model: &model})
		if plan.Affected != 1 {
			t.Errorf("%+v", plan)
		}
		d.apply(t, plan.ID, config.Go{})
		if !strings.Contains(d.files(t, mac), `foo.model="450"`) {
			t.Error("the model does not count")
		}
		if _, err := d.plans.Undo(ctx, devicetest.System, d.at, plan.ID, 0); err != nil {
			t.Fatal(err)
		}
	})
}

func TestSecretsAreMaskedInWhatPlansAndViewsShow(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		const old, fresh = "0ld-S3cret-Of-Line", "Fr3sh-S3cret-Of-Line"
		p := d.profile(t, d.at, "Lines", "reg.1.auth.password="+old+" prov.x=https://u:"+old+"@h/")
		d.put(t, d.at, profile.Global, "-", p.ID)
		plan := d.plan(t, config.Asked{Kind: config.ProfileUpdate, ProfileID: p.ID, Attributes: set("reg.1.auth.password", fresh)})
		shown, _, err := d.plans.Files(ctx, devicetest.System, d.at, plan.ID, db.Page{})
		if err != nil {
			t.Fatal(err)
		}
		effective, err := d.plans.Effective(ctx, devicetest.System, d.Acme.ID, d.device.ID)
		if err != nil {
			t.Fatal(err)
		}
		rendered, err := d.plans.Rendered(ctx, devicetest.System, d.Acme.ID, d.device.ID, parameters)
		if err != nil {
			t.Fatal(err)
		}
		all := fmt.Sprintf("%+v %+v %+v %s", plan, shown, effective, rendered.Body)
		if strings.Contains(all, old) || strings.Contains(all, fresh) {
			t.Errorf("a secret is shown: %s", all)
		}
		if !strings.Contains(shown[0].Diff, "(changed)") {
			t.Errorf("that it changes is not shown: %s", shown[0].Diff)
		}
		if _, err := d.plans.Reveal(ctx, access.Actor{Tenant: d.Acme.Access(), Kind: access.Person, ID: "x", Roles: []access.Role{access.CustomerSupport}}, d.Acme.ID, d.device.ID, parameters); err == nil {
			t.Error("a help desk sees secrets")
		}
		f, err := d.plans.Reveal(ctx, devicetest.System, d.Acme.ID, d.device.ID, parameters)
		if err != nil || !strings.Contains(string(f.Body), old) {
			t.Errorf("%v", err)
		}
		var rows []string
		if err := d.DB.Select(ctx, &rows, `SELECT CAST(change AS TEXT) FROM config_plans`); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(strings.Join(rows, ""), fresh) {
			t.Error("the plan's row holds the password in clear")
		}
	})
}

// asks notes that a phone fetched its master file so many times, a minute between.
func (d *desk) asks(t *testing.T, id string, times int) {
	t.Helper()
	for range times {
		d.clock.Advance(time.Minute)
		batch := map[string][]device.Asked{id: {{At: d.clock.Now(), Method: "GET", File: mac + ".cfg", Status: 200}}}
		if err := d.Devices.Note(ctx, batch); err != nil {
			t.Fatal(err)
		}
	}
}

func (d *desk) watch(t *testing.T) {
	t.Helper()
	d.clock.Advance(2 * time.Minute)
	if _, err := d.queue.Drain(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestAChangeThatPhonesDoNotStandIsStopped(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		p := d.profile(t, d.at, "Tones", "foo.bar=1")
		d.put(t, d.at, profile.Global, "-", p.ID)
		before := d.files(t, mac)
		plan := d.plan(t, config.Asked{Kind: config.ProfileUpdate, ProfileID: p.ID, Attributes: set("foo.bar", "2")})
		d.asks(t, d.device.ID, 5) // what it did before does not count
		d.apply(t, plan.ID, config.Go{DeviceIDs: []string{d.device.ID}})
		d.asks(t, d.device.ID, 2)
		d.watch(t)
		if got, err := d.plans.Get(ctx, devicetest.System, d.at, plan.ID); err != nil || got.State != config.Staged {
			t.Fatalf("a phone that starts twice is well: %+v, %v", got, err)
		}
		d.asks(t, d.device.ID, 3)
		d.watch(t)
		got, err := d.plans.Get(ctx, devicetest.System, d.at, plan.ID)
		if err != nil || got.State != config.Withdrawn || got.Fault.Code != "phones_unwell" {
			t.Errorf("%+v, %v", got, err)
		}
		if d.files(t, mac) != before {
			t.Error("stopped, but the phone still gets the change")
		}

		// What all phones have is taken back when several are ill.
		ids := []string{d.device.ID}
		for n := range 9 {
			ids = append(ids, d.Phone(t, d.Acme.ID, fmt.Sprintf("64167f0a0d%02x", n)).ID)
		}
		plan = d.plan(t, config.Asked{Kind: config.ProfileUpdate, ProfileID: p.ID, Attributes: set("foo.bar", "3")})
		d.apply(t, plan.ID, config.Go{})
		d.asks(t, ids[0], 4)
		d.watch(t)
		if got, _ := d.plans.Get(ctx, devicetest.System, d.at, plan.ID); got.State != config.Applied {
			t.Fatalf("one ill phone of ten: %+v", got)
		}
		d.asks(t, ids[1], 4)
		d.asks(t, ids[2], 4)
		d.watch(t)
		if got, _ := d.plans.Get(ctx, devicetest.System, d.at, plan.ID); got.State != config.Undone || got.Fault.Code != "phones_unwell" {
			t.Errorf("%+v", got)
		}
		if d.files(t, mac) != before {
			t.Error("taken back, but not for the phone")
		}
		var told int
		if err := d.DB.Get(ctx, &told, `SELECT COUNT(*) FROM journal_entries WHERE type = 'plan.stopped'`); err != nil || told != 2 {
			t.Errorf("told %d times, %v", told, err)
		}
	})
}

func minutes(t time.Time) phone.TimeOfDay {
	return phone.TimeOfDay(t.UTC().Hour()*60 + t.UTC().Minute())
}
