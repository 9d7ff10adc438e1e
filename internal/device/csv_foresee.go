package device

import (
	"context"
	"slices"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/phone"
	"linecard/internal/profile"
	"linecard/internal/tenant"
)

// Foreseen is what a file would make of a device that is there, as far as its files depend on it; nil and "" leave it as it is.
type Foreseen struct {
	DeviceID string
	Name     string
	Model    *string
	SiteID   *string // it would be pinned there
	Groups   *[]string
	Lines    *[]phone.Line     // all lines, managed ones among them, passwords in clear
	Imported *profile.Foreseen // its CSV profile
}

// MaxForeseen is how many devices a file can have of which somebody wants to see before what it does.
const MaxForeseen = 1000

var errForeseen = errs.New(errs.TooLarge, "import_plan_too_long", "A plan takes files of at most 1,000 devices. Split the file, or import it without a plan.")

// Foresee tells what Import would do with a file: device by device for those that are there, and the report. It writes nothing.
func (s *Service) Foresee(ctx context.Context, q db.Q, actor access.Actor, customerID string, f ImportFile) ([]Foreseen, *ImportReport, error) {
	t, units, err := s.importable(ctx, actor, customerID, &f)
	if err != nil {
		return nil, nil, err
	}
	if len(units) > MaxForeseen {
		return nil, nil, errForeseen
	}
	c, err := load(ctx, q, t.ID)
	if err != nil {
		return nil, nil, err
	}
	p, err := s.plan(ctx, q, t, f, units, MaxDevices-c.Devices)
	if err != nil {
		return nil, nil, err
	}
	profiles, err := s.foreseeAttributes(ctx, q, t, f, p)
	if err != nil {
		return nil, nil, err
	}
	var out []Foreseen
	for _, x := range p.known {
		one := Foreseen{DeviceID: x.device.ID, Name: x.device.Name}
		if x.device.Model != x.was.Model {
			one.Model = &x.device.Model
		}
		if x.siteID != "" {
			one.SiteID = &x.siteID
		}
		if x.regroup {
			groups := append([]string{}, x.groups...)
			one.Groups = &groups
		}
		if imported, ok := profiles[x.device.ID]; ok {
			one.Imported = &imported
		}
		if one.Lines, err = s.foreseeLines(ctx, q, f, x); err != nil {
			return nil, nil, err
		}
		out = append(out, one)
	}
	return out, reportOf(p.outcomes()), nil
}

// foreseeAttributes gives the CSV profiles, and leaves devices whose attributes are refused out of the plan, as setAttributes does.
func (s *Service) foreseeAttributes(ctx context.Context, q db.Q, t tenant.Tenant, f ImportFile, p *importPlan) (map[string]profile.Foreseen, error) {
	if s.imported == nil {
		return nil, nil
	}
	rows, of := importedRows(f, p)
	out, faults, err := s.imported.ForeseeImported(ctx, q, t, rows)
	p.refuse(of, faults)
	return out, err
}

func (s *Service) foreseeLines(ctx context.Context, q db.Q, f ImportFile, x *intent) (*[]phone.Line, error) {
	if !x.linesGiven {
		return nil, nil
	}
	all := slices.Clone(x.lines)
	if f.Mode == ModeMerge {
		have, err := linesOf(ctx, q, x.device.ID)
		if err != nil {
			return nil, err
		}
		for _, r := range have {
			if slices.ContainsFunc(all, func(l phone.Line) bool { return l.Number == r.Number }) {
				continue
			}
			l := r.Data.V.line(r.Number)
			if l.Password, err = s.passwordOf(r); err != nil {
				return nil, err
			}
			all = append(all, l)
		}
	}
	slices.SortFunc(all, func(a, b phone.Line) int { return a.Number - b.Number })
	one := Setup{DeviceID: x.device.ID, Lines: all}
	err := s.join(ctx, q, []*Setup{&one}, []int{1})
	return &one.Lines, err
}

// ImportWithin is Import of a file that Foresee takes, all of it in the caller's transaction: it happens as it was foreseen or not at all.
func (s *Service) ImportWithin(ctx context.Context, tx *db.Tx, actor access.Actor, customerID string, f ImportFile) (*ImportReport, error) {
	t, units, err := s.importable(ctx, actor, customerID, &f)
	if err != nil {
		return nil, err
	}
	if len(units) > MaxForeseen {
		return nil, errForeseen
	}
	var rows []Outcome
	for some := range slices.Chunk(units, importChunk) {
		done, err := s.importSome(ctx, tx, actor, t.ID, f, some)
		if err != nil {
			return nil, err
		}
		rows = append(rows, done...)
	}
	return reportOf(rows), nil
}
