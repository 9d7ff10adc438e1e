package api

import (
	"context"
	"encoding/csv"
	"net/http"
	"strings"
	"time"

	"linecard/internal/access"
	"linecard/internal/journal"
)

// LogEntry is one row of the operation log (CH-83).
type LogEntry struct {
	ID        string         `json:"id"`
	Time      time.Time      `json:"time"`
	Actor     LogActor       `json:"actor"`
	Action    string         `json:"action" example:"customer/edit"`
	Target    LogTarget      `json:"target"`
	IP        string         `json:"ip"`
	RequestID string         `json:"request_id"`
	Result    string         `json:"result" enum:"success,failure"`
	Reason    string         `json:"reason" doc:"Code of the failure"`
	Data      map[string]any `json:"data"`
}

// LogActor is who did it, as known at that moment.
type LogActor struct {
	ID         string `json:"id"`
	Kind       string `json:"kind" enum:"person,machine,system"`
	Name       string `json:"name"`
	Label      string `json:"label" doc:"The name; while acting for another organisation name@organisation (CH-32)"`
	TenantID   string `json:"tenant_id"`
	TenantName string `json:"tenant_name"`
}

// LogTarget is what it was done to.
type LogTarget struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
	Name string `json:"name"`
}

func logActor(x journal.Actor) LogActor {
	return LogActor{ID: x.ID, Kind: string(x.Kind), Name: x.Name, Label: x.Label(), TenantID: x.TenantID, TenantName: x.TenantName}
}

func logEntry(e journal.Entry) LogEntry {
	if e.Data == nil {
		e.Data = map[string]any{}
	}
	return LogEntry{ID: e.ID, Time: e.Time.Time, Actor: logActor(e.Actor), Action: e.Action, Target: LogTarget(e.Target), IP: e.IP,
		RequestID: e.RequestID, Result: e.Result, Reason: e.Reason, Data: e.Data}
}

type listLogIn struct {
	Paged
	From   time.Time `query:"from" doc:"From this instant on"`
	To     time.Time `query:"to" doc:"Before this instant"`
	Action string    `query:"action" doc:"Exactly this action"`
	Q      string    `query:"q" doc:"Text inside the action"`
	Actor  string    `query:"actor" doc:"Text inside name or e-mail of the actor"`
	IP     string    `query:"ip" doc:"Beginning of the address"`
	Result string    `query:"result" enum:"success,failure"`
	Sort   string    `query:"sort" enum:"time,-time" default:"-time"`
}

// listLog gives the operation log of the actor's own organisation; with Accept: text/csv all of it, without a limit (CH-84).
func (a *API) listLog(ctx context.Context, c *call, in *listLogIn) (List[LogEntry], error) {
	place := c.actor.Place()
	_, target, err := a.d.Tenants.Target(ctx, a.d.DB, c.actor, place.ID)
	if err == nil {
		err = access.Decide(c.actor, access.LogView, target)
	}
	if err != nil {
		return List[LogEntry]{}, err
	}
	by := journal.Query{Viewer: c.actor, From: in.From, To: in.To, Action: in.Action, Path: in.Q, Actor: in.Actor, IP: in.IP, Result: in.Result,
		Asc: in.Sort == "time", Page: in.page("")}
	if c.csv {
		c.stream = func(w http.ResponseWriter) error { return a.exportLog(ctx, w, place.ID, by, "operation-log.csv") }
		return List[LogEntry]{}, nil
	}
	all, next, err := a.d.Journal.Log(ctx, a.d.DB, place.ID, by)
	return listOf(all, next, logEntry), err
}

// exportLog writes the log as CSV (RFC 4180) while it reads. A failure breaks the answer off, so half a log never looks whole.
func (a *API) exportLog(ctx context.Context, w http.ResponseWriter, tenantID string, by journal.Query, name string) error {
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8; header=present")
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	h.Set("Cache-Control", "no-store")
	out := csv.NewWriter(w)
	out.UseCRLF = true
	_ = out.Write([]string{"time", "actor", "actor_organisation", "action", "target_kind", "target_id", "target_name", "ip", "result", "reason", "request_id"})
	err := a.d.Journal.LogEach(ctx, a.d.DB, tenantID, by, func(e journal.Entry) error {
		row := []string{e.Time.UTC().Format(time.RFC3339Nano), e.Actor.Label(), e.Actor.TenantName, e.Action, e.Target.Kind, e.Target.ID, e.Target.Name,
			e.IP, e.Result, e.Reason, e.RequestID}
		for i := range row {
			row[i] = harmless(row[i])
		}
		return out.Write(row)
	})
	out.Flush()
	if err == nil {
		err = out.Error()
	}
	return err
}

// harmless keeps a spreadsheet from taking a name for a formula.
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
