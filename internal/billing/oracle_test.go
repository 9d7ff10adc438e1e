package billing_test

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"linecard/internal/billing"
	"linecard/internal/usage"
)

// The oracle walks hour by hour and adds up what is held, customer by customer, with no idea of intervals; instants are whole hours.
const hour = 3600

type oracle struct {
	from, until int64
	billingDay  int
	spans       []usage.Span
}

func (o oracle) held(s usage.Span, h int64) int64 {
	if s.Start <= h && h < s.End {
		return s.Units
	}
	return 0
}

func isBillingDay(at int64, day int) bool {
	t := time.Unix(at, 0).UTC()
	return t.Day() == day && t.Hour() == 0
}

// quantities gives the exact number for each row of a holder.
func (o oracle) quantities() map[string]*big.Int {
	out := map[string]*big.Int{}
	add := func(s usage.Span, n int64) {
		if n != 0 {
			key := keyOf(s.Item, s.SubPartnerID, s.SKU, s.Rule, s.CustomerID, s.HolderID)
			if out[key] == nil {
				out[key] = new(big.Int)
			}
			out[key].Add(out[key], big.NewInt(n))
		}
	}
	best := map[string]int64{}          // of a month: most of a holder's row
	busiest := map[string]int64{}       // of a month: most of a customer's item
	parts := map[string]map[int]int64{} // what each span had then
	flush := func() {
		for i, s := range o.spans {
			key := keyOf(s.Item, s.SubPartnerID, s.SKU, s.Rule, s.CustomerID, s.HolderID)
			if n, ok := best[key]; ok && s.Rule == usage.FullMonth {
				add(s, n)
				delete(best, key)
			}
			if s.Rule == usage.Peak {
				add(s, parts[s.Item+s.CustomerID][i])
			}
		}
		clear(best)
		clear(busiest)
		clear(parts)
	}
	for h := o.from; h < o.until; h += hour {
		if h > o.from && isBillingDay(h, o.billingDay) {
			flush()
		}
		rows, customers := map[string]int64{}, map[string]int64{}
		for _, s := range o.spans {
			n := o.held(s, h)
			switch s.Rule {
			case usage.Prorated:
				add(s, n*hour)
			case usage.FullMonth:
				rows[keyOf(s.Item, s.SubPartnerID, s.SKU, s.Rule, s.CustomerID, s.HolderID)] += n
			case usage.Peak:
				customers[s.Item+s.CustomerID] += n
			case usage.CountOnDay:
				if isBillingDay(h+hour, o.billingDay) {
					add(s, n)
				}
			case usage.Once:
				if s.Start == h {
					add(s, s.Units)
				}
			}
		}
		for k, n := range rows {
			best[k] = max(best[k], n)
		}
		for k, n := range customers {
			if n > busiest[k] {
				busiest[k] = n
				parts[k] = map[int]int64{}
				for i, s := range o.spans {
					if s.Rule == usage.Peak && s.Item+s.CustomerID == k {
						parts[k][i] = o.held(s, h)
					}
				}
			}
		}
	}
	flush()
	for k, n := range out {
		if n.Sign() == 0 {
			delete(out, k)
		}
	}
	return out
}

func keyOf(item, sub, sku string, rule usage.Rule, customer, holder string) string {
	return strings.Join([]string{item, sub, sku, string(rule), customer, holder}, "|")
}

// WS-57, WS-63: of any ledger, the rows of users are what the oracle says, and those of customers and of the partner are their sums, to
// the last second; each type prints the same digits for the same number.
func TestReportsOfAnyLedgerAgreeWithASlowOracleAndWithEachOther(t *testing.T) {
	rules := map[string]usage.Rule{"a_calling": usage.Prorated, "b_number": usage.CountOnDay, "c_seats": usage.Peak, "d_rental": usage.FullMonth, "e_setup": usage.Once}
	base := time.Date(2024, 1, 20, 0, 0, 0, 0, time.UTC).Unix()
	rapid.Check(t, func(t *rapid.T) {
		var spans []usage.Span
		for range rapid.IntRange(1, 4).Draw(t, "customers") {
			customer := fmt.Sprint("c", len(spans))
			sub := rapid.SampledFrom([]string{"", "s1"}).Draw(t, "sub-partner")
			for item, rule := range rules {
				for h := range rapid.IntRange(0, 3).Draw(t, "holders") {
					at := base + hour*rapid.Int64Range(0, 400).Draw(t, "first")
					for range rapid.IntRange(1, 3).Draw(t, "spells") {
						s := usage.Span{ID: fmt.Sprint(len(spans)), Item: item, SKU: rapid.SampledFrom([]string{"x", "y"}).Draw(t, "sku"), Rule: rule, PartnerID: "p", SubPartnerID: sub, SubscriptionID: "sub",
							CustomerID: customer, Holder: usage.User, HolderID: fmt.Sprint("h", h), Units: rapid.Int64Range(1, 3).Draw(t, "units"), Start: at}
						s.End = at + hour*rapid.Int64Range(0, 900).Draw(t, "hours")
						if rapid.IntRange(0, 4).Draw(t, "open") == 0 {
							s.End = usage.Forever
						}
						if rule == usage.Once {
							s.End = s.Start
						}
						spans = append(spans, s)
						if s.End == usage.Forever {
							break
						}
						if rapid.IntRange(0, 5).Draw(t, "corrected") == 0 && rule != usage.Once {
							c := s
							c.ID, c.Corrects, c.Units = s.ID+"c", s.ID, -s.Units
							spans = append(spans, c)
						}
						at = s.End + hour*rapid.Int64Range(0, 100).Draw(t, "pause")
					}
				}
			}
		}
		o := oracle{from: base + 24*hour*rapid.Int64Range(0, 20).Draw(t, "start"), billingDay: rapid.IntRange(1, 28).Draw(t, "billing day")}
		o.until = o.from + 24*hour*rapid.Int64Range(1, 50).Draw(t, "days")
		for _, s := range spans { // as usage.Each chooses and orders
			if s.Start < o.until && (s.End > o.from || s.Rule == usage.Once && s.Start >= o.from) {
				o.spans = append(o.spans, s)
			}
		}
		slices.SortStableFunc(o.spans, func(a, b usage.Span) int {
			return strings.Compare(fmt.Sprintf("%s|%s|%s|%012d|%s", a.Item, a.CustomerID, a.HolderID, a.Start, a.ID), fmt.Sprintf("%s|%s|%s|%012d|%s", b.Item, b.CustomerID, b.HolderID, b.Start, b.ID))
		})
		want := o.quantities()
		got, customers, partner := map[string]*big.Int{}, map[string]*big.Int{}, map[string]*big.Int{}
		into := func(m map[string]*big.Int, key string, n *big.Int) {
			if m[key] == nil {
				m[key] = new(big.Int)
			}
			m[key].Add(m[key], n)
		}
		for _, r := range billing.Tally(billing.TypeUser, o.from, o.until, o.billingDay, o.spans) {
			key := keyOf(r.Item, r.SubPartner, r.SKU, r.Rule, r.Customer, r.HolderID)
			if got[key] != nil {
				t.Fatalf("two rows of %s", key)
			}
			into(got, key, r.N)
			into(customers, keyOf(r.Item, r.SubPartner, r.SKU, r.Rule, r.Customer, ""), r.N)
			into(partner, keyOf(r.Item, r.SubPartner, r.SKU, r.Rule, "", ""), r.N)
		}
		equal(t, "users", got, want)
		for kind, want := range map[string]map[string]*big.Int{billing.TypeCustomer: customers, billing.TypePartner: partner} {
			got := map[string]*big.Int{}
			for _, r := range billing.Tally(kind, o.from, o.until, o.billingDay, o.spans) {
				into(got, keyOf(r.Item, r.SubPartner, r.SKU, r.Rule, r.Customer, ""), r.N)
			}
			for k, n := range want {
				if n.Sign() == 0 {
					delete(want, k)
				}
			}
			equal(t, kind, got, want)
		}
	})
}

func equal(t *rapid.T, what string, got, want map[string]*big.Int) {
	t.Helper()
	for k, n := range want {
		if got[k] == nil || got[k].Cmp(n) != 0 {
			t.Fatalf("%s: %s is %v, want %v", what, k, got[k], n)
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%s: %d rows, want %d", what, len(got), len(want))
	}
}

// WS-57, WS-58: the two roundings, at their halves.
func TestRoundingIsHalfEvenForQuantitiesAndHalfUpForMoney(t *testing.T) {
	for seconds, want := range map[int64]string{0: "0", 86400: "1", 43200: "0.5", 28800: "0.333333", 57600: "0.666667", -28800: "-0.333333", 27: "0.000312", 81: "0.000938", 1: "0.000012", 30 * 86400: "30"} {
		if got := billing.Quantity(seconds); got != want {
			t.Errorf("%d s: %s, want %s", seconds, got, want)
		}
	}
	for _, v := range []struct {
		price, n, of int64
		currency     string
		want         int64
	}{
		{100000, 205, 300, "EUR", 683}, {100000, 95, 300, "EUR", 317}, {100000, 5, 300, "EUR", 17}, {50, 1, 1, "EUR", 1}, {49, 1, 1, "EUR", 0}, {-50, 1, 1, "EUR", -1},
		{100000, -205, 300, "EUR", -683}, {5000, 1, 1, "JPY", 1}, {4999, 1, 1, "JPY", 0}, {15, 1, 1, "KWD", 2},
	} {
		if got := billing.Amount(v.price, v.n, v.of, v.currency); got != v.want {
			t.Errorf("%+v: %d", v, got)
		}
	}
}
