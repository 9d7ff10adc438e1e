// Package billing owns what is made of the ledger of usage: reports over any period of the last five years (WS-60 … WS-72), monthly
// statements with amounts (WS-58), and files that the accounting and service systems of partners take over.
//
// It reads the ledger and the catalogue through their rooms and writes its own tables only. It must not know how something was
// assigned. There is no floating point here: quantities are whole unit-seconds or units, money is whole minor units, and what is in
// between is a big integer.
package billing

import (
	"math/big"
	"strconv"
	"strings"
	"time"

	"linecard/internal/errs"
)

const daySeconds = 24 * 60 * 60

// date is midnight UTC of a day YYYY-MM-DD.
func date(s string) (time.Time, bool) {
	t, err := time.Parse(time.DateOnly, s)
	return t, err == nil && t.Format(time.DateOnly) == s
}

// allowed are the days that a report may cover today: from the same day five years ago (29 February becomes the 28th) to yesterday
// (WS-62).
func allowed(now time.Time) (earliest, latest time.Time) {
	y, m, d := now.UTC().Date()
	earliest = time.Date(y-5, m, d, 0, 0, 0, 0, time.UTC)
	if earliest.Month() != m {
		earliest = earliest.AddDate(0, 0, -1)
	}
	return earliest, time.Date(y, m, d-1, 0, 0, 0, 0, time.UTC)
}

// period checks the two days of a request.
func period(c *errs.Checker, startName, endName, start, end string, now time.Time) {
	earliest, latest := allowed(now)
	check := func(name, s string) (time.Time, bool) {
		t, ok := date(s)
		switch {
		case !ok:
			c.Add(errs.Field{Name: name, Code: "bad_date", Message: "Give the day as YYYY-MM-DD."})
		case t.Before(earliest), t.After(latest):
			ok = false
			c.Add(errs.Field{Name: name, Code: "date_not_allowed", Message: "Choose a day of the last five years, but not today.",
				Params: map[string]string{"earliest": earliest.Format(time.DateOnly), "latest": latest.Format(time.DateOnly)}})
		}
		return t, ok
	}
	from, ok := check(startName, start)
	to, also := check(endName, end)
	if ok && also && to.Before(from) {
		c.Add(errs.Field{Name: endName, Code: "end_before_start", Message: "The last day lies before the first."})
	}
}

// quantity prints unit-seconds as unit-days with at most six decimals, rounded half to even once, at the end (WS-57).
func quantity(seconds *big.Int) string {
	return roundHalfEven(new(big.Rat).SetFrac(seconds, big.NewInt(daySeconds)))
}

func roundHalfEven(r *big.Rat) string {
	n := new(big.Int).Mul(r.Num(), big.NewInt(1_000_000))
	q, rest := new(big.Int).QuoRem(n, r.Denom(), new(big.Int))
	twice := rest.Abs(rest).Mul(rest, big.NewInt(2))
	if c := twice.Cmp(r.Denom()); c > 0 || c == 0 && q.Bit(0) == 1 {
		q.Add(q, big.NewInt(int64(r.Sign())))
	}
	return decimal(q, 6)
}

// decimal prints n / 10^places without zeros at the end.
func decimal(n *big.Int, places int) string {
	s := fixed(n, places)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	if s == "-0" {
		return "0"
	}
	return s
}

// fixed prints n / 10^places with all its decimals.
func fixed(n *big.Int, places int) string {
	sign := ""
	if n.Sign() < 0 {
		sign = "-"
	}
	digits := new(big.Int).Abs(n).String()
	if len(digits) <= places {
		digits = strings.Repeat("0", places-len(digits)+1) + digits
	}
	if places == 0 {
		return sign + digits
	}
	return sign + digits[:len(digits)-places] + "." + digits[len(digits)-places:]
}

// Money prints an amount of minor units as accounting writes it: "-12.30", of a currency without minor units "-12".
func Money(minor int64, currency string) string { return fixed(big.NewInt(minor), decimals(currency)) }

// decimals says how many decimals the minor unit of a currency has (ISO 4217).
func decimals(currency string) int {
	switch currency {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	}
	return 2
}

// amount is price (ten-thousandths of the currency's unit per unit and month) times n / of months, in minor units, rounded half away from
// zero once: a credit is exactly what it takes back (WS-58).
func amount(price int64, n *big.Int, of int64, currency string) int64 {
	num := new(big.Int).Mul(big.NewInt(price), n)
	den := new(big.Int).Mul(big.NewInt(10_000), big.NewInt(of))
	num.Mul(num, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(decimals(currency))), nil))
	q, r := new(big.Int).QuoRem(num, den, new(big.Int))
	if r.Abs(r).Mul(r, big.NewInt(2)).Cmp(den) >= 0 {
		q.Add(q, big.NewInt(int64(num.Sign())))
	}
	return q.Int64()
}

func day(unix int64) string { return time.Unix(unix, 0).UTC().Format(time.DateOnly) }

func instant(unix int64) string { return time.Unix(unix, 0).UTC().Format(time.RFC3339) }

func text(n int64) string { return strconv.FormatInt(n, 10) }
