package device

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/journal"
	"linecard/internal/phone"
	"linecard/internal/profile"
	"linecard/internal/revision"
	"linecard/internal/tenant"
)

// carryOut makes a plan true, a few statements for all of it.
func (s *Service) carryOut(ctx context.Context, tx *db.Tx, actor access.Actor, t tenant.Tenant, f ImportFile, p *importPlan) error {
	if err := s.setAttributes(ctx, tx, actor, t, f, p); err != nil {
		return err
	}
	if err := s.addImported(ctx, tx, t, p.fresh); err != nil {
		return err
	}
	changed, err := s.updateAll(ctx, tx, p.known)
	if err != nil {
		return err
	}
	relined, err := s.setLines(ctx, tx, f, p)
	if err != nil {
		return err
	}
	if err := setMembers(ctx, tx, t, p); err != nil {
		return err
	}
	if err := pin(ctx, tx, p); err != nil {
		return err
	}
	var ids, anew []string
	for _, x := range p.fresh {
		ids, anew = append(ids, x.device.ID), append(anew, x.device.ID)
	}
	for _, x := range p.known {
		if changed[x.device.ID] || relined[x.device.ID] {
			anew = append(anew, x.device.ID)
		}
		if changed[x.device.ID] || relined[x.device.ID] || x.regroup {
			ids = append(ids, x.device.ID)
		}
	}
	if err := s.reindex(ctx, tx, anew...); err != nil {
		return err
	}
	if err := revision.BumpAll(ctx, tx, revision.Device, ids); err != nil {
		return err
	}
	return s.tell(ctx, tx, actor, t, p, ids)
}

// tell writes one row of the journal for all that was done at once: thousands of devices would drown everything else in it.
func (s *Service) tell(ctx context.Context, tx *db.Tx, actor access.Actor, t tenant.Tenant, p *importPlan, changed []string) error {
	added := make([]string, 0, len(p.fresh))
	for _, x := range p.fresh {
		added = append(added, x.device.ID)
	}
	updated := changed[len(added):]
	if len(changed) == 0 {
		return nil
	}
	return s.journal.Append(ctx, tx, actor, journal.News{Type: "device.imported", Action: "device/import", Tenant: t.Access(),
		Target: journal.Target{Kind: "customer", ID: t.ID, Name: t.Name}, Data: map[string]any{"customer_id": t.ID, "added": added, "updated": updated}})
}

// setAttributes hands the attributes to the CSV profiles (DM-259). A device whose attributes are refused is left out of the plan.
func (s *Service) setAttributes(ctx context.Context, tx *db.Tx, actor access.Actor, t tenant.Tenant, f ImportFile, p *importPlan) error {
	if s.imported == nil {
		return nil
	}
	rows, of := importedRows(f, p)
	if len(rows) == 0 {
		return nil
	}
	faults, err := s.imported.SetImported(ctx, tx, actor, t, rows)
	if err != nil {
		return err
	}
	p.refuse(of, faults)
	return nil
}

// importedRows gives what the file says for CSV profiles, and of which device each row is.
func importedRows(f ImportFile, p *importPlan) (rows []profile.ImportedRow, of []*intent) {
	for _, x := range append(slices.Clone(p.fresh), p.known...) {
		if len(x.attributes) == 0 && (x.fresh || f.Mode == ModeMerge) {
			continue // none; and an import that merges takes nothing away
		}
		rows = append(rows, profile.ImportedRow{DeviceID: x.device.ID, Name: profile.ImportedName(x.device.Identifier()), Mode: profile.ModeOf(x.device.Maker),
			Attributes: x.attributes, Merge: f.Mode == ModeMerge})
		of = append(of, x)
	}
	return rows, of
}

// refuse leaves devices whose attributes are refused out of the plan.
func (p *importPlan) refuse(of []*intent, faults []profile.RowFault) {
	for _, fault := range faults {
		x := of[fault.Row]
		x.outcome = failure(Outcome{}, fault.Err)
		is := func(o *intent) bool { return o == x }
		p.fresh, p.known = slices.DeleteFunc(p.fresh, is), slices.DeleteFunc(p.known, is)
	}
}

// addImported writes new devices.
func (s *Service) addImported(ctx context.Context, tx *db.Tx, t tenant.Tenant, fresh []*intent) error {
	if len(fresh) == 0 {
		return nil
	}
	if err := count(ctx, tx, t, int64(len(fresh))); err != nil {
		return err
	}
	if err := s.networks.Hold(ctx, tx, t); err != nil {
		return err
	}
	m, err := s.networks.Map(ctx, tx, t.ID)
	if err != nil {
		return err
	}
	site := m.Internet()
	for _, x := range fresh {
		x.device.Created, x.device.Updated, x.device.SiteID = tx.Now(), tx.Now(), site
	}
	return insertAll(ctx, tx, fresh)
}

func insertAll(ctx context.Context, tx *db.Tx, all []*intent) error {
	devices, sightings, places := tx.Args(), tx.Args(), tx.Args()
	var d, s, p []string
	for _, x := range all {
		v := x.device
		var row []string
		for _, f := range []any{v.ID, v.CustomerID, v.Scope, v.MAC, v.Serial, v.BySerial, v.Family, v.Maker, v.Model, v.Name, db.Fold(v.Name), v.Description, v.searchFold(), v.Created, v.Updated, v.Version} {
			row = append(row, devices.Add(f))
		}
		d = append(d, "("+strings.Join(row, ", ")+")")
		s = append(s, "("+sightings.Add(v.ID)+", '', '', '')")
		p = append(p, "("+places.Add(v.ID)+", "+places.Add(v.CustomerID)+", "+places.Add(v.SiteID)+", FALSE, '', '')")
	}
	if _, err := tx.Exec(ctx, `INSERT INTO device_devices
		(id, customer_id, scope, mac, serial, by_serial, family, maker, model, name, name_fold, description, search_fold, created, updated, version) VALUES `+strings.Join(d, ", "), devices.List()...); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO device_sightings (device_id, last_ip, model, software_version) VALUES `+strings.Join(s, ", "), sightings.List()...); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO device_places (device_id, customer_id, site_id, pinned, public_key, private_ip) VALUES `+strings.Join(p, ", "), places.List()...)
	return err
}

// updateAll writes devices that were there, and tells which of them differ.
func (s *Service) updateAll(ctx context.Context, tx *db.Tx, all []*intent) (map[string]bool, error) {
	changed := map[string]bool{}
	for _, x := range all {
		now, was := x.device, x.was
		if now.Name == was.Name && now.Description == was.Description && now.Model == was.Model && now.Family == was.Family && now.Serial == was.Serial && now.MAC == was.MAC {
			continue
		}
		now.Version++
		now.Updated = tx.Now()
		if err := update(ctx, tx, now); err != nil {
			return nil, err
		}
		if _, err := tx.Exec(ctx, `UPDATE device_devices SET family = $2, serial = $3, mac = $4 WHERE id = $1`, now.ID, now.Family, now.Serial, now.MAC); err != nil {
			return nil, err
		}
		x.device, changed[now.ID] = now, true
	}
	return changed, nil
}

// setMembers writes the groups of devices where they are not what they were.
func setMembers(ctx context.Context, tx *db.Tx, t tenant.Tenant, p *importPlan) error {
	var all []membership
	var ids []string
	for _, x := range append(slices.Clone(p.fresh), p.known...) {
		if !x.regroup {
			continue
		}
		all = append(all, membership{x.device.ID, t.ID, x.groups})
		if !x.fresh {
			ids = append(ids, x.device.ID)
		}
	}
	if len(ids) > 0 {
		a := tx.Args()
		if _, err := tx.Exec(ctx, `DELETE FROM device_members WHERE `+a.In("device_id", ids), a.List()...); err != nil {
			return err
		}
		a = tx.Args()
		if _, err := tx.Exec(ctx, `UPDATE device_devices SET version = version + 1 WHERE `+a.In("id", ids), a.List()...); err != nil {
			return err
		}
	}
	return joinGroups(ctx, tx, all)
}

// pin puts devices to the sites that the file names (decision 12).
func pin(ctx context.Context, tx *db.Tx, p *importPlan) error {
	bySite := map[string][]string{}
	for _, x := range append(slices.Clone(p.fresh), p.known...) {
		if x.siteID != "" {
			bySite[x.siteID] = append(bySite[x.siteID], x.device.ID)
		}
	}
	for site, ids := range bySite {
		a := tx.Args()
		if _, err := tx.Exec(ctx, `UPDATE device_places SET pinned = TRUE, site_id = `+a.Add(site)+` WHERE `+a.In("device_id", ids), a.List()...); err != nil {
			return err
		}
	}
	return nil
}

// setLines writes the external lines of a file: all that a device has when it overwrites, else those of the same number. It tells whose
// lines it wrote.
func (s *Service) setLines(ctx context.Context, tx *db.Tx, f ImportFile, p *importPlan) (map[string]bool, error) {
	out := map[string]bool{}
	a, rows := tx.Args(), []string(nil)
	ever, highest := tx.Args(), []string(nil)
	for _, x := range append(slices.Clone(p.fresh), p.known...) {
		if !x.linesGiven || len(x.lines) == 0 && x.fresh {
			continue
		}
		if !x.fresh {
			same, err := s.replaceLines(ctx, tx, x, f.Mode == ModeMerge)
			if err != nil {
				return nil, err
			}
			if same {
				continue
			}
		}
		out[x.device.ID] = true
		top := 0
		for _, l := range x.lines {
			top = max(top, l.Number)
			id := db.NewID()
			var sealed []byte
			if l.Password != "" {
				var err error
				if sealed, err = s.box.Seal([]byte(l.Password), lineSealedAs(id)); err != nil {
					return nil, err
				}
			}
			var row []string
			for _, v := range []any{id, x.device.ID, x.device.CustomerID, l.Number, db.AsJSON(dataOf(l)), sealed, tx.Now(), tx.Now()} {
				row = append(row, a.Add(v))
			}
			rows = append(rows, "("+strings.Join(row, ", ")+", 1)")
		}
		if top > 0 {
			highest = append(highest, "("+ever.Add(x.device.ID)+", "+ever.Add(x.device.CustomerID)+", '', CAST("+ever.Add(strconv.Itoa(top))+" AS BIGINT), 0)")
		}
	}
	if len(rows) > 0 {
		if _, err := tx.Exec(ctx, `INSERT INTO device_lines (id, device_id, customer_id, number, data, password, created, updated, version) VALUES `+strings.Join(rows, ", "), a.List()...); err != nil {
			return nil, err
		}
	}
	if len(highest) > 0 {
		if _, err := tx.Exec(ctx, `INSERT INTO device_layouts (device_id, customer_id, keys, ever, version) VALUES `+strings.Join(highest, ", ")+`
			ON CONFLICT (device_id) DO UPDATE SET ever = excluded.ever WHERE device_layouts.ever < excluded.ever`, ever.List()...); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// replaceLines takes away the lines that those of the file replace; true, and nothing is taken, when the file says what is there.
func (s *Service) replaceLines(ctx context.Context, tx *db.Tx, x *intent, merge bool) (bool, error) {
	have, err := linesOf(ctx, tx, x.device.ID)
	if err != nil {
		return false, err
	}
	var gone []string
	same := merge || len(have) == len(x.lines)
	for _, l := range x.lines {
		i := slices.IndexFunc(have, func(r lineRow) bool { return r.Number == l.Number })
		same = same && i >= 0
		if i < 0 {
			continue
		}
		was := have[i].Data.V.line(l.Number)
		word, err := s.passwordOf(have[i])
		if err != nil {
			return false, err
		}
		now := l
		now.Password = ""
		same = same && len(differences(was, now)) == 0 && word == l.Password
	}
	if same {
		return true, nil
	}
	for _, r := range have {
		if !merge || slices.ContainsFunc(x.lines, func(l phone.Line) bool { return l.Number == r.Number }) {
			gone = append(gone, r.ID)
		}
	}
	a := tx.Args()
	_, err = tx.Exec(ctx, `DELETE FROM device_lines WHERE `+a.In("id", gone), a.List()...)
	return false, err
}

func (s *Service) passwordOf(r lineRow) (string, error) {
	if r.Password == nil {
		return "", nil
	}
	word, err := s.box.Open(r.Password, lineSealedAs(r.ID))
	return string(word), err
}
