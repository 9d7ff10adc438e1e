package api

import (
	"context"
	"net/http"

	"linecard/internal/device"
)

type importDevicesIn struct {
	CustomerRef
	SeparatorOf
	Mode   string `query:"mode" enum:"skip,overwrite,merge" doc:"What becomes of devices that are there already; absent: skip. overwrite: their CSV profile and groups become what the file says; merge: adds to them"`
	Format string `query:"format" enum:"linecard,poly-lens,fusionpbx" doc:"Whose file it is; absent: linecard"`
	Armed  string `query:"armed" enum:"true,false" doc:"Cells that a spreadsheet would run have an apostrophe before them, as an armed export writes"`
}

// DeviceImport is the log of an import (DM-256). A long file is done in the background: then there is an operation, and this log is its
// result.
type DeviceImport struct {
	Operation *Operation        `json:"operation" doc:"Of a file that is done in the background (202); else null"`
	Added     int               `json:"added"`
	Updated   int               `json:"updated"`
	Skipped   int               `json:"skipped"`
	Failed    int               `json:"failed"`
	Warnings  int               `json:"warnings" doc:"Rows with warnings"`
	Rows      []DeviceImportRow `json:"rows" doc:"In the order of the file"`
}

// DeviceImportRow is what became of one row.
type DeviceImportRow struct {
	Line     int                   `json:"line" doc:"Of the file; the header is line 1"`
	Device   string                `json:"device" doc:"Its identifier, as far as the row told"`
	Outcome  string                `json:"outcome" enum:"added,updated,skipped,failed"`
	Code     string                `json:"code,omitempty" doc:"Of the fault, or why it was skipped"`
	Reason   string                `json:"reason,omitempty"`
	Warnings []DeviceImportWarning `json:"warnings,omitempty"`
}

// DeviceImportWarning is something about a row that was not done.
type DeviceImportWarning struct {
	Code   string `json:"code"`
	Reason string `json:"reason"`
}

func (a *API) importDevices(ctx context.Context, c *call, in *importDevicesIn) (DeviceImport, error) {
	report, op, err := a.d.Devices.Import(ctx, c.actor, in.Customer, device.ImportFile{Data: c.body, Mode: in.Mode, Format: in.Format, Separator: in.text(), Armed: in.Armed == "true"})
	out := DeviceImport{Rows: []DeviceImportRow{}}
	switch {
	case err != nil:
		return out, err
	case report == nil:
		wire := operationWire(op)
		out.Operation = &wire
		c.status, c.location = http.StatusAccepted, "/operations/"+op.ID
		return out, nil
	}
	out.Added, out.Updated, out.Skipped, out.Failed, out.Warnings = report.Added, report.Updated, report.Skipped, report.Failed, report.Warnings
	for _, r := range report.Rows {
		row := DeviceImportRow{Line: r.Line, Device: r.Device, Outcome: r.Outcome, Code: r.Code, Reason: r.Reason}
		for _, w := range r.Warnings {
			row.Warnings = append(row.Warnings, DeviceImportWarning(w))
		}
		out.Rows = append(out.Rows, row)
	}
	return out, nil
}

type exportDevicesIn struct {
	CustomerRef
	SeparatorOf
	Armed string `query:"armed" enum:"true,false" doc:"Keeps a spreadsheet from running cells; import it with armed=true"`
}

// exportDevices gives all devices as importDevices takes them (DM-257), a ZIP file when they are more than one file may hold. Passwords
// are in it for who may see them, so nobody keeps it.
func (a *API) exportDevices(ctx context.Context, c *call, in *exportDevicesIn) (none, error) {
	e, err := a.d.Devices.Export(ctx, c.actor, in.Customer, device.ExportOptions{Separator: in.text(), Armed: in.Armed == "true"})
	if err != nil {
		return none{}, err
	}
	c.stream = func(w http.ResponseWriter) error {
		media, file := "text/csv; charset=utf-8; header=present", "devices.csv"
		if e.Parts > 1 {
			media, file = "application/zip", "devices.zip"
		}
		h := w.Header()
		h.Set("Content-Type", media)
		h.Set("Content-Disposition", `attachment; filename="`+file+`"`)
		return e.Write(ctx, w)
	}
	return none{}, nil
}
