package redirect

import (
	"context"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/phone"
	"linecard/internal/secret"
	"linecard/internal/tenant"
)

// made checks what a new entry is made of; the fault of the MAC stands among the others.
func (s *Service) made(n NewEntry) (Entry, error) {
	e := Entry{ID: db.NewID(), Enabled: true}
	var c errs.Checker
	mac, err := phone.ParseMAC(n.MAC)
	if err != nil {
		for _, f := range errs.As(err).Fields {
			c.Add(f)
		}
	}
	e.MAC = mac
	p := EntryPatch{Maker: &n.Maker, Model: &n.Model, Serial: &n.Serial, ServerID: &n.ServerID, UniqueURL: &n.UniqueURL, User: &n.User, Remark: &n.Remark}
	if !n.Password.Empty() {
		p.Password = &n.Password
	}
	if n.Maker == "" {
		e.Maker = s.makers.Of(mac)
		p.Maker = nil
	}
	if _, err := p.apply(&e, s.makers); err != nil {
		for _, f := range errs.As(err).Fields {
			c.Add(f)
		}
	}
	if c.Err() != nil {
		return e, c.Err()
	}
	_, err = s.reseat(&e.Password, e.User, p.Password, sealedAs("redirect_entries", e.ID))
	return e, err
}

// CreateEntry adds a phone (CH-36). A MAC that the customer has is redirect_entry_exists; one that another customer has is
// mac_claimed, whoever that is (CH-41).
func (s *Service) CreateEntry(ctx context.Context, actor access.Actor, customerID string, n NewEntry) (Entry, error) {
	e, faults := s.made(n)
	var out Entry
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.begin(ctx, tx, actor, access.RedirectEdit, customerID)
		if err == nil {
			err = faults
		}
		if err != nil {
			return err
		}
		if err := s.room(ctx, tx, t.ID, 1); err != nil {
			return err
		}
		out, err = s.add(ctx, tx, actor, t, e)
		return err
	})
	return out, err
}

func (s *Service) room(ctx context.Context, tx *db.Tx, customerID string, more int64) error {
	n, err := countEntries(ctx, tx, customerID)
	if err == nil && n+more > MaxEntries {
		err = errEntryLimit
	}
	return err
}

// admit refuses a MAC that somebody has, and a server that is not the customer's.
func (s *Service) admit(ctx context.Context, q db.Q, customerID string, e Entry) error {
	holder, err := s.holderOf(ctx, q, e.MAC)
	if err != nil {
		return err
	}
	if holder != "" && holder != customerID {
		return errClaimed
	}
	if _, err := byMAC(ctx, q, e.MAC); err == nil {
		return errHas
	}
	return s.hasServer(ctx, q, customerID, e.ServerID)
}

func (s *Service) hasServer(ctx context.Context, q db.Q, customerID, id string) error {
	if id == "" {
		return nil
	}
	_, err := getServer(ctx, q, customerID, id)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		return errs.BadField("server_id", "unknown_redirect_server", "There is no such redirect server.")
	}
	return err
}

// add writes an entry that made has checked: row, cloud, journal.
func (s *Service) add(ctx context.Context, tx *db.Tx, actor access.Actor, t tenant.Tenant, e Entry) (Entry, error) {
	if err := tx.LockToRead(ctx, "redirect_gate", gate); err != nil {
		return Entry{}, err
	}
	if err := s.admit(ctx, tx, t.ID, e); err != nil {
		return Entry{}, err
	}
	e.CustomerID, e.Scope, e.Created, e.Updated, e.Version = t.ID, t.Scope, tx.Now(), tx.Now(), 1
	settled, err := s.released(ctx, tx, t.ID, e.MAC)
	if err != nil {
		return Entry{}, err
	}
	e.Proof = settled
	if err := insertEntry(ctx, tx, e); err != nil {
		if db.IsUnique(err, "redirect_entries", "mac") { // somebody was quicker
			return Entry{}, errClaimed.Because(err)
		}
		return Entry{}, err
	}
	if err := s.pushEntry(ctx, tx, e); err != nil {
		return Entry{}, err
	}
	if err := s.journal.Append(ctx, tx, actor, entryNews(t.Access(), e, "created", "create", nil)); err != nil {
		return Entry{}, err
	}
	return getEntry(ctx, tx, t.ID, e.ID)
}

// GetEntry gives an entry of the customer; NotFound when it has none with this id.
func (s *Service) GetEntry(ctx context.Context, actor access.Actor, customerID, id string) (Entry, error) {
	if _, err := s.allowed(ctx, s.db, actor, access.RedirectView, customerID); err != nil {
		return Entry{}, err
	}
	return getEntry(ctx, s.db, customerID, id)
}

// Entries gives the entries of a customer page by page, and the cursor of the next page.
func (s *Service) Entries(ctx context.Context, actor access.Actor, customerID string, by EntryQuery) ([]Entry, string, error) {
	t, err := s.allowed(ctx, s.db, actor, access.RedirectView, customerID)
	if err != nil {
		return nil, "", err
	}
	by.CustomerID = t.ID
	return listEntries(ctx, s.db, db.Filter{Exactly: []string{t.Scope}}, by)
}

// AllEntries gives the entries of all customers that the actor may see (CH-34).
func (s *Service) AllEntries(ctx context.Context, actor access.Actor, by EntryQuery) ([]Entry, string, error) {
	f, err := s.tenants.Visible(ctx, s.db, actor, access.RedirectView, true)
	if err != nil {
		return nil, "", err
	}
	return listEntries(ctx, s.db, f, by)
}

// EditEntry changes an entry; what stands in the maker's cloud follows in a job. Stale when IfVersion is not the present version.
func (s *Service) EditEntry(ctx context.Context, actor access.Actor, customerID, id string, p EntryPatch) (Entry, error) {
	var sealed []byte
	if p.Password != nil && !p.Password.Empty() {
		var err error
		if sealed, err = s.box.Seal([]byte(p.Password.Reveal()), sealedAs("redirect_entries", id)); err != nil {
			return Entry{}, err
		}
	}
	return s.changeEntry(ctx, actor, access.RedirectEdit, customerID, id, p.IfVersion, func(ctx context.Context, tx *db.Tx, e *Entry) (step, error) {
		changed, err := p.apply(e, s.makers)
		if err != nil {
			return step{}, err
		}
		if e.User == "" {
			e.Password = nil
		} else if sealed != nil {
			e.Password, changed = sealed, append(changed, "password")
		}
		if len(changed) == 0 {
			return step{}, nil
		}
		return step{what: "edited", verb: "edit", data: map[string]any{"fields": changed}, push: true}, s.hasServer(ctx, tx, customerID, e.ServerID)
	})
}

// step is what a change of an entry comes to; the zero step changes nothing.
type step struct {
	what, verb string
	data       map[string]any
	push       bool // the maker's cloud has to hear of it
}

// changeEntry is the frame of all changes to an entry: lock, decide, check the version, apply, write, record.
func (s *Service) changeEntry(ctx context.Context, actor access.Actor, act access.Action, customerID, id string, ifVersion int64,
	apply func(ctx context.Context, tx *db.Tx, e *Entry) (step, error)) (Entry, error) {
	var out Entry
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.begin(ctx, tx, actor, act, customerID)
		if err != nil {
			return err
		}
		e, err := getEntry(ctx, tx, t.ID, id)
		if err != nil {
			return err
		}
		if ifVersion != 0 && ifVersion != e.Version {
			return errStale
		}
		out = e
		did, err := apply(ctx, tx, &e)
		if err != nil || did.what == "" {
			return err
		}
		e.Version++
		e.Updated = tx.Now()
		if err := updateEntry(ctx, tx, e); err != nil {
			return err
		}
		if did.push {
			if err := s.pushEntry(ctx, tx, e); err != nil {
				return err
			}
		}
		if err := s.journal.Append(ctx, tx, actor, entryNews(t.Access(), e, did.what, did.verb, did.data)); err != nil {
			return err
		}
		out, err = getEntry(ctx, tx, t.ID, id)
		return err
	})
	if err != nil {
		return Entry{}, err
	}
	return out, nil
}

// DeleteEntry removes an entry; its MAC is free from then on, and the maker's cloud forgets it in a job.
func (s *Service) DeleteEntry(ctx context.Context, actor access.Actor, customerID, id string, ifVersion int64) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.begin(ctx, tx, actor, access.RedirectEdit, customerID)
		if err != nil {
			return err
		}
		e, err := getEntry(ctx, tx, t.ID, id)
		if err == nil && ifVersion != 0 && ifVersion != e.Version {
			err = errStale
		}
		if err != nil {
			return err
		}
		return s.drop(ctx, tx, actor, t.Access(), e, "delete")
	})
}

func (s *Service) drop(ctx context.Context, tx *db.Tx, actor access.Actor, t access.Tenant, e Entry, verb string) error {
	if err := s.unpush(ctx, tx, e.ID); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM redirect_entries WHERE id = $1`, e.ID); err != nil {
		return err
	}
	return s.journal.Append(ctx, tx, actor, entryNews(t, e, "deleted", verb, nil))
}

// OpenWindow lets the phone have its answer without a certificate for a time: at most MaxWindow, 0 is DefaultWindow (decision 17).
func (s *Service) OpenWindow(ctx context.Context, actor access.Actor, customerID, id string, wait time.Duration, ifVersion int64) (Entry, error) {
	if wait == 0 {
		wait = DefaultWindow
	}
	return s.changeEntry(ctx, actor, access.RedirectEdit, customerID, id, ifVersion, func(_ context.Context, tx *db.Tx, e *Entry) (step, error) {
		if wait < time.Hour || wait > MaxWindow {
			return step{}, errs.BadField("hours", "redirect_window", "A window is open for 1 to 168 hours.")
		}
		e.Window = db.At(tx.Now().Add(wait))
		return step{what: "opened", verb: "open", data: map[string]any{"until": e.Window}}, nil
	})
}

// CloseWindow ends the window at once; a closed one stays closed.
func (s *Service) CloseWindow(ctx context.Context, actor access.Actor, customerID, id string, ifVersion int64) (Entry, error) {
	return s.changeEntry(ctx, actor, access.RedirectEdit, customerID, id, ifVersion, func(_ context.Context, tx *db.Tx, e *Entry) (step, error) {
		if !e.Window.After(tx.Now().Time) {
			return step{}, nil
		}
		e.Window = db.Time{}
		return step{what: "closed", verb: "close"}, nil
	})
}

// PushAgain has the maker's cloud told once more: after a refusal, or when it has drifted (CH-40).
func (s *Service) PushAgain(ctx context.Context, actor access.Actor, customerID, id string, ifVersion int64) (Entry, error) {
	return s.changeEntry(ctx, actor, access.RedirectEdit, customerID, id, ifVersion, func(context.Context, *db.Tx, *Entry) (step, error) {
		return step{what: "pushed_again", verb: "push", push: true}, nil
	})
}

// RevealEntry gives user and password of a unique URL in clear, as RevealServer does.
func (s *Service) RevealEntry(ctx context.Context, actor access.Actor, customerID, id string) (Account, error) {
	var out Account
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.allowed(ctx, tx, actor, access.RedirectReveal, customerID)
		if err != nil {
			return err
		}
		e, err := getEntry(ctx, tx, customerID, id)
		if err != nil {
			return err
		}
		if out, err = s.opened(e.User, e.Password, sealedAs("redirect_entries", id)); err != nil {
			return err
		}
		n := entryNews(t.Access(), e, "revealed", "reveal", nil)
		n.Quiet = true
		return s.journal.Append(ctx, tx, actor, n)
	})
	if err != nil {
		return Account{}, err
	}
	return out, nil
}

// Bulk is a change of many entries in one step: all of them or none.
type Bulk struct {
	IDs      []string // 1 to MaxBulk
	Action   string   // delete, open, close, push, enable, disable, server
	ServerID string   // of server
}

// MaxBulk is how many entries one Bulk can name.
const MaxBulk = 500

// ApplyBulk does it and gives how many it changed. An id that the customer does not have is NotFound, and nothing has happened.
func (s *Service) ApplyBulk(ctx context.Context, actor access.Actor, customerID string, b Bulk) (int, error) {
	var c errs.Checker
	c.OneOf("action", b.Action, "delete", "open", "close", "push", "enable", "disable", "server")
	c.Range("ids", int64(len(b.IDs)), 1, MaxBulk)
	n := 0
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		n = 0
		if _, err := s.begin(ctx, tx, actor, access.RedirectEdit, customerID); err != nil {
			return err
		}
		if err := c.Err(); err != nil {
			return err
		}
		for _, id := range b.IDs {
			if err := s.bulkOne(ctx, actor, customerID, id, b); err != nil {
				return err
			}
			n++
		}
		return nil
	})
	return n, err
}

func (s *Service) bulkOne(ctx context.Context, actor access.Actor, customerID, id string, b Bulk) (err error) {
	on := b.Action == "enable"
	switch b.Action {
	case "delete":
		return s.DeleteEntry(ctx, actor, customerID, id, 0)
	case "open":
		_, err = s.OpenWindow(ctx, actor, customerID, id, 0, 0)
	case "close":
		_, err = s.CloseWindow(ctx, actor, customerID, id, 0)
	case "push":
		_, err = s.PushAgain(ctx, actor, customerID, id, 0)
	case "server":
		_, err = s.EditEntry(ctx, actor, customerID, id, EntryPatch{ServerID: &b.ServerID})
	default:
		_, err = s.EditEntry(ctx, actor, customerID, id, EntryPatch{Enabled: &on})
	}
	return err
}

// Reseal seals anew what was sealed with an older key than the newest: servers, entries and connectors. It gives how many.
func (s *Service) Reseal(ctx context.Context) (int, error) {
	n := 0
	for _, x := range []struct{ table, column string }{{"redirect_servers", "account_password"}, {"redirect_entries", "account_password"}, {"redirect_connectors", "secret"}} {
		var ids []string
		if err := s.db.Select(ctx, &ids, `SELECT id FROM `+x.table+` WHERE `+x.column+` IS NOT NULL ORDER BY id`); err != nil {
			return n, err
		}
		for _, id := range ids {
			done := false
			err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
				done = false
				if err := tx.LockRow(ctx, x.table, id); err != nil {
					return err
				}
				var sealed []byte
				if err := tx.Get(ctx, &sealed, `SELECT `+x.column+` FROM `+x.table+` WHERE id = $1`, id); err != nil || !s.box.NeedsReseal(sealed) {
					return err
				}
				as := x.table + "/" + x.column + "/" + id
				word, err := s.box.Open(sealed, as)
				if err != nil {
					return err
				}
				if sealed, err = s.box.Seal(word, as); err != nil {
					return err
				}
				done = true
				_, err = tx.Exec(ctx, `UPDATE `+x.table+` SET `+x.column+` = $2 WHERE id = $1`, id, sealed)
				return err
			})
			if err != nil && errs.KindOf(err) != errs.NotFound { // removed meanwhile
				return n, err
			}
			if done {
				n++
			}
		}
	}
	return n, nil
}

func entryNews(t access.Tenant, e Entry, what, verb string, data map[string]any) journal.News {
	if data == nil {
		data = map[string]any{}
	}
	data["mac"], data["customer_id"] = e.MAC.String(), t.ID
	return journal.News{Type: "redirect_entry." + what, Action: "redirect_entry/" + verb, Tenant: t,
		Target: journal.Target{Kind: "redirect_entry", ID: e.ID, Name: e.MAC.String()}, Data: data}
}

// open opens a sealed password when a cloud or a phone gets it.
func (s *Service) open(user string, sealed []byte, as string) (secret.String, error) {
	if user == "" {
		return secret.String{}, nil
	}
	word, err := s.box.Open(sealed, as)
	return secret.Hide(string(word)), err
}
