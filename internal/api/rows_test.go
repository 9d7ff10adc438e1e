package api_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// rows is a dump of the database as text: each table with the number of its rows and a hash over what they hold. Tables that
// change by themselves (when a token was last used) are left out.
func (w *world) rows(except ...string) string {
	w.tb.Helper()
	ctx := context.Background()
	var names []string
	if w.db.Embedded() {
		w.ok(w.db.Select(ctx, &names, `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`))
	} else {
		w.ok(w.db.Select(ctx, &names, `SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() ORDER BY table_name`))
	}
	var out strings.Builder
	for _, name := range names {
		if slices.Contains(except, name) {
			continue
		}
		if name == "account_tokens" {
			var n int
			w.ok(w.db.Get(ctx, &n, `SELECT COUNT(*) FROM account_tokens`))
			fmt.Fprintf(&out, "%s %d\n", name, n)
			continue
		}
		var all []string
		if w.db.Embedded() {
			w.ok(w.db.Select(ctx, &all, w.sqliteRow(name)))
		} else {
			w.ok(w.db.Select(ctx, &all, `SELECT CAST(ROW_TO_JSON(x) AS TEXT) FROM `+name+` x`))
		}
		slices.Sort(all)
		sum := sha256.Sum256([]byte(strings.Join(all, "\n")))
		fmt.Fprintf(&out, "%s %d %s\n", name, len(all), hex.EncodeToString(sum[:8]))
	}
	return out.String()
}

func (w *world) sqliteRow(table string) string {
	w.tb.Helper()
	var columns []string
	w.ok(w.db.Select(context.Background(), &columns, `SELECT name FROM pragma_table_info('`+table+`')`))
	for i, c := range columns {
		columns[i] = "quote(" + c + ")"
	}
	return "SELECT " + strings.Join(columns, " || ',' || ") + " FROM " + table
}
