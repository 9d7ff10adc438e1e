package config

import (
	"context"
	"slices"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/device"
	"linecard/internal/errs"
	"linecard/internal/profile"
	"linecard/internal/tenant"
)

// ImportFile is the change that a file of devices is. What it does to phones that are there stands beside it in Change.Devices; phones
// that it adds have no files yet that could become different.
type ImportFile struct {
	Data      []byte `json:"data"`
	Mode      string `json:"mode"`
	Format    string `json:"format"`
	Separator string `json:"separator"`
	Armed     bool   `json:"armed"`

	Counts ImportCounts `json:"counts"`
}

// ImportCounts is what becomes of the rows of a file.
type ImportCounts struct {
	Added   int              `json:"added"`
	Updated int              `json:"updated"`
	Skipped int              `json:"skipped"`
	Failed  int              `json:"failed"`
	Rows    []device.Outcome `json:"rows"` // those that fail, are skipped or have warnings, the first hundred
}

// shownRows bounds the rows that a plan names.
const shownRows = 100

var errImportStays = errs.New(errs.Conflict, "import_not_undone", "An import is not taken back by its plan. Import the file that was exported before it, with overwrite.")

func (f ImportFile) file() device.ImportFile {
	return device.ImportFile{Data: f.Data, Mode: f.Mode, Format: f.Format, Separator: f.Separator, Armed: f.Armed}
}

// compileImport foresees what a file of devices makes of the phones that are there.
func (p *Plans) compileImport(ctx context.Context, actor access.Actor, t tenant.Tenant, a Asked) (Change, error) {
	if a.Import == nil || len(a.Import.Data) == 0 {
		return Change{}, errs.BadField("file", "required", "This field must not be empty.")
	}
	in := *a.Import
	foreseen, report, err := p.devices.Foresee(ctx, p.db, actor, t.ID, in.file())
	if err != nil {
		return Change{}, err
	}
	in.Counts = ImportCounts{Added: report.Added, Updated: report.Updated, Skipped: report.Skipped, Failed: report.Failed}
	for _, r := range report.Rows {
		if (r.Outcome == device.RowFailed || r.Outcome == device.RowSkipped || len(r.Warnings) > 0) && len(in.Counts.Rows) < shownRows {
			in.Counts.Rows = append(in.Counts.Rows, r)
		}
	}
	c := Change{Import: &in}
	for _, x := range foreseen {
		c.Devices = append(c.Devices, DeviceChange{ID: x.DeviceID, Name: x.Name, Model: x.Model, SiteID: x.SiteID, Groups: x.Groups, Lines: x.Lines, Imported: x.Imported})
	}
	return c, nil
}

// imported puts the CSV profile of a phone where SetImported would put it: first when it is new, else where it stands.
func (x DeviceChange) imported(o *own) {
	if x.Imported == nil {
		return
	}
	i := slices.IndexFunc(o.profiles, func(p profile.Profile) bool { return p.Type == profile.Imported })
	o.profiles = slices.Clone(o.profiles)
	switch {
	case i >= 0 && len(x.Imported.Attributes) == 0:
		o.profiles = slices.Delete(o.profiles, i, i+1)
	case i >= 0:
		o.profiles[i] = x.Imported.Profile
	case !x.Imported.Known && len(x.Imported.Attributes) > 0:
		o.profiles = slices.Insert(o.profiles, 0, x.Imported.Profile)
	}
}

// lined gives a phone the lines that the file leaves it with.
func (x DeviceChange) lined(o *own) {
	if x.Lines == nil {
		return
	}
	o.Lines = slices.Clone(*x.Lines)
	for _, l := range o.Lines {
		o.Ever = max(o.Ever, l.Number)
	}
}

// writeImport imports the file as it was foreseen; a row that has another fate now ends the apply.
func (p *Plans) writeImport(ctx context.Context, actor access.Actor, at profile.Place, f ImportFile) error {
	return p.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		report, err := p.devices.ImportWithin(ctx, tx, actor, at.ID, f.file())
		if err == nil && (report.Added != f.Counts.Added || report.Updated != f.Counts.Updated || report.Skipped != f.Counts.Skipped || report.Failed != f.Counts.Failed) {
			err = errPlanMoved
		}
		return err
	})
}
