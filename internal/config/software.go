package config

import (
	"cmp"
	"time"

	"linecard/internal/firmware"
	"linecard/internal/phone"
)

// choose gives what a phone is told about software, and what the device that is paired with it is told. It depends on the instant
// as soon as the customer has a window.
func (e *estate) choose(o *own, r resolved, now time.Time) (told, paired firmware.Choice) {
	site := e.sites[o.site]
	ask := firmware.Ask{Maker: o.Maker, Model: o.model, Version: o.version, Internet: site.Fixed || o.site == "", SitePath: site.DownloadPath,
		Paths: e.downloads.Paths, Window: e.downloads.Window, Zone: e.zone, Now: now, Catalogue: e.catalogue}
	for _, s := range r.images {
		ask.Selections = append(ask.Selections, firmware.Selection{ProfileID: s.ProfileID, ImageID: s.image, Label: s.label})
	}
	if len(ask.Selections) == 0 {
		return firmware.Choice{State: firmware.None}, firmware.Choice{State: firmware.None}
	}
	name, relative := phone.ImageParameter(r.maker)
	ask.AppFilePath, ask.OwnPath = r.get(name)
	told, paired = firmware.Choose(ask)
	if told.Image.Path != "" {
		told.Image.Base = cmp.Or(told.Path, e.address)
		if !relative {
			told.Image.Path = told.Image.Under(e.address)
		}
	}
	return told, paired
}

// target is what the phone shall run in the end, whatever the hour: what plans compare.
func (e *estate) target(o *own, r resolved) (id string, missing bool) {
	c, paired := e.choose(o, r, time.Time{})
	for _, w := range c.Warnings {
		missing = missing || w.Code == "image_missing"
	}
	id = string(c.State)
	if c.State != firmware.None && c.State != firmware.Own && !missing {
		id = c.TargetID + " " + c.Path
	}
	if paired.TargetID != "" {
		id += " " + paired.TargetID + " " + paired.Path
	}
	return id, missing
}

// get gives the value of a parameter by its exact name.
func (r resolved) get(name string) (string, bool) {
	if name == "" {
		return "", false
	}
	i, ok := find(r.values, name)
	if !ok {
		return "", false
	}
	return r.values[i].Value, true
}
