package journal

import (
	"context"
	"strings"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
)

// Query narrows and orders the operation log (CH-84). The zero Query is everything, newest first.
type Query struct {
	From   time.Time    // inclusive; the edge turns the viewer's day into instants
	To     time.Time    // exclusive
	Action string       // exactly this action
	Path   string       // text inside the action: "edit" finds customer/edit
	Actor  string       // text inside the actor's name or e-mail address
	IP     string       // beginning of the address
	Result string       // Success or Failure; "" both
	Target string       // id of the object that it happened to
	Viewer access.Actor // who looks: a sub account with chosen customers sees no rows about others (CH-88)
	Asc    bool         // oldest first
	Page   db.Page      // LogEach ignores it; Sort belongs to Asc
}

// Log gives a page of the operation log of one tenant and the cursor of the next page, "" at the end. Whether the actor
// may see that log is the caller's decision (access.LogView). Rows stand in it from their commit on, before they have a position.
func (j *Journal) Log(ctx context.Context, q db.Q, tenantID string, by Query) ([]Entry, string, error) {
	by.Page.Sort = "-time"
	if by.Asc {
		by.Page.Sort = "time"
	}
	a := q.Args()
	where, err := by.where(a, tenantID)
	if err != nil {
		return nil, "", err
	}
	k, err := by.Page.Keyset(a, "id", db.Sort{Name: "time", Column: "time", Number: true, Desc: true})
	if err != nil {
		return nil, "", err
	}
	var rows []row
	if err := q.Select(ctx, &rows, `SELECT `+columns+` FROM journal_entries WHERE `+where+` AND `+k.Where+
		` ORDER BY `+k.OrderBy+` LIMIT `+a.Add(k.Limit), a.List()...); err != nil {
		return nil, "", err
	}
	rows, next := db.Cut(k, rows, func(r row) (any, string) { return r.Time, r.ID })
	return entries(rows), next, nil
}

// LogEach hands over every row of the log that the query finds, however many, in its order (export, CH-84). It reads in
// portions, so a slow reader holds neither memory nor a transaction. An error of fn ends it and is returned.
func (j *Journal) LogEach(ctx context.Context, q db.Q, tenantID string, by Query, fn func(Entry) error) error {
	by.Page = db.Page{Limit: db.MaxLimit}
	for {
		part, next, err := j.Log(ctx, q, tenantID, by)
		if err != nil {
			return err
		}
		for _, e := range part {
			if err := fn(e); err != nil {
				return err
			}
		}
		if next == "" {
			return nil
		}
		by.Page.Cursor = next
	}
}

// actionsMost bounds the list for the picker; the product has fewer actions.
const actionsMost = 500

// Actions lists the different actions in a tenant's log, in order, for the filter's picker (CH-84).
func (j *Journal) Actions(ctx context.Context, q db.Q, tenantID string) ([]string, error) {
	var all []string
	for last := ""; len(all) < actionsMost; {
		// One step along the index for each action, however many rows it has.
		var next *string
		if err := q.Get(ctx, &next, `SELECT min(action) FROM journal_entries WHERE in_log AND tenant_id = $1 AND action > $2`, tenantID, last); err != nil {
			return nil, err
		}
		if next == nil {
			break
		}
		last = *next
		all = append(all, last)
	}
	return all, nil
}

func (by Query) where(a *db.Args, tenantID string) (string, error) {
	cond := []string{"in_log", "tenant_id = " + a.Add(tenantID)}
	if !by.From.IsZero() {
		cond = append(cond, "time >= "+a.Add(by.From.UnixMilli()))
	}
	if !by.To.IsZero() {
		cond = append(cond, "time < "+a.Add(by.To.UnixMilli()))
	}
	if by.Action != "" {
		cond = append(cond, "action = "+a.Add(by.Action))
	}
	if by.Target != "" {
		cond = append(cond, "target_id = "+a.Add(by.Target))
	}
	contains := func(column, text string) {
		if text = strings.TrimSpace(text); text != "" {
			cond = append(cond, column+" LIKE "+a.Add(db.Contains(text))+` ESCAPE '\'`)
		}
	}
	contains("action", by.Path)
	contains("actor_fold", by.Actor)
	if ip := strings.TrimSpace(by.IP); ip != "" {
		cond = append(cond, "ip LIKE "+a.Add(strings.TrimPrefix(db.Contains(ip), "%"))+` ESCAPE '\'`)
	}
	if by.Viewer.Narrowed() {
		see, err := access.Visible(by.Viewer, access.LogView, true)
		if err != nil {
			return "", err
		}
		cond = append(cond, see.SQL(a, "scope"))
	}
	switch by.Result {
	case "":
	case Success, Failure:
		cond = append(cond, "result = "+a.Add(by.Result))
	default:
		return "", errs.BadField("result", "unknown_result", "The result must be success or failure.")
	}
	return strings.Join(cond, " AND "), nil
}
