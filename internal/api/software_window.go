package api

import (
	"linecard/internal/errs"
	"linecard/internal/firmware"
	"linecard/internal/phone"
)

// DownloadPaths are where phones get software when their site does not say (DM-175).
type DownloadPaths struct {
	Internet   string `json:"internet" doc:"For phones at the site Internet; empty is the customer's own address"`
	Enterprise string `json:"enterprise" doc:"For phones at all other sites; empty: they are told of no software unless their site has a path"`
}

// PathsChange are the paths that shall change; an empty one is taken away.
type PathsChange struct {
	Internet   *string `json:"internet,omitempty" maxLength:"200"`
	Enterprise *string `json:"enterprise,omitempty" maxLength:"200"`
}

// SoftwareWindow is when phones are told of a new version. An end that is not after the start lies on the next day.
type SoftwareWindow struct {
	Start string   `json:"start" example:"23:00"`
	End   string   `json:"end" example:"05:00"`
	Days  []string `json:"days" enum:"sun,mon,tue,wed,thu,fri,sat" maxItems:"7" doc:"On which it begins"`
}

var dayNames = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

func softwareWindow(w firmware.Window) *SoftwareWindow {
	if w.Always() {
		return nil
	}
	out := &SoftwareWindow{Start: w.Start.String(), End: w.End.String()}
	for i, name := range dayNames {
		if w.Days&(1<<i) != 0 {
			out.Days = append(out.Days, name)
		}
	}
	return out
}

func (w SoftwareWindow) read() (firmware.Window, error) {
	var out firmware.Window
	for _, d := range w.Days {
		for i, name := range dayNames {
			if d == name {
				out.Days |= 1 << i
			}
		}
	}
	if out.Always() {
		return firmware.Window{}, nil
	}
	var c errs.Checker
	read := func(name, s string) phone.TimeOfDay {
		t, err := phone.ParseTimeOfDay(s)
		if err != nil {
			c.Add(errs.Field{Name: name, Code: "bad_time", Message: "A time of day is written hh:mm, from 00:00 to 23:59."})
		}
		return t
	}
	out.Start, out.End = read("software_window.start", w.Start), read("software_window.end", w.End)
	return out, c.Err()
}
