package billing_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"linecard/internal/billing"
	"linecard/internal/usage"
)

// WS-57, WS-70: the nineteen vectors, each in a customer of its own.
func TestQuantitiesAreProratedAsTheVectorsSay(t *testing.T) {
	type spell struct{ from, until string }
	june := [2]string{"2024-06-01", "2024-06-30"}
	vectors := []struct {
		item   string
		users  int
		spells []spell
		period [2]string
		want   string // "" for no row
	}{
		{"calling", 1, []spell{{"06-05 00:00", "06-06 00:00"}}, june, "1"},
		{"calling", 1, []spell{{"06-05 12:00", "06-06 00:00"}}, june, "0.5"},
		{"calling", 1, []spell{{"05-10 08:00", ""}}, june, "30"},
		{"calling", 1, []spell{{"06-10 12:00", ""}}, june, "20.5"},
		{"calling", 1, []spell{{"05-10 08:00", "06-10 12:00"}}, june, "9.5"},
		{"calling", 1, []spell{{"06-07 06:00", "06-07 18:00"}}, june, "0.5"},
		{"calling", 1, []spell{{"06-07 06:00", "06-07 06:00"}}, june, ""},
		{"calling", 1, []spell{{"06-01 00:00", "06-03 00:00"}, {"06-20 18:00", "06-21 06:00"}}, june, "2.5"},
		{"calling", 1, []spell{{"05-10 08:00", "06-15 12:00"}}, june, "14.5"},
		{"suite", 1, []spell{{"06-15 12:00", ""}}, june, "15.5"},
		{"calling", 1, []spell{{"06-07 06:00", "06-07 14:00"}}, june, "0.333333"},
		{"calling", 3, []spell{{"06-07 06:00", "06-07 14:00"}}, june, "1"},
		{"calling", 1, []spell{{"2024-01-10 08:00", ""}}, [2]string{"2024-02-01", "2024-02-29"}, "29"},
		{"calling", 1, []spell{{"2023-01-10 08:00", ""}}, [2]string{"2023-02-01", "2023-02-28"}, "28"},
		{"calling", 1, []spell{{"06-10 18:00", ""}}, [2]string{"2024-06-10", "2024-06-10"}, "0.25"},
		{"calling", 1, []spell{{"05-10 08:00", "05-20 08:00"}}, june, ""},
		{"meetings", 1, []spell{{"05-10 08:00", ""}}, june, "30"},
		{"common_area", 1, []spell{{"06-01 00:00", "06-04 12:00"}}, june, "3.5"},
		{"calling", 1, []spell{{"2024-06-30T22:00:00-05:00", ""}}, june, ""},
	}
	each(t, func(t *testing.T, w *world) {
		customers := make([]string, len(vectors))
		for n, v := range vectors {
			c := w.Customer(w.P, fmt.Sprint("V", n+1))
			kind := usage.User
			if v.item == "common_area" {
				kind = usage.Workspace
			}
			for u := range v.users {
				for _, s := range v.spells {
					w.assign(c, v.item, kind, fmt.Sprint("holder-", n, "-", u), s.from, s.until)
				}
			}
			customers[n] = c.ID
		}
		w.Clock.Set(instant("2024-07-20 10:00"))
		tables := map[[2]string][]map[string]string{}
		for n, v := range vectors {
			if tables[v.period] == nil {
				tables[v.period] = w.table(w.order(w.admin(w.P), billing.NewReport{Start: v.period[0], End: v.period[1], Type: "customer"}))
			}
			got := ""
			for _, row := range tables[v.period] {
				if row["CUSTOMER_ORG_ID"] == customers[n] && row["SERVICE_NAME"] == strings.ToUpper(v.item) {
					got = row["QUANTITY"]
				}
			}
			if got != v.want {
				t.Errorf("V%d: %q, want %q", n+1, got, v.want)
			}
		}
	})
}

// june is the example of WS-70: customers A and B of P, C of its sub-partner S.
func (w *world) june() {
	w.assign(w.A, "calling", usage.User, "U1", "05-10 08:00", "")
	w.assign(w.A, "calling", usage.User, "U2", "06-10 12:00", "")
	w.assign(w.A, "calling", usage.User, "U3", "05-10 08:00", "06-10 12:00")
	w.assign(w.B, "calling", usage.User, "U4", "06-07 06:00", "06-07 18:00")
	w.assign(w.B, "calling", usage.User, "U5", "05-10 08:00", "06-15 12:00")
	w.assign(w.B, "suite", usage.User, "U5", "06-15 12:00", "")
	w.assign(w.C, "calling", usage.User, "U6", "05-10 08:00", "")
	w.assign(w.D, "calling", usage.User, "foreign", "05-10 08:00", "")
	w.Clock.Set(instant("2024-07-20 10:00"))
}

func brief(rows []map[string]string, columns ...string) string {
	var out []string
	for _, r := range rows {
		var cells []string
		for _, c := range columns {
			if r[c] != "" {
				cells = append(cells, r[c])
			}
		}
		out = append(out, strings.Join(cells, " "))
	}
	slices.Sort(out)
	return strings.Join(out, "; ")
}

func (w *world) named(s string) string {
	return strings.NewReplacer(w.A.ID, "A", w.B.ID, "B", w.C.ID, "C", w.S.ID, "S").Replace(s)
}

// WS-63, WS-68, WS-70: the aggregation example.
func TestTheThreeTypesOfReportAgree(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.june()
		me := w.admin(w.P)
		for _, v := range []struct {
			n       billing.NewReport
			columns []string
			want    string
		}{
			{billing.NewReport{Type: "USER"}, []string{"SERVICE_NAME", "CUSTOMER_ORG_ID", "SUBSCRIBER_ID", "QUANTITY"}, "CALLING A U1 30; CALLING A U2 20.5; CALLING A U3 9.5; CALLING B U4 0.5; CALLING B U5 14.5; SUITE B U5 15.5"},
			{billing.NewReport{Type: "CUSTOMER"}, []string{"SERVICE_NAME", "CUSTOMER_ORG_ID", "QUANTITY"}, "CALLING A 60; CALLING B 15; SUITE B 15.5"},
			{billing.NewReport{}, []string{"SERVICE_NAME", "QUANTITY"}, "CALLING 75; SUITE 15.5"},
			{billing.NewReport{SubPartnerID: w.S.ID}, []string{"SERVICE_NAME", "QUANTITY"}, "CALLING 30"},
			{billing.NewReport{WithSubs: true}, []string{"SERVICE_NAME", "SUB_PARTNER_ORG_ID", "QUANTITY"}, "CALLING S 30; CALLING 75; SUITE 15.5"},
		} {
			v.n.Start, v.n.End = "2024-06-01", "2024-06-30"
			if got := w.named(brief(w.table(w.order(me, v.n)), v.columns...)); got != v.want {
				t.Errorf("%+v: %s\nwant %s", v.n, got, v.want)
			}
		}
		mine := w.table(w.order(w.admin(w.S), billing.NewReport{Start: "2024-06-01", End: "2024-06-30"}))
		if got := brief(mine, "SERVICE_NAME", "QUANTITY"); got != "CALLING 30" {
			t.Errorf("the sub-partner's own: %s", got)
		}
	})
}

// WS-69.
func TestTheHeaderOfEachTypeIsExactlyTheList(t *testing.T) {
	partner := "PARTNER_NAME,PARTNER_ORG_ID,SUBSCRIPTION_ID,SERVICE_NAME,SKU,DESCRIPTION,CONSUMPTION_START_DATE,CONSUMPTION_END_DATE,QUANTITY"
	each(t, func(t *testing.T, w *world) {
		w.june()
		w.assign(w.A, "common_area", usage.Workspace, "W1", "07-01 00:00", "")
		w.Clock.Set(instant("2024-07-20 10:00"))
		for kind, want := range map[string]string{"PARTNER": partner, "CUSTOMER": partner + ",CUSTOMER_ORG_ID,CUSTOMER_EXTERNAL_ID",
			"USER": partner + ",CUSTOMER_ORG_ID,CUSTOMER_EXTERNAL_ID,SUBSCRIBER_ID,USER_ID,WORKSPACE_ID"} {
			r := w.order(w.admin(w.P), billing.NewReport{Start: "2024-06-01", End: "2024-07-10", Type: kind})
			if head, _, _ := strings.Cut(w.fetch(r, billing.CSV), "\r\n"); head != want {
				t.Errorf("%s: %s", kind, head)
			}
			for _, row := range w.table(r) {
				if kind == "USER" && (row["SUBSCRIBER_ID"] == "") == (row["WORKSPACE_ID"] == "") || row["PARTNER_NAME"] != "Partner P" || row["SUBSCRIPTION_ID"] == "" || row["SKU"] == "" {
					t.Errorf("%s: %v", kind, row)
				}
				if row["SUBSCRIBER_ID"] == "U2" && (row["CONSUMPTION_START_DATE"] != "2024-06-10T12:00:00Z" || row["CONSUMPTION_END_DATE"] != "2024-07-10T23:59:59Z" || row["CUSTOMER_EXTERNAL_ID"] != "ext-A") {
					t.Errorf("%v", row)
				}
				if kind == "PARTNER" && row["CONSUMPTION_START_DATE"] != "2024-06-01" {
					t.Errorf("%v", row)
				}
			}
			if lines := strings.Count(w.fetch(r, billing.JSONLines), "\n"); int64(lines) != r.Rows {
				t.Errorf("%s: %d lines of JSON, %d rows", kind, lines, r.Rows)
			}
		}
	})
}
