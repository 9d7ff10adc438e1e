package billing

import (
	"cmp"
	"math/big"
	"slices"
	"time"

	"linecard/internal/usage"
)

// window is the time that is counted.
type window struct {
	from, until int64 // unix seconds; until is not included
	billingDay  int   // of the subscription
}

// months cuts the window at midnight of each billing day: the parts are what Peak and FullMonth are counted in.
func (w window) months() []window {
	var out []window
	for at := w.from; at < w.until; {
		end := min(w.until, nextBillingDay(at, w.billingDay))
		out = append(out, window{at, end, w.billingDay})
		at = end
	}
	return out
}

// billingDays are the midnights that begin a billing day after the window begins and not after it ends: what is held then is what a bill
// in arrears counts.
func (w window) billingDays() []int64 {
	var out []int64
	for at := nextBillingDay(w.from, w.billingDay); at <= w.until; at = nextBillingDay(at, w.billingDay) {
		out = append(out, at)
	}
	return out
}

// nextBillingDay is the first midnight of a billing day after at.
func nextBillingDay(at int64, dayOfMonth int) int64 {
	t := time.Unix(at, 0).UTC()
	next := time.Date(t.Year(), t.Month(), dayOfMonth, 0, 0, 0, 0, time.UTC)
	if next.Unix() <= at {
		next = time.Date(t.Year(), t.Month()+1, dayOfMonth, 0, 0, 0, 0, time.UTC)
	}
	return next.Unix()
}

// what is counted apart from each other: spans that agree in this are one row of their holder.
type what struct {
	SubPartner, Subscription, SKU string
	Rule                          usage.Rule
}

// row is a quantity: of a holder, of a customer or of a partner.
type row struct {
	Item string
	what
	Customer string     // "" in rows of a partner
	Holder   usage.Kind // "" above holders
	HolderID string
	First    int64    // first instant of consumption inside the window
	Last     int64    // last one
	N        *big.Int // unit-seconds of prorated items, units of others
}

// Quantity is what the report prints.
func (r row) Quantity() string {
	if r.Rule == usage.Prorated {
		return quantity(r.N)
	}
	return r.N.String()
}

// counter turns spans, in the order in which usage.Each gives them, into rows of holders. It holds the spans of one holder, and of items
// counted by their peak those of one customer.
type counter struct {
	w      window
	months []window
	days   []int64
	emit   func(row) error
	at     usage.Span   // whose spans are gathered
	spans  []usage.Span // of one holder and item
	peak   []usage.Span // of one customer and item
}

func newCounter(w window, emit func(row) error) *counter {
	return &counter{w: w, months: w.months(), days: w.billingDays(), emit: emit}
}

// add takes the next span.
func (c *counter) add(s usage.Span) error {
	sameCustomer := s.Item == c.at.Item && s.CustomerID == c.at.CustomerID
	if !sameCustomer || s.Holder != c.at.Holder || s.HolderID != c.at.HolderID {
		if err := c.holder(); err != nil {
			return err
		}
	}
	if !sameCustomer {
		if err := c.customer(); err != nil {
			return err
		}
	}
	c.at = s
	if s.Rule == usage.Peak {
		c.peak = append(c.peak, s)
	} else {
		c.spans = append(c.spans, s)
	}
	return nil
}

// end emits what is still gathered.
func (c *counter) end() error {
	if err := c.holder(); err != nil {
		return err
	}
	return c.customer()
}

// holder emits the rows of one holder: usually one.
func (c *counter) holder() error {
	defer func() { c.spans = c.spans[:0] }()
	if len(c.spans) == 1 { // nearly always: nothing to bring together
		return c.row(c.spans)
	}
	slices.SortStableFunc(c.spans, func(a, b usage.Span) int { return a2b(a, b) })
	for len(c.spans) > 0 {
		n := 1
		for n < len(c.spans) && whatOf(c.spans[n]) == whatOf(c.spans[0]) {
			n++
		}
		if err := c.row(c.spans[:n]); err != nil {
			return err
		}
		c.spans = c.spans[n:]
	}
	return nil
}

func whatOf(s usage.Span) what { return what{s.SubPartnerID, s.SubscriptionID, s.SKU, s.Rule} }

func a2b(a, b usage.Span) int {
	return cmp.Or(cmp.Compare(a.SubPartnerID, b.SubPartnerID), cmp.Compare(a.SubscriptionID, b.SubscriptionID), cmp.Compare(a.SKU, b.SKU), cmp.Compare(a.Rule, b.Rule))
}

// row counts spans of one holder that agree in what they are.
func (c *counter) row(spans []usage.Span) error {
	s := spans[0]
	var n int64
	switch s.Rule {
	case usage.Prorated:
		for _, x := range spans {
			n += x.Units * (min(x.End, c.w.until) - max(x.Start, c.w.from))
		}
	case usage.CountOnDay:
		for _, at := range c.days {
			for _, x := range spans {
				if x.Start < at && x.End >= at {
					n += x.Units
				}
			}
		}
	case usage.FullMonth:
		for _, m := range c.months {
			n += held(spans, m)
		}
	case usage.Once:
		for _, x := range spans {
			if x.Start >= c.w.from && x.Start < c.w.until {
				n += x.Units
			}
		}
	}
	return c.give(spans, n)
}

// held is the most units that a holder had at once in a month: what is charged for the whole of it.
func held(spans []usage.Span, m window) int64 {
	most, _ := busiest(spans, m)
	return most
}

// give emits a row of n for a holder, or nothing when it is 0.
func (c *counter) give(spans []usage.Span, n int64) error {
	if n == 0 {
		return nil
	}
	s := spans[0]
	r := row{Item: s.Item, what: whatOf(s), Customer: s.CustomerID, Holder: s.Holder, HolderID: s.HolderID, First: c.w.until, Last: c.w.from, N: big.NewInt(n)}
	for _, x := range spans {
		r.First = min(r.First, max(x.Start, c.w.from))
		r.Last = max(r.Last, min(x.End, c.w.until-1))
	}
	return c.emit(r)
}

// customer emits what the holders of a customer had at its peaks: the units that were held when most were held are the customer's
// quantity, and each holder has its own part of them, so rows of holders sum up to it exactly.
func (c *counter) customer() error {
	defer func() { c.peak = c.peak[:0] }()
	type holding struct {
		kind usage.Kind
		id   string
		what
	}
	quantities := map[holding]int64{}
	spans := map[holding][]usage.Span{}
	var order []holding
	for _, s := range c.peak {
		h := holding{s.Holder, s.HolderID, whatOf(s)}
		if spans[h] == nil {
			order = append(order, h)
		}
		spans[h] = append(spans[h], s)
	}
	for _, m := range c.months {
		most, at := busiest(c.peak, m)
		if most == 0 {
			continue
		}
		for _, s := range c.peak {
			if s.Start <= at && s.End > at {
				quantities[holding{s.Holder, s.HolderID, whatOf(s)}] += s.Units
			}
		}
	}
	for _, h := range order {
		if err := c.give(spans[h], quantities[h]); err != nil {
			return err
		}
	}
	return nil
}

// busiest finds the most units that were held at once in a month, and the first instant at which they were.
func busiest(spans []usage.Span, m window) (most, at int64) {
	type step struct{ at, by int64 }
	var steps []step
	for _, s := range spans {
		from, until := max(s.Start, m.from), min(s.End, m.until)
		if from < until {
			steps = append(steps, step{from, s.Units}, step{until, -s.Units})
		}
	}
	slices.SortFunc(steps, func(a, b step) int { return cmp.Compare(a.at, b.at) })
	var now int64
	for i, s := range steps {
		now += s.by
		if last := i+1 == len(steps) || steps[i+1].at != s.at; last && now > most {
			most, at = now, s.at
		}
	}
	return most, at
}

// adder brings rows of holders together into rows of customers or of partners, in the same order.
type adder struct {
	perCustomer bool
	emit        func(row) error
	at          row
	sums        map[what]*sum
}

type sum struct {
	n           big.Int
	first, last int64
}

func newAdder(perCustomer bool, emit func(row) error) *adder {
	return &adder{perCustomer: perCustomer, emit: emit, sums: map[what]*sum{}}
}

func (a *adder) add(r row) error {
	if !a.perCustomer {
		r.Customer = ""
	}
	if r.Item != a.at.Item || r.Customer != a.at.Customer {
		if err := a.end(); err != nil {
			return err
		}
	}
	a.at = r
	x := a.sums[r.what]
	if x == nil {
		x = &sum{first: r.First, last: r.Last}
		a.sums[r.what] = x
	}
	x.n.Add(&x.n, r.N)
	x.first, x.last = min(x.first, r.First), max(x.last, r.Last)
	return nil
}

// end emits the rows of what was gathered; sums of zero are left out.
func (a *adder) end() error {
	keys := make([]what, 0, len(a.sums))
	for k := range a.sums {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(x, y what) int {
		return cmp.Or(cmp.Compare(x.SubPartner, y.SubPartner), cmp.Compare(x.Subscription, y.Subscription), cmp.Compare(x.SKU, y.SKU), cmp.Compare(x.Rule, y.Rule))
	})
	for _, k := range keys {
		if x := a.sums[k]; x.n.Sign() != 0 {
			if err := a.emit(row{Item: a.at.Item, what: k, Customer: a.at.Customer, First: x.first, Last: x.last, N: &x.n}); err != nil {
				return err
			}
		}
	}
	clear(a.sums)
	return nil
}
