package network_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/device/devicetest"
	"linecard/internal/errs"
	"linecard/internal/network"
	"linecard/internal/revision"
	"linecard/internal/tenant"
)

var ctx = context.Background()

func each(t *testing.T, test func(t *testing.T, w *devicetest.World, clock *dbtest.Clock)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) { test(t, devicetest.New(t, d), clock) })
}

func code(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || errs.CodeOf(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func fault(t *testing.T, what string, err error, field, want string) {
	t.Helper()
	if err == nil || errs.KindOf(err) != errs.Invalid || len(errs.As(err).Fields) != 1 || errs.As(err).Fields[0].Name != field || errs.As(err).Fields[0].Code != want {
		t.Errorf("%s: got %v, want %s %s", what, err, field, want)
	}
}

// at writes networks: at("20.1.0.0/16", "10.0.0.0/8") is a public subnet with a private one.
func at(public string, private ...string) network.Networks {
	return network.Networks{Public: public, Private: private}
}

func add(t *testing.T, w *devicetest.World, c tenant.Tenant, name string, subnets ...network.Networks) network.Site {
	t.Helper()
	s, err := w.Networks.Create(ctx, devicetest.System, c.ID, network.New{Name: name, Subnets: subnets})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func sitesOf(t *testing.T, w *devicetest.World, c tenant.Tenant) map[string]network.Site {
	t.Helper()
	l, err := w.Networks.List(ctx, devicetest.System, c.ID, network.Query{Page: db.Page{Limit: 1000}})
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]network.Site{}
	for _, s := range l.Items {
		all[s.Name] = s
	}
	return all
}

func written(s network.Site) string {
	var out []string
	for _, n := range s.Subnets {
		text := n.Public.String()
		for _, p := range n.Private {
			text += "+" + p.String()
		}
		out = append(out, text)
	}
	return strings.Join(out, " ")
}

// DM-35, DM-36, DM-37.
func TestANewCustomerHasInternetAndAnIntranetThatMatchesNothing(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		all := sitesOf(t, w, w.Acme)
		if len(all) != 2 || !all["Internet"].Fixed || len(all["Internet"].Subnets) != 0 || !all["Intranet"].Placeholder() || all["Intranet"].Fixed {
			t.Fatalf("%+v", all)
		}
		m, err := w.Networks.Map(ctx, w.DB, w.Acme.ID)
		if err != nil || m.Resolve(address("0.0.0.0"), address("")).SiteID != all["Internet"].ID {
			t.Errorf("zeros match: %v", err)
		}
		me := devicetest.Admin(w.Acme)
		name, text, path, none := "Net", "x", "https://relay1.acme.example/", []network.Networks{at("20.1.0.0/16")}
		for _, p := range []network.Patch{{Name: &name}, {Description: &text}, {LocationName: &text}, {DownloadPath: &path}, {Subnets: &none}} { // DM-37, DM-38
			_, err := w.Networks.Edit(ctx, me, w.Acme.ID, all["Internet"].ID, p)
			code(t, err, "site_fixed")
		}
		code(t, w.Networks.Delete(ctx, me, w.Acme.ID, all["Internet"].ID, 0), "site_fixed")

		in := all["Intranet"].ID
		_, err = w.Networks.Edit(ctx, me, w.Acme.ID, in, network.Patch{Name: &name})
		fault(t, "renamed without a real subnet", err, "subnets", "zero_address")
		if s, err := w.Networks.Edit(ctx, me, w.Acme.ID, in, network.Patch{Description: &text}); err != nil || !s.Placeholder() {
			t.Errorf("%+v, %v", s, err)
		}
		if s, err := w.Networks.Edit(ctx, me, w.Acme.ID, in, network.Patch{Subnets: &none}); err != nil || s.Placeholder() {
			t.Errorf("%+v, %v", s, err)
		}
		zeros := []network.Networks{at("0.0.0.0/32")}
		_, err = w.Networks.Edit(ctx, me, w.Acme.ID, in, network.Patch{Subnets: &zeros})
		fault(t, "back to zeros", err, "subnets", "zero_address")
		if err := w.Networks.Delete(ctx, me, w.Acme.ID, in, 0); err != nil {
			t.Error(err)
		}
	})
}

func TestASiteIsAddedChangedAndRemoved(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, clock *dbtest.Clock) {
		me := devicetest.Admin(w.Acme)
		s, err := w.Networks.Create(ctx, me, w.Acme.ID, network.New{Name: " Site A-1 ", Description: "日本", LocationName: "Köln", DownloadPath: "https://Relay1.acme.example",
			Subnets: []network.Networks{at("20.56.31.0/8", "172.21.120.1/28", "192.168.1.1/28"), at("2001:db8::1/48")}}) // DM-30, DM-33, DM-43
		if err != nil {
			t.Fatal(err)
		}
		if s.Name != "Site A-1" || s.Description != "日本" || s.DownloadPath != "https://relay1.acme.example/" || s.Version != 1 ||
			written(s) != "20.0.0.0/8+172.21.120.0/28+192.168.1.0/28 2001:db8::/48" {
			t.Errorf("%+v", s)
		}
		got, err := w.Networks.Get(ctx, me, w.Acme.ID, s.ID)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(s) {
			t.Errorf("%+v, %v; want %+v", got, err, s)
		}
		key := revision.Key{Kind: revision.Customer, ID: w.Acme.ID}
		before, _ := revision.Of(ctx, w.DB, key)
		more := []network.Networks{at("20.1.0.0/16"), at("20.1.9.9/16", "10.0.0.0/8"), at("9.0.0.0/8", "10.0.0.0/8", "10.1.2.3/8")}
		got, err = w.Networks.Edit(ctx, me, w.Acme.ID, s.ID, network.Patch{Subnets: &more, IfVersion: 1})
		if err != nil || got.Version != 2 || written(got) != "20.1.0.0/16+10.0.0.0/8 9.0.0.0/8+10.0.0.0/8" || got.Description != "日本" {
			t.Errorf("%+v, %v", got, err)
		}
		if after, _ := revision.Of(ctx, w.DB, key); after == before {
			t.Error("the change does not move the customer's counter")
		}
		if same, err := w.Networks.Edit(ctx, me, w.Acme.ID, s.ID, network.Patch{Subnets: &more}); err != nil || same.Version != 2 {
			t.Errorf("an edit that changes nothing counts: %+v, %v", same, err)
		}
		_, err = w.Networks.Edit(ctx, me, w.Acme.ID, s.ID, network.Patch{Subnets: &more, IfVersion: 1})
		code(t, err, "stale")
		none := []network.Networks{}
		_, err = w.Networks.Edit(ctx, me, w.Acme.ID, s.ID, network.Patch{Subnets: &none}) // DM-49
		fault(t, "the last subnet", err, "subnets", "subnet_required")
		code(t, w.Networks.Delete(ctx, me, w.Acme.ID, s.ID, 1), "stale")
		if err := w.Networks.Delete(ctx, me, w.Acme.ID, s.ID, 2); err != nil {
			t.Fatal(err)
		}
		_, err = w.Networks.Get(ctx, me, w.Acme.ID, s.ID)
		code(t, err, "not_found")
		var types []string
		if err := w.DB.Select(ctx, &types, `SELECT type FROM journal_entries WHERE type LIKE 'site.%' AND is_event ORDER BY id`); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(types, []string{"site.created", "site.edited", "site.deleted"}) {
			t.Errorf("%v", types)
		}
	})
}

func TestBadFieldsOfASiteAreNamed(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		good := []network.Networks{at("20.1.0.0/16")}
		type try struct {
			in          network.New
			field, code string
		}
		tries := []try{
			{network.New{Name: "a"}, "subnets", "subnet_required"}, // DM-33
			{network.New{Subnets: good}, "name", "required"},
			{network.New{Name: strings.Repeat("x", 129), Subnets: good}, "name", "too_long"},
			{network.New{Name: "a", Description: "a\u202eb", Subnets: good}, "description", "forbidden_character"},
			{network.New{Name: "a", Description: strings.Repeat("x", 257), Subnets: good}, "description", "too_long"},
			{network.New{Name: "a", LocationName: "\xff", Subnets: good}, "location_name", "bad_encoding"},
		}
		for _, name := range []string{"a&b", "a/b", "a:b", "a*b", "a?b", `a"b`, "a<b", "a>b", "a,b", "a+b", "a@b", "a|b", "Müller", "日本", "a  b"} { // DM-29, table 5.1; DM-30
			tries = append(tries, try{network.New{Name: name, Subnets: good}, "name", "site_name_characters"})
		}
		for s, code := range map[string]string{"300.1.1.1/8": "bad_address", "1.2.3.4/33": "bad_mask", "1.2.3.4/-1": "bad_mask", "1.2.3.4/a": "bad_mask", "1.2.3.4/": "bad_mask",
			"1.2.3.4": "bad_mask", "1.2.3.4/0": "bad_mask", "1.2.3.4/+8": "bad_mask", "1.2.3.4/8.0": "bad_mask", "1.2.3.4/255.0.0.0": "bad_mask", "::1/129": "bad_mask", "fe80::1%eth0/64": "bad_address",
			"::ffff:1.2.3.4/128": "bad_address", "0.0.0.0/8": "zero_address", "0.0.0.0/0": "bad_mask", "::/64": "zero_address", "01.2.3.4/8": "bad_address", "": "bad_address", "1.2.3/8": "bad_address"} { // DM-43
			tries = append(tries, try{network.New{Name: "a", Subnets: []network.Networks{at(s)}}, "subnets[0].public", code},
				try{network.New{Name: "a", Subnets: []network.Networks{at("20.0.0.0/8", s)}}, "subnets[0].private[0]", code})
		}
		tries = append(tries, try{network.New{Name: "a", Subnets: []network.Networks{at("0.0.0.0/32")}}, "subnets", "zero_address"},
			try{network.New{Name: "a", Subnets: []network.Networks{at("20.0.0.0/8"), at("0.0.0.0/32")}}, "subnets[1].public", "zero_address"},
			try{network.New{Name: "a", Subnets: []network.Networks{at("20.0.0.0/8", "0.0.0.0/32")}}, "subnets[0].private[0]", "zero_address"})
		for _, path := range []string{"http://relay1.acme.example/", "https://10.0.0.5/", "ftp://relay1.acme.example/", "https://[2001:db8::1]/", "https://relay/", "https://relay1.acme.example:8443/",
			"https://relay1.acme.example/x", "https://relay1.acme.example/?x", "https://u:p@relay1.acme.example/", "https://", "relay1.acme.example", "https://a..example/", "https://-a.example/", "https://relay.example//"} { // DM-51
			tries = append(tries, try{network.New{Name: "a", DownloadPath: path, Subnets: good}, "download_path", "bad_download_path"})
		}
		for _, x := range tries {
			_, err := w.Networks.Create(ctx, devicetest.System, w.Acme.ID, x.in)
			fault(t, fmt.Sprintf("%+v", x.in), err, x.field, x.code)
		}
		for i, name := range []string{"SoundPoint-EA4E1", "Room#4.(a)[2]_x", "Site A-1", strings.Repeat("x", 128)} { // table 5.1
			add(t, w, w.Acme, name, at(fmt.Sprintf("1.2.3.%d/32", i)))
		}
		if n := len(sitesOf(t, w, w.Acme)); n != 6 {
			t.Errorf("%d sites", n)
		}
	})
}

// DM-32, DM-45, AMB-7.
func TestSitesMayOverlapButNotBeUndecidable(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		add(t, w, w.Acme, "A-1", at("20.1.0.0/16", "10.0.0.0/8"))
		a2 := add(t, w, w.Acme, "A-2", at("20.1.0.0/16", "10.33.24.0/24"))
		b := add(t, w, w.Acme, "B", at("20.1.0.0/16"))
		add(t, w, w.Acme, "inside", at("20.1.7.0/24"))
		add(t, w, w.Globex, "A-1", at("20.1.0.0/16", "10.0.0.0/8"))
		for _, n := range []network.Networks{at("20.1.9.9/16", "192.168.0.0/16", "10.9.9.9/8"), at("20.1.2.3/16")} {
			_, err := w.Networks.Create(ctx, devicetest.System, w.Acme.ID, network.New{Name: "C", Subnets: []network.Networks{n}})
			code(t, err, "subnet_taken")
			if s := errs.As(err).Params["site"]; s != "A-1" && s != "B" {
				t.Errorf("it names %q", s)
			}
		}
		as := []network.Networks{at("20.1.0.0/16", "10.0.0.0/8")}
		_, err := w.Networks.Edit(ctx, devicetest.System, w.Acme.ID, a2.ID, network.Patch{Subnets: &as})
		code(t, err, "subnet_taken")
		_, err = w.Networks.Create(ctx, devicetest.System, w.Acme.ID, network.New{Name: "a-1", Subnets: []network.Networks{at("1.1.1.1/32")}})
		code(t, err, "name_taken")
		_, err = w.Networks.Create(ctx, devicetest.System, w.Acme.ID, network.New{Name: "INTERNET", Subnets: []network.Networks{at("1.1.1.1/32")}})
		code(t, err, "name_taken")
		name := "a-2"
		_, err = w.Networks.Edit(ctx, devicetest.System, w.Acme.ID, b.ID, network.Patch{Name: &name})
		code(t, err, "name_taken")
		if s, err := w.Networks.Edit(ctx, devicetest.System, w.Acme.ID, a2.ID, network.Patch{Name: &name}); err != nil || s.Name != "a-2" {
			t.Errorf("its own name in another case: %+v, %v", s, err)
		}
	})
}

func TestOfManyWhoTakeTheSameSubnetAtOnceOneSucceeds(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		var mu sync.Mutex
		codes := map[string]int{}
		var wg sync.WaitGroup
		for i := range 6 {
			wg.Go(func() {
				_, err := w.Networks.Create(ctx, devicetest.System, w.Acme.ID, network.New{Name: fmt.Sprint("s", i), Subnets: []network.Networks{at("20.1.0.0/16")}})
				c := "added"
				if err != nil {
					c = errs.CodeOf(err)
				}
				mu.Lock()
				codes[c]++
				mu.Unlock()
			})
		}
		wg.Wait()
		if codes["added"] != 1 || codes["subnet_taken"] != 5 {
			t.Errorf("%v", codes)
		}
	})
}

// DM-40.
func TestTheSite2001IsRefused(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		fillUp(t, w, network.MaxSites-3)
		add(t, w, w.Acme, "the 2000th", at("9.9.9.9/32"))
		_, err := w.Networks.Create(ctx, devicetest.System, w.Acme.ID, network.New{Name: "one more", Subnets: []network.Networks{at("9.9.9.8/32")}})
		code(t, err, "site_limit")
	})
}

// fillUp adds n sites to Acme without asking the service.
func fillUp(t *testing.T, w *devicetest.World, n int) {
	t.Helper()
	err := w.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for i := range n {
			name := fmt.Sprint("s", i)
			if _, err := tx.Exec(ctx, `INSERT INTO network_sites
				(id, customer_id, scope, name, name_fold, description, location_name, search_fold, download_path, fixed, created, updated, version)
				VALUES ($1, $2, $3, $4, $5, '', '', $6, '', FALSE, 1, 1, 1)`, w.Acme.ID+name, w.Acme.ID, w.Acme.Scope, name, name, name); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `INSERT INTO network_subnets (customer_id, public, private, site_id, place) VALUES ($1, $2, '', $3, 0)`,
				w.Acme.ID, fmt.Sprintf("20.%d.%d.0/24", i/256, i%256), w.Acme.ID+name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// DM-19, DM-20, DM-41.
func TestSitesAreFoundByNameDescriptionAndLocation(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		for i, s := range []network.New{{Name: "Berlin-1", Description: "third floor"}, {Name: "berlin-2", LocationName: "100% Étage_x"}, {Name: "Hamburg"}} {
			s.Subnets = []network.Networks{at(fmt.Sprintf("20.1.%d.0/24", i), "10.0.0.0/8")}
			if _, err := w.Networks.Create(ctx, devicetest.System, w.Acme.ID, s); err != nil {
				t.Fatal(err)
			}
		}
		for _, x := range []struct {
			q    network.Query
			want string
		}{
			{network.Query{}, "Berlin-1 berlin-2 Hamburg Internet Intranet"},
			{network.Query{Page: db.Page{Sort: "-name"}}, "Intranet Internet Hamburg berlin-2 Berlin-1"},
			{network.Query{Text: "BERLIN"}, "Berlin-1 berlin-2"},
			{network.Query{Text: "d floo"}, "Berlin-1"},
			{network.Query{Text: "éTAGE"}, "berlin-2"},
			{network.Query{Text: "%"}, "berlin-2"},
			{network.Query{Text: "*"}, ""},
			{network.Query{Name: "hamburg"}, "Hamburg"},
			{network.Query{Name: "hamb"}, ""},
		} {
			var got []string
			for cursor := ""; ; {
				x.q.Page.Limit, x.q.Page.Cursor = 2, cursor
				l, err := w.Networks.List(ctx, devicetest.Admin(w.Acme), w.Acme.ID, x.q)
				if err != nil || l.Total != int64(len(strings.Fields(x.want))) {
					t.Fatalf("%+v: %d, %v", x.q, l.Total, err)
				}
				for _, s := range l.Items {
					got = append(got, s.Name)
					if !s.Fixed && len(s.Subnets) != 1 {
						t.Errorf("%s has %d subnets", s.Name, len(s.Subnets))
					}
				}
				if cursor = l.Next; cursor == "" {
					break
				}
			}
			if strings.Join(got, " ") != x.want {
				t.Errorf("%+v: %v", x.q, got)
			}
		}
	})
}

func TestAForeignSiteAnswersLikeAnUnknownOne(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		mine := add(t, w, w.Acme, "A-1", at("20.1.0.0/16"))
		stranger, none := devicetest.Admin(w.Globex), network.Patch{}
		for what, call := range map[string]func(customer, id string) error{
			"get":    func(c, id string) error { _, err := w.Networks.Get(ctx, stranger, c, id); return err },
			"edit":   func(c, id string) error { _, err := w.Networks.Edit(ctx, stranger, c, id, none); return err },
			"delete": func(c, id string) error { return w.Networks.Delete(ctx, stranger, c, id, 0) },
			"list":   func(c, _ string) error { _, err := w.Networks.List(ctx, stranger, c, network.Query{}); return err },
			"create": func(c, _ string) error { _, err := w.Networks.Create(ctx, stranger, c, network.New{}); return err },
			"export": func(c, _ string) error { return w.Networks.Export(ctx, stranger, c, "", new(strings.Builder)) },
			"import": func(c, _ string) error { _, _, err := w.Networks.Import(ctx, stranger, c, network.File{}); return err },
		} {
			foreign, unknown := call(w.Acme.ID, mine.ID), call(db.NewID(), db.NewID())
			if errs.KindOf(foreign) != errs.NotFound || foreign.Error() != unknown.Error() {
				t.Errorf("%s: %v and %v", what, foreign, unknown)
			}
		}
		for _, err := range []error{
			func() error { _, err := w.Networks.Get(ctx, stranger, w.Globex.ID, mine.ID); return err }(),
			func() error { _, err := w.Networks.Edit(ctx, stranger, w.Globex.ID, mine.ID, none); return err }(),
			w.Networks.Delete(ctx, stranger, w.Globex.ID, mine.ID, 0),
		} {
			code(t, err, "not_found")
		}
		reader := devicetest.Admin(w.Acme)
		reader.Roles = []access.Role{access.Helpdesk}
		if _, err := w.Networks.Get(ctx, reader, w.Acme.ID, mine.ID); err != nil {
			t.Error(err)
		}
		code(t, w.Networks.Delete(ctx, reader, w.Acme.ID, mine.ID, 0), "forbidden")
	})
}

func TestSitesDoNotKeepACustomerFromTheArchiveAndCannotChangeThere(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		s := add(t, w, w.Acme, "A-1", at("20.1.0.0/16"))
		if _, err := w.Tenants.Archive(ctx, devicetest.System, w.Acme.ID, w.Acme.Name); err != nil {
			t.Fatal(err)
		}
		code(t, w.Networks.Delete(ctx, devicetest.System, w.Acme.ID, s.ID, 0), "archived")
		_, _, err := w.Networks.Import(ctx, devicetest.System, w.Acme.ID, network.File{Data: []byte("site_name,subnets\n")})
		code(t, err, "archived")
	})
}

func TestADryRunChangesNeitherRowsNorTheMap(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		all := sitesOf(t, w, w.Acme)
		err := w.DB.Tx(db.DryRun(ctx), func(ctx context.Context, tx *db.Tx) error {
			s, err := w.Networks.Create(ctx, devicetest.System, w.Acme.ID, network.New{Name: "A-1", Subnets: []network.Networks{at("20.1.0.0/16")}})
			if err != nil {
				return err
			}
			m, err := w.Networks.Map(ctx, tx, w.Acme.ID) // is kept, under a token that never comes true
			if err == nil && m.Resolve(address("20.1.7.9"), address("")).SiteID != s.ID {
				err = errors.New("the transaction does not see its own change")
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		m, err := w.Networks.Map(ctx, w.DB, w.Acme.ID)
		if err != nil || m.Resolve(address("20.1.7.9"), address("")).SiteID != all["Internet"].ID || len(sitesOf(t, w, w.Acme)) != 2 {
			t.Errorf("the dry run left something: %v", err)
		}
		s := add(t, w, w.Acme, "A-1", at("20.1.0.0/16"))
		if m, err := w.Networks.Map(ctx, w.DB, w.Acme.ID); err != nil || m.Resolve(address("20.1.7.9"), address("")).SiteID != s.ID {
			t.Errorf("the map is old: %v", err)
		}
	})
}
