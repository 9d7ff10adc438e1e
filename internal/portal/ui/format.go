package ui

import (
	"context"
	"fmt"
	"strings"
	"time"

	"golang.org/x/text/message"
	"golang.org/x/text/number"
)

// Date writes the day of t in the person's time zone; "–" for the zero time.
func Date(ctx context.Context, t time.Time) string { return layout(ctx, "locale.date", t) }

// DateTime writes day and minute of t in the person's time zone; "–" for the zero time.
func DateTime(ctx context.Context, t time.Time) string { return layout(ctx, "locale.datetime", t) }

// Number writes n with the grouping of the language.
func Number(ctx context.Context, n any) string {
	return message.NewPrinter(tagOf(ctx)).Sprint(number.Decimal(n))
}

// Ago writes how long t is before now: "3 minutes ago". Beyond 30 days, and for the future, it is the date.
func Ago(ctx context.Context, now, t time.Time) string {
	d := now.Sub(t)
	switch {
	case t.IsZero():
		return "–"
	case d < 0 || d > 30*24*time.Hour:
		return Date(ctx, t)
	case d < time.Minute:
		return T(ctx, "time.now")
	case d < time.Hour:
		return N(ctx, "time.minutes_ago", int(d/time.Minute))
	case d < 24*time.Hour:
		return N(ctx, "time.hours_ago", int(d/time.Hour))
	}
	return N(ctx, "time.days_ago", int(d/(24*time.Hour)))
}

// layout formats with a Go layout that the language file states. Month names other than English ones are listed
// in locale.months (twelve, separated by commas) and stand where the layout has "Jan".
func layout(ctx context.Context, key string, t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	p := PrefsOf(ctx)
	t = t.In(p.Zone)
	l, ok := lookup(p.Locale, key)
	if !ok {
		return t.Format(time.RFC3339)
	}
	months := strings.Split(catalogues[p.Locale].texts["locale.months"], ",")
	if before, after, found := strings.Cut(l, "Jan"); found && len(months) == 12 {
		return t.Format(before) + strings.TrimSpace(months[t.Month()-1]) + t.Format(after)
	}
	return t.Format(l)
}

// write turns the value of a text's parameter into text.
func write(ctx context.Context, v any) string {
	switch v := v.(type) {
	case string:
		return v
	case int, int32, int64, uint32, uint64, float64:
		return Number(ctx, v)
	case time.Time:
		return DateTime(ctx, v)
	}
	return fmt.Sprint(v)
}
