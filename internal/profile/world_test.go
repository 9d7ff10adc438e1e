package profile_test

import (
	"bufio"
	"context"
	"encoding/xml"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"linecard/internal/access"
	"linecard/internal/blob"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/phone"
	"linecard/internal/profile"
	"linecard/internal/secret"
	"linecard/internal/tenant"
)

var (
	ctx    = context.Background()
	system = access.SystemActor("test")
)

// maker is a maker of phones that knows little, so that these tests say themselves what a maker does.
type maker struct {
	phone.Renderer
	name      string
	standards []phone.Standard
}

func (m *maker) Maker() string { return m.name }

func (m *maker) Secret(name string) bool { return strings.Contains(strings.ToLower(name), "password") }

func (m *maker) Check(s phone.Setting) error {
	switch {
	case strings.ContainsAny(s.Value, "\r\n"):
		return phone.ErrValue
	case s.Value == "factory" && m.Secret(s.Name):
		return phone.ErrFactory
	}
	return nil
}

func (m *maker) Standards() []phone.Standard { return m.standards }

func number(n int64) *int64 { return &n }

func (m *maker) Dictionaries() []phone.Dictionary {
	if m.name != "poly" {
		return nil
	}
	return []phone.Dictionary{{Maker: "poly", Version: "5.7.2", Parameters: []phone.Parameter{
		{Name: "call.autoAnswer.SIP", Type: phone.Boolean, Allowed: []string{"0", "1"}, Help: "answers by itself"},
		{Name: "reg.1.auth.password", Type: phone.Text},
		{Name: "reg.1.displayName", Type: phone.Text},
		{Name: "up.lineKeyMax", Type: phone.Integer, Min: number(1), Max: number(34)},
	}}}
}

// ReadSettings takes attributes of XML elements, as Poly phones do.
func (m *maker) ReadSettings(_ string, r io.Reader) ([]phone.Setting, error) {
	d := xml.NewDecoder(r)
	var out []phone.Setting
	for {
		t, err := d.Token()
		if err == io.EOF {
			return out, nil
		}
		line, _ := d.InputPos()
		if err != nil {
			return nil, errs.New(errs.Invalid, "settings_broken", "Broken.").With("line", strconv.Itoa(line))
		}
		if _, dtd := t.(xml.Directive); dtd {
			return nil, errs.New(errs.Invalid, "settings_broken", "No document types.").With("line", strconv.Itoa(line))
		}
		if e, ok := t.(xml.StartElement); ok {
			for _, a := range e.Attr {
				out = append(out, phone.Setting{Name: a.Name.Local, Value: a.Value})
			}
		}
	}
}

// Learn takes a name a line; "!" is a fault.
func (m *maker) Learn(_ string, r io.Reader) (phone.Dictionary, error) {
	d := phone.Dictionary{Maker: m.name, Version: "learned"}
	for s, line := bufio.NewScanner(r), 1; s.Scan(); line++ {
		if s.Text() == "!" {
			return d, errs.New(errs.Invalid, "dictionary_broken", "Broken.").With("line", strconv.Itoa(line))
		}
		d.Parameters = append(d.Parameters, phone.Parameter{Name: s.Text(), Type: phone.Text})
	}
	return d, nil
}

// world is an operator, partners P and Q, sub-partner S of P, customers C and D of P, CS of S and CQ of Q.
type world struct {
	*profile.Service
	t        *testing.T
	db       *db.DB
	box      *secret.Box
	keyFile  string
	journal  *journal.Journal
	tenants  *tenant.Service
	poly     *maker
	operator tenant.Tenant
	p, q, s  tenant.Tenant
	c, d     tenant.Tenant
	cs, cq   tenant.Tenant
	images   map[string]profile.Image
	files    map[string]string // customer by file
	holders  map[string]string // customer by kind/key
}

func (w *world) Holds(_ context.Context, _ db.Q, customerID string, kind profile.Kind, key string) error {
	if w.holders[string(kind)+"/"+key] != customerID {
		return errs.Missing("container")
	}
	return nil
}

func (w *world) HasFile(_ context.Context, _ db.Q, customerID, id string) error {
	if w.files[id] != customerID {
		return errs.Missing("file")
	}
	return nil
}

func (w *world) Image(_ context.Context, _ db.Q, id string) (profile.Image, error) {
	x, ok := w.images[id]
	if !ok {
		return x, errs.Missing("image")
	}
	return x, nil
}

var library = []phone.Standard{
	{Name: "VVX basics", Description: "What every VVX needs; sip", Maker: "poly", Settings: []phone.StandardSetting{
		{Setting: phone.Setting{Name: "call.autoAnswer.SIP", Value: "0"}, Source: "manual", Firmware: ">=5.9"}}},
	{Name: "AdminPassword-Change-Template", Maker: "poly", Template: true, Settings: []phone.StandardSetting{
		{Setting: phone.Setting{Name: "device.auth.localAdminPassword", Value: ""}, Source: "manual"}}},
}

func newWorld(t *testing.T, d *db.DB) *world {
	t.Helper()
	w := &world{t: t, db: d, poly: &maker{name: "poly", standards: library}, images: map[string]profile.Image{}, files: map[string]string{}, holders: map[string]string{},
		keyFile: filepath.Join(t.TempDir(), "keys.json")}
	var err error
	w.box, err = secret.Open(w.keyFile)
	w.ok(err)
	files, err := blob.Open(ctx, "file://"+t.TempDir())
	w.ok(err)
	w.journal = journal.New(d, journal.Options{Box: w.box, Files: files})
	w.wire()
	details := func(name string) tenant.Details {
		return tenant.Details{Name: name, Email: strings.ReplaceAll(name, " ", "") + "@example.net", Contact: "X"}
	}
	w.operator, err = w.tenants.CreateOperator(ctx, system, details("Operator"))
	w.ok(err)
	w.p, err = w.tenants.CreatePartner(ctx, system, details("P"))
	w.ok(err)
	w.q, err = w.tenants.CreatePartner(ctx, system, details("Q"))
	w.ok(err)
	w.s, err = w.tenants.CreateSubPartner(ctx, system, tenant.NewSubPartner{ParentID: w.p.ID, Details: details("S")})
	w.ok(err)
	customer := func(owner tenant.Tenant, name string) tenant.Tenant {
		c, err := w.tenants.CreateCustomer(ctx, system, tenant.NewCustomer{OwnerID: owner.ID, Details: details(name), PermissionTypes: []string{tenant.DMP}})
		w.ok(err)
		return c
	}
	w.c, w.d, w.cs, w.cq = customer(w.p, "Acme"), customer(w.p, "Globex"), customer(w.s, "Hooli"), customer(w.q, "Initech")
	return w
}

// wire makes the services anew, as another start of the program does.
func (w *world) wire() {
	w.tenants = tenant.NewService(w.db, w.journal)
	w.Service = profile.NewService(profile.Needs{DB: w.db, Journal: w.journal, Tenants: w.tenants, Box: w.box,
		Makers: phone.Makers{w.poly, &maker{name: "yealink"}, &maker{name: "grandstream"}, &maker{name: "snom"}}})
	w.Connect(profile.Around{Holders: w, Files: w, Images: w})
}

func each(t *testing.T, test func(t *testing.T, w *world, clock *dbtest.Clock)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) { test(t, newWorld(t, d), clock) })
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// admin is a person who may do everything with the profiles of a tenant.
func admin(t tenant.Tenant) access.Actor {
	return as(t, map[access.TenantKind]access.Role{access.Operator: access.OperatorAdmin, access.Partner: access.PartnerFullAdmin, access.SubPartner: access.PartnerFullAdmin, access.Customer: access.CustomerDeviceAdmin}[t.Kind])
}

func as(t tenant.Tenant, r access.Role) access.Actor {
	return access.Actor{ID: "person of " + t.Name, Kind: access.Person, Name: "Ann of " + t.Name, Tenant: t.Access(), Roles: []access.Role{r}}
}

func at(t tenant.Tenant) profile.Place {
	switch t.Kind {
	case access.Operator:
		return profile.AtOperator()
	case access.Customer:
		return profile.AtCustomer(t.ID)
	}
	return profile.AtPartner(t.ID)
}

// attrs makes attributes of "name=value".
func attrs(pairs ...string) []profile.Attribute {
	out := []profile.Attribute{}
	for _, p := range pairs {
		n, v, _ := strings.Cut(p, "=")
		out = append(out, profile.Attribute{Name: n, Value: v})
	}
	return out
}

// flat gives attributes as "name=value", in order.
func flat(p profile.Profile) string {
	var out []string
	for _, a := range p.Attributes {
		out = append(out, a.Name+"="+a.Value)
	}
	return strings.Join(out, " ")
}

// make adds a Poly profile to a tenant.
func (w *world) make(t tenant.Tenant, name string, pairs ...string) profile.Profile {
	w.t.Helper()
	p, _, err := w.Create(ctx, admin(t), at(t), profile.New{Name: name, Mode: "poly", Attributes: attrs(pairs...)})
	w.ok(err)
	return p
}

// named finds a visible profile by its name.
func (w *world) named(t tenant.Tenant, name string) (profile.Profile, bool) {
	w.t.Helper()
	l, err := w.List(ctx, system, at(t), profile.Query{Page: db.Page{Limit: 1000}})
	w.ok(err)
	i := slices.IndexFunc(l.Items, func(p profile.Profile) bool { return p.Name == name })
	if i < 0 {
		return profile.Profile{}, false
	}
	return l.Items[i], true
}

// clear is a profile with its secrets.
func (w *world) clear(p profile.Profile) profile.Profile {
	w.t.Helper()
	out, err := w.Load(ctx, w.db, p.Scope, p.ID)
	w.ok(err)
	return out
}

func (w *world) imported(t tenant.Tenant, device string, pairs ...string) profile.Profile {
	w.t.Helper()
	w.ok(w.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		faults, err := w.SetImported(ctx, tx, system, t, []profile.ImportedRow{{DeviceID: device, Name: profile.ImportedName(device), Mode: "poly", Attributes: attrs(pairs...)}})
		if len(faults) > 0 {
			return faults[0].Err
		}
		return err
	}))
	ps, err := w.OfDevice(ctx, w.db, t.ID, device)
	w.ok(err)
	i := slices.IndexFunc(ps, func(p profile.Profile) bool { return p.Type == profile.Imported })
	return ps[i]
}

func (w *world) software(image string) profile.Profile {
	w.t.Helper()
	w.images[image] = profile.Image{ID: image, Mode: "poly", Name: "UCS " + image}
	var p profile.Profile
	w.ok(w.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		p, err = w.SetSoftware(ctx, tx, system, profile.Program{ImageID: image, Mode: "poly", Name: "UCS " + image, Label: "UCS " + image})
		return err
	}))
	return p
}

// put fills a container as the tenant's own administrator.
func (w *world) put(t tenant.Tenant, kind profile.Kind, key string, ps ...profile.Profile) error {
	w.t.Helper()
	var ids []string
	for _, p := range ps {
		ids = append(ids, p.ID)
	}
	_, err := w.SetContainer(ctx, admin(t), at(t), kind, key, ids, 0)
	return err
}

func code(t *testing.T, what string, err error, want string) {
	t.Helper()
	got := ""
	if err != nil {
		got = errs.CodeOf(err)
		if fs := errs.As(err).Fields; len(fs) > 0 {
			got = ""
			for _, f := range fs {
				got = strings.TrimSpace(got + " " + f.Name + ":" + f.Code)
			}
		}
	}
	if got != want {
		t.Errorf("%s: %q (%v), want %q", what, got, err, want)
	}
}

// told gives the journal's actions that are about one id, oldest first.
func (w *world) told(id string) string {
	w.t.Helper()
	var rows []string
	w.ok(w.db.Select(ctx, &rows, `SELECT action || ' ' || data FROM journal_entries WHERE target_id = $1 ORDER BY id`, id))
	return strings.Join(rows, "\n")
}
