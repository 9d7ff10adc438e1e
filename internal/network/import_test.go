package network_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"pgregory.net/rapid"

	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/device/devicetest"
	"linecard/internal/errs"
	"linecard/internal/network"
	"linecard/internal/operation"
	"linecard/internal/queue"
	"linecard/internal/tenant"
)

// sample is the row of DM-58.
const sample = `site_name,description,location_name,subnets
Test_site,Site for testing,Test location,"{""public-subnet-list"":[{""ip-address"":""1.2.3.4"",""mask-length"":""32"",""private-subnet-list"":[{""ip-address"":""172.21.120.1"",""mask-length"":""28""},{""ip-address"":""192.168.1.1"",""mask-length"":""28""}]},{""ip-address"":""2.3.4.5"",""mask-length"":""32""}]}"
`

func bring(t *testing.T, w *devicetest.World, c tenant.Tenant, file string) network.Report {
	t.Helper()
	r, _, err := w.Networks.Import(ctx, devicetest.System, c.ID, network.File{Data: []byte(file)})
	if err != nil || r == nil {
		t.Fatalf("%v, %v", r, err)
	}
	return *r
}

// line writes a row with public subnets in the column subnets.
func line(name string, publics ...string) string {
	var list []string
	for _, p := range publics {
		addr, mask, _ := strings.Cut(p, "/")
		list = append(list, fmt.Sprintf(`{""ip-address"":""%s"",""mask-length"":%s}`, addr, mask))
	}
	return name + `,"{""public-subnet-list"":[` + strings.Join(list, ",") + `]}"` + "\n"
}

const short = "site_name,subnets\n"

func wide(s string, order binary.AppendByteOrder, mark bool) []byte {
	var out []byte
	if mark {
		s = "\ufeff" + s
	}
	for _, u := range utf16.Encode([]rune(s)) {
		out = order.AppendUint16(out, u)
	}
	return out
}

// DM-54, DM-56, DM-57, DM-58.
func TestTheSameFileIsReadFromEveryProgramThatWritesIt(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		quoted := strings.ReplaceAll(strings.ReplaceAll(sample, "Site for testing", "日本"), "Test location", `"a ""b"", c"`)
		head, rest, _ := strings.Cut(quoted, "\n")
		body := strings.TrimSuffix(rest, "\n")
		apart := func(sep string) string {
			cells := strings.Replace(strings.Replace(body, "Test_site,", "Test_site"+sep, 1), "日本,", "日本"+sep, 1)
			return strings.ReplaceAll(head, ",", sep) + "\n" + strings.Replace(cells, `c",`, `c"`+sep, 1) + "\n"
		}
		for what, data := range map[string][]byte{
			"plain": []byte(quoted), "with a mark": []byte("\ufeff" + quoted), "CRLF": []byte(strings.ReplaceAll(quoted, "\n", "\r\n")),
			"UTF-16 little": wide(quoted, binary.LittleEndian, true), "UTF-16 big": wide(quoted, binary.BigEndian, true), "UTF-16 without mark": wide(quoted, binary.LittleEndian, false),
			"semicolons": []byte(apart(";")), "tabs": []byte(apart("\t")), "sep=": []byte("sep=;\r\n" + apart(";")), "no end of line": []byte(strings.TrimSpace(quoted)),
			"header in another case": []byte(strings.Replace(quoted, head, " SITE_NAME ,Description,\"LOCATION_name\",Subnets", 1)),
			"empty lines":            []byte("\n" + quoted + "\n\n,,,\n"), "cells too many": []byte(head + ",,\n" + body + ",,\n"),
			"masks as numbers": []byte(strings.ReplaceAll(quoted, `""28""`, `28`)),
		} {
			r, _, err := w.Networks.Import(ctx, devicetest.System, w.Acme.ID, network.File{Data: data})
			if err != nil || r.Added != 1 || r.Failed != 0 {
				t.Errorf("%s: %+v, %v", what, r, err)
				continue
			}
			s := sitesOf(t, w, w.Acme)["Test_site"]
			if s.Description != "日本" || s.LocationName != `a "b", c` || written(s) != "1.2.3.4/32+172.21.120.0/28+192.168.1.0/28 2.3.4.5/32" {
				t.Errorf("%s: %+v", what, s)
			}
			if err := w.Networks.Delete(ctx, devicetest.System, w.Acme.ID, s.ID, 0); err != nil {
				t.Fatal(err)
			}
		}
		order := line("S", "1.2.3.4/32")
		name, cell, _ := strings.Cut(strings.TrimSpace(order), ",")
		if r := bring(t, w, w.Acme, "SUBNETS,Site_Name\n"+cell+","+name+"\n"); r.Added != 1 {
			t.Errorf("%+v", r)
		}
	})
}

func TestAFileThatIsWrongAsAWholeChangesNothingAndSaysWhere(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		good := line("Good", "1.2.3.4/32")
		many := func(n int) string {
			var b strings.Builder
			b.WriteString(short)
			for i := range n {
				b.WriteString(line(fmt.Sprint("s", i), fmt.Sprintf("20.%d.%d.0/24", i/256, i%256)))
			}
			return b.String()
		}
		for what, x := range map[string]struct{ file, separator, code, param, value string }{
			"empty":               {"", "", "csv_empty", "", ""},
			"blank":               {"\ufeff \n", "", "csv_empty", "", ""},
			"Windows-1252":        {short + "M\xfcller,x\n", "", "csv_encoding", "", ""},
			"a picture":           {"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "", "csv_encoding", "", ""},
			"half UTF-16":         {"\xff\xfes\x00i", "", "csv_encoding", "", ""},
			"odd UTF-16":          {"\xff\xfes", "", "csv_encoding", "", ""},
			"no subnets":          {"site_name,description\na,b\n", "", "csv_header", "header", "subnets"},
			"no name":             {"subnets\n", "", "csv_header", "header", "site_name"},
			"unknown header":      {"site_name,subnets,colour\n", "", "csv_header", "header", "colour"},
			"header twice":        {"site_name,subnets,Subnets\n", "", "csv_header", "header", "Subnets"},
			"two separators":      {"site_name;subnets,description\n", "", "csv_separator", "", ""},
			"another separator":   {short + good, ";", "csv_separator", "", ""},
			"strange separator":   {short + good, "|", "csv_separator", "", ""},
			"rows with ;":         {short + good + "a;b\n", "", "csv_malformed", "line", "3"},
			"rows with ; and \"":  {short + good + strings.Replace(good, ",", ";", 1), "", "csv_malformed", "line", "3"},
			"cells too many":      {short + good + "a,b,c\n", "", "csv_malformed", "line", "3"},
			"cells too few":       {short + good + "\n\na\n", "", "csv_malformed", "line", "5"},
			"a quote inside":      {short + good + "a,b\"c\n", "", "csv_malformed", "line", "3"},
			"a quote that stays":  {short + good + "a,\"b\n", "", "csv_malformed", "line", "3"},
			"2000 rows (DM-55)":   {many(2000), "", "csv_too_many_rows", "", ""},
			"line behind sep=":    {"sep=,\n" + short + good + "a\n", "", "csv_malformed", "line", "4"},
			"many rows, last bad": {many(100) + "a\n", "", "csv_malformed", "line", "102"},
		} {
			_, _, err := w.Networks.Import(ctx, devicetest.System, w.Acme.ID, network.File{Data: []byte(x.file), Separator: x.separator})
			code(t, err, x.code)
			if err != nil && x.param != "" && errs.As(err).Params[x.param] != x.value {
				t.Errorf("%s: %v, want %s %s", what, errs.As(err).Params, x.param, x.value)
			}
		}
		if all := sitesOf(t, w, w.Acme); len(all) != 2 {
			t.Errorf("%+v", all)
		}
	})
}

// DM-59, DM-60.
func TestEachRowHasItsOutcomeAndGoodRowsCount(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		have, err := w.Networks.Create(ctx, devicetest.System, w.Acme.ID, network.New{Name: "Have", Description: "old", LocationName: "stays", DownloadPath: "https://relay1.acme.example/",
			Subnets: []network.Networks{at("20.1.0.0/16"), at("20.2.0.0/16")}})
		if err != nil {
			t.Fatal(err)
		}
		cell := func(json string) string { return `"` + strings.ReplaceAll(json, `"`, `""`) + `"` }
		r := bring(t, w, w.Acme, "site_name,description,subnets\n"+
			"New,'=1+1,"+cell(`{"public-subnet-list":[{"ip-address":"9.0.0.0","mask-length":8}]}`)+"\n"+
			"have,,"+cell(`{"public-subnet-list":[{"ip-address":"20.3.0.0","mask-length":"16"}]}`)+"\n"+
			"Bad,,{\n"+
			"Bad2,,"+cell(`{"public-subnet-list":[{"ip-address":"9.0.0.0","mask-length":33}]}`)+"\n"+
			"Bad3,,"+cell(`{"public-subnet-list":[{"ip-address":"9.0.0.0","mask-length":8,"privates":[]}]}`)+"\n"+
			"Bad4,,"+cell(`{"public-subnet-list":[{"ip-address":"9.0.0.0","Mask-Length":8}]}`)+"\n"+
			"Bad5,,"+cell(`{"public-subnet-list":[]}`)+"\n"+
			"Bad6,,"+cell(`{"public-subnet-list":[{"ip-address":"9.0.0.0","mask-length":8.0}]}`)+"\n"+
			"Bad7,,"+cell(`[]`)+"\n"+
			"Taken,,"+cell(`{"public-subnet-list":[{"ip-address":"9.9.9.9","mask-length":8}]}`)+"\n"+
			"NEW,,"+cell(`{"public-subnet-list":[{"ip-address":"8.0.0.0","mask-length":8}]}`)+"\n"+
			"internet,,"+cell(`{"public-subnet-list":[{"ip-address":"8.0.0.0","mask-length":8}]}`)+"\n"+
			"a&b,,"+cell(`{"public-subnet-list":[{"ip-address":"8.0.0.0","mask-length":8}]}`)+"\n")
		want := []string{"added ", "updated ", "failed bad_subnets_cell", "failed bad_mask", "failed bad_subnets_cell", "failed bad_subnets_cell", "failed subnet_required",
			"failed bad_subnets_cell", "failed bad_subnets_cell", "failed subnet_taken", "failed row_repeated", "failed site_fixed", "failed site_name_characters"}
		if len(r.Rows) != len(want) || r.Added != 1 || r.Updated != 1 || r.Failed != 11 {
			t.Fatalf("%+v", r)
		}
		for i, o := range r.Rows {
			if o.Line != i+2 || o.Outcome+" "+o.Code != want[i] || (o.Reason == "") == (o.Outcome == network.Failed) {
				t.Errorf("%+v, want %s", o, want[i])
			}
		}
		if s := r.Rows[9].Reason; !strings.Contains(s, "site: New") {
			t.Errorf("it does not name the other site: %s", s)
		}
		if s := r.Rows[4].Reason; !strings.Contains(s, "public-subnet-list[0].privates") {
			t.Errorf("it does not name the place: %s", s)
		}
		all := sitesOf(t, w, w.Acme)
		got := all["have"]
		if got.ID != have.ID || got.Description != "" || got.LocationName != "stays" || got.DownloadPath != have.DownloadPath || written(got) != "20.3.0.0/16" || all["New"].Description != "=1+1" || len(all) != 4 {
			t.Errorf("%+v", all)
		}
	})
}

func TestRowsMaySwapTheirSubnets(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		add(t, w, w.Acme, "A", at("20.1.0.0/16"))
		add(t, w, w.Acme, "B", at("20.2.0.0/16"))
		if r := bring(t, w, w.Acme, short+line("A", "20.2.0.0/16")+line("B", "20.1.0.0/16")); r.Updated != 2 {
			t.Errorf("%+v", r)
		}
		// B cannot have what C has, so it keeps its own, which then A cannot have either.
		add(t, w, w.Acme, "C", at("20.3.0.0/16"))
		if r := bring(t, w, w.Acme, short+line("A", "20.1.0.0/16")+line("B", "20.3.0.0/16")); r.Failed != 2 {
			t.Errorf("%+v", r)
		}
		all := sitesOf(t, w, w.Acme)
		if written(all["A"]) != "20.2.0.0/16" || written(all["B"]) != "20.1.0.0/16" {
			t.Errorf("%+v", all)
		}
	})
}

func export(t interface{ Fatal(...any) }, w *devicetest.World, c tenant.Tenant, separator string) string {
	var b bytes.Buffer
	if err := w.Networks.Export(ctx, devicetest.System, c.ID, separator, &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// content is all that a file of sites can carry.
func content(sites map[string]network.Site) string {
	var b strings.Builder
	for _, name := range []string{"Internet", "Intranet"} {
		fmt.Fprintln(&b, name, written(sites[name]))
	}
	for i := range 100 {
		if s, ok := sites[fmt.Sprint("site ", i)]; ok {
			fmt.Fprintf(&b, "%s|%s|%s|%s\n", s.Name, s.Description, s.LocationName, written(s))
		}
	}
	return b.String()
}

// DM-61.
func TestAnExportBringsTheSameSitesBack(t *testing.T) {
	// Two customers each time: many shapes, not many times.
	usual := flag.Lookup("rapid.checks").Value.String()
	if err := flag.Set("rapid.checks", "25"); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = flag.Set("rapid.checks", usual) }()
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		w := devicetest.New(t, d)
		n := 0
		rapid.Check(t, func(rt *rapid.T) {
			n++
			c := w.Customer(t, fmt.Sprint("c", n))
			to := w.Customer(t, fmt.Sprint("d", n))
			words := rapid.StringOfN(rapid.SampledFrom([]rune(`=+-@'",;{}[] äß日a`)), 0, 12, -1)
			for i := range rapid.IntRange(0, 9).Draw(rt, "sites") {
				in := network.New{Name: fmt.Sprint("site ", i), Description: words.Draw(rt, "description"), LocationName: words.Draw(rt, "location")}
				for range rapid.IntRange(1, 3).Draw(rt, "subnets") {
					x := at(anyPrefix(rt, "public").String())
					for range rapid.IntRange(0, 2).Draw(rt, "privates") {
						x.Private = append(x.Private, anyPrefix(rt, "private").String())
					}
					in.Subnets = append(in.Subnets, x)
				}
				if _, err := w.Networks.Create(ctx, devicetest.System, c.ID, in); err != nil && errs.KindOf(err) != errs.Conflict && errs.KindOf(err) != errs.Invalid {
					rt.Fatal(err)
				}
			}
			want := content(sitesOf(t, w, c))
			sep := rapid.SampledFrom([]string{"", ",", ";", "\t"}).Draw(rt, "separator")
			file := export(rt, w, c, sep)
			if rapid.Bool().Draw(rt, "over itself") {
				to = c
			} else if s := sitesOf(t, w, to)["Intranet"]; rapid.Bool().Draw(rt, "all but Internet deleted") {
				if err := w.Networks.Delete(ctx, devicetest.System, to.ID, s.ID, 0); err != nil {
					rt.Fatal(err)
				}
			}
			if r := bring(t, w, to, file); r.Failed != 0 {
				rt.Fatalf("%+v\n%s", r, file)
			}
			if got := content(sitesOf(t, w, to)); got != want {
				rt.Fatalf("%s\nwant\n%s\nfile\n%s", got, want, file)
			}
			if again := export(rt, w, to, sep); again != file {
				rt.Fatalf("another file:\n%s\n%s", again, file)
			}
		})
	})
}

func TestAnExportNamesItsSeparatorOrRefuses(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		code(t, w.Networks.Export(ctx, devicetest.System, w.Acme.ID, "|", new(bytes.Buffer)), "csv_separator")
	})
}

// serve runs the queue with the imports of long files.
func serve(t *testing.T, w *devicetest.World) {
	t.Helper()
	q := queue.New(w.DB, queue.Options{Node: "test"})
	w.Networks.Register(q)
	w.Operations.Register(q)
	run, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- q.Run(run) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

func long(n int) string {
	var b strings.Builder
	b.WriteString(short)
	for i := range n {
		b.WriteString(line(fmt.Sprint("s", i), fmt.Sprintf("20.%d.%d.0/24", i/250, i%250)))
	}
	return b.String()
}

func ended(t *testing.T, w *devicetest.World, id string) (operation.Operation, network.Report) {
	t.Helper()
	var op operation.Operation
	dbtest.Eventually(t, "the operation ends", func() bool {
		var err error
		if op, err = w.Operations.Get(ctx, devicetest.System, id); err != nil {
			t.Fatal(err)
		}
		return op.State.Final()
	})
	var r network.Report
	if op.Result != "" {
		if err := json.Unmarshal([]byte(op.Result), &r); err != nil {
			t.Fatal(err)
		}
	}
	return op, r
}

// DM-55: 1999 rows are accepted; decision 24.
func TestALongFileIsDoneInTheBackgroundWithTheSameReport(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		const rows = 400
		most := network.File{Data: []byte(long(1998) + line("Bad", "1.2.3.4/33"))}
		file := network.File{Data: []byte(long(rows-1) + line("Bad", "1.2.3.4/33"))}
		me := devicetest.Admin(w.Acme)
		began := time.Now()
		dry, _, err := w.Networks.Import(db.DryRun(ctx), me, w.Acme.ID, most)
		if err != nil || dry.Added != 1998 || dry.Failed != 1 || len(sitesOf(t, w, w.Acme)) != 2 {
			t.Fatalf("%v", err)
		}
		t.Logf("dry run of 1999 rows: %v", time.Since(began))
		_, op, err := w.Networks.Import(ctx, me, w.Acme.ID, file)
		if err != nil || op.State != operation.Pending {
			t.Fatalf("%+v, %v", op, err)
		}
		began = time.Now()
		serve(t, w)
		op, r := ended(t, w, op.ID)
		t.Logf("import of %d rows: %v", rows, time.Since(began))
		if op.State != operation.Succeeded || r.Added != rows-1 || r.Failed != 1 || len(r.Rows) != rows || r.Rows[rows-1].Line != rows+1 || op.Done != rows {
			t.Errorf("%+v %d %d", op.Fault, r.Added, r.Failed)
		}
		if m, err := w.Networks.Map(ctx, w.DB, w.Acme.ID); err != nil || text(m.Resolve(address("20.1.140.9"), address("")).Public) != "20.1.140.0/24" {
			t.Errorf("%v", err)
		}
		var left int
		if err := w.DB.Get(ctx, &left, `SELECT COUNT(*) FROM network_imports`); err != nil || left != 0 {
			t.Errorf("%d files are left, %v", left, err)
		}
	})
}

func TestALongImportEndsWithTheRightsOfWhoStartedIt(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		_, op, err := w.Networks.Import(ctx, devicetest.Admin(w.Acme), w.Acme.ID, network.File{Data: []byte(long(60))})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Tenants.Freeze(ctx, devicetest.System, w.Acme.ID, tenant.Freeze{Reason: "x"}); err != nil {
			t.Fatal(err)
		}
		serve(t, w)
		if op, _ = ended(t, w, op.ID); op.State != operation.Failed || op.Fault.Code != "frozen" || len(sitesOf(t, w, w.Acme)) != 2 {
			t.Errorf("%+v", op)
		}
	})
}

func TestACancelledImportStops(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		me := devicetest.Admin(w.Acme)
		_, op, err := w.Networks.Import(ctx, me, w.Acme.ID, network.File{Data: []byte(long(60))})
		if err == nil {
			err = w.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return w.Operations.Cancel(ctx, tx, me, op.ID) })
		}
		if err != nil {
			t.Fatal(err)
		}
		serve(t, w)
		dbtest.Eventually(t, "the file is gone", func() bool {
			var left int
			if err := w.DB.Get(ctx, &left, `SELECT COUNT(*) FROM network_imports`); err != nil {
				t.Fatal(err)
			}
			return left == 0
		})
		if n := len(sitesOf(t, w, w.Acme)); n > 52 {
			t.Errorf("%d sites", n)
		}
	})
}

// An import whose server died goes on where it ended: what is reported as added is not reported as updated.
func TestAnImportGoesOnWhereADeadServerLeftIt(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		add(t, w, w.Acme, "s70", at("20.0.0.0/24")) // what row s0 wants, and row s70 gives up
		_, op, err := w.Networks.Import(ctx, devicetest.System, w.Acme.ID, network.File{Data: []byte(long(120))})
		if err != nil {
			t.Fatal(err)
		}
		broken := errors.New("the power is gone")
		w.Networks.OnChange(func(_ context.Context, _ *db.Tx, _ network.Change) error {
			err := broken
			if len(sitesOf(t, w, w.Acme)) == 3+49 { // the first chunk went through, but for the row put off
				return err
			}
			return nil
		})
		run, stop := context.WithCancel(ctx)
		q := queue.New(w.DB, queue.Options{Node: "dies"})
		w.Networks.Register(q)
		done := make(chan error, 1)
		go func() { done <- q.Run(run) }()
		dbtest.Eventually(t, "the first run fails", func() bool {
			var failed int
			if err := w.DB.Get(ctx, &failed, `SELECT COUNT(*) FROM queue_jobs WHERE kind = 'network.import' AND last_error <> ''`); err != nil {
				t.Fatal(err)
			}
			return failed == 1
		})
		stop()
		<-done
		if n := len(sitesOf(t, w, w.Acme)); n != 3+49 {
			t.Fatalf("%d sites after the first chunk", n)
		}
		broken = nil
		if _, err := w.DB.Exec(ctx, `UPDATE queue_jobs SET run_at = 0`); err != nil {
			t.Fatal(err)
		}
		serve(t, w)
		op, r := ended(t, w, op.ID)
		if op.State != operation.Succeeded || r.Added != 119 || r.Updated != 1 || r.Failed != 0 {
			t.Errorf("%+v %d %d %d", op.Fault, r.Added, r.Updated, r.Failed)
		}
		all := sitesOf(t, w, w.Acme)
		if written(all["s0"]) != "20.0.0.0/24" || written(all["s70"]) != "20.0.70.0/24" {
			t.Errorf("%+v, %+v", all["s0"], all["s70"])
		}
	})
}

func FuzzImportedFilesAreRefusedOrFit(f *testing.F) {
	f.Add([]byte(sample), "")
	f.Add([]byte("sep=;\nsite_name;subnets\n'=a;{}\n"), ";")
	f.Add(wide(sample, binary.LittleEndian, true), "\t")
	f.Add([]byte("site_name,subnets\n\"a\n"), ",")
	f.Fuzz(func(t *testing.T, data []byte, separator string) { network.CheckFile(t, data, separator) })
}
