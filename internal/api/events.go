package api

import (
	"context"
	"strings"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
)

// Event is something that happened, for programs.
type Event struct {
	ID       string         `json:"id"`
	Type     string         `json:"type" example:"customer.created"`
	Time     time.Time      `json:"time"`
	Scope    string         `json:"scope" doc:"Path of the organisation whose object it is about"`
	TenantID string         `json:"tenant_id" doc:"In whose operation log it stands"`
	Actor    LogActor       `json:"actor"`
	Target   LogTarget      `json:"target"`
	Data     map[string]any `json:"data"`
}

func eventOf(e journal.Entry) Event {
	if e.Data == nil {
		e.Data = map[string]any{}
	}
	return Event{ID: e.ID, Type: e.Type, Time: e.Time.Time, Scope: e.Scope, TenantID: e.TenantID, Actor: logActor(e.Actor), Target: LogTarget(e.Target), Data: e.Data}
}

type listEventsIn struct {
	After string `query:"after" doc:"next of an earlier answer; absent: from the oldest event that is kept"`
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"50"`
	Types string `query:"types" maxLength:"2000" doc:"Exact types or customer.*, with commas between; absent: all"`
}

// listEvents gives events in their order. next is never empty: it is the cursor behind what was looked through, also when
// nothing of it may be seen; an empty page whose next has moved may be followed by more.
func (a *API) listEvents(ctx context.Context, c *call, in *listEventsIn) (List[Event], error) {
	see, err := a.d.Tenants.Visible(ctx, a.d.DB, c.actor, access.EventView, true)
	if err != nil {
		return List[Event]{}, err
	}
	q := journal.EventQuery{Filter: see, After: in.After, Limit: in.Limit}
	if in.Types != "" {
		q.Types = strings.Split(in.Types, ",")
	}
	all, next, err := a.d.Journal.Events(ctx, a.d.DB, q)
	if err == nil {
		all, err = a.open(ctx, c, all)
	}
	return listOf(all, next, eventOf), err
}

// open leaves out what concerns phones of customers that have not authorised the actor's organisation (CH-29, CH-31). A page
// may be shorter for it.
func (a *API) open(ctx context.Context, c *call, all []journal.Entry) ([]journal.Entry, error) {
	see := map[access.Action]db.Filter{}
	out := make([]journal.Entry, 0, len(all))
	for _, e := range all {
		act := access.EventNeeds(e.Type)
		f, known := see[act]
		if act != "" && !known {
			var err error
			f, err = a.d.Tenants.Visible(ctx, a.d.DB, c.actor, act, true)
			if err != nil && errs.KindOf(err) != errs.Forbidden {
				return nil, err
			}
			see[act] = f
		}
		if act == "" || f.Includes(e.Scope) {
			out = append(out, e)
		}
	}
	return out, nil
}

// EventRef names the event in a path.
type EventRef struct {
	Event string `path:"event" doc:"Id of the event"`
}

func (a *API) getEvent(ctx context.Context, c *call, in *EventRef) (Event, error) {
	see, err := a.d.Tenants.Visible(ctx, a.d.DB, c.actor, access.EventView, true)
	if err != nil {
		return Event{}, err
	}
	e, err := a.d.Journal.Event(ctx, a.d.DB, see, in.Event)
	if err == nil {
		var open []journal.Entry
		if open, err = a.open(ctx, c, []journal.Entry{e}); err == nil && len(open) == 0 {
			e, err = journal.Entry{}, errs.Missing("object")
		}
	}
	c.tagged(1) // events never change
	return eventOf(e), err
}
