package device

import (
	"context"
	"regexp"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/phone"
	"linecard/internal/revision"
	"linecard/internal/secret"
)

// Door is what stands between a phone's request and a customer's files: whose it is, whether it is served, and the sealed
// passwords that open it.
type Door struct {
	CustomerID string
	Host       string // by which it was found
	Scope      string
	Stopped    bool           // frozen with the option to stop service (CH-26)
	Revision   int64          // moves when a password changes: what was derived from Credentials is good as long as it stays
	Factory    bool           // the account is the well-known one: it proves nothing about a phone (DM-113)
	Open       db.Time        // until then phones without an account of their own get secrets in spite of Factory
	AutoAdd    AutoAdd        // what happens with phones that nobody announced; never AsAccount
	Legacy     bool           // secrets may go over old TLS (decision 18)
	CallLists  bool           // phones may upload their call lists
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
	return d.CustomerID == o.CustomerID && d.Scope == o.Scope && d.Stopped == o.Stopped && d.Revision == o.Revision && d.Factory == o.Factory &&
		d.Open == o.Open && d.AutoAdd == o.AutoAdd && d.Legacy == o.Legacy && d.CallLists == o.CallLists
}

// Entrance is a door and what is known of one phone behind it.
type Entrance struct {
	Door
	Claim Claim
}

// Door gives the door of the customer whose phones use this host; NotFound when there is none or it is archived.
func (s *Service) Door(ctx context.Context, host string) (Door, error) {
	e, err := s.Admit(ctx, host, phone.MAC{})
	if err == nil && e.CustomerID == "" {
		err = errs.Missing("customer")
	}
	return e.Door, err
}

// Admit gives the door of the customer whose phones use this host, and the claim of its phone with this MAC. Both are zero for what
// there is not: the customer first, then its phone, in one statement that does the same for every host and MAC (decision 15).
func (s *Service) Admit(ctx context.Context, host string, mac phone.MAC) (Entrance, error) {
	if !hostRule.MatchString(host) {
		host = nobodysHost // looked for all the same
	}
	var r entranceRow
	// One row comes back for every host, so that an unknown one costs what a known one does.
	err := s.db.Get(ctx, &r, `SELECT COALESCE(t.id, '') AS id, COALESCE(t.scope, '') AS scope, COALESCE(t.parent_id, '') AS parent_id,
		COALESCE(t.parent_kind, '') AS parent_kind, COALESCE(t.partner_id, '') AS partner_id, COALESCE(p.parent_id, '') AS operator_id,
		COALESCE(t.frozen AND t.freeze_stops_service, FALSE) AS stopped, COALESCE(c.account_user, '') AS account_user, c.account_password,
		COALESCE(c.account_revision, 0) AS account_revision, COALESCE(c.previous_user, '') AS previous_user, c.previous_password, c.previous_until,
		COALESCE(c.account_factory, FALSE) AS account_factory, c.open_until, COALESCE(c.auto_add, '') AS auto_add,
		COALESCE(c.legacy_secrets, FALSE) AS legacy_secrets, COALESCE(c.call_lists, FALSE) AS call_lists,
		COALESCE(d.id, '') AS device_id, COALESCE(o.revision, 0) AS own_revision, o.password AS own_password, o.previous AS own_previous,
		o.used AS own_used, o.claimed AS own_claimed, o.open_until AS own_open
		FROM (SELECT 1 AS one) x
		LEFT JOIN tenant_tenants t ON t.host = $1 AND t.host <> '' AND t.state = 'active'
		LEFT JOIN tenant_tenants p ON p.id = t.partner_id
		LEFT JOIN device_customers c ON c.customer_id = t.id
		LEFT JOIN device_devices d ON d.customer_id = t.id AND d.mac = $2 AND d.mac <> '000000000000'
		LEFT JOIN device_owns o ON o.device_id = d.id`, host, mac)
	if err != nil {
		return Entrance{}, err
	}
	return r.entrance(mac), nil
}

type entranceRow struct {
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
	Factory          bool              `db:"account_factory"`
	Open             db.Time           `db:"open_until"`
	AutoAdd          AutoAdd           `db:"auto_add"`
	Legacy           bool              `db:"legacy_secrets"`
	CallLists        bool              `db:"call_lists"`
	DeviceID         string            `db:"device_id"`
	OwnRevision      int64             `db:"own_revision"`
	OwnPassword      []byte            `db:"own_password"`
	OwnPrevious      []byte            `db:"own_previous"`
	OwnUsed          db.Time           `db:"own_used"`
	OwnClaimed       db.Time           `db:"own_claimed"`
	OwnOpen          db.Time           `db:"own_open"`
}

func (r entranceRow) entrance(mac phone.MAC) Entrance {
	if r.ID == "" {
		return Entrance{}
	}
	above := []revision.Key{{Kind: revision.Operator, ID: r.OperatorID}, {Kind: revision.Partner, ID: r.PartnerID}}
	if r.ParentKind == access.SubPartner {
		above = append(above, revision.Key{Kind: revision.SubPartner, ID: r.ParentID})
	}
	e := Entrance{Door: Door{CustomerID: r.ID, Scope: r.Scope, Stopped: r.Stopped, Revision: r.Revision, Factory: r.Factory, Open: r.Open,
		AutoAdd: r.AutoAdd.with(r.Factory), Legacy: r.Legacy, CallLists: r.CallLists, Above: append(above, revision.Key{Kind: revision.Customer, ID: r.ID}),
		user: r.User, password: r.Password, previousUser: r.PreviousUser, previousPassword: r.PreviousPassword, previousUntil: r.PreviousUntil}}
	if r.DeviceID != "" {
		e.Claim = Claim{DeviceID: r.DeviceID, MAC: mac, Revision: r.OwnRevision, Used: !r.OwnUsed.IsZero(), Claimed: !r.OwnClaimed.IsZero(), Open: r.OwnOpen,
			password: r.OwnPassword, previous: r.OwnPrevious}
	}
	return e
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

// Reseal seals anew what was sealed with an older key than the newest, and gives how many customers and phones that were.
func (s *Service) Reseal(ctx context.Context) (int, error) {
	customers, err := s.resealCustomers(ctx)
	if err != nil {
		return customers, err
	}
	phones, err := s.resealOwns(ctx)
	return customers + phones, err
}

func (s *Service) resealCustomers(ctx context.Context) (int, error) {
	var ids []string
	if err := s.db.Select(ctx, &ids, `SELECT customer_id FROM device_customers WHERE account_password IS NOT NULL ORDER BY customer_id`); err != nil {
		return 0, err
	}
	return s.db.OneByOne(ctx, ids, s.resealOne)
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
