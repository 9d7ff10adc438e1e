package api

import (
	"context"
	"net/http"
	"time"

	"linecard/internal/config"
	"linecard/internal/errs"
	"linecard/internal/phone"
	"linecard/internal/profile"
)

// Plan is a change to phones that can be looked at before it happens.
type Plan struct {
	ID              string         `json:"id"`
	TenantID        string         `json:"tenant_id"`
	Kind            string         `json:"kind"`
	State           string         `json:"state" enum:"working,ready,scheduled,staged,applied,undone,withdrawn,failed"`
	DevicesLookedAt int64          `json:"devices_looked_at"`
	DevicesAffected int64          `json:"devices_affected" doc:"Phones for which something becomes different"`
	ByCustomer      []PlanCustomer `json:"by_customer"`
	ByModel         []PlanModel    `json:"by_model"`
	DistinctChanges int            `json:"distinct_changes" doc:"How many different changes there are among all phones"`
	Samples         []PlanSample   `json:"samples" doc:"One for each of the most frequent"`
	Warnings        []PlanWarning  `json:"warnings"`
	StaysOnPhone    []string       `json:"stays_on_phone" doc:"Parameters that are taken away but that phones keep"`
	StaysAfterUndo  []string       `json:"stays_after_undo" doc:"Parameters that are new and that phones would keep after an undo"`
	Import          *PlanImport    `json:"import" doc:"Of an import: what becomes of its rows"`
	Actor           string         `json:"actor"`
	AppliedBy       string         `json:"applied_by"`
	OperationID     string         `json:"operation_id" doc:"Of a plan that is computed in the background"`
	Created         time.Time      `json:"created"`
	NotBefore       *time.Time     `json:"not_before"`
	Window          *PlanWindow    `json:"window"`
	Applied         *time.Time     `json:"applied"`
	Ended           *time.Time     `json:"ended" doc:"When it was undone or withdrawn, or failed"`
	Error           *PlanFault     `json:"error"`
}

// PlanImport is what becomes of the rows of a file.
type PlanImport struct {
	Added   int       `json:"added"`
	Updated int       `json:"updated"`
	Skipped int       `json:"skipped"`
	Failed  int       `json:"failed"`
	Rows    []PlanRow `json:"rows" doc:"Rows that fail, are skipped or have warnings; the first hundred"`
}

// PlanRow is one row of a file.
type PlanRow struct {
	Line     int      `json:"line"`
	Device   string   `json:"device"`
	Outcome  string   `json:"outcome" enum:"added,updated,skipped,failed"`
	Code     string   `json:"code"`
	Reason   string   `json:"reason"`
	Warnings []string `json:"warnings"`
}

func importOf(i config.ImportCounts) *PlanImport {
	out := &PlanImport{Added: i.Added, Updated: i.Updated, Skipped: i.Skipped, Failed: i.Failed, Rows: []PlanRow{}}
	for _, r := range i.Rows {
		row := PlanRow{Line: r.Line, Device: r.Device, Outcome: r.Outcome, Code: r.Code, Reason: r.Reason, Warnings: []string{}}
		for _, w := range r.Warnings {
			row.Warnings = append(row.Warnings, w.Reason)
		}
		out.Rows = append(out.Rows, row)
	}
	return out
}

// PlanFault is why a plan failed.
type PlanFault struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// PlanCustomer is how many phones of a customer a plan concerns.
type PlanCustomer struct {
	CustomerID string `json:"customer_id"`
	Name       string `json:"name"`
	Devices    int64  `json:"devices"`
}

// PlanModel is how many phones of a model a plan concerns.
type PlanModel struct {
	Maker   string `json:"maker"`
	Model   string `json:"model" doc:"Empty while it is not known"`
	Devices int64  `json:"devices"`
}

// PlanSample shows one of several equal changes.
type PlanSample struct {
	Devices      int64    `json:"devices" doc:"For how many it is the same"`
	CustomerID   string   `json:"customer_id"`
	DeviceID     string   `json:"device_id"`
	Name         string   `json:"name" doc:"Name of the file"`
	Diff         string   `json:"diff" doc:"Unified; secrets are masked"`
	StaysOnPhone []string `json:"stays_on_phone"`
}

// PlanWarning is something to know before a plan is applied.
type PlanWarning struct {
	Code     string `json:"code"`
	Message  string `json:"message"`
	Devices  int64  `json:"devices"`
	DeviceID string `json:"device_id" doc:"One of them"`
}

// PlanWindow is the part of a day in which a change may begin, in the time zone of the organisation.
type PlanWindow struct {
	Start string `json:"start" example:"22:00"`
	End   string `json:"end" example:"05:00"`
}

func planOf(p config.Plan) Plan {
	s := p.Summary
	out := Plan{ID: p.ID, TenantID: p.TenantID, Kind: p.Kind, State: string(p.State), DevicesLookedAt: p.Looked, DevicesAffected: p.Affected,
		ByCustomer: []PlanCustomer{}, ByModel: []PlanModel{}, DistinctChanges: s.Distinct, Samples: []PlanSample{}, Warnings: []PlanWarning{}, StaysOnPhone: orEmpty(s.Stays), StaysAfterUndo: orEmpty(s.Sticks),
		Actor: p.Actor, AppliedBy: p.Applier, OperationID: p.OperationID, Created: p.Created.Time, NotBefore: when(p.NotBefore), Applied: when(p.Applied), Ended: when(p.Ended)}
	for _, c := range s.ByCustomer {
		out.ByCustomer = append(out.ByCustomer, PlanCustomer(c))
	}
	for _, m := range s.ByModel {
		out.ByModel = append(out.ByModel, PlanModel(m))
	}
	for _, x := range s.Samples {
		out.Samples = append(out.Samples, PlanSample{x.Devices, x.CustomerID, x.DeviceID, x.Name, x.Diff, orEmpty(x.Stays)})
	}
	for _, w := range s.Warnings {
		out.Warnings = append(out.Warnings, PlanWarning{w.Code, w.Message, w.Devices, w.Sample})
	}
	if s.Import != nil {
		out.Import = importOf(*s.Import)
	}
	if p.Window != nil {
		out.Window = &PlanWindow{p.Window.Start.String(), p.Window.End.String()}
	}
	if p.Fault.Code != "" {
		out.Error = &PlanFault{p.Fault.Code, p.Fault.Message}
	}
	return out
}

func planWire(c *call, p config.Plan, err error) (Plan, error) {
	if err != nil {
		return Plan{}, err
	}
	c.tagged(p.Version)
	return planOf(p), nil
}

// PlanRef names the plan in a path.
type PlanRef struct {
	Plan string `path:"plan" doc:"Id of the plan"`
}

// NewPlan is a change to look at. The kind says which of the other fields count.
type NewPlan struct {
	Kind         string               `json:"kind" enum:"profile.update,software.set,container.set,group.set,site.update,device.update,import"`
	ProfileID    string               `json:"profile_id,omitempty" maxLength:"128" doc:"profile.update, software.set"`
	Attributes   map[string]*string   `json:"attributes,omitempty" doc:"profile.update: merged with what the profile has; null takes one away"`
	ImageID      *string              `json:"software_image_id,omitempty" maxLength:"128" doc:"profile.update, software.set; empty for none"`
	Container    string               `json:"container,omitempty" maxLength:"32" doc:"container.set: device, site, model, group, global; defaults or enforced above customers"`
	Key          string               `json:"key,omitempty" maxLength:"128" doc:"container.set: what the container belongs to, - where there is only one"`
	ProfileIDs   []string             `json:"profile_ids,omitempty" maxItems:"100" doc:"container.set: the first is the highest"`
	GroupID      string               `json:"group_id,omitempty" maxLength:"128" doc:"group.set"`
	DeviceIDs    []string             `json:"device_ids,omitempty" maxItems:"50000" doc:"group.set: all its devices"`
	SiteID       *string              `json:"site_id,omitempty" maxLength:"128" doc:"site.update; device.update: pins the device there, empty unpins it"`
	Subnets      *[]NetworkSiteSubnet `json:"subnets,omitempty" maxItems:"500" doc:"site.update: replace all that it had"`
	DownloadPath *string              `json:"download_path,omitempty" maxLength:"300" doc:"site.update"`
	DeviceID     string               `json:"device_id,omitempty" maxLength:"128" doc:"device.update"`
	Model        *string              `json:"model,omitempty" maxLength:"64" doc:"device.update"`
	GroupIDs     *[]string            `json:"group_ids,omitempty" maxItems:"1000" doc:"device.update: the first is the highest"`
	File         string               `json:"file,omitempty" maxLength:"900000" doc:"import: the text of a CSV file of at most 1,000 devices"`
	Mode         string               `json:"mode,omitempty" enum:"skip,overwrite,merge" doc:"import: what becomes of devices that are there; absent: skip"`
	Format       string               `json:"format,omitempty" enum:"linecard,poly-lens,fusionpbx" doc:"import"`
	Separator    string               `json:"separator,omitempty" maxLength:"1" doc:"import: absent, told from the header"`
}

func (n NewPlan) asked() config.Asked {
	a := config.Asked{Kind: n.Kind, ProfileID: n.ProfileID, Attributes: n.Attributes, ImageID: n.ImageID, Container: profile.Kind(n.Container), Key: n.Key, ProfileIDs: n.ProfileIDs,
		GroupID: n.GroupID, DeviceIDs: n.DeviceIDs, SiteID: n.SiteID, Path: n.DownloadPath, DeviceID: n.DeviceID, Model: n.Model, GroupIDs: n.GroupIDs}
	if n.File != "" {
		a.Import = &config.ImportFile{Data: []byte(n.File), Mode: n.Mode, Format: n.Format, Separator: n.Separator}
	}
	if n.Subnets != nil {
		s := networksOf(*n.Subnets)
		a.Subnets = &s
	}
	return a
}

type createPlanIn struct {
	Body NewPlan
}

// createPlan answers 200 with the plan, or 202 with one that is being computed: its operation tells when it is ready.
func (a *API) createPlan(l level) func(context.Context, *call, *createPlanIn) (Plan, error) {
	return func(ctx context.Context, c *call, in *createPlanIn) (Plan, error) {
		p, err := a.d.Plans.Make(ctx, c.actor, l.at(c), in.Body.asked())
		out, err := planWire(c, p, err)
		if err == nil && p.State == config.Working {
			c.status, c.location = http.StatusAccepted, "/operations/"+p.OperationID
		}
		return out, err
	}
}

func (a *API) getPlan(at func(*call) profile.Place) func(context.Context, *call, *PlanRef) (Plan, error) {
	return func(ctx context.Context, c *call, in *PlanRef) (Plan, error) {
		p, err := a.d.Plans.Get(ctx, c.actor, at(c), in.Plan)
		return planWire(c, p, err)
	}
}

type listPlansIn struct {
	Paged
	Sort string `query:"sort" enum:"created,-created"`
}

func (a *API) listPlans(at func(*call) profile.Place) func(context.Context, *call, *listPlansIn) (List[Plan], error) {
	return func(ctx context.Context, c *call, in *listPlansIn) (List[Plan], error) {
		all, next, err := a.d.Plans.List(ctx, c.actor, at(c), in.page(in.Sort))
		return listOf(all, next, planOf), err
	}
}

// PlanFile is how one file of one phone becomes different.
type PlanFile struct {
	DeviceID     string   `json:"device_id"`
	CustomerID   string   `json:"customer_id"`
	Name         string   `json:"name" doc:"Empty when no file of the phone differs, only what stays on it"`
	Diff         string   `json:"diff" doc:"Unified; secrets are masked"`
	StaysOnPhone []string `json:"stays_on_phone"`
}

type listPlanFilesIn struct {
	PlanRef
	Paged
}

func (a *API) listPlanFiles(at func(*call) profile.Place) func(context.Context, *call, *listPlanFilesIn) (List[PlanFile], error) {
	return func(ctx context.Context, c *call, in *listPlanFilesIn) (List[PlanFile], error) {
		all, next, err := a.d.Plans.Files(ctx, c.actor, at(c), in.Plan, in.page(""))
		return listOf(all, next, func(f config.PlanFile) PlanFile {
			return PlanFile{f.DeviceID, f.CustomerID, f.Name, f.Diff, orEmpty(f.Stays)}
		}), err
	}
}

// PlanApply says how a plan shall happen; nothing: for all phones, now.
type PlanApply struct {
	DeviceIDs []string    `json:"device_ids,omitempty" maxItems:"5000" doc:"These phones only, for trial; apply it again without them for all"`
	NotBefore *time.Time  `json:"not_before,omitempty"`
	Window    *PlanWindow `json:"window,omitempty"`
}

type applyPlanIn struct {
	PlanRef
	Body *PlanApply `required:"false"`
}

func (a *API) applyPlan(at func(*call) profile.Place) func(context.Context, *call, *applyPlanIn) (Plan, error) {
	return func(ctx context.Context, c *call, in *applyPlanIn) (Plan, error) {
		g := config.Go{IfVersion: c.ifVersion()}
		if b := in.Body; b != nil {
			g.DeviceIDs = b.DeviceIDs
			if b.NotBefore != nil {
				g.NotBefore = *b.NotBefore
			}
			if b.Window != nil {
				w, err := windowOf(*b.Window)
				if err != nil {
					return Plan{}, err
				}
				g.Window = &w
			}
		}
		p, err := a.d.Plans.Apply(ctx, c.actor, at(c), in.Plan, g)
		out, err := planWire(c, p, err)
		if err == nil && p.State == config.Scheduled {
			c.status = http.StatusAccepted
		}
		return out, err
	}
}

func windowOf(w PlanWindow) (config.Window, error) {
	var out config.Window
	for _, x := range []struct {
		name, text string
		to         *phone.TimeOfDay
	}{{"window.start", w.Start, &out.Start}, {"window.end", w.End, &out.End}} {
		t, err := phone.ParseTimeOfDay(x.text)
		if err != nil {
			return out, errs.BadField(x.name, "bad_time", "A time of day is written hh:mm, from 00:00 to 23:59.")
		}
		*x.to = t
	}
	return out, nil
}

func (a *API) undoPlan(at func(*call) profile.Place) func(context.Context, *call, *PlanRef) (Plan, error) {
	return func(ctx context.Context, c *call, in *PlanRef) (Plan, error) {
		p, err := a.d.Plans.Undo(ctx, c.actor, at(c), in.Plan, c.ifVersion())
		return planWire(c, p, err)
	}
}
