package device

import (
	"context"
	"slices"
	"strings"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/phone"
	"linecard/internal/revision"
	"linecard/internal/tenant"
)

// Management says who configures a device (WS-142).
type Management string

// The kinds. The first two are served from here: by a pack that knows the maker's models, or by a template (WS-143, WS-144). The others are
// given credentials and nothing else (WS-145, WS-146).
const (
	Native     Management = "platform_native"
	ThirdParty Management = "platform_third_party"
	ByCustomer Management = "customer_managed"
	ByPartner  Management = "partner_managed"
)

// Listed is a model of the catalogue (WS-147). Model is "" for a maker whose phones are served by one template for all.
type Listed struct {
	phone.Model
	Maker   string
	Options []Management
}

var (
	errManagement = errs.BadField("management", "unknown_value", "Choose one of: platform_native, platform_third_party, customer_managed, partner_managed.")
	errServed     = errs.BadField("management", "management_of_maker", "Phones of this maker are served the other way.")
	errThirdParty = errs.New(errs.Forbidden, "third_party_off", "Phones of this maker are not enabled for this customer. Ask your provider.")
)

// served says how phones of a maker are, when they are served from here.
func (s *Service) served(maker string) Management {
	if m, err := s.makers.Get(maker); err == nil && len(phone.Models(m)) > 0 {
		return Native
	}
	return ThirdParty
}

// Models is the catalogue of the platform, by maker and name; everybody may read it.
func (s *Service) Models() []Listed {
	var out []Listed
	for _, name := range s.makers.Names() {
		m, err := s.makers.Get(name)
		if err != nil {
			continue
		}
		options := []Management{s.served(name), ByCustomer, ByPartner}
		all := phone.Models(m)
		if len(all) == 0 {
			out = append(out, Listed{Maker: name, Options: options, Model: phone.Model{Identifier: "mac"}})
		}
		for _, x := range all {
			out = append(out, Listed{Maker: name, Options: options, Model: x})
		}
	}
	slices.SortStableFunc(out, func(a, b Listed) int { return strings.Compare(a.Maker, b.Maker) })
	return out
}

// ModelsFor gives the part of the catalogue that a customer can choose from (WS-144).
func (s *Service) ModelsFor(ctx context.Context, actor access.Actor, customerID string) ([]Listed, error) {
	p, err := s.Policy(ctx, actor, customerID)
	if err != nil || p.ThirdParty {
		return s.Models(), err
	}
	return slices.DeleteFunc(s.Models(), func(l Listed) bool { return l.Options[0] == ThirdParty }), nil
}

// Policy is what a provider lets a customer have.
type Policy struct {
	ThirdParty bool // phones of makers that are served by template (WS-144); on unless somebody turned it off
}

// Policy gives what holds for a customer.
func (s *Service) Policy(ctx context.Context, actor access.Actor, customerID string) (Policy, error) {
	t, err := s.allowed(ctx, s.db, actor, access.DeviceView, customerID)
	if err != nil {
		return Policy{}, err
	}
	return policy(ctx, s.db, t.ID)
}

func policy(ctx context.Context, q db.Q, customerID string) (Policy, error) {
	var p Policy
	err := q.Get(ctx, &p.ThirdParty, `SELECT COALESCE((SELECT third_party FROM device_policies WHERE customer_id = $1), TRUE)`, customerID)
	return p, err
}

// SetPolicy changes it. Phones that are there stay and are served.
func (s *Service) SetPolicy(ctx context.Context, actor access.Actor, customerID string, p Policy) (Policy, error) {
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.allowedToChange(ctx, tx, actor, access.PackagesEdit, customerID)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO device_policies (customer_id, third_party) VALUES ($1, $2)
			ON CONFLICT (customer_id) DO UPDATE SET third_party = excluded.third_party`, t.ID, p.ThirdParty); err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, actor, journal.News{Type: "device.policy_set", Action: "device/policy", Tenant: t.Access(),
			Target: journal.Target{Kind: "customer", ID: t.ID, Name: t.Name}, Data: map[string]any{"customer_id": t.ID, "third_party": p.ThirdParty}})
	})
	return p, err
}

// permitted is third_party_off for phones of a maker that the customer does not get.
func (s *Service) permitted(ctx context.Context, q db.Q, customerID, maker string) error {
	if s.served(maker) == Native {
		return nil
	}
	p, err := policy(ctx, q, customerID)
	if err == nil && !p.ThirdParty {
		err = errThirdParty
	}
	return err
}

// Managements tells who configures these devices, by id; a device that the customer does not have is absent. It decides nothing.
func (s *Service) Managements(ctx context.Context, q db.Q, devices []Device) (map[string]Management, error) {
	out, ids := map[string]Management{}, make([]string, len(devices))
	for i, d := range devices {
		out[d.ID], ids[i] = s.served(d.Maker), d.ID
	}
	if len(ids) == 0 {
		return out, nil
	}
	a := q.Args()
	var rows []struct {
		ID      string `db:"id"`
		Manager string `db:"manager"`
	}
	if err := q.Select(ctx, &rows, `SELECT id, manager FROM device_external WHERE `+a.In("id", ids), a.List()...); err != nil {
		return nil, err
	}
	for _, r := range rows {
		out[r.ID] = map[string]Management{"customer": ByCustomer, "partner": ByPartner}[r.Manager]
	}
	return out, nil
}

// SetManagement says who configures a device. What somebody else configures gets no file from here any more, and no plan counts it; its
// lines stay, and who configures it fetches them with External. It is served again with all that it had when it comes back.
func (s *Service) SetManagement(ctx context.Context, actor access.Actor, customerID, id string, m Management, ifVersion int64) (Device, error) {
	var out Device
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, d, err := s.locked(ctx, tx, actor, customerID, id, ifVersion)
		if err != nil {
			return err
		}
		now, err := s.Managements(ctx, tx, []Device{d})
		if err != nil {
			return err
		}
		if err := s.manageable(m, d.Maker); err != nil || m == now[d.ID] {
			out = d
			return err
		}
		if err := manage(ctx, tx, d, m); err != nil {
			return err
		}
		d.Version++
		d.Updated = tx.Now()
		if err := update(ctx, tx, d); err != nil {
			return err
		}
		if err := revision.Bump(ctx, tx, revision.Device, d.ID); err != nil {
			return err
		}
		out = d
		return s.journal.Append(ctx, tx, actor, news(t, d, "managed", "manage", map[string]any{"management": string(m)}))
	})
	return out, err
}

func (s *Service) manageable(m Management, maker string) error {
	switch m {
	case ByCustomer, ByPartner:
		return nil
	case Native, ThirdParty:
		if m != s.served(maker) {
			return errServed
		}
		return nil
	}
	return errManagement
}

// manage writes who configures a device.
func manage(ctx context.Context, tx *db.Tx, d Device, m Management) error {
	manager := map[Management]string{ByCustomer: "customer", ByPartner: "partner"}[m]
	if manager == "" {
		_, err := tx.Exec(ctx, `DELETE FROM device_external WHERE id = $1`, d.ID)
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO device_external (id, customer_id, manager) VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE SET manager = excluded.manager`,
		d.ID, d.CustomerID, manager)
	return err
}

// External is a device that somebody else configures, with all that it takes to register (WS-146).
type External struct {
	Device
	Management Management
	Fetched    db.Time      // when this was last given out before; zero: never
	Lines      []phone.Line // by number, passwords in clear
}

// External gives the devices of a customer that are not configured from here, with their lines and passwords, for the tool that
// configures them, and notes that it has them. The permission and the log are those of revealed secrets (decision 16).
func (s *Service) External(ctx context.Context, actor access.Actor, customerID string, page db.Page) ([]External, string, error) {
	var out []External
	var next string
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.allowed(ctx, tx, actor, access.SecretReveal, customerID)
		if err != nil {
			return err
		}
		if out, next, err = s.external(ctx, tx, t, page); err != nil || len(out) == 0 {
			return err
		}
		ids := make([]string, len(out))
		for i, x := range out {
			ids[i] = x.ID
		}
		a := tx.Args()
		if _, err := tx.Exec(ctx, `UPDATE device_external SET fetched = `+a.Add(tx.Now())+` WHERE `+a.In("id", ids), a.List()...); err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, actor, journal.News{Type: "device.fetched", Action: "device/fetch", Tenant: t.Access(),
			Target: journal.Target{Kind: "customer", ID: t.ID, Name: t.Name}, Data: map[string]any{"customer_id": t.ID, "device_ids": ids}})
	})
	return out, next, err
}

func (s *Service) external(ctx context.Context, q db.Q, t tenant.Tenant, page db.Page) ([]External, string, error) {
	a := q.Args()
	where := "d.customer_id = " + a.Add(t.ID)
	k, err := page.Keyset(a, "d.id", db.Sort{Name: "id", Column: "d.id"})
	if err != nil {
		return nil, "", err
	}
	var rows []struct {
		Device
		Manager string  `db:"manager"`
		Fetched db.Time `db:"fetched"`
	}
	stmt := strings.Replace(selected, "SELECT ", "SELECT x.manager, x.fetched, ", 1) + ` JOIN device_external x ON x.id = d.id WHERE ` + where + ` AND ` + k.Where + ` ORDER BY ` + k.OrderBy + ` LIMIT ` + a.Add(k.Limit)
	if err := q.Select(ctx, &rows, stmt, a.List()...); err != nil {
		return nil, "", err
	}
	out := make([]External, len(rows))
	for i, r := range rows {
		out[i] = External{Device: r.Device, Fetched: r.Fetched, Management: map[string]Management{"customer": ByCustomer, "partner": ByPartner}[r.Manager]}
	}
	out, next := db.Cut(k, out, func(x External) (any, string) { return x.ID, x.ID })
	return out, next, s.withLines(ctx, q, out)
}

// withLines fills in the lines, managed ones before external ones of the same number (decision 19).
func (s *Service) withLines(ctx context.Context, q db.Q, all []External) error {
	ids, at := make([]string, len(all)), map[string]int{}
	for i, x := range all {
		ids[i], at[x.ID] = x.ID, i
	}
	if len(ids) == 0 {
		return nil
	}
	a := q.Args()
	var parts []part
	if err := q.Select(ctx, &parts, `SELECT device_id, number AS line, 0 AS place, id, data, password FROM device_lines WHERE `+a.In("device_id", ids)+` ORDER BY device_id, number`, a.List()...); err != nil {
		return err
	}
	setups, ever := make([]*Setup, len(all)), make([]int, len(all))
	for i, x := range all {
		setups[i], ever[i] = &Setup{DeviceID: x.ID}, 1
	}
	for _, p := range parts {
		l, err := s.openLine(p.ID, p.Line, p.Data, p.Password)
		if err != nil {
			return err
		}
		one := setups[at[p.DeviceID]]
		one.Lines = append(one.Lines, l)
	}
	if err := s.join(ctx, q, setups, ever); err != nil {
		return err
	}
	for i := range all {
		all[i].Lines = setups[i].Lines
	}
	return nil
}
