package journal

import (
	"context"
	"strconv"
	"strings"

	"linecard/internal/access"
	"linecard/internal/db"
)

// appendedAtOnce is how many rows one statement writes.
const appendedAtOnce = 50

// AppendAll is Append for several pieces of news of one tenant in few statements: what a bulk did, item by item.
func (j *Journal) AppendAll(ctx context.Context, tx *db.Tx, actor access.Actor, all []News) error {
	if len(all) == 1 {
		return j.Append(ctx, tx, actor, all[0])
	}
	var rows []row
	for _, n := range all {
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
		r := rowOf(e)
		r.ActorFold = clean(db.Fold(e.Actor.Name+" "+actor.Email), 2*nameMost)
		for i, t := range tenants {
			if i > 0 && !r.InLog {
				break
			}
			r.ID, r.TenantID, r.IsEvent = db.NewID(), t, r.IsEvent && i == 0
			rows = append(rows, r)
		}
	}
	head, _, _ := strings.Cut(insertSQL, "VALUES")
	for len(rows) > 0 {
		some := rows[:min(appendedAtOnce, len(rows))]
		rows = rows[len(some):]
		var args []any
		var text strings.Builder
		text.WriteString(head + "VALUES ")
		for i := range some {
			one := some[i].args()
			for k := range one {
				switch {
				case k > 0:
					text.WriteString(",$")
				case i > 0:
					text.WriteString(", ($")
				default:
					text.WriteString("($")
				}
				text.WriteString(strconv.Itoa(len(args) + k + 1))
			}
			text.WriteString(")")
			args = append(args, one...)
		}
		if _, err := tx.Exec(ctx, text.String(), args...); err != nil {
			return err
		}
	}
	return nil
}
