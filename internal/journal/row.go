package journal

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"

	"linecard/internal/access"
	"linecard/internal/db"
)

// row is an entry as it is stored and hashed: the data as the text that was written.
type row struct {
	ID              string  `db:"id"`
	Position        *int64  `db:"position"`
	Time            int64   `db:"time"`
	Type            string  `db:"type"`
	Action          string  `db:"action"`
	Scope           string  `db:"scope"`
	TenantID        string  `db:"tenant_id"`
	ActorID         string  `db:"actor_id"`
	ActorKind       string  `db:"actor_kind"`
	ActorName       string  `db:"actor_name"`
	ActorFold       string  `db:"actor_fold"`
	ActorTenantID   string  `db:"actor_tenant_id"`
	ActorTenantName string  `db:"actor_tenant_name"`
	Acting          bool    `db:"acting"`
	TargetKind      string  `db:"target_kind"`
	TargetID        string  `db:"target_id"`
	TargetName      string  `db:"target_name"`
	IP              string  `db:"ip"`
	RequestID       string  `db:"request_id"`
	Result          string  `db:"result"`
	Reason          string  `db:"reason"`
	Data            string  `db:"data"`
	InLog           bool    `db:"in_log"`
	IsEvent         bool    `db:"is_event"`
	Hash            *string `db:"hash"`
}

const columns = `id, position, time, type, action, scope, tenant_id, actor_id, actor_kind, actor_name, actor_fold, actor_tenant_id,
	actor_tenant_name, acting, target_kind, target_id, target_name, ip, request_id, result, reason, data, in_log, is_event, hash`

const insertSQL = `INSERT INTO journal_entries (id, time, type, action, scope, tenant_id, actor_id, actor_kind, actor_name, actor_fold,
	actor_tenant_id, actor_tenant_name, acting, target_kind, target_id, target_name, ip, request_id, result, reason, data, in_log, is_event)
	VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21,$22,$23)`

func (r *row) args() []any {
	return []any{r.ID, r.Time, r.Type, r.Action, r.Scope, r.TenantID, r.ActorID, r.ActorKind, r.ActorName, r.ActorFold,
		r.ActorTenantID, r.ActorTenantName, r.Acting, r.TargetKind, r.TargetID, r.TargetName, r.IP, r.RequestID, r.Result, r.Reason,
		r.Data, r.InLog, r.IsEvent}
}

// rowOf makes the row of a new entry; its ID and TenantID are still to be set.
func rowOf(e Entry) row {
	return row{Time: e.Time.UnixMilli(), Type: clean(e.Type, wordMost), Action: clean(e.Action, wordMost), Scope: e.Scope,
		ActorID: clean(e.Actor.ID, wordMost), ActorKind: string(e.Actor.Kind), ActorName: clean(e.Actor.Name, nameMost),
		ActorTenantID: clean(e.Actor.TenantID, wordMost), ActorTenantName: clean(e.Actor.TenantName, nameMost), Acting: e.Actor.Acting,
		TargetKind: clean(e.Target.Kind, wordMost), TargetID: clean(e.Target.ID, wordMost), TargetName: clean(e.Target.Name, nameMost),
		IP: clean(e.IP, wordMost), RequestID: clean(e.RequestID, wordMost), Result: e.Result, Reason: clean(e.Reason, wordMost),
		Data: dataText(e.Data), InLog: e.InLog, IsEvent: e.IsEvent}
}

func (r *row) entry() Entry {
	var data map[string]any
	_ = json.Unmarshal([]byte(r.Data), &data) // data that somebody damaged reads as none; Verify finds it
	at := db.Time{}
	_ = at.Scan(r.Time)
	e := Entry{ID: r.ID, Time: at, Type: r.Type, Action: r.Action, Scope: r.Scope, TenantID: r.TenantID,
		Actor: Actor{ID: r.ActorID, Kind: access.ActorKind(r.ActorKind), Name: r.ActorName, TenantID: r.ActorTenantID,
			TenantName: r.ActorTenantName, Acting: r.Acting},
		Target: Target{Kind: r.TargetKind, ID: r.TargetID, Name: r.TargetName}, IP: r.IP, RequestID: r.RequestID,
		Result: r.Result, Reason: r.Reason, Data: data, InLog: r.InLog, IsEvent: r.IsEvent}
	if r.Position != nil {
		e.Position = *r.Position
	}
	return e
}

func entries(rows []row) []Entry {
	out := make([]Entry, len(rows))
	for i := range rows {
		out[i] = rows[i].entry()
	}
	return out
}

// link is the hash of a row at a position behind prev: SHA-256 over the previous hash and every column, each with its
// length before it, in hex. Any other value in any column, or any other order, gives another hash.
func (r *row) link(prev string, position int64) string {
	b := make([]byte, 0, 1024)
	text := func(s string) {
		b = binary.BigEndian.AppendUint64(b, uint64(len(s)))
		b = append(b, s...)
	}
	number := func(n int64) { b = binary.BigEndian.AppendUint64(b, uint64(n)) }
	flag := func(f bool) {
		if f {
			b = append(b, 1)
		} else {
			b = append(b, 0)
		}
	}
	text("linecard journal 1")
	text(prev)
	number(position)
	text(r.ID)
	number(r.Time)
	for _, s := range []string{r.Type, r.Action, r.Scope, r.TenantID, r.ActorID, r.ActorKind, r.ActorName, r.ActorFold, r.ActorTenantID,
		r.ActorTenantName} {
		text(s)
	}
	flag(r.Acting)
	for _, s := range []string{r.TargetKind, r.TargetID, r.TargetName, r.IP, r.RequestID, r.Result, r.Reason, r.Data} {
		text(s)
	}
	flag(r.InLog)
	flag(r.IsEvent)
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
