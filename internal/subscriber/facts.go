package subscriber

import (
	"context"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/tenant"
)

// gather reads what the rules need for these items, in as many statements as there are kinds of facts, however many items there are.
// known says that the customer was founded already.
func (s *Service) gather(ctx context.Context, q db.Q, t tenant.Tenant, asks []ask, known bool) (*facts, error) {
	f := (&facts{customer: t.ID, founded: known, country: t.Country}).empty()
	for _, step := range []func(context.Context, db.Q, tenant.Tenant, []ask, *facts) error{assignable, s.standing, inventory, s.founders} {
		if err := step(ctx, q, t, asks, f); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// empty makes room for facts.
func (f *facts) empty() *facts {
	f.items, f.locations, f.named, f.emails, f.externals = map[string]item{}, map[string]bool{}, map[string]string{}, map[string]string{}, map[string]bool{}
	f.taken, f.names, f.numbers, f.accounts = map[[2]string]bool{}, map[[2]string]bool{}, map[string]Number{}, map[string]bool{}
	return f
}

// assignable reads the packages and add-ons that are named, with what the customer has of them.
func assignable(ctx context.Context, q db.Q, t tenant.Tenant, asks []ask, f *facts) error {
	var names []string
	for _, a := range asks {
		names = append(append(names, a.Package), a.AddOns...)
	}
	items, err := named(ctx, q, t.ID, names)
	f.items = items
	return err
}

// named gives what can be assigned by the names that were asked for. Names of one item share its count.
func named(ctx context.Context, q db.Q, customerID string, names []string) (map[string]item, error) {
	a := q.Args()
	var rows []item
	err := q.Select(ctx, &rows, `SELECT n.id AS asked, i.id, i.kind, i.sku, i.name, i.description, i.rank, i.calling, i.messaging, i.meetings, i.assign_to,
		i.depends_on, i.features, i.rule, i.state, i.created, i.updated, i.version, p.most, p.used
		FROM catalog_names n JOIN catalog_items i ON i.id = n.item_id
		LEFT JOIN catalog_customer_packages p ON p.item_id = i.id AND p.customer_id = `+a.Add(customerID)+` WHERE `+a.In("n.id", unique(names)), a.List()...)
	out, used := map[string]item{}, map[string]*int64{}
	for _, r := range rows {
		if r.Used != nil {
			if have := used[r.Code]; have != nil {
				r.Used = have
			}
			used[r.Code] = r.Used
		}
		out[r.Asked] = r
	}
	return out, err
}

func unique(in []string) []string {
	seen := make(map[string]bool, len(in))
	out := make([]string, 0, len(in))
	for _, s := range in {
		if s != "" && !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

// standing reads in one statement whether anything can be sold to the customer (who is charged needs an active subscription, WS-54), its
// only location and those that are named, and which addresses, external ids, extensions and names of workspaces exist already.
func (s *Service) standing(ctx context.Context, q db.Q, t tenant.Tenant, asks []ask, f *facts) error {
	f.sold.PartnerID = t.ParentID
	if t.ParentKind == access.SubPartner {
		var err error
		if f.sold.PartnerID, f.sold.SubPartnerID, err = s.catalog.Billed(ctx, q, t.ParentID); err != nil {
			return err
		}
	}
	var emails, externals, extensions, names, ids, places []string
	for _, x := range asks {
		if x.kind == Person {
			emails = append(emails, db.Fold(x.Email))
		} else {
			names = append(names, db.Fold(x.DisplayName))
		}
		externals, extensions = append(externals, clean(x.ExternalID)), append(extensions, clean(x.Extension))
		ids, places = append(ids, clean(x.LocationID)), append(places, db.Fold(x.LocationName))
	}
	a := q.Args()
	parts := []string{`SELECT 5 AS what, partner_id AS customer_id, state AS place, id AS value FROM catalog_subscriptions WHERE state IN ('active', 'suspended') AND partner_id = ` + a.Add(f.sold.PartnerID),
		`SELECT * FROM (SELECT 6 AS what, customer_id, name_fold AS place, id AS value FROM subscriber_locations WHERE customer_id = ` + a.Add(t.ID) + ` ORDER BY id LIMIT 2) AS l`}
	if ids, places = unique(ids), unique(places); len(ids)+len(places) > 0 {
		parts = append(parts, `SELECT 7 AS what, customer_id, name_fold AS place, id AS value FROM subscriber_locations WHERE customer_id = `+a.Add(t.ID)+
			` AND (`+a.In("id", ids)+` OR `+a.In("name_fold", places)+`)`)
	}
	add := func(what, column string, values []string, more func() string) {
		if values = unique(values); len(values) > 0 {
			parts = append(parts, `SELECT `+what+` AS what, customer_id, place, `+column+` AS value FROM subscriber_holders WHERE `+a.In(column, values)+more())
		}
	}
	here := func() string { return ` AND customer_id = ` + a.Add(t.ID) }
	add("1", "email_fold", emails, func() string {
		return ` AND kind = 'user' AND (status = 'provisioned' OR customer_id = ` + a.Add(t.ID) + `)`
	})
	add("2", "external_id", externals, here)
	add("3", "extension", extensions, here)
	add("4", "name_fold", names, func() string { return ` AND kind = 'workspace'` + here() })
	var rows []struct {
		What     int    `db:"what"`
		Customer string `db:"customer_id"`
		Place    string `db:"place"`
		Value    string `db:"value"`
	}
	if err := q.Select(ctx, &rows, joinUnion(parts), a.List()...); err != nil {
		return err
	}
	f.selling = errSelling
	first := 0
	for _, r := range rows {
		switch r.What {
		case 1:
			if f.emails[r.Value] != t.ID {
				f.emails[r.Value] = r.Customer
			}
		case 2:
			f.externals[r.Value] = true
		case 3:
			f.taken[[2]string{r.Place, r.Value}] = true
		case 4:
			f.names[[2]string{r.Place, r.Value}] = true
		case 5:
			if f.sold.SubscriptionID = r.Value; r.Place == "active" {
				f.selling = nil
			}
		case 6:
			first, f.only = first+1, r.Value
			fallthrough
		case 7:
			f.locations[r.Value], f.named[r.Place] = true, r.Value
		}
	}
	if f.many = first > 1; f.many {
		f.only = ""
	}
	return nil
}

// inventory reads the numbers that are asked for, as far as they are the customer's.
func inventory(ctx context.Context, q db.Q, t tenant.Tenant, asks []ask, f *facts) error {
	var wanted []string
	for _, x := range asks {
		if clean(x.Number) == "" {
			continue
		}
		if e164, err := E164(x.Number, t.Country); err == nil {
			wanted = append(wanted, e164)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	a := q.Args()
	var rows []Number
	err := q.Select(ctx, &rows, selectedNumbers+` WHERE n.customer_id = `+a.Add(t.ID)+` AND `+a.In("n.number", unique(wanted)), a.List()...)
	for _, r := range rows {
		f.numbers[r.Number] = r
	}
	return err
}

// founders reads, while the customer has no administrator, which of the addresses somebody signs in with elsewhere: the first user
// becomes administrator (WS-112) and an address signs in to one organisation only.
func (s *Service) founders(ctx context.Context, q db.Q, t tenant.Tenant, asks []ask, f *facts) error {
	if asks[0].kind != Person || f.founded {
		return nil
	}
	var err error
	if f.founded, err = s.founded(ctx, q, t.ID); err != nil || f.founded {
		return err
	}
	if has, err := peopled(ctx, q, t.ID, ""); err != nil || has {
		return err
	}
	var emails []string
	for _, x := range asks {
		emails = append(emails, db.Fold(x.Email))
	}
	a := q.Args()
	var there []string
	err = q.Select(ctx, &there, `SELECT email_fold FROM account_accounts WHERE realm = 'customer' AND state <> 'deleted' AND tenant_id <> `+a.Add(t.ID)+
		` AND `+a.In("email_fold", unique(emails)), a.List()...)
	for _, e := range there {
		f.accounts[e] = true
	}
	return err
}

// founded says whether the first user of the customer was looked at already.
func (s *Service) founded(ctx context.Context, q db.Q, customerID string) (bool, error) {
	if _, known := s.known.Load(customerID); known {
		return true, nil
	}
	var yes bool
	err := q.Get(ctx, &yes, `SELECT founded FROM subscriber_customers WHERE id = $1`, customerID)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		err = nil
	}
	if tx, writes := q.(*db.Tx); yes && writes { // for good; only what was committed is remembered
		tx.AfterCommit(func() { s.known.Store(customerID, nil) })
	}
	return yes, err
}

// peopled says whether somebody administers the customer already, or signs in there with this address.
func peopled(ctx context.Context, q db.Q, customerID, emailFold string) (bool, error) {
	var id string
	err := q.Get(ctx, &id, `SELECT id FROM account_accounts WHERE tenant_id = $1 AND state <> 'deleted' AND (roles LIKE '%"customer_full_admin"%' OR email_fold = $2) LIMIT 1`,
		customerID, emailFold)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		return false, nil
	}
	return err == nil, err
}

// admin says whether a user administers its customer, so that it keeps the level of its package (WS-14).
func (h Holder) admin(ctx context.Context, q db.Q) (bool, error) {
	if h.Kind != Person {
		return false, nil
	}
	var id string
	err := q.Get(ctx, &id, `SELECT id FROM account_accounts WHERE realm = 'customer' AND email_fold = $1 AND tenant_id = $2 AND state <> 'deleted'
		AND roles LIKE '%"customer_full_admin"%'`, h.EmailFold, h.CustomerID)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		return false, nil
	}
	return err == nil, err
}
