package profile_test

import (
	"archive/zip"
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	"linecard/internal/access"
	"linecard/internal/db/dbtest"
	"linecard/internal/profile"
)

func unzip(t *testing.T, b []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out[f.Name] = string(body)
	}
	return out
}

// DM-154: one or all, as a ZIP; what is imported again has the same attributes.
func TestProfilesOfPeopleGoOutAndComeBackTheSame(t *testing.T) {
	each(t, func(t *testing.T, w *world, _ *dbtest.Clock) {
		me, here := admin(w.c), at(w.c)
		_, err := w.Export(ctx, me, here, "", false)
		code(t, "nothing", err, "nothing_to_export")
		w.files["logo"] = w.c.ID
		a := w.make(w.c, "A", `x=<>&"' ü 日本`, "empty=", "reg.1.auth.password=geheim", "tab=a\tb")
		b, _, err := w.Create(ctx, me, here, profile.New{Name: "B", Mode: "yealink", Attributes: append(attrs("account.1.label=x"), profile.Attribute{Name: "bg", File: "logo"})})
		w.ok(err)
		w.imported(w.c, "d1", "x=1")
		w.make(w.p, "Of P")
		open, err := w.Export(ctx, me, here, "", false)
		w.ok(err)
		full, err := w.Export(ctx, me, here, "", true)
		w.ok(err)
		files := unzip(t, full)
		if len(files) != 2 || files["A.xml"] == "" || files["B.xml"] == "" || strings.Contains(unzip(t, open)["A.xml"], "geheim") || !strings.Contains(files["A.xml"], "geheim") {
			t.Fatalf("%v", files)
		}
		one, err := w.Export(ctx, me, here, b.ID, false)
		if err != nil || len(unzip(t, one)) != 1 {
			t.Error(err)
		}
		for name, p := range map[string]profile.Profile{"A.xml": a, "B.xml": b} {
			fresh, _, err := w.Create(ctx, me, here, profile.New{Name: "again " + p.Name, Mode: p.Mode})
			w.ok(err)
			_, _, taken, err := w.ImportFile(ctx, me, here, fresh.ID, name, []byte(files[name]), 0)
			w.ok(err)
			if got, want := w.clear(fresh).Attributes, w.clear(p).Attributes; !slices.Equal(got, want) || taken.Attributes != len(want) {
				t.Errorf("%+v, want %+v", got, want)
			}
		}
		// Without its secrets it changes none, and brings none.
		_, _, _, err = w.ImportFile(ctx, me, here, a.ID, "A.xml", []byte(unzip(t, open)["A.xml"]), 0)
		w.ok(err)
		if v, _ := w.clear(a).Get("reg.1.auth.password"); v.Value != "geheim" {
			t.Errorf("%+v", v)
		}
		_, err = w.Export(ctx, as(w.c, access.CustomerReadonlyAdmin), here, "", true)
		code(t, "a reader", err, "forbidden")
		if w.told("") == "" || !strings.Contains(w.told(""), "profile/export") {
			t.Error("an export with secrets is not in the log")
		}
	})
}
