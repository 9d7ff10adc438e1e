package billing

import (
	"context"
	"io"
	"math/big"

	"linecard/internal/usage"
)

// Tallied is a row before it is printed.
type Tallied struct {
	Item, SubPartner, Subscription, SKU string
	Rule                                usage.Rule
	Customer, HolderID                  string
	N                                   *big.Int
	Printed                             string
}

// Tally counts spans, in the order of usage.Each, as a report of this type does.
func Tally(kind string, from, until int64, billingDay int, spans []usage.Span) []Tallied {
	var out []Tallied
	emit := func(r row) error {
		out = append(out, Tallied{r.Item, r.SubPartner, r.Subscription, r.SKU, r.Rule, r.Customer, r.HolderID, new(big.Int).Set(r.N), r.Quantity()})
		return nil
	}
	sums := newAdder(kind == TypeCustomer, emit)
	take := sums.add
	if kind == TypeUser {
		take = emit
	}
	c := newCounter(window{from, until, billingDay}, take)
	for _, s := range spans {
		_ = c.add(s)
	}
	_ = c.end()
	_ = sums.end()
	return out
}

// Quantity and Amount are the two places where something is rounded.
func Quantity(seconds int64) string { return quantity(big.NewInt(seconds)) }

// Amount rates n of a unit of which a month has of.
func Amount(price, n, of int64, currency string) int64 {
	return amount(price, big.NewInt(n), of, currency)
}

// WriteReport streams a report.
func (s *Service) WriteReport(ctx context.Context, r Report, w io.Writer) (int64, error) {
	return s.write(ctx, r, w)
}
