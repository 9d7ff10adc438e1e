package device

import (
	"context"
	"maps"
	"slices"
	"time"

	"linecard/internal/db"
	"linecard/internal/errs"
)

// Status says whether a phone is heard of (DM-278, DM-279). It says nothing about its registration (decision 21).
type Status string

// The states of a phone.
const (
	Online  Status = "online"
	Offline Status = "offline"
	Never   Status = "never" // it has never asked for anything
)

var errStatus = errs.BadField("status", "unknown_status", "The status is online, offline or never.")

// patience is for how long after its last word a phone of the customer counts as online: its poll period, the length of the window and
// an hour, or what the customer chose (DM-279).
func (c customerRow) patience() time.Duration {
	if c.OfflineHours > 0 {
		return time.Duration(c.OfflineHours) * time.Hour
	}
	window := (int64(c.End) - int64(c.Start) + 24*60) % (24 * 60)
	return time.Duration(c.Days)*24*time.Hour + time.Duration(window)*time.Minute + time.Hour
}

// status gives the state of a phone at now.
func (d Device) status(patience time.Duration, now time.Time) Status {
	switch {
	case d.LastSeen.IsZero():
		return Never
	case now.Before(d.LastSeen.Add(patience)):
		return Online
	}
	return Offline
}

// withStatus fills in the states of devices.
func withStatus(ctx context.Context, q db.Q, all ...*Device) error {
	if len(all) == 0 {
		return nil
	}
	of := map[string]time.Duration{}
	for _, d := range all {
		of[d.CustomerID] = unset(d.CustomerID).patience()
	}
	a := q.Args()
	var rows []customerRow
	err := q.Select(ctx, &rows, `SELECT `+customerColumns+` FROM device_customers WHERE `+a.In("customer_id", slices.Collect(maps.Keys(of))), a.List()...)
	if err != nil {
		return err
	}
	for _, c := range rows {
		of[c.CustomerID] = c.patience()
	}
	for _, d := range all {
		d.Status = d.status(of[d.CustomerID], q.Now().Time)
	}
	return nil
}

// statusSQL is the same rule as a condition on device_sightings s.
func statusSQL(a *db.Args, customer string, s Status, now db.Time) (string, error) {
	limit := `(SELECT CASE WHEN c.offline_hours > 0 THEN c.offline_hours * 3600000
		ELSE (c.poll_days * 1440 + (c.poll_end - c.poll_start + 1440) % 1440 + 60) * 60000 END FROM device_customers c WHERE c.customer_id = ` + customer + `)`
	at := `CAST(` + a.Add(now) + ` AS BIGINT)`
	switch s {
	case Online:
		return `s.last_seen + ` + limit + ` > ` + at, nil
	case Offline:
		return `s.last_seen + ` + limit + ` <= ` + at, nil
	case Never:
		return `s.last_seen IS NULL AND ` + at + ` > 0`, nil
	}
	return "", errStatus
}
