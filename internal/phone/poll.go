package phone

import (
	"fmt"

	"linecard/internal/errs"
)

// TimeOfDay is minutes since midnight, on the phone's own clock.
type TimeOfDay int

var errTime = errs.BadField("poll_window", "bad_time", "A time of day is written hh:mm, from 00:00 to 23:59.")

// ParseTimeOfDay reads "hh:mm".
func ParseTimeOfDay(s string) (TimeOfDay, error) {
	digit := func(i int) int { return int(s[i]) - '0' }
	if len(s) != 5 || s[2] != ':' {
		return 0, errTime
	}
	for _, i := range []int{0, 1, 3, 4} {
		if s[i] < '0' || s[i] > '9' {
			return 0, errTime
		}
	}
	h, m := digit(0)*10+digit(1), digit(3)*10+digit(4)
	if h > 23 || m > 59 {
		return 0, errTime
	}
	return TimeOfDay(h*60 + m), nil
}

// String is "hh:mm".
func (t TimeOfDay) String() string { return fmt.Sprintf("%02d:%02d", int(t)/60, int(t)%60) }

// PollWindow is when phones ask for changes by themselves: at some minute from Start to End, every so many days (DM-108).
// End before Start wraps midnight.
type PollWindow struct {
	Start, End TimeOfDay
	Days       int
}

// DefaultPoll is the window of a customer that chose none: 03:00 to 05:00 every day (DM-108).
var DefaultPoll = PollWindow{Start: 3 * 60, End: 5 * 60, Days: 1}

// MaxPollDays bounds the period, so that a change reaches every phone within a month.
const MaxPollDays = 31

// Faults says what is wrong with the window; nil when nothing is. A window without length would make all phones ask in the
// same minute.
func (p PollWindow) Faults() []errs.Field {
	var faults []errs.Field
	out := func(t TimeOfDay) bool { return t < 0 || t >= 24*60 }
	if out(p.Start) {
		faults = append(faults, errs.Field{Name: "poll_window.start", Code: "bad_time", Message: "A time of day is written hh:mm, from 00:00 to 23:59."})
	}
	if out(p.End) {
		faults = append(faults, errs.Field{Name: "poll_window.end", Code: "bad_time", Message: "A time of day is written hh:mm, from 00:00 to 23:59."})
	}
	if p.Start == p.End {
		faults = append(faults, errs.Field{Name: "poll_window.end", Code: "empty_window", Message: "The window needs a length, or all phones ask in the same minute."})
	}
	if p.Days < 1 || p.Days > MaxPollDays {
		faults = append(faults, errs.Field{Name: "poll_window.days", Code: "out_of_range", Message: "The period is from 1 to 31 days."})
	}
	return faults
}
