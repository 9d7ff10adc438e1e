package redirect_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"linecard/internal/db"
	"linecard/internal/operation"
	"linecard/internal/redirect"
	"linecard/internal/tenant"
)

func (w *world) bring(c tenant.Tenant, f redirect.Sheet) redirect.Report {
	w.t.Helper()
	r, _, err := w.r.Import(ctx, admin(c), c.ID, f)
	if err != nil || r == nil {
		w.t.Fatalf("%v, %v", r, err)
	}
	return *r
}

func outcomes(r redirect.Report) string {
	var out []string
	for _, o := range r.Rows {
		text := fmt.Sprintf("%d %s", o.Line, o.Outcome)
		if o.Code != "" {
			text += " " + o.Field + " " + o.Code
		}
		out = append(out, text)
	}
	return strings.Join(out, "; ")
}

// CH-36: errors name row and field; valid rows are handled as chosen; a foreign MAC is claimed already.
func TestAFileOfEntriesIsImportedWithALogOfItsRows(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.server(w.a, "Main", "https://p.example/")
		w.entry(w.b, redirect.NewEntry{MAC: "001565000009", UniqueURL: "https://b.example/"})
		file := "mac,server,unique_url,remark\n00:15:65:00:00:01,main,,Lobby\n00:15:65:GG:00:01,Main,,\n001565000002,,https://u.example/,\n001565000009,Main,,\n0015.6500.0001,Main,,\n001565000003,Other,,\n001565000004,,,\n"
		want := "2 added; 3 failed mac bad_mac; 4 added; 5 failed mac mac_claimed; 6 failed mac row_repeated_mac; 7 failed server unknown_redirect_server; 8 failed server target_required"
		none := strings.ReplaceAll(want, "added", "not_done")
		if r := w.bring(w.a, redirect.Sheet{Data: []byte(file), AllOrNone: true}); outcomes(r) != none || r.Failed != 5 || r.Added != 0 {
			t.Errorf("%s", outcomes(r))
		}
		dry, _, err := w.r.Import(db.DryRun(ctx), admin(w.a), w.a.ID, redirect.Sheet{Data: []byte(file)})
		if err != nil || outcomes(*dry) != want {
			t.Errorf("%v, %v", dry, err)
		}
		if n, _ := w.r.Counts(ctx, w.db, []string{w.a.ID}); n[w.a.ID] != 0 {
			t.Errorf("%d were written", n[w.a.ID])
		}
		r := w.bring(w.a, redirect.Sheet{Data: []byte(file)})
		if outcomes(r) != want || r.Added != 2 || r.Failed != 5 || strings.Contains(fmt.Sprint(r), "Beta") {
			t.Errorf("%s", outcomes(r))
		}
		if r := w.bring(w.a, redirect.Sheet{Data: []byte("mac;remark\r\n001565000001;Hall\r\n")}); outcomes(r) != "2 skipped" {
			t.Errorf("%s", outcomes(r))
		}
		if r := w.bring(w.a, redirect.Sheet{Data: []byte("mac;remark\r\n001565000001;Hall\r\n001565000002;\r\n"), Overwrite: true}); outcomes(r) != "2 updated; 3 unchanged" {
			t.Errorf("%s", outcomes(r))
		}
		all, _, err := w.r.Entries(ctx, admin(w.a), w.a.ID, redirect.EntryQuery{})
		if err != nil || len(all) != 2 || all[0].Remark != "Hall" || all[0].ServerName != "Main" {
			t.Errorf("%+v, %v", all, err)
		}
		for file, want := range map[string]string{"": "csv_empty", "remark\nx\n": "csv_header", "mac,colour\n": "csv_header", "mac,mac\n": "csv_header", "mac;remark,server\n": "csv_separator",
			"mac,remark\na,b,c\n": "csv_malformed", "mac,remark\na,\"b\n": "csv_malformed", "mac\n\xff\n": "csv_encoding", "mac\n" + strings.Repeat("x\n", 10_000): "csv_too_many_entries"} {
			_, _, err := w.r.Import(ctx, admin(w.a), w.a.ID, redirect.Sheet{Data: []byte(file)})
			code(t, err, want)
		}
		_, _, err = w.r.Import(ctx, admin(w.a), w.a.ID, redirect.Sheet{Data: []byte("mac\n" + strings.Repeat("x\n", 1001)), AllOrNone: true})
		code(t, err, "csv_too_many_entries")
	})
}

// CH-36: what is exported is imported to the same state, and a long file is done in the background.
func TestWhatIsExportedComesBackTheSame(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, c := range []tenant.Tenant{w.a} {
			w.server(c, "Main", "https://p.example/{mac}/")
		}
		var b strings.Builder
		b.WriteString("mac,server,unique_url,remark,serial\n")
		for i := range 130 {
			fmt.Fprintf(&b, "0015650001%02x,Main,,\"=Room \"\"%d\"\", 日本\",800%d\n", i, i, i)
		}
		r, op, err := w.r.Import(ctx, admin(w.a), w.a.ID, redirect.Sheet{Data: []byte(b.String())})
		if err != nil || r != nil {
			t.Fatalf("%v, %v", r, err)
		}
		w.run()
		w.eventually("the import", func() bool {
			o, err := w.operations.Get(ctx, system, op.ID)
			w.ok(err)
			if o.State == operation.Failed {
				t.Fatalf("%+v", o.Fault)
			}
			var log redirect.Report
			return o.State == operation.Succeeded && json.Unmarshal([]byte(o.Result), &log) == nil && log.Added == 130 && len(log.Rows) == 130
		})
		export := func(form, maker string) string {
			var out bytes.Buffer
			w.ok(w.r.Export(ctx, admin(w.p), w.a.ID, ";", form, maker, &out))
			return out.String()
		}
		first := export(redirect.FormLinecard, "")
		if strings.Count(first, "\r\n") != 131 || !strings.Contains(first, `'=Room `) {
			t.Errorf("%s", first[:200])
		}
		all, _, err := w.r.Entries(ctx, admin(w.a), w.a.ID, redirect.EntryQuery{Page: db.Page{Limit: 200}})
		w.ok(err)
		var ids []string
		for _, e := range all {
			ids = append(ids, e.ID)
		}
		_, err = w.r.ApplyBulk(ctx, admin(w.a), w.a.ID, redirect.Bulk{IDs: ids, Action: "delete"})
		w.ok(err)
		_, op, err = w.r.Import(ctx, admin(w.a), w.a.ID, redirect.Sheet{Data: []byte(first)})
		w.ok(err)
		w.eventually("the import", func() bool { o, _ := w.operations.Get(ctx, system, op.ID); return o.State == operation.Succeeded })
		if again := export(redirect.FormLinecard, ""); again != first {
			t.Error("it came back different")
		}
		// For makers without a connector there is a file for their own portal.
		if file := export(redirect.FormMaker, "yealink"); !strings.HasPrefix(file, "MAC;SN;Server URL;Remark\r\n001565000100;8000;https://p.example/001565000100/;") {
			t.Errorf("%s", file[:120])
		}
		if file := export(redirect.FormMaker, "poly"); strings.Count(file, "\r\n") != 1 {
			t.Error(file)
		}
		var left int
		w.ok(w.db.Get(ctx, &left, `SELECT COUNT(*) FROM redirect_imports`))
		if left != 0 {
			t.Errorf("%d files are left", left)
		}
	})
}
