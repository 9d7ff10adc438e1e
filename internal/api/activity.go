package api

import (
	"context"
	"net/http"
	"time"

	"linecard/internal/access"
	"linecard/internal/errs"
	"linecard/internal/journal"
)

type activityIn struct {
	CustomerRef
	Date string `query:"date" maxLength:"10" doc:"A day of the week that is wanted, as 2026-01-31; absent is today"`
}

// keptWeeks is how many weeks of activity can be fetched, the present one among them (DM-207). The log itself is kept for longer.
const keptWeeks = 4

var errActivityDay = errs.BadField("date", "activity_date", "Give a day like 2026-01-31 of this week or of the three before it.")

// exportActivity gives what people did at a customer in the week of a day, Monday to Sunday in its time zone, as a file (DM-206, DM-208).
func (a *API) exportActivity(ctx context.Context, c *call, in *activityIn) (none, error) {
	t, target, err := a.d.Tenants.Target(ctx, a.d.DB, c.actor, in.Customer)
	if err == nil {
		err = access.Decide(c.actor, access.LogView, target)
	}
	if err == nil && t.Kind != access.Customer {
		err = errMissing
	}
	if err != nil {
		return none{}, err
	}
	zone, err := time.LoadLocation(t.TimeZone)
	if err != nil {
		zone = time.UTC // checked when it was entered
	}
	from, to, err := week(a.d.DB.Now().In(zone), in.Date)
	if err != nil {
		return none{}, err
	}
	by := journal.Query{Viewer: c.actor, From: from, To: to, Asc: true}
	name := "activity-" + from.Format(time.DateOnly) + ".csv"
	c.stream = func(w http.ResponseWriter) error { return a.exportLog(ctx, w, t.ID, by, name) }
	return none{}, nil
}

// week gives the bounds of the week that holds the day; "" is today. A day that is yet to come, or too long ago, is refused.
func week(now time.Time, date string) (from, to time.Time, err error) {
	day := now
	if date != "" {
		if day, err = time.ParseInLocation(time.DateOnly, date, now.Location()); err != nil {
			return from, to, errActivityDay
		}
	}
	monday := func(t time.Time) time.Time {
		y, m, d := t.Date()
		return time.Date(y, m, d-(int(t.Weekday())+6)%7, 0, 0, 0, 0, t.Location())
	}
	from = monday(day)
	to = from.AddDate(0, 0, 7)
	if day.After(now) || from.Before(monday(now).AddDate(0, 0, -7*(keptWeeks-1))) {
		return from, to, errActivityDay
	}
	return from, to, nil
}
