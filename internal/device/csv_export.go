package device

import (
	"archive/zip"
	"context"
	"encoding/csv"
	"io"
	"slices"
	"strconv"
	"strings"

	"linecard/internal/access"
	"linecard/internal/csvfile"
	"linecard/internal/db"
	"linecard/internal/journal"
	"linecard/internal/profile"
	"linecard/internal/tenant"
)

// ExportOptions say how devices are exported.
type ExportOptions struct {
	Separator string // ",", ";" or a tab; "": comma
	Armed     bool   // cells that a spreadsheet would run get an apostrophe before them; Import undoes that when it is told
}

// Export is a file of devices that is ready to be written.
type Export struct {
	Parts   int  // files; more than one are in a ZIP file, each short enough to be imported (DM-257)
	Secrets bool // passwords are in it in clear

	s        *Service
	customer tenant.Tenant
	o        ExportOptions
	names    []string // of attributes
	groups   map[string]string
	devices  int64
}

// identifying are the columns that every file has (DM-257).
var identifying = []string{"mac_address", "serial_number", "endpoint_name", "endpoint_type", "endpoint_group"}

// standing are the attributes that every file of a customer with Poly phones has (AMB-30).
var standing = func() []string {
	var out []string
	for i := 1; i <= 5; i++ {
		for _, n := range []string{"address", "displayname", "auth.userId", "auth.password"} {
			out = append(out, "reg."+strconv.Itoa(i)+"."+n)
		}
	}
	return out
}()

// Export prepares a file of all devices of a customer as Import reads it (DM-257): identifiers, name, type, groups and the attributes of
// the CSV profiles. Passwords are in it only for who may see them; others get dots, which Import takes for "as it was". That it was
// made stands in the operation log.
func (s *Service) Export(ctx context.Context, actor access.Actor, customerID string, o ExportOptions) (*Export, error) {
	e := &Export{s: s, o: o, groups: map[string]string{}}
	if o.Separator != "" && !slices.Contains(csvfile.Separators, o.Separator) {
		return nil, csvfile.ErrSeparator
	}
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if e.customer, err = s.allowed(ctx, tx, actor, access.DeviceView, customerID); err != nil {
			return err
		}
		_, revealing := s.allowed(ctx, tx, actor, access.SecretReveal, customerID)
		e.Secrets = revealing == nil
		return s.journal.Append(ctx, tx, actor, journal.News{Action: "device/export", Tenant: e.customer.Access(), Quiet: true,
			Target: journal.Target{Kind: "customer", ID: e.customer.ID, Name: e.customer.Name}, Data: map[string]any{"secrets": e.Secrets}})
	})
	if err != nil {
		return nil, err
	}
	if err := s.db.Get(ctx, &e.devices, `SELECT COUNT(*) FROM device_devices WHERE customer_id = $1`, customerID); err != nil {
		return nil, err
	}
	e.Parts = max(1, int((e.devices+maxImport-1)/maxImport))
	var groups []Group
	if err := s.db.Select(ctx, &groups, `SELECT id, name FROM device_groups WHERE customer_id = $1`, customerID); err != nil {
		return nil, err
	}
	for _, g := range groups {
		e.groups[g.ID] = g.Name
	}
	return e, e.findNames(ctx)
}

// findNames collects the attributes in use, the standing ones in the spelling that is in use.
func (e *Export) findNames(ctx context.Context) error {
	used := map[string]bool{}
	err := e.attributes(ctx, func(_ string, all []profile.Attribute) error {
		for _, a := range all {
			used[a.Name] = true
		}
		return nil
	})
	folded := map[string]string{}
	var more []string
	for n := range used {
		folded[db.Fold(n)] = n
	}
	for _, n := range standing {
		spelt := n
		if u, has := folded[db.Fold(n)]; has {
			spelt = u
			delete(used, u)
		}
		e.names = append(e.names, spelt)
	}
	for n := range used {
		more = append(more, n)
	}
	slices.Sort(more)
	e.names = append(e.names, more...)
	return err
}

// attributes hands over what the CSV profiles say, by device.
func (e *Export) attributes(ctx context.Context, fn func(deviceID string, all []profile.Attribute) error) error {
	if e.s.imported == nil {
		return nil
	}
	return e.s.imported.OfDevices(ctx, e.s.db, e.customer.ID, func(id string, ps []profile.Profile) error {
		for _, p := range ps {
			if p.Type == profile.Imported {
				return fn(id, p.Attributes)
			}
		}
		return nil
	})
}

// Write writes the file: a table, or a ZIP file of several.
func (e *Export) Write(ctx context.Context, w io.Writer) error {
	known := map[string][]profile.Attribute{}
	if err := e.attributes(ctx, func(id string, all []profile.Attribute) error { known[id] = all; return nil }); err != nil {
		return err
	}
	next := e.reader(ctx, known)
	if e.Parts == 1 {
		return e.part(w, next)
	}
	z := zip.NewWriter(w)
	for i := range e.Parts {
		f, err := z.Create("devices-" + strconv.Itoa(i+1) + ".csv")
		if err == nil {
			err = e.part(f, next)
		}
		if err != nil {
			return err
		}
	}
	return z.Close()
}

// part writes one table.
func (e *Export) part(w io.Writer, next func() ([]string, error)) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	if e.o.Separator != "" {
		out.Comma = rune(e.o.Separator[0])
	}
	if err := out.Write(append(slices.Clone(identifying), e.names...)); err != nil {
		return err
	}
	for range maxImport {
		row, err := next()
		if err == nil && row != nil {
			err = out.Write(row)
		}
		if err != nil {
			return err
		}
		if row == nil {
			break
		}
	}
	out.Flush()
	return out.Error()
}

// reader gives row by row in the order of the devices' ids, and nil at the end. It reads 2000 at a time.
func (e *Export) reader(ctx context.Context, known map[string][]profile.Attribute) func() ([]string, error) {
	var page []Device
	groups := map[string][]string{}
	last := ""
	return func() ([]string, error) {
		if len(page) == 0 {
			err := e.s.db.Select(ctx, &page, `SELECT id, customer_id, mac, serial, by_serial, family, maker, model, name FROM device_devices
				WHERE customer_id = $1 AND id > $2 ORDER BY id LIMIT $3`, e.customer.ID, last, setupsAtOnce)
			if err != nil || len(page) == 0 {
				return nil, err
			}
			ids := make([]string, len(page))
			for i, d := range page {
				ids[i] = d.ID
			}
			if groups, err = groupsOf(ctx, e.s.db, ids); err != nil {
				return nil, err
			}
		}
		d := page[0]
		page, last = page[1:], d.ID
		return e.row(d, groups[d.ID], known[d.ID]), nil
	}
}

func (e *Export) row(d Device, groups []string, attributes []profile.Attribute) []string {
	mac, _ := d.MAC.MarshalText()
	var names []string
	for _, id := range groups {
		names = append(names, e.groups[id])
	}
	row := []string{string(mac), d.Serial, d.Name, e.s.typeOf(d), strings.Join(names, "|")}
	values := map[string]string{}
	for _, a := range attributes {
		values[a.Name] = a.Value
		if a.Secret && !e.Secrets {
			values[a.Name] = profile.Mask
		}
	}
	for _, n := range e.names {
		row = append(row, values[n])
	}
	if e.o.Armed {
		for i := range row {
			row[i] = csvfile.Armed(row[i])
		}
	}
	return row
}

// typeOf is what the column endpoint_type says: the type, or when nobody told one, that of a maker that the MAC does not tell.
func (s *Service) typeOf(d Device) string {
	if d.Family != "" || d.Maker == "poly" || s.makers.Of(d.MAC) == d.Maker {
		return d.Family
	}
	for _, f := range Families {
		if f.maker == d.Maker {
			return f.Name
		}
	}
	return ""
}
