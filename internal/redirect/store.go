package redirect

import (
	"context"
	"strings"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/phone"
)

const serverColumns = `id, customer_id, scope, name, name_fold, url, account_user, account_password, certificate_url, created, updated, version`

func insertServer(ctx context.Context, tx *db.Tx, v Server) error {
	_, err := tx.Exec(ctx, `INSERT INTO redirect_servers (`+serverColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		v.ID, v.CustomerID, v.Scope, v.Name, v.NameFold, v.URL, v.User, v.Password, v.CertificateURL, v.Created, v.Updated, v.Version)
	return err
}

func updateServer(ctx context.Context, tx *db.Tx, v Server) error {
	_, err := tx.Exec(ctx, `UPDATE redirect_servers SET name = $2, name_fold = $3, url = $4, account_user = $5, account_password = $6,
		certificate_url = $7, updated = $8, version = $9 WHERE id = $1`, v.ID, v.Name, v.NameFold, v.URL, v.User, v.Password, v.CertificateURL, v.Updated, v.Version)
	return err
}

func getServer(ctx context.Context, q db.Q, customerID, id string) (Server, error) {
	one := make([]Server, 1)
	if err := q.Get(ctx, &one[0], `SELECT `+serverColumns+` FROM redirect_servers WHERE id = $1 AND customer_id = $2`, id, customerID); err != nil {
		return Server{}, missing(err, "redirect server")
	}
	return one[0], fillServers(ctx, q, one)
}

func missing(err error, what string) error {
	if errs.KindOf(err) == errs.NotFound {
		return errs.Missing(what)
	}
	return err
}

var serverSorts = []db.Sort{{Name: "name", Column: "name_fold"}, {Name: "created", Column: "created", Number: true, Desc: true}}

func listServers(ctx context.Context, q db.Q, customerID, text string, page db.Page) ([]Server, string, error) {
	var c errs.Checker
	a := q.Args()
	where := " WHERE customer_id = " + a.Add(customerID)
	if text = c.Text("q", text, 0, 200); text != "" {
		where += " AND (name_fold LIKE " + a.Add(db.Contains(text)) + ` ESCAPE '\' OR url LIKE ` + a.Add(db.Contains(text)) + ` ESCAPE '\')`
	}
	if err := c.Err(); err != nil {
		return nil, "", err
	}
	k, err := page.Keyset(a, "id", serverSorts...)
	if err != nil {
		return nil, "", err
	}
	var all []Server
	if err := q.Select(ctx, &all, `SELECT `+serverColumns+` FROM redirect_servers`+where+" AND "+k.Where+" ORDER BY "+k.OrderBy+" LIMIT "+a.Add(k.Limit), a.List()...); err != nil {
		return nil, "", err
	}
	all, next := db.Cut(k, all, func(v Server) (any, string) {
		if k.SortName() == "created" {
			return v.Created.UnixMilli(), v.ID
		}
		return v.NameFold, v.ID
	})
	return all, next, fillServers(ctx, q, all)
}

// fillServers counts who uses them.
func fillServers(ctx context.Context, q db.Q, all []Server) error {
	ids := make([]string, len(all))
	at := map[string]*Server{}
	for i := range all {
		ids[i], at[all[i].ID] = all[i].ID, &all[i]
	}
	a := q.Args()
	var rows []struct {
		ID string `db:"server_id"`
		N  int64  `db:"n"`
	}
	if err := q.Select(ctx, &rows, `SELECT server_id, COUNT(*) AS n FROM redirect_entries WHERE `+a.In("server_id", ids)+` GROUP BY server_id`, a.List()...); err != nil {
		return err
	}
	for _, r := range rows {
		at[r.ID].Entries = r.N
	}
	return nil
}

const entrySelect = `SELECT e.id, e.customer_id, e.scope, e.mac, e.maker, e.model, e.serial, COALESCE(e.server_id, '') AS server_id, e.unique_url, e.account_user,
	e.account_password, e.remark, e.enabled, e.proof, e.window_until, e.created, e.updated, e.version FROM redirect_entries e`

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func (e Entry) searchFold() string {
	return db.Fold(e.MAC.String() + " " + e.UniqueURL + " " + e.Serial + " " + e.Model + " " + e.Remark)
}

func insertEntry(ctx context.Context, tx *db.Tx, e Entry) error {
	_, err := tx.Exec(ctx, `INSERT INTO redirect_entries (id, customer_id, scope, mac, maker, model, serial, server_id, unique_url, account_user, account_password,
		remark, search_fold, enabled, proof, window_until, created, updated, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`,
		e.ID, e.CustomerID, e.Scope, e.MAC, e.Maker, e.Model, e.Serial, orNull(e.ServerID), e.UniqueURL, e.User, e.Password, e.Remark, e.searchFold(),
		e.Enabled, e.Proof, e.Window, e.Created, e.Updated, e.Version)
	return err
}

func updateEntry(ctx context.Context, tx *db.Tx, e Entry) error {
	_, err := tx.Exec(ctx, `UPDATE redirect_entries SET maker = $2, model = $3, serial = $4, server_id = $5, unique_url = $6, account_user = $7,
		account_password = $8, remark = $9, search_fold = $10, enabled = $11, proof = $12, window_until = $13, updated = $14, version = $15 WHERE id = $1`,
		e.ID, e.Maker, e.Model, e.Serial, orNull(e.ServerID), e.UniqueURL, e.User, e.Password, e.Remark, e.searchFold(), e.Enabled, e.Proof, e.Window,
		e.Updated, e.Version)
	return err
}

func getEntry(ctx context.Context, q db.Q, customerID, id string) (Entry, error) {
	one := make([]Entry, 1)
	if err := q.Get(ctx, &one[0], entrySelect+` WHERE e.id = $1 AND e.customer_id = $2`, id, customerID); err != nil {
		return Entry{}, missing(err, "redirect entry")
	}
	return one[0], fillEntries(ctx, q, one)
}

// byMAC gives the entry of a MAC, whoever has it; NotFound for none.
func byMAC(ctx context.Context, q db.Q, mac phone.MAC) (Entry, error) {
	var e Entry
	err := q.Get(ctx, &e, entrySelect+` WHERE e.mac = $1`, mac)
	return e, err
}

func countEntries(ctx context.Context, q db.Q, customerID string) (n int64, err error) {
	err = q.Get(ctx, &n, `SELECT COUNT(*) FROM redirect_entries WHERE customer_id = $1`, customerID)
	return n, err
}

var entrySorts = []db.Sort{{Name: "mac", Column: "e.mac"}, {Name: "created", Column: "e.created", Number: true, Desc: true}}

// listEntries gives entries that the filter lets through.
func listEntries(ctx context.Context, q db.Q, f db.Filter, by EntryQuery) ([]Entry, string, error) {
	var c errs.Checker
	a := q.Args()
	where := " WHERE " + f.SQL(a, "e.scope")
	if text := c.Text("q", by.Text, 0, 200); text != "" {
		for word := range strings.FieldsSeq(text) {
			if m, err := phone.ParseMAC(word); err == nil { // in any spelling
				word = m.String()
			}
			where += " AND e.search_fold LIKE " + a.Add(db.Contains(word)) + ` ESCAPE '\'`
		}
	}
	for column, v := range map[string]string{"e.customer_id": by.CustomerID, "e.server_id": by.ServerID, "e.maker": by.Maker} {
		if v != "" {
			where += " AND " + column + " = " + a.Add(v)
		}
	}
	switch by.State {
	case "":
	case NotPushed:
		where += ` AND NOT EXISTS (SELECT 1 FROM redirect_pushes p WHERE p.entry_id = e.id AND p.wanted AND p.state <> 'not_pushed')`
	default:
		where += ` AND EXISTS (SELECT 1 FROM redirect_pushes p WHERE p.entry_id = e.id AND p.wanted AND p.state = ` + a.Add(string(c.OneOf("push", string(by.State),
			string(Pending), string(Pushed), string(Refused), string(NotPushed)))) + `)`
	}
	if err := c.Err(); err != nil {
		return nil, "", err
	}
	k, err := by.Page.Keyset(a, "e.id", entrySorts...)
	if err != nil {
		return nil, "", err
	}
	var all []Entry
	if err := q.Select(ctx, &all, entrySelect+where+" AND "+k.Where+" ORDER BY "+k.OrderBy+" LIMIT "+a.Add(k.Limit), a.List()...); err != nil {
		return nil, "", err
	}
	all, next := db.Cut(k, all, func(e Entry) (any, string) {
		if k.SortName() == "created" {
			return e.Created.UnixMilli(), e.ID
		}
		return e.MAC.String(), e.ID
	})
	return all, next, fillEntries(ctx, q, all)
}

// fillEntries adds what stands in other tables: the server, the customer's name, the last contact, the state in a cloud.
func fillEntries(ctx context.Context, q db.Q, all []Entry) error {
	if len(all) == 0 {
		return nil
	}
	ids, servers, customers := make([]string, len(all)), []string{}, []string{}
	for i, e := range all {
		ids[i] = e.ID
		servers, customers = append(servers, e.ServerID), append(customers, e.CustomerID)
	}
	type named struct {
		ID   string `db:"id"`
		Name string `db:"name"`
		Text string `db:"text"`
	}
	lookUp := func(sql string, ids []string) (map[string]named, error) {
		a := q.Args()
		var rows []named
		err := q.Select(ctx, &rows, sql+a.In("id", ids), a.List()...)
		out := map[string]named{}
		for _, r := range rows {
			out[r.ID] = r
		}
		return out, err
	}
	server, err := lookUp(`SELECT id, name, url AS text FROM redirect_servers WHERE `, servers)
	if err != nil {
		return err
	}
	customer, err := lookUp(`SELECT id, name, host AS text FROM tenant_tenants WHERE `, customers)
	if err != nil {
		return err
	}
	a := q.Args()
	var contacts []Contact
	if err := q.Select(ctx, &contacts, `SELECT id, last_at, last_ip, last_result, times FROM redirect_contacts WHERE `+a.In("id", ids), a.List()...); err != nil {
		return err
	}
	pushes, err := pushesOf(ctx, q, ids)
	if err != nil {
		return err
	}
	for i := range all {
		e := &all[i]
		e.ServerName, e.ServerURL, e.CustomerName = server[e.ServerID].Name, server[e.ServerID].Text, customer[e.CustomerID].Name
		e.EffectiveURL = e.effective(customer[e.CustomerID].Text)
		e.Push = Push{State: NotPushed, Code: NoConnector}
		if p, ok := pushes[e.ID]; ok {
			e.Push = p
		}
		for _, c := range contacts {
			if c.ID == e.ID {
				e.Contact = c
			}
		}
	}
	return nil
}

// effective is the address that is handed out: the unique one wins (CH-38).
func (e Entry) effective(enterprise string) string {
	raw := e.UniqueURL
	if raw == "" {
		raw = e.ServerURL
	}
	return expand(raw, e.MAC, e.Model, enterprise)
}

func pushesOf(ctx context.Context, q db.Q, entries []string) (map[string]Push, error) {
	a := q.Args()
	var rows []struct {
		EntryID string    `db:"entry_id"`
		State   PushState `db:"state"`
		Code    string    `db:"code"`
		Reason  string    `db:"reason"`
		Drift   string    `db:"drift"`
		Tried   db.Time   `db:"tried"`
	}
	err := q.Select(ctx, &rows, `SELECT entry_id, state, code, reason, drift, tried FROM redirect_pushes WHERE wanted AND `+a.In("entry_id", entries), a.List()...)
	out := map[string]Push{}
	for _, r := range rows {
		out[r.EntryID] = Push{State: r.State, Code: r.Code, Reason: r.Reason, Drift: r.Drift, At: r.Tried}
	}
	return out, err
}

// holderOf gives the customer that has a MAC, as an entry here or in a way that another room knows; "" for none.
func (s *Service) holderOf(ctx context.Context, q db.Q, mac phone.MAC) (string, error) {
	e, err := byMAC(ctx, q, mac)
	switch {
	case err == nil:
		return e.CustomerID, nil
	case errs.KindOf(err) != errs.NotFound:
		return "", err
	case s.holders == nil:
		return "", nil
	}
	return s.holders.Holder(ctx, q, mac)
}

// Holder gives the customer whose entry a MAC is, and what its claim rests on; "" for none. It decides nothing.
func (s *Service) Holder(ctx context.Context, q db.Q, mac phone.MAC) (customerID string, proof Proof, err error) {
	e, err := byMAC(ctx, q, mac)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		return "", Unproven, nil
	}
	return e.CustomerID, e.Proof, err
}

// Elsewhere gives those of the MACs that are entries of other customers (invariant 6). It decides nothing: for rooms that must not give a
// MAC to a second customer. In a transaction it stays true until the end.
func (s *Service) Elsewhere(ctx context.Context, q db.Q, customerID string, macs []phone.MAC) (map[phone.MAC]bool, error) {
	if len(macs) == 0 {
		return nil, nil
	}
	if tx, ok := q.(*db.Tx); ok {
		if err := tx.ShareToRead(ctx, "redirect_gate", gate); err != nil {
			return nil, err
		}
	}
	names := make([]string, len(macs))
	for i, m := range macs {
		names[i] = m.String()
	}
	a := q.Args()
	var taken []phone.MAC
	if err := q.Select(ctx, &taken, `SELECT mac FROM redirect_entries WHERE customer_id <> `+a.Add(customerID)+` AND `+a.In("mac", names), a.List()...); err != nil {
		return nil, err
	}
	out := map[phone.MAC]bool{}
	for _, m := range taken {
		out[m] = true
	}
	return out, nil
}

// gate is the row that makes adding an entry and adding a device take turns.
const gate = "-"

// Counts tells how many entries customers have, for lists of customers; one without is absent. It needs only that the caller may
// see the customers.
func (s *Service) Counts(ctx context.Context, q db.Q, customerIDs []string) (map[string]int64, error) {
	a := q.Args()
	var rows []struct {
		ID string `db:"customer_id"`
		N  int64  `db:"n"`
	}
	err := q.Select(ctx, &rows, `SELECT customer_id, COUNT(*) AS n FROM redirect_entries WHERE `+a.In("customer_id", customerIDs)+` GROUP BY customer_id`, a.List()...)
	out := map[string]int64{}
	for _, r := range rows {
		out[r.ID] = r.N
	}
	return out, err
}

func accessOf(ctx context.Context, q db.Q, id string) (access.Tenant, error) {
	var t struct {
		ID    string            `db:"id"`
		Kind  access.TenantKind `db:"kind"`
		Scope string            `db:"scope"`
		Name  string            `db:"name"`
	}
	err := q.Get(ctx, &t, `SELECT id, kind, scope, name FROM tenant_tenants WHERE id = $1`, id)
	return access.Tenant(t), err
}
