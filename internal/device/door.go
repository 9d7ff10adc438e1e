package device

import (
	"context"
	"regexp"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/revision"
	"linecard/internal/secret"
)

// Door is what stands between a phone's request and a customer's files: whose it is, whether it is served, and the sealed
// passwords that open it.
type Door struct {
	CustomerID string
	Scope      string
	Stopped    bool           // frozen with the option to stop service (CH-26)
	Revision   int64          // moves when a password changes: what was derived from Credentials is good as long as it stays
	Above      []revision.Key // the counters of the customer and of all above it, the widest first (decision 9)

	user, previousUser         string
	password, previousPassword []byte
	previousUntil              db.Time
}

// hostRule is what a host can be at all (DM-117); nobodysHost cannot be one.
var hostRule = regexp.MustCompile(`^[a-z0-9_-]{1,63}$`)

const nobodysHost = "-"

// HasAccount says whether a provisioning account has been set; without one no phone gets anything (DM-111).
func (d Door) HasAccount() bool { return d.user != "" }

// Same says whether two doors let the same phones in to the same customer.
func (d Door) Same(o Door) bool {
	return d.CustomerID == o.CustomerID && d.Scope == o.Scope && d.Stopped == o.Stopped && d.Revision == o.Revision
}

// Door gives the door of the customer whose phones use this host; NotFound when there is none or it is archived. It is one
// indexed read, the same for every host.
func (s *Service) Door(ctx context.Context, host string) (Door, error) {
	if !hostRule.MatchString(host) {
		host = nobodysHost // looked for all the same
	}
	var r struct {
		ID               string            `db:"id"`
		Scope            string            `db:"scope"`
		ParentID         string            `db:"parent_id"`
		ParentKind       access.TenantKind `db:"parent_kind"`
		PartnerID        string            `db:"partner_id"`
		OperatorID       string            `db:"operator_id"`
		Stopped          bool              `db:"stopped"`
		User             string            `db:"account_user"`
		Password         []byte            `db:"account_password"`
		Revision         int64             `db:"account_revision"`
		PreviousUser     string            `db:"previous_user"`
		PreviousPassword []byte            `db:"previous_password"`
		PreviousUntil    db.Time           `db:"previous_until"`
	}
	// One row comes back for every host, so that an unknown one costs what a known one does (decision 15).
	err := s.db.Get(ctx, &r, `SELECT COALESCE(t.id, '') AS id, COALESCE(t.scope, '') AS scope, COALESCE(t.parent_id, '') AS parent_id,
		COALESCE(t.parent_kind, '') AS parent_kind, COALESCE(t.partner_id, '') AS partner_id, COALESCE(p.parent_id, '') AS operator_id,
		COALESCE(t.frozen AND t.freeze_stops_service, FALSE) AS stopped, COALESCE(c.account_user, '') AS account_user, c.account_password,
		COALESCE(c.account_revision, 0) AS account_revision, COALESCE(c.previous_user, '') AS previous_user, c.previous_password, c.previous_until
		FROM (SELECT 1 AS one) x
		LEFT JOIN tenant_tenants t ON t.host = $1 AND t.host <> '' AND t.state = 'active'
		LEFT JOIN tenant_tenants p ON p.id = t.partner_id
		LEFT JOIN device_customers c ON c.customer_id = t.id`, host)
	if err != nil {
		return Door{}, err
	}
	if r.ID == "" {
		return Door{}, errs.Missing("customer")
	}
	above := []revision.Key{{Kind: revision.Operator, ID: r.OperatorID}, {Kind: revision.Partner, ID: r.PartnerID}}
	if r.ParentKind == access.SubPartner {
		above = append(above, revision.Key{Kind: revision.SubPartner, ID: r.ParentID})
	}
	return Door{CustomerID: r.ID, Scope: r.Scope, Stopped: r.Stopped, Revision: r.Revision,
		Above: append(above, revision.Key{Kind: revision.Customer, ID: r.ID}),
		user:  r.User, password: r.Password, previousUser: r.PreviousUser, previousPassword: r.PreviousPassword, previousUntil: r.PreviousUntil}, nil
}

// Credentials opens the passwords of a door: the present one first, then the one that is valid until its end. None when the
// customer has no account.
func (s *Service) Credentials(d Door) ([]Credential, error) {
	var out []Credential
	for _, c := range []struct {
		user, column string
		sealed       []byte
		until        db.Time
	}{{d.user, "account_password", d.password, db.Time{}}, {d.previousUser, "previous_password", d.previousPassword, d.previousUntil}} {
		if c.user == "" {
			continue
		}
		word, err := s.box.Open(c.sealed, sealedAs(c.column, d.CustomerID))
		if err != nil {
			return nil, err
		}
		out = append(out, Credential{User: c.user, Password: secret.Hide(string(word)), Until: c.until.Time})
	}
	return out, nil
}

// Reseal seals anew what was sealed with an older key than the newest, and gives how many customers that were.
func (s *Service) Reseal(ctx context.Context) (int, error) {
	var ids []string
	if err := s.db.Select(ctx, &ids, `SELECT customer_id FROM device_customers WHERE account_password IS NOT NULL ORDER BY customer_id`); err != nil {
		return 0, err
	}
	n := 0
	for _, id := range ids {
		done := false
		err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			done, err = s.resealOne(ctx, tx, id)
			return err
		})
		if err != nil {
			return n, err
		}
		if done {
			n++
		}
	}
	return n, nil
}

func (s *Service) resealOne(ctx context.Context, tx *db.Tx, id string) (bool, error) {
	if err := tx.LockRow(ctx, "tenant_tenants", id); err != nil { // what every change of the row waits for
		return false, err
	}
	c, err := load(ctx, tx, id)
	if err != nil || !s.box.NeedsReseal(c.Password) && !s.box.NeedsReseal(c.PreviousPassword) {
		return false, err
	}
	for column, sealed := range map[string]*[]byte{"account_password": &c.Password, "previous_password": &c.PreviousPassword} {
		if *sealed == nil {
			continue
		}
		word, err := s.box.Open(*sealed, sealedAs(column, id))
		if err != nil {
			return false, err
		}
		if *sealed, err = s.box.Seal(word, sealedAs(column, id)); err != nil {
			return false, err
		}
	}
	return true, c.save(ctx, tx)
}
