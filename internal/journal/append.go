package journal

import (
	"context"
	"encoding/json"
	"strings"
	"time"
	"unicode"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
)

// News is what a room reports with Append.
type News struct {
	Type   string          // of the event: "customer.created"; may be empty only when Quiet
	Action string          // of the log row: "customer/create"
	Tenant access.Tenant   // whose object it is; its scope decides who may see the event
	Also   []access.Tenant // further tenants whose operation log shows it (a withdrawn authorisation concerns both, CH-31)
	Target Target
	Data   map[string]any // only what every reader of the event may know: no secret, no one-time link
	Quiet  bool           // a log row without an event (sign-in, a look at a secret)
	NoLog  bool           // an event without a log row (a phone was seen)
}

var errNews = errs.New(errs.Internal, "journal_news_incomplete", "Something went wrong on our side.")

// Append writes the news in the caller's transaction: a row in the operation log of the actor's own tenant (for Linecard
// itself, of the object's tenant), which is the event as well; and when the actor works inside another tenant a second row,
// so that both logs show it (CH-32). Nothing is visible to readers of events before the commit and the sequencer.
func (j *Journal) Append(ctx context.Context, tx *db.Tx, actor access.Actor, n News) error {
	if n.Action == "" || n.Quiet && n.NoLog || !n.Quiet && (n.Type == "" || n.Tenant.Scope == "") {
		return errNews
	}
	e := entryOf(tx, actor, n.Tenant)
	e.Action, e.Target, e.Data, e.Result = n.Action, n.Target, n.Data, Success
	e.InLog, e.IsEvent = !n.NoLog, !n.Quiet
	if e.IsEvent {
		e.Type = n.Type
	}
	tenants := logsOf(actor, n.Tenant)
	for _, t := range n.Also {
		tenants = addLog(tenants, t.ID)
	}
	return j.insert(ctx, tx, actor, e, tenants)
}

// Fail writes a failure row about something that was refused or went wrong, in a transaction of its own, so that it stays
// although the work was rolled back (CH-83). The reason is the error's code. Whoever failed to sign in is an Actor without
// ID, with the name as it was typed; tenant is where it tried. A client that has gone does not keep the row from being written.
// What failed because something was away says nothing about the actor and is not recorded: often the database itself is away.
func (j *Journal) Fail(ctx context.Context, actor access.Actor, action string, tenant access.Tenant, target Target, cause error) error {
	if errs.KindOf(cause) == errs.Unavailable {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), failWithin)
	defer cancel()
	return j.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		e := entryOf(tx, actor, tenant)
		e.Action, e.Target, e.Result, e.Reason, e.InLog = action, target, Failure, errs.CodeOf(cause), true
		return j.insert(ctx, tx, actor, e, logsOf(actor, tenant))
	})
}

const failWithin = 5 * time.Second

// logsOf tells in which tenants' logs something stands. The first is the actor's own.
func logsOf(actor access.Actor, object access.Tenant) []string {
	if actor.Tenant.ID == "" {
		return []string{object.ID}
	}
	logs := []string{actor.Tenant.ID}
	if actor.Acting != nil {
		logs = addLog(logs, actor.Acting.Tenant.ID)
	}
	return logs
}

func addLog(logs []string, id string) []string {
	for _, have := range logs {
		if have == id {
			return logs
		}
	}
	return append(logs, id)
}

func entryOf(tx *db.Tx, a access.Actor, object access.Tenant) Entry {
	name := a.Name
	if name == "" {
		name = a.Email
	}
	return Entry{Time: tx.Now(), Scope: object.Scope, IP: a.IP, RequestID: a.RequestID,
		Actor: Actor{ID: a.ID, Kind: a.Kind, Name: name, TenantID: a.Tenant.ID, TenantName: a.Tenant.Name, Acting: a.Acting != nil}}
}

// insert writes the entry once for each tenant's log; only the first row is the event.
func (j *Journal) insert(ctx context.Context, tx *db.Tx, a access.Actor, e Entry, tenants []string) error {
	r := rowOf(e)
	r.ActorFold = clean(db.Fold(e.Actor.Name+" "+a.Email), 2*nameMost)
	for i, tenant := range tenants {
		r.ID, r.TenantID = db.NewID(), tenant
		if i > 0 {
			r.IsEvent = false
			if !r.InLog {
				break
			}
		}
		if _, err := tx.Exec(ctx, insertSQL, r.args()...); err != nil {
			return err
		}
	}
	return nil
}

const (
	nameMost = 256   // characters of a name
	wordMost = 128   // characters of an id, action, address
	dataMost = 16384 // bytes of JSON; Standard Webhooks asks for less than 20 kB with the envelope
)

// clean makes foreign text storable and harmless: valid UTF-8, no control characters, bounded.
func clean(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	if r := []rune(s); len(r) > most {
		return string(r[:most])
	}
	return s
}

// dataText is the JSON of an entry's data. Too much of it, or what has no JSON, is left out with a mark rather than make
// the change fail that it reports.
func dataText(data map[string]any) string {
	if len(data) == 0 {
		return "{}"
	}
	b, err := json.Marshal(data)
	if err != nil || len(b) > dataMost {
		return `{"omitted":true}`
	}
	return strings.ReplaceAll(string(b), `\u0000`, "")
}
