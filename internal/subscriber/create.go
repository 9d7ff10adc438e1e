package subscriber

import (
	"context"
	"slices"

	"linecard/internal/access"
	"linecard/internal/account"
	"linecard/internal/catalog"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/tenant"
	"linecard/internal/usage"
)

// CreateUser adds a user with its package, its line and its number, and meters it, in one transaction (WS-116). The first user of a
// customer that has no administrator becomes one (WS-112). What is refused is told by judge's codes.
func (s *Service) CreateUser(ctx context.Context, actor access.Actor, customerID string, n NewUser) (User, error) {
	u, _, err := s.ProvisionUser(ctx, actor, customerID, n)
	return u, err
}

// ProvisionUser is CreateUser that gives the warnings too.
func (s *Service) ProvisionUser(ctx context.Context, actor access.Actor, customerID string, n NewUser) (User, []Finding, error) {
	var r Result
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		out, err := s.make(ctx, tx, actor, access.UserEdit, customerID, []ask{{Person, n}})
		if err == nil {
			r, err = out[0], out[0].Err
		}
		return err
	})
	if err != nil {
		return User{}, nil, err
	}
	return r.User, r.Findings, nil
}

// CreateWorkspace adds a workspace with its package, as CreateUser does for people (WS-148).
func (s *Service) CreateWorkspace(ctx context.Context, actor access.Actor, customerID string, n NewWorkspace) (Workspace, error) {
	var out Workspace
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		made, err := s.make(ctx, tx, actor, access.WorkspaceSet, customerID, []ask{n.ask()})
		if err == nil {
			out, err = made[0].User, made[0].Err
		}
		return err
	})
	if err != nil {
		return Workspace{}, err
	}
	return out, nil
}

func (n NewWorkspace) ask() ask {
	return ask{Place, NewUser{DisplayName: n.Name, ExternalID: n.ExternalID, Package: n.Package, AddOns: n.AddOns, LocationID: n.LocationID, Extension: n.Extension, Number: n.Number}}
}

// chunk is how many items one transaction takes, so that others get their turn in between (decision 5).
const chunk = 100

// CreateUsers adds several users, each for itself: one that is refused has its Err and the others count. It holds the writer for at most
// a hundred of them at a time. MostAtOnce bounds it.
func (s *Service) CreateUsers(ctx context.Context, actor access.Actor, customerID string, all []NewUser) ([]Result, error) {
	if len(all) == 0 || len(all) > MostAtOnce {
		return nil, errTooMany
	}
	asks := make([]ask, len(all))
	for i, n := range all {
		asks[i] = ask{Person, n}
	}
	var out []Result
	for some := range slices.Chunk(asks, chunk) {
		var made []Result
		err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			made, err = s.make(ctx, tx, actor, access.UserEdit, customerID, some)
			return err
		})
		if err != nil {
			return nil, err
		}
		out = append(out, made...)
	}
	return out, nil
}

// CheckUsers says what CreateUsers would say, item by item, and changes nothing (WS-121, WS-122): it asks the same rules with facts
// that were read in the same way. The actor needs the right to create.
func (s *Service) CheckUsers(ctx context.Context, actor access.Actor, customerID string, all []NewUser) ([][]Finding, error) {
	if len(all) == 0 || len(all) > MostAtOnce {
		return nil, errTooMany
	}
	t, err := s.allowed(ctx, s.db, actor, access.UserEdit, customerID)
	if err == nil && t.State == tenant.Archived {
		err = errArchived
	}
	if err != nil {
		return nil, err
	}
	asks := make([]ask, len(all))
	for i, n := range all {
		asks[i] = ask{Person, n}
	}
	f, err := s.gather(ctx, s.db, t, asks, false)
	if err != nil {
		return nil, err
	}
	out := make([][]Finding, len(all))
	for i, a := range asks {
		v := judge(f, a)
		if v.err() == nil {
			f.note(v)
		}
		out[i] = v.findings
	}
	return out, nil
}

// reserving is how often a portion is judged again when others took what it counted on.
const reserving = 3

// make judges a portion of items and writes those that pass, in a fixed number of statements. What somebody else takes at the same
// moment is refused by constraint and told like what was taken before.
func (s *Service) make(ctx context.Context, tx *db.Tx, actor access.Actor, act access.Action, customerID string, asks []ask) ([]Result, error) {
	known := asks[0].kind != Person
	if !known { // the first user changes the customer itself, so it must be alone
		var err error
		if known, err = s.founded(ctx, tx, customerID); err != nil {
			return nil, err
		}
	}
	t, err := s.begin(ctx, tx, actor, act, customerID, !known)
	if err != nil {
		return nil, err
	}
	for try := 1; ; try++ {
		f, err := s.gather(ctx, tx, t, asks, known)
		if err != nil {
			return nil, err
		}
		p := newPortion(tx, t, f, asks)
		if err := s.reserve(ctx, tx, t.ID, p.counts(), 1); err != nil {
			if errs.KindOf(err) == errs.Conflict && try < reserving {
				continue
			}
			return nil, err
		}
		return p.out, s.write(ctx, tx, actor, p)
	}
}

// portion is items on their way into the database.
type portion struct {
	t     tenant.Tenant
	f     *facts
	asks  []ask
	out   []Result
	which []int // index in asks of each of passed
	pass  []verdict
}

func newPortion(tx *db.Tx, t tenant.Tenant, f *facts, asks []ask) *portion {
	p := &portion{t: t, f: f, asks: asks, out: make([]Result, len(asks))}
	for i, a := range asks {
		v := judge(f, a)
		p.out[i] = Result{Findings: v.findings, Err: v.err()}
		if p.out[i].Err != nil {
			continue
		}
		f.note(v)
		h := &v.holder
		h.ID, h.Scope, h.Version = db.NewID(), t.Scope, 1
		h.Created, h.Updated, h.StatusChanged = tx.Now(), tx.Now(), tx.Now()
		p.which, p.pass = append(p.which, i), append(p.pass, v)
	}
	return p
}

// counts is how many of each package are assigned.
func (p *portion) counts() map[string]int64 {
	n := map[string]int64{}
	for _, v := range p.pass {
		v.count(n, 1)
	}
	return n
}

func (v verdict) count(n map[string]int64, by int64) {
	if v.holder.Status != Provisioned {
		return
	}
	n[v.base.Code] += by
	for _, x := range v.addOns {
		n[x.Code] += by
	}
}

// reserve moves the used counts, in the order of the codes so that two never wait for each other.
func (s *Service) reserve(ctx context.Context, tx *db.Tx, customerID string, counts map[string]int64, sign int64) error {
	codes := make([]string, 0, len(counts))
	for c := range counts {
		codes = append(codes, c)
	}
	slices.Sort(codes)
	for _, c := range codes {
		if counts[c] == 0 {
			continue
		}
		if err := s.catalog.Reserve(ctx, tx, customerID, c, sign*counts[c]); err != nil {
			return err
		}
	}
	return nil
}

// write stores what passed.
func (s *Service) write(ctx context.Context, tx *db.Tx, actor access.Actor, p *portion) error {
	if len(p.pass) == 0 {
		return nil
	}
	all := make([]Holder, len(p.pass))
	for i, v := range p.pass {
		all[i] = v.holder
	}
	there, err := insertHolders(ctx, tx, all)
	if err != nil {
		return err
	}
	if err := s.numbered(ctx, tx, p, there); err != nil {
		return err
	}
	if len(there) < len(all) {
		if err := s.lostTo(ctx, tx, p, there); err != nil {
			return err
		}
	}
	if len(p.pass) == 0 {
		return nil
	}
	return s.complete(ctx, tx, actor, p)
}

// complete gives the new holders what comes with a package, and tells.
func (s *Service) complete(ctx context.Context, tx *db.Tx, actor access.Actor, p *portion) error {
	all := make([]Holder, len(p.pass))
	for i, v := range p.pass {
		all[i] = v.holder
	}
	if err := insertAddOns(ctx, tx, all); err != nil {
		return err
	}
	var lines []line
	for _, v := range p.pass {
		if v.base.HasCalling() && v.holder.Status == Provisioned {
			l, err := s.newLine(tx, v.holder)
			if err != nil {
				return err
			}
			lines = append(lines, l)
		}
	}
	if err := insertLines(ctx, tx, lines); err != nil {
		return err
	}
	if err := s.meter(ctx, tx, p.t, p.f.sold, p.pass); err != nil {
		return err
	}
	if err := s.found(ctx, tx, p); err != nil {
		return err
	}
	var all2 []journal.News
	for i, v := range p.pass {
		p.out[p.which[i]].User = v.holder
		all2 = append(all2, created(p.t, v))
	}
	if err := s.journal.AppendAll(ctx, tx, actor, all2); err != nil {
		return err
	}
	for _, v := range p.pass {
		if v.holder.Status != Pending {
			continue
		}
		if err := s.askToMove(ctx, tx, p.t, v.holder); err != nil {
			return err
		}
	}
	ids := make([]string, len(lines))
	for i, l := range lines {
		ids[i] = l.ID
	}
	return s.tell(ctx, tx, LineChange{CustomerID: p.t.ID, Scope: p.t.Scope, Set: ids})
}

func created(t tenant.Tenant, v verdict) journal.News {
	h := v.holder
	data := map[string]any{"customer_id": t.ID, "package": h.Package}
	if h.ExternalID != "" {
		data["external_id"] = h.ExternalID
	}
	if len(h.AddOns) > 0 {
		data["add_ons"] = h.AddOns
	}
	if h.Status != Provisioned {
		data["status"] = string(h.Status)
	}
	return journal.News{Type: string(h.Kind) + ".created", Action: string(h.Kind) + "/create", Tenant: t.Access(),
		Target: journal.Target{Kind: string(h.Kind), ID: h.ID, Name: h.DisplayName}, Data: data}
}

// numbered assigns the numbers; a holder whose number somebody else took is taken away again.
func (s *Service) numbered(ctx context.Context, tx *db.Tx, p *portion, there map[string]bool) error {
	for _, v := range p.pass {
		if v.number.ID == "" || !there[v.holder.ID] {
			continue
		}
		n, err := tx.Exec(ctx, `UPDATE subscriber_numbers SET holder_id = $2, location_id = $3, updated = $4, version = version + 1
			WHERE id = $1 AND customer_id = $5 AND holder_id IS NULL AND (location_id IS NULL OR location_id = $6)`,
			v.number.ID, v.holder.ID, v.holder.LocationID, tx.Now(), p.t.ID, v.holder.LocationID)
		if err != nil {
			return err
		}
		if n == 0 {
			delete(there, v.holder.ID)
			if _, err := tx.Exec(ctx, `DELETE FROM subscriber_holders WHERE id = $1`, v.holder.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// lostTo takes the items out that somebody else was faster with, says why, and gives back what was reserved for them.
func (s *Service) lostTo(ctx context.Context, tx *db.Tx, p *portion, there map[string]bool) error {
	var lost []ask
	var which, kept []int
	var pass []verdict
	back := map[string]int64{}
	for i, v := range p.pass {
		if there[v.holder.ID] {
			kept, pass = append(kept, p.which[i]), append(pass, v)
			continue
		}
		v.count(back, 1)
		lost, which = append(lost, p.asks[p.which[i]]), append(which, p.which[i])
	}
	p.pass, p.which = pass, kept
	if err := s.reserve(ctx, tx, p.t.ID, back, -1); err != nil {
		return err
	}
	f, err := s.gather(ctx, tx, p.t, lost, p.f.founded)
	if err != nil {
		return err
	}
	for i, a := range lost {
		v := judge(f, a)
		r := Result{Findings: v.findings, Err: v.err()}
		if r.Err == nil {
			r.Err = errBusy
		}
		p.out[which[i]] = r
	}
	return nil
}

// meter opens the spans of the ledger (decision 6).
func (s *Service) meter(ctx context.Context, tx *db.Tx, t tenant.Tenant, sold catalog.Sold, all []verdict) error {
	var spans []usage.Span
	if sold.SubscriptionID == "" {
		return errSelling
	}
	for _, v := range all {
		if v.holder.Status != Provisioned {
			continue
		}
		for _, x := range append([]item{v.base}, v.addOns...) {
			spans = append(spans, usage.Span{CustomerID: t.ID, Scope: t.Scope, PartnerID: sold.PartnerID, SubPartnerID: sold.SubPartnerID, SubscriptionID: sold.SubscriptionID,
				Item: x.Code, SKU: x.SKU, Holder: v.holder.Kind.usage(), HolderID: v.holder.ID, ExternalID: v.holder.ExternalID, Rule: usage.Rule(x.Rule)})
		}
	}
	return usage.OpenAll(ctx, tx, spans)
}

// found makes the first user of a customer its administrator, if it has none (WS-112). The row of the customer is where two that come
// first at once wait for each other.
func (s *Service) found(ctx context.Context, tx *db.Tx, p *portion) error {
	if p.f.founded || s.accounts == nil {
		return nil
	}
	i := slices.IndexFunc(p.pass, func(v verdict) bool { return v.holder.Kind == Person && v.holder.Status == Provisioned })
	if i < 0 {
		return nil
	}
	if err := shared(ctx, tx, p.t); err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `UPDATE subscriber_customers SET founded = TRUE WHERE id = $1 AND NOT founded`, p.t.ID)
	if err != nil || n == 0 {
		return err
	}
	h := &p.pass[i].holder
	if has, err := peopled(ctx, tx, p.t.ID, h.EmailFold); err != nil || has {
		return err
	}
	acc, err := s.accounts.Invite(ctx, access.SystemActor("onboarding"), account.Invitation{TenantID: p.t.ID, Of: &p.t, Email: h.Email, Name: h.DisplayName,
		Locale: p.t.Locale, TimeZone: p.t.TimeZone, Roles: []access.Role{access.CustomerFullAdmin}, First: true})
	if err != nil {
		return err
	}
	h.AccountID = acc.ID
	_, err = tx.Exec(ctx, `UPDATE subscriber_holders SET account_id = $2 WHERE id = $1`, h.ID, acc.ID)
	return err
}
