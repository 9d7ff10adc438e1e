package api

import (
	"context"

	"linecard/internal/config"
	"linecard/internal/firmware"
)

// EffectiveConfiguration is what a phone gets, value by value.
type EffectiveConfiguration struct {
	DeviceID string                    `json:"device_id"`
	Values   map[string]EffectiveValue `json:"values" doc:"By name; secrets are masked"`
	Software EffectiveSoftware         `json:"software"`
	Files    []string                  `json:"files" doc:"Names of its files, in the order in which the phone asks"`
	Misfits  []KeyMisfit               `json:"misfits" doc:"Lines and keys that this model cannot have"`
	PlanID   string                    `json:"trial_plan_id" doc:"The plan whose change it has for trial; empty for none"`
	// Unreadable are files of phones that nobody understands.
	Unreadable []string `json:"unreadable_phone_files" doc:"Files in which the phone keeps what was changed on it and that cannot be read"`
}

// EffectiveValue is one parameter, where it comes from, and what it overrules.
type EffectiveValue struct {
	Value     string           `json:"value"`
	ProfileID string           `json:"profile_id" doc:"Empty for what no profile says"`
	Container string           `json:"container" enum:"phone,enforced,identity,device,line,site,model,group,global,defaults,maker" doc:"phone: it was changed on the phone, which holds on to that until it is cleared"`
	TenantID  string           `json:"tenant_id" doc:"Whose container it is"`
	Key       string           `json:"key" doc:"Of the container; of what was changed on the phone, the file that it keeps it in"`
	Overruled []OverruledValue `json:"overridden" doc:"The highest first"`
}

// OverruledValue is a value that something higher overrules.
type OverruledValue struct {
	Value     string `json:"value"`
	ProfileID string `json:"profile_id"`
	Container string `json:"container"`
	TenantID  string `json:"tenant_id"`
	Key       string `json:"key"`
}

// EffectiveSoftware is what a phone is told to run.
type EffectiveSoftware struct {
	State     string            `json:"state" enum:"none,own_path,current,planned,waiting,withheld,untouched"`
	ImageID   string            `json:"software_image_id" doc:"What it is told now"`
	Version   string            `json:"version"`
	Path      string            `json:"path"`
	TargetID  string            `json:"target_image_id" doc:"What it shall run in the end"`
	Target    string            `json:"target_version"`
	ProfileID string            `json:"profile_id"`
	Source    string            `json:"source" doc:"Which download path won (DM-174)"`
	Warnings  []SoftwareWarning `json:"warnings"`
}

// SoftwareWarning is something that people should know about the choice.
type SoftwareWarning struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func softwareOf(c firmware.Choice) EffectiveSoftware {
	out := EffectiveSoftware{State: string(c.State), ImageID: c.ImageID, Version: c.Image.Version, Path: c.Image.Path, TargetID: c.TargetID, Target: c.Target,
		ProfileID: c.ProfileID, Source: string(c.Source), Warnings: []SoftwareWarning{}}
	for _, w := range c.Warnings {
		out.Warnings = append(out.Warnings, SoftwareWarning{w.Code, w.Text})
	}
	return out
}

func effectiveOf(e config.Effective) EffectiveConfiguration {
	out := EffectiveConfiguration{DeviceID: e.DeviceID, Values: make(map[string]EffectiveValue, len(e.Values)), Software: softwareOf(e.Software), Files: orEmpty(e.Files),
		Misfits: []KeyMisfit{}, PlanID: e.Trial, Unreadable: orEmpty(e.Unreadable)}
	for _, v := range e.Values {
		w := EffectiveValue{Value: v.Value, ProfileID: v.ProfileID, Container: string(v.Container), TenantID: v.TenantID, Key: v.Key, Overruled: []OverruledValue{}}
		for _, l := range v.Overruled {
			w.Overruled = append(w.Overruled, OverruledValue{l.Value, l.ProfileID, string(l.Container), l.TenantID, l.Key})
		}
		out.Values[v.Name] = w
	}
	for _, m := range e.Misfits {
		out.Misfits = append(out.Misfits, misfitOf(m))
	}
	return out
}

func (a *API) getEffective(ctx context.Context, c *call, in *DeviceRef) (EffectiveConfiguration, error) {
	e, err := a.d.Plans.Effective(ctx, c.actor, in.Customer, in.Device)
	if err != nil {
		return EffectiveConfiguration{}, err
	}
	return effectiveOf(e), nil
}

// RenderedFileRef names a file of a phone in a path.
type RenderedFileRef struct {
	DeviceRef
	Name string `path:"name" doc:"Name of the file, as the phone asks for it"`
}

func (a *API) getRenderedFile(ctx context.Context, c *call, in *RenderedFileRef) (none, error) {
	f, err := a.d.Plans.Rendered(ctx, c.actor, in.Customer, in.Device, in.Name)
	if err == nil {
		c.file(in.Name, f.ContentType, f.Body)
	}
	return none{}, err
}

func (a *API) revealRenderedFile(ctx context.Context, c *call, in *RenderedFileRef) (none, error) {
	f, err := a.d.Plans.Reveal(ctx, c.actor, in.Customer, in.Device, in.Name)
	if err == nil {
		c.file(in.Name, f.ContentType, f.Body)
	}
	return none{}, err
}
