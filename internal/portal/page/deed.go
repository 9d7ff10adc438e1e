package page

import (
	"context"

	"linecard/internal/journal"
	"linecard/internal/portal/ui"
)

// Deed says in the person's language what a row of the log is about: the text deed.<action>, else the action as it is stored.
func Deed(ctx context.Context, e journal.Entry) string { return DeedOf(ctx, e.Action) }

// DeedOf is Deed for an action alone, for pickers.
func DeedOf(ctx context.Context, action string) string {
	if text, ok := ui.Lookup(ctx, "deed."+action); ok {
		return text
	}
	return action
}
