package firmware

import (
	"time"

	"linecard/internal/errs"
	"linecard/internal/phone"
)

// Window is when phones are told of a new version, in their customer's time zone. The zero Window is at any time. An End that is not
// after Start lies on the next day; the window belongs to the day on which it begins.
type Window struct {
	Start, End phone.TimeOfDay
	Days       Days
}

// Days are days of the week as bits, Sunday the lowest; 0 means that there is no window at all.
type Days uint8

// On says whether the day is one of them.
func (d Days) On(w time.Weekday) bool { return d&(1<<w) != 0 }

// Always says whether a new version may be told at any time.
func (w Window) Always() bool { return w.Days == 0 }

// Faults says what is wrong with the window; nil when nothing is.
func (w Window) Faults() []errs.Field {
	var out []errs.Field
	for _, t := range []struct {
		name string
		at   phone.TimeOfDay
	}{{"software_window.start", w.Start}, {"software_window.end", w.End}} {
		if t.at < 0 || t.at >= 24*60 {
			out = append(out, errs.Field{Name: t.name, Code: "bad_time", Message: "A time of day is written hh:mm, from 00:00 to 23:59."})
		}
	}
	if w.Days > 127 {
		out = append(out, errs.Field{Name: "software_window.days", Code: "unknown_value", Message: "The value is not one of those that are possible."})
	}
	return out
}

// Open says whether now is inside the window, and when that changes next; the zero Time when it never does.
func (w Window) Open(now time.Time, zone *time.Location) (bool, time.Time) {
	if w.Always() {
		return true, time.Time{}
	}
	if zone == nil {
		zone = time.UTC
	}
	local := now.In(zone)
	year, month, day := local.Date()
	open, next := false, time.Time{}
	for d := -1; d <= 8; d++ {
		// Noon names the day: midnight is missing on days when clocks are put forward at it.
		if !w.Days.On(time.Date(year, month, day+d, 12, 0, 0, 0, zone).Weekday()) {
			continue
		}
		begin, end := w.at(year, month, day+d, zone)
		if !now.Before(begin) && now.Before(end) {
			open = true
			if end.After(next) {
				next = end // windows that follow each other are one
			}
			continue
		}
		if open && begin.After(next) || open && !end.After(next) {
			continue
		}
		if open { // begins before the present one ends
			next = end
			continue
		}
		if begin.After(now) && (next.IsZero() || begin.Before(next)) {
			next = begin
		}
	}
	return open, next
}

func (w Window) at(year int, month time.Month, day int, zone *time.Location) (begin, end time.Time) {
	moment := func(day int, t phone.TimeOfDay) time.Time {
		return time.Date(year, month, day, int(t)/60, int(t)%60, 0, 0, zone)
	}
	if w.End > w.Start {
		return moment(day, w.Start), moment(day, w.End)
	}
	return moment(day, w.Start), moment(day+1, w.End)
}
