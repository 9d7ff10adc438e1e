// Package ui owns how the portal looks and speaks: the page shells, every reusable part of a page, the static files
// they need, the texts in every language, and how dates and numbers are written.
//
// It knows view models only. It must not know services, the database, actors or routes: a page gives it strings,
// addresses and components. It decides nothing about permissions; what a person may not do is simply not given to it.
package ui

import (
	"context"
	"time"

	"golang.org/x/text/language"
)

// Theme is the colour scheme a person chose. The zero value follows the browser.
type Theme string

// The themes. Auto is the zero value, so a missing cookie follows the browser's own setting.
const (
	Auto  Theme = ""
	Light Theme = "light"
	Dark  Theme = "dark"
)

// Prefs is how one request wants its page: language, time zone, theme. Path and CSRF are the request's own.
type Prefs struct {
	Locale string         // a language of Languages(); "" means English
	Zone   *time.Location // nil means UTC
	Theme  Theme
	Path   string // path and query of this page, where the language and theme switches come back to
	Secure bool   // the browser came by https, so cookies stay there
	CSRF   string // token that every POST form carries; "" leaves the field out
}

type prefsKey struct{}

// With returns a context whose pages are written as p says.
func With(ctx context.Context, p Prefs) context.Context {
	if p.Locale == "" {
		p.Locale = fallback
	}
	if p.Zone == nil {
		p.Zone = time.UTC
	}
	return context.WithValue(ctx, prefsKey{}, p)
}

// PrefsOf gives the preferences of ctx; English, UTC and the browser's theme when there are none.
func PrefsOf(ctx context.Context) Prefs {
	if p, ok := ctx.Value(prefsKey{}).(Prefs); ok {
		return p
	}
	return Prefs{Locale: fallback, Zone: time.UTC}
}

func tagOf(ctx context.Context) language.Tag {
	if c, ok := catalogues[PrefsOf(ctx).Locale]; ok {
		return c.tag
	}
	return language.English
}
