package billing

import (
	"bytes"
	"context"
	"encoding/csv"
	"io"
	"iter"
	"math/big"
	"strings"
	"time"

	"linecard/internal/access"
	"linecard/internal/catalog"
	"linecard/internal/db"
	"linecard/internal/usage"
)

// The columns of reports, in this order (WS-69). Reports over sub-partners too have two more (WS-68).
var (
	partnerColumns  = []string{"PARTNER_NAME", "PARTNER_ORG_ID", "SUBSCRIPTION_ID", "SERVICE_NAME", "SKU", "DESCRIPTION", "CONSUMPTION_START_DATE", "CONSUMPTION_END_DATE", "QUANTITY"}
	customerColumns = []string{"CUSTOMER_ORG_ID", "CUSTOMER_EXTERNAL_ID"}
	userColumns     = []string{"SUBSCRIBER_ID", "USER_ID", "WORKSPACE_ID"}
	subColumns      = []string{"SUB_PARTNER_NAME", "SUB_PARTNER_ORG_ID"}
)

// Columns gives the header of a report of a type.
func Columns(reportType string, withSubs bool) []string {
	out := append([]string{}, partnerColumns...)
	if reportType != TypePartner {
		out = append(out, customerColumns...)
	}
	if reportType == TypeUser {
		out = append(out, userColumns...)
	}
	if withSubs {
		out = append(out, subColumns...)
	}
	return out
}

// names is what a report prints beside ids. The ids of customers are those below the partner: as many as it has customers, not users.
type names struct {
	partner   string
	subs      map[string]string
	external  map[string]string
	customers map[string]string
	items     map[string]catalog.Item
}

func (s *Service) names(ctx context.Context, q db.Q, partnerID string) (names, error) {
	n := names{subs: map[string]string{}, external: map[string]string{}, customers: map[string]string{}, items: map[string]catalog.Item{}}
	p, err := s.tenants.Load(ctx, q, partnerID)
	if err != nil {
		return n, err
	}
	n.partner = p.Name
	a := q.Args()
	var rows []struct {
		ID       string            `db:"id"`
		Kind     access.TenantKind `db:"kind"`
		Name     string            `db:"name"`
		External string            `db:"external_id"`
	}
	if err := q.Select(ctx, &rows, `SELECT id, kind, name, external_id FROM tenant_tenants WHERE `+(db.Filter{Within: []string{p.Scope}}).SQL(a, "scope"), a.List()...); err != nil {
		return n, err
	}
	for _, r := range rows {
		if r.Kind == access.SubPartner {
			n.subs[r.ID] = r.Name
		}
		n.external[r.ID], n.customers[r.ID] = r.External, r.Name
	}
	all, err := s.catalog.All(ctx, q)
	for _, i := range all {
		n.items[i.Code] = i
	}
	return n, err
}

// printer writes rows of a report as CSV (RFC 4180).
type printer struct {
	r       Report
	n       names
	w       *csv.Writer
	cells   []string
	printed int64
}

func (p *printer) row(x row) error {
	p.printed++
	first, last := p.r.Start, p.r.End
	if p.r.Category == PointInTime {
		first, last = p.r.Created.Format(time.RFC3339), p.r.Created.Format(time.RFC3339)
	} else if p.r.Type == TypeUser {
		first, last = instant(x.First), instant(x.Last)
	}
	p.cells = append(p.cells[:0], p.n.partner, p.r.PartnerID, x.Subscription, strings.ToUpper(x.Item), x.SKU, p.n.items[x.Item].Name, first, last, x.Quantity())
	if p.r.Type != TypePartner {
		p.cells = append(p.cells, x.Customer, p.n.external[x.Customer])
	}
	if p.r.Type == TypeUser {
		switch x.Holder {
		case usage.User:
			p.cells = append(p.cells, x.HolderID, x.HolderID, "")
		case usage.Workspace:
			p.cells = append(p.cells, "", "", x.HolderID)
		default:
			p.cells = append(p.cells, "", "", "")
		}
	}
	if p.r.WithSubs {
		p.cells = append(p.cells, p.n.subs[x.SubPartner], x.SubPartner)
	}
	for i, c := range p.cells {
		p.cells[i] = harmless(c)
	}
	return p.w.Write(p.cells)
}

// harmless keeps a spreadsheet from taking a name for a formula. Numbers stay numbers.
func harmless(s string) string {
	if s == "" || !strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return s
	}
	if _, ok := new(big.Rat).SetString(s); ok {
		return s
	}
	return "'" + s
}

// write streams the report: one statement of the database, a row at a time, whatever the number of rows.
func (s *Service) write(ctx context.Context, r Report, w io.Writer) (rows int64, err error) {
	n, err := s.names(ctx, s.db, r.PartnerID)
	if err != nil {
		return 0, err
	}
	p := &printer{r: r, n: n, w: csv.NewWriter(w)}
	p.w.UseCRLF = true
	if err := p.w.Write(Columns(r.Type, r.WithSubs)); err != nil {
		return 0, err
	}
	win, err := s.windowOf(ctx, r)
	if err != nil {
		return 0, err
	}
	if err := s.count(ctx, s.db, r, win, p.row); err != nil {
		return 0, err
	}
	p.w.Flush()
	return p.printed, p.w.Error()
}

// count walks the ledger and gives the rows of the report's type in order.
func (s *Service) count(ctx context.Context, q db.Q, r Report, win window, emit func(row) error) error {
	sums := newAdder(r.Type == TypeCustomer, emit)
	take := sums.add
	if r.Type == TypeUser {
		take = emit
	}
	c := newCounter(win, take)
	add := c.add
	if r.Category == PointInTime {
		add = func(s usage.Span) error { // what is held now, whatever the rule (WS-72)
			if s.End != usage.Forever {
				return nil
			}
			return take(row{Item: s.Item, what: whatOf(s), Customer: s.CustomerID, Holder: s.Holder, HolderID: s.HolderID, N: big.NewInt(s.Units * unit(s.Rule))})
		}
	}
	want := r.query()
	want.From, want.Until = win.from, win.until
	if err := usage.Each(ctx, q, want, add); err != nil {
		return err
	}
	if err := c.end(); err != nil {
		return err
	}
	return sums.end()
}

// unit is one whole of what a row of this rule counts.
func unit(r usage.Rule) int64 {
	if r == usage.Prorated {
		return daySeconds
	}
	return 1
}

func (s *Service) windowOf(ctx context.Context, r Report) (window, error) {
	if r.Category == PointInTime {
		return window{r.Created.Unix(), r.Created.Unix() + 1, 1}, nil
	}
	from, _ := date(r.Start)
	to, _ := date(r.End)
	w := window{from.Unix(), to.AddDate(0, 0, 1).Unix(), 1}
	sub, err := s.catalog.SubscriptionOf(ctx, s.db, r.PartnerID)
	if err == nil {
		w.billingDay = int(sub.BillingDay)
	}
	return w, nil
}

// pull turns what a function writes into a reader without holding it: what was written is handed on in pieces, and the function goes on
// when they were read. Close must be called.
func pull(fn func(io.Writer) error) *puller {
	next, stop := iter.Pull2(func(yield func([]byte, error) bool) {
		w := &yielder{yield: yield}
		if err := fn(w); err != nil && !w.stopped {
			yield(nil, err)
		} else if !w.stopped && w.buf.Len() > 0 {
			yield(w.buf.Bytes(), nil)
		}
	})
	return &puller{next: next, Stop: stop}
}

const piece = 64 << 10

type yielder struct {
	buf     bytes.Buffer
	yield   func([]byte, error) bool
	stopped bool
}

func (y *yielder) Write(b []byte) (int, error) {
	y.buf.Write(b)
	if y.buf.Len() < piece {
		return len(b), nil
	}
	if !y.yield(y.buf.Bytes(), nil) {
		y.stopped = true
		return 0, io.ErrClosedPipe
	}
	y.buf.Reset()
	return len(b), nil
}

type puller struct {
	next func() ([]byte, error, bool)
	Stop func()
	rest []byte
	err  error
}

// Read gives what the function wrote, and its error.
func (p *puller) Read(b []byte) (int, error) {
	for len(p.rest) == 0 {
		if p.err != nil {
			return 0, p.err
		}
		rest, err, ok := p.next()
		switch {
		case !ok:
			p.err = io.EOF
		case err != nil:
			p.err = err
		}
		p.rest = rest
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}
