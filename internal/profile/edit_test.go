package profile_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/errs"
	"linecard/internal/phone"
	"linecard/internal/profile"
	"linecard/internal/revision"
	"linecard/internal/tenant"
)

// DM-29 (table 5.1), DM-31, DM-32, DM-141, DM-142, DM-260.
func TestNamesOfProfilesAreHeldToTheRules(t *testing.T) {
	each(t, func(t *testing.T, w *world, _ *dbtest.Clock) {
		for name, want := range map[string]string{
			"SoundPoint-EA4E1": "", "Room#4.(a)[2]_x": "", "Site A-1": "", "Reg-1_(HQ)": "", " trimmed ": "", "template": "", "x-TEMPLATE-1": "",
			"a&b": "name:profile_name_characters", "a,b": "name:profile_name_characters", "a+b": "name:profile_name_characters", "a@b": "name:profile_name_characters",
			"Müller": "name:profile_name_characters", "日本": "name:profile_name_characters", "a  b": "name:profile_name_characters", "": "name:required", strings.Repeat("x", 129): "name:too_long",
			"/": "name:file_name_characters", `\`: "name:file_name_characters", ":": "name:file_name_characters", "*": "name:file_name_characters", "?": "name:file_name_characters",
			`"`: "name:file_name_characters", "<": "name:file_name_characters", ">": "name:file_name_characters", "|": "name:file_name_characters",
			"0004f24fd08e_csv_profile": "name:reserved_profile_name", "8218404C20CCF9_CSV_profile": "name:reserved_profile_name",
			"My-TEMPLATE": "name:template_name", "My-template": "name:template_name",
		} {
			p, _, err := w.Create(ctx, admin(w.c), at(w.c), profile.New{Name: name, Mode: "poly"})
			code(t, name, err, want)
			if err == nil && p.Name != strings.TrimSpace(name) {
				t.Errorf("%q became %q", name, p.Name)
			}
		}
		first := w.make(w.c, "abc")
		again := func(t tenant.Tenant, name string) error {
			_, _, err := w.Create(ctx, admin(t), at(t), profile.New{Name: name, Mode: "poly"})
			return err
		}
		code(t, "the same in capitals", again(w.c, "ABC"), "name_taken")
		code(t, "in another tenant", again(w.d, "ABC"), "")
		code(t, "of the platform", again(w.c, "vvx BASICS"), "name_taken")
		other := w.make(w.c, "other")
		name := "Abc"
		_, _, err := w.Edit(ctx, admin(w.c), at(w.c), other.ID, profile.Patch{Name: &name})
		code(t, "renamed to one in use", err, "name_taken")
		_, _, err = w.Edit(ctx, admin(w.c), at(w.c), first.ID, profile.Patch{Name: &name})
		code(t, "another case of its own name", err, "")
		_, _, err = w.Create(ctx, admin(w.c), at(w.c), profile.New{Name: "M", Mode: "cisco"})
		code(t, "a mode without a maker", err, "mode:unknown_value")

		// A name of the platform never takes a user's away (DM-32).
		p := w.make(w.operator, "abc")
		if p.Type != profile.Platform || p.Name != "abc (platform)" {
			t.Errorf("%s %q", p.Type, p.Name)
		}
		code(t, "the operator's own twice", again(w.operator, "ABC (platform)"), "name_taken")
		if _, ok := w.named(w.cq, "abc (platform)"); !ok {
			t.Error("a profile of the operator is not in all tenants")
		}
		code(t, "a template of the operator", again(w.operator, "Own-Template"), "")
	})
}

// DM-145, DM-146, DM-149, DM-164, DM-109, DM-114: what people write, whichever way.
func TestAttributesAreSpeltValidatedAndTheLatestEditWins(t *testing.T) {
	each(t, func(t *testing.T, w *world, _ *dbtest.Clock) {
		me, here := admin(w.c), at(w.c)
		p, findings, err := w.Create(ctx, me, here, profile.New{Name: "P", Mode: "poly", Attributes: attrs("REG.1.displayname=Jon", "Foo.Bar=1", "foo.bar=2", "reg.1.displayName=Lobby")})
		w.ok(err)
		if flat(p) != "Foo.Bar=1 foo.bar=2 reg.1.displayName=Lobby" {
			t.Error(flat(p))
		}
		if len(findings) != 2 || findings[0].Code != "unknown_attribute" || !findings[0].Remark {
			t.Errorf("%+v", findings)
		}
		edit := func(c profile.Patch) (profile.Profile, error) {
			out, _, err := w.Edit(ctx, me, here, p.ID, c)
			return out, err
		}
		for _, x := range []struct{ attribute, want string }{
			{"call.autoAnswer.SIP=2", "attributes.call.autoAnswer.SIP:value_not_allowed"}, {"CALL.autoanswer.sip=1", ""},
			{"up.lineKeyMax=35", "attributes.up.lineKeyMax:value_out_of_range"}, {"up.lineKeyMax=x", "attributes.up.lineKeyMax:value_not_integer"},
			{"up.lineKeyMax=34", ""}, {"up.lineKeyMax=${lines}", ""}, {"call.autoAnswer.SIP=", ""}, {"=1", "attributes.:bad_attribute_name"}, {"a b=1", "attributes.a b:bad_attribute_name"},
			{`a"b=1`, `attributes.a"b:bad_attribute_name`}, {"a<b=1", "attributes.a<b:bad_attribute_name"}, {"a&b=1", "attributes.a&b:bad_attribute_name"},
			{"x=a\nb", "attributes.x:bad_parameter_value"}, {"x=a\x00b", "attributes.x:bad_attribute_text"}, {"x=\xff", "attributes.x:bad_attribute_text"},
			{"x=" + strings.Repeat("v", 16385), "attributes.x:value_too_long"}, {"x=" + profile.Mask, "attributes.x:masked_value"},
			{"device.auth.localAdminPassword=456", "attributes.device.auth.localAdminPassword:factory_password"},
			{"admin.password=factory", "attributes.admin.password:factory_password"}, {"static.security.user_password=admin:456", "attributes.static.security.user_password:factory_password"},
			{"device.auth.localAdminPassword=4567", ""}, {"x=456", ""},
		} {
			_, err := edit(profile.Patch{Set: attrs(x.attribute)})
			code(t, x.attribute, err, x.want)
		}
		// A dictionary alone refuses only while people type: files and other lenient ways report (DM-109).
		out, findings, err := w.Edit(ctx, me, here, p.ID, profile.Patch{Set: attrs("call.autoAnswer.SIP=7"), Lenient: true})
		if v, _ := out.Get("call.autoAnswer.SIP"); err != nil || v.Value != "7" || len(findings) != 1 || findings[0].Code != "value_not_allowed" || findings[0].Remark {
			t.Errorf("%v %+v %v", v, findings, err)
		}
		_, err = edit(profile.Patch{Set: attrs("call.autoAnswer.SIP=7", "y=1")})
		code(t, "what stood there already is no new fault", err, "")

		// By hand, pasted, by hand again (DM-148, DM-149).
		out, _, err = w.Edit(ctx, me, here, p.ID, profile.Patch{Set: attrs("call.autoAnswer.SIP=1"), Replace: true})
		w.ok(err)
		out, _, taken, err := w.Paste(ctx, me, here, p.ID, `<x call.autoAnswer.SIP="0" foo="1"><y CALL.AUTOANSWER.SIP="1"/></x>`, 0)
		w.ok(err)
		if flat(out) != "call.autoAnswer.SIP=1 foo=1" || taken.Unknown != 1 {
			t.Errorf("%s %+v", flat(out), taken)
		}
		out, err = edit(profile.Patch{Set: attrs("call.autoAnswer.SIP=0"), Drop: []string{"FOO", "foo", "absent"}})
		if err != nil || flat(out) != "call.autoAnswer.SIP=0" {
			t.Error(flat(out), err)
		}
		var many []profile.Attribute
		for i := range profile.MaxAttributes + 1 {
			many = append(many, profile.Attribute{Name: "n" + strings.Repeat("x", i%200) + "." + string(rune('a'+i%26)) + strings.Repeat("y", i/200)})
		}
		_, err = edit(profile.Patch{Set: many, Replace: true})
		code(t, "too many", err, "attributes:profile_too_large")
	})
}

// DM-147: a file of attributes; DM-114 by this way too.
func TestAFileBringsAllItsAttributesOrNone(t *testing.T) {
	each(t, func(t *testing.T, w *world, _ *dbtest.Clock) {
		me, here := admin(w.c), at(w.c)
		p := w.make(w.c, "P", "up.lineKeyMax=5")
		in := func(name, text string) (profile.Profile, profile.Taken, error) {
			out, _, taken, err := w.ImportFile(ctx, me, here, p.ID, name, []byte(text), 0)
			return out, taken, err
		}
		out, taken, err := in("a.CFG", `<a call.autoAnswer.SIP="1" reg.1.displayname="x" up.lineKeyMax="99"><b foo.bar="1"/></a>`)
		w.ok(err)
		if taken != (profile.Taken{Attributes: 4, Unknown: 1}) || flat(out) != "call.autoAnswer.SIP=1 foo.bar=1 reg.1.displayName=x up.lineKeyMax=99" {
			t.Errorf("%+v %s", taken, flat(out))
		}
		for name, x := range map[string][2]string{
			"broken.xml": {"<a\n\nx='1'><b></a>", "settings_broken"}, "dtd.xml": {`<!DOCTYPE a [<!ENTITY x "y">]><a y="1"/>`, "settings_broken"}, "a.txt": {"<a x='1'/>", "attributes_file_type"},
			"empty.cfg": {"<a/>", "attributes_file_empty"}, "large.cfg": {strings.Repeat("x", profile.MaxFile+1), "attributes_file_too_large"},
			"factory.cfg": {`<a fine="1" device.auth.localAdminPassword="456"/>`, "attributes.device.auth.localAdminPassword:factory_password"},
			"mode.xml":    {`<linecard-profile mode="yealink" name="x"><attribute name="a" value="1"/></linecard-profile>`, "attributes_file_mode"},
			"own.xml":     {"<linecard-profile mode=\"poly\" name=\"x\">\n<attribute name=\"a\" value=\"1\"/>\n<odd/></linecard-profile>", "attributes_file_broken"},
		} {
			_, _, err := in(name, x[0])
			code(t, name, err, x[1])
			switch name {
			case "broken.xml":
				if errs.As(err).Params["line"] != "3" {
					t.Errorf("the fault names line %s", errs.As(err).Params["line"])
				}
			case "own.xml":
				if errs.As(err).Params["line"] != "3" {
					t.Errorf("the fault names line %s", errs.As(err).Params["line"])
				}
			}
		}
		if now := w.clear(p); flat(now) != flat(out) {
			t.Errorf("a refused file left %s", flat(now))
		}
	})
}

// DM-151, DM-152, DM-153: If-Match, copies, and what a deletion ends.
func TestAProfileIsChangedCopiedAndDeleted(t *testing.T) {
	each(t, func(t *testing.T, w *world, clock *dbtest.Clock) {
		me, here := admin(w.c), at(w.c)
		w.holders["site/s1"] = w.c.ID
		p := w.make(w.c, "Mine", "x=1")
		text := "words"
		out, _, err := w.Edit(ctx, me, here, p.ID, profile.Patch{Description: &text, Set: attrs("x=2", "y=3"), IfVersion: 1})
		w.ok(err)
		if out.Version != 2 || out.Description != text || flat(out) != "x=2 y=3" {
			t.Errorf("%+v", out)
		}
		same, _, err := w.Edit(ctx, me, here, p.ID, profile.Patch{Description: &text})
		if err != nil || same.Version != 2 {
			t.Errorf("no change made version %d, %v", same.Version, err)
		}
		_, _, err = w.Edit(ctx, me, here, p.ID, profile.Patch{Description: &text, IfVersion: 1})
		code(t, "stale", err, "stale")
		code(t, "stale delete", w.Delete(ctx, me, here, p.ID, 1), "stale")

		for _, name := range []string{"Mine-copy", "Mine-copy2"} {
			c, _, err := w.Copy(ctx, me, here, p.ID, profile.Twin{})
			if err != nil || c.Name != name || flat(c) != "x=2 y=3" || c.Type != profile.User || c.ID == p.ID {
				t.Errorf("%+v %v", c, err)
			}
		}
		template, _ := w.named(w.c, "AdminPassword-Change-Template")
		c, _, err := w.Copy(ctx, me, here, template.ID, profile.Twin{})
		w.ok(err)
		if c.Name != "AdminPassword-Change-copy" || c.TenantID != w.c.ID || w.put(w.c, profile.Global, "-", c) != nil {
			t.Errorf("%+v", c)
		}
		w.ok(w.put(w.c, profile.Global, "-", c, p))
		w.ok(w.put(w.c, profile.OfModel, "VVX 500", p))
		w.ok(w.put(w.c, profile.OfSite, "s1", p))
		uses, total, err := w.Usage(ctx, me, here, p.ID)
		if err != nil || total != 3 || len(uses) != 3 {
			t.Fatal(uses, total, err)
		}
		before, err := w.Container(ctx, me, here, profile.Global, "-")
		w.ok(err)
		w.ok(w.Delete(ctx, me, here, p.ID, 2))
		for k, want := range map[profile.ContainerKey]int{{Kind: profile.Global, Key: "-"}: 1, {Kind: profile.OfModel, Key: "vvx500"}: 0, {Kind: profile.OfSite, Key: "s1"}: 0} {
			got, err := w.Container(ctx, me, here, k.Kind, k.Key)
			if err != nil || len(got.ProfileIDs) != want || k.Kind == profile.Global && got.Version != before.Version+1 {
				t.Errorf("%v: %+v %v", k, got, err)
			}
		}
		_, err = w.Get(ctx, me, here, p.ID)
		code(t, "after the deletion", err, "not_found")
		if told := w.told(p.ID); !strings.Contains(told, "profile/create") || !strings.Contains(told, `profile/edit {"dropped":[],"fields":["attributes","description"]`) ||
			!strings.Contains(told, "global/-") || strings.Contains(told, "words") {
			t.Errorf("the log says\n%s", told)
		}
	})
}

// DM-157, decision 16: secrets are sealed, masked, kept when masked, revealed with a log row, and never a provider's.
func TestSecretsAreSealedMaskedAndRevealedByTheirOwnerAlone(t *testing.T) {
	each(t, func(t *testing.T, w *world, _ *dbtest.Clock) {
		me, here := admin(w.c), at(w.c)
		const word = "Geheim-4711"
		p := w.make(w.c, "P", "reg.1.auth.password="+word, "log=ftp://user:"+word+"@1.2.3.4/x", "open=1")
		if got := flat(p); got != "log="+profile.Mask+" open=1 reg.1.auth.password="+profile.Mask {
			t.Fatal(got)
		}
		var rows []string
		w.ok(w.db.Select(ctx, &rows, `SELECT attributes || name || search_fold FROM profile_profiles UNION ALL SELECT data || target_name FROM journal_entries`))
		if strings.Contains(strings.Join(rows, " "), word) {
			t.Error("a secret stands in the database in clear")
		}
		for _, role := range []access.Role{access.CustomerReadonlyAdmin, access.Helpdesk, access.CustomerSupport, access.CustomerDeviceAdmin} {
			who := as(w.c, role)
			got, err := w.Get(ctx, who, here, p.ID)
			w.ok(err)
			l, err := w.List(ctx, who, here, profile.Query{})
			w.ok(err)
			for _, x := range append(l.Items, got) {
				if strings.Contains(flat(x), word) {
					t.Errorf("%s sees %s", role, flat(x))
				}
			}
			if role != access.CustomerDeviceAdmin {
				_, err := w.Reveal(ctx, who, here, p.ID)
				code(t, string(role)+" reveals", err, "forbidden")
				_, err = w.Export(ctx, who, here, p.ID, false)
				code(t, string(role)+" exports", err, "forbidden")
			}
		}
		out, _, err := w.Edit(ctx, me, here, p.ID, profile.Patch{Set: attrs("REG.1.auth.password="+profile.Mask, "open=2"), Replace: true})
		w.ok(err)
		if got := flat(w.clear(out)); got != "open=2 reg.1.auth.password="+word {
			t.Errorf("a masked value sent back: %s", got)
		}
		secrets, err := w.Reveal(ctx, me, here, p.ID)
		if err != nil || len(secrets) != 1 || secrets["reg.1.auth.password"] != word || !strings.Contains(w.told(p.ID), "profile/reveal") {
			t.Errorf("%v %v\n%s", secrets, err, w.told(p.ID))
		}

		provider := w.make(w.p, "Of P", "reg.1.auth.password="+word, "open=1")
		_, err = w.Reveal(ctx, me, here, provider.ID)
		code(t, "a customer reveals its provider's", err, "provider_profile")
		copied, findings, err := w.Copy(ctx, me, here, provider.ID, profile.Twin{})
		if err != nil || flat(w.clear(copied)) != "open=1" || len(findings) == 0 || findings[0].Code != "left_out" {
			t.Errorf("%s %+v %v", flat(w.clear(copied)), findings, err)
		}
		own, _, err := w.Copy(ctx, admin(w.p), at(w.p), provider.ID, profile.Twin{})
		if err != nil || flat(w.clear(own)) != "open=1 reg.1.auth.password="+word {
			t.Errorf("%s %v", flat(w.clear(own)), err)
		}

		w.ok(w.box.Rotate())
		if n, err := w.Reseal(ctx); err != nil || n != 4 { // the template of the library is the fourth
			t.Errorf("%d were sealed anew, %v", n, err)
		}
		if n, err := w.Reseal(ctx); err != nil || n != 0 {
			t.Errorf("%d were sealed anew again, %v", n, err)
		}
		if flat(w.clear(own)) != "open=1 reg.1.auth.password="+word {
			t.Error("not to be read with the new key")
		}
	})
}

// DM-144, DM-156, DM-138: software that a profile selects, and the dictionary packed in it.
func TestAProfileSelectsSoftwareOfItsModeAndSearchesWhatIsPackedInIt(t *testing.T) {
	each(t, func(t *testing.T, w *world, _ *dbtest.Clock) {
		me, here := admin(w.c), at(w.c)
		soft := w.software("img")
		w.images["yea"] = profile.Image{ID: "yea", Mode: "yealink", Name: "T46"}
		w.ok(w.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			return w.SetImageDictionary(ctx, tx, "img", "poly", "x.xsd", phone.Dictionary{Parameters: []phone.Parameter{{Name: "only.in.image", Type: phone.Text}}})
		}))
		search := func(image, text string) []string {
			found, err := w.Search(ctx, me, here, "poly", image, text)
			w.ok(err)
			var out []string
			for _, p := range found {
				out = append(out, p.Name)
			}
			return out
		}
		if got := search("img", "IN.im"); !slices.Equal(got, []string{"only.in.image"}) || len(search("", "only.in")) != 0 || len(search("img", "call.auto")) != 0 {
			t.Error(got)
		}
		p, _, err := w.Create(ctx, me, here, profile.New{Name: "P", Mode: "poly", ImageID: "img", Attributes: attrs("ONLY.in.image=1")}) // DM-135: an image and attributes, or one of them
		w.ok(err)
		if flat(p) != "only.in.image=1" || p.ImageLabel != "UCS img" {
			t.Errorf("%+v", p)
		}
		for image, want := range map[string]string{"none": "software_image_id:unknown_image", "yea": "software_image_id:image_of_other_mode", "": "", "img": ""} {
			_, _, err := w.Edit(ctx, me, here, p.ID, profile.Patch{ImageID: &image})
			code(t, image, err, want)
		}
		img := "img"
		_, _, err = w.Edit(ctx, me, here, p.ID, profile.Patch{ImageID: &img})
		w.ok(err)
		w.ok(w.put(w.c, profile.Global, "-", soft))
		delete(w.images, "img")
		w.ok(w.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return w.DropSoftware(ctx, tx, system, "img") }))
		gone, err := w.ImageGone(ctx, w.db, p)
		if err != nil || !gone {
			t.Error(gone, err)
		}
		text := "still to be edited"
		if _, _, err := w.Edit(ctx, me, here, p.ID, profile.Patch{Description: &text}); err != nil {
			t.Error(err)
		}
		c, err := w.Container(ctx, me, here, profile.Global, "-")
		if _, ok := w.named(w.c, soft.Name); ok || err != nil || len(c.ProfileIDs) != 0 {
			t.Errorf("the generated profile is still there: %+v %v", c, err)
		}
	})
}

// DM-150.
func TestOnlyFilesOfTheCustomerCanBeLinked(t *testing.T) {
	each(t, func(t *testing.T, w *world, _ *dbtest.Clock) {
		w.files["logo"], w.files["foreign"] = w.c.ID, w.d.ID
		link := func(x tenant.Tenant, name, file, value string) error {
			_, _, err := w.Create(ctx, admin(x), at(x), profile.New{Name: name, Mode: "poly", Attributes: []profile.Attribute{{Name: "bg", File: file, Value: value}}})
			return err
		}
		code(t, "own", link(w.c, "A", "logo", ""), "")
		code(t, "foreign", link(w.c, "B", "foreign", ""), "attributes.bg:unknown_file")
		code(t, "a partner has none", link(w.p, "C", "logo", ""), "attributes.bg:unknown_file")
		code(t, "file and value", link(w.c, "D", "logo", "x"), "attributes.bg:value_or_file")
		p, _ := w.named(w.c, "A")
		if a, _ := p.Get("bg"); a.File != "logo" || a.Value != "" {
			t.Errorf("%+v", a)
		}
	})
}

// Tenants never see sideways or upwards; archived ones do not change.
func TestForeignProfilesLookLikeUnknownOnes(t *testing.T) {
	each(t, func(t *testing.T, w *world, _ *dbtest.Clock) {
		p := w.make(w.d, "Secret of Globex")
		for _, x := range []struct {
			who   access.Actor
			where profile.Place
			id    string
		}{{admin(w.c), at(w.c), p.ID}, {admin(w.c), at(w.d), p.ID}, {admin(w.q), at(w.d), p.ID}, {admin(w.c), at(w.p), p.ID}, {admin(w.c), at(w.operator), p.ID},
			{admin(w.operator), at(w.c), p.ID}, {admin(w.operator), profile.AtPartner(w.c.ID), p.ID}, {admin(w.operator), profile.AtCustomer(w.p.ID), p.ID}, {admin(w.operator), at(w.operator), p.ID}} {
			text := "x"
			_, err := w.Get(ctx, x.who, x.where, x.id)
			_, _, err2 := w.Edit(ctx, x.who, x.where, x.id, profile.Patch{Description: &text})
			err3 := w.Delete(ctx, x.who, x.where, x.id, 0)
			_, _, err4 := w.Copy(ctx, x.who, x.where, x.id, profile.Twin{})
			_, err5 := w.Reveal(ctx, x.who, x.where, x.id)
			_, _, err6 := w.Usage(ctx, x.who, x.where, x.id)
			_, err7 := w.Export(ctx, x.who, x.where, x.id, false)
			_, _, _, err8 := w.Paste(ctx, x.who, x.where, x.id, "<a b='1'/>", 0)
			for i, e := range []error{err, err2, err3, err4, err5, err6, err7, err8} {
				if e == nil || errs.KindOf(e) != errs.NotFound {
					t.Errorf("%s at %v: %d gives %v", x.who.Name, x.where, i, e)
				}
			}
		}
		_, _, err := w.Create(ctx, admin(w.p), at(w.c), profile.New{Name: "N", Mode: "poly"})
		code(t, "a partner without authorisation", err, "not_authorised_by_customer")
		_, _, err = w.Create(ctx, as(w.c, access.Helpdesk), at(w.c), profile.New{Name: "N", Mode: "poly"})
		code(t, "a help desk", err, "forbidden")
	})
}

// Decision 9: the narrowest counter, and none for what no phone gets.
func TestAChangeMovesTheNarrowestCounter(t *testing.T) {
	each(t, func(t *testing.T, w *world, _ *dbtest.Clock) {
		w.holders["device/dev1"] = w.c.ID
		keys := map[string]revision.Key{"operator": {Kind: revision.Operator, ID: w.operator.ID}, "partner": {Kind: revision.Partner, ID: w.p.ID}, "sub": {Kind: revision.SubPartner, ID: w.s.ID},
			"customer": {Kind: revision.Customer, ID: w.c.ID}, "device": {Kind: revision.Device, ID: "dev1"}}
		read := func() map[string]revision.Vector {
			out := map[string]revision.Vector{}
			for name, k := range keys {
				v, err := revision.Of(ctx, w.db, k)
				w.ok(err)
				out[name] = v
			}
			return out
		}
		n := 0
		edit := func(x tenant.Tenant, id string) error {
			n++
			_, _, err := w.Edit(ctx, admin(x), at(x), id, profile.Patch{Set: attrs("x=" + strings.Repeat("1", n))})
			return err
		}
		var mine, of, s profile.Profile
		for _, x := range []struct {
			what string
			do   func() error
			want string
		}{
			{"a new profile in no container", func() error { mine = w.make(w.c, "Mine"); return nil }, ""},
			{"a change of it", func() error { return edit(w.c, mine.ID) }, ""},
			{"into a device", func() error { return w.put(w.c, profile.OfOneDevice, "dev1", mine) }, "device"},
			{"a change of it", func() error { return edit(w.c, mine.ID) }, "device"},
			{"the same order again", func() error { return w.put(w.c, profile.OfOneDevice, "dev1", mine) }, ""},
			{"into the customer", func() error { return w.put(w.c, profile.Global, "-", mine) }, "customer"},
			{"a change of it", func() error { return edit(w.c, mine.ID) }, "customer"},
			{"an import", func() error { w.imported(w.c, "dev1", "a=1"); return nil }, "device"},
			{"a partner's", func() error { of = w.make(w.p, "Of P"); return nil }, "partner"},
			{"into the partner", func() error { return w.put(w.p, profile.Enforced, "-", of) }, "partner"},
			{"a sub-partner's", func() error { s = w.make(w.s, "Of S"); return w.put(w.s, profile.Defaults, "-", s) }, "sub"},
			{"the partner's into the customer", func() error { return w.put(w.c, profile.OfModel, "T46", of) }, "customer"},
			{"a change of the partner's", func() error { return edit(w.p, of.ID) }, "partner"},
			{"its end", func() error { return w.Delete(ctx, admin(w.p), at(w.p), of.ID, 0) }, "customer partner"},
			{"of the operator", func() error { return w.put(w.operator, profile.Defaults, "-", w.make(w.operator, "O")) }, "operator"},
		} {
			before := read()
			if err := x.do(); err != nil {
				t.Fatal(x.what, err)
			}
			var moved []string
			for name, v := range read() {
				if v != before[name] {
					moved = append(moved, name)
				}
			}
			slices.Sort(moved)
			if strings.Join(moved, " ") != x.want {
				t.Errorf("%s moves %q, want %q", x.what, moved, x.want)
			}
		}
	})
}

func TestADryRunWritesNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world, _ *dbtest.Clock) {
		dry := db.DryRun(ctx)
		p := w.make(w.c, "P", "x=1")
		if _, _, err := w.Create(dry, admin(w.c), at(w.c), profile.New{Name: "Q", Mode: "poly"}); err != nil {
			t.Error(err)
		}
		if out, _, err := w.Edit(dry, admin(w.c), at(w.c), p.ID, profile.Patch{Set: attrs("x=2")}); err != nil || flat(out) != "x=2" {
			t.Error(flat(out), err)
		}
		if c, err := w.SetContainer(dry, admin(w.c), at(w.c), profile.Global, "-", []string{p.ID}, 0); err != nil || c.Version != 2 {
			t.Error(c, err)
		}
		if _, err := w.Learn(dry, admin(w.c), at(w.c), profile.Lesson{Mode: "poly", File: "x.xsd", Data: []byte("x.new")}); err != nil {
			t.Error(err)
		}
		if err := w.Delete(dry, admin(w.c), at(w.c), p.ID, 0); err != nil {
			t.Error(err)
		}
		c, err := w.Container(ctx, admin(w.c), at(w.c), profile.Global, "-")
		if _, ok := w.named(w.c, "Q"); ok || err != nil || len(c.ProfileIDs) != 0 || flat(w.clear(p)) != "x=1" {
			t.Errorf("%+v %v", c, err)
		}
	})
}
