// Package portal owns the table of all pages for people: which address shows what to whom. Package page beside it holds what
// pages have in common, package ui what they look like, and one package for each area the pages themselves.
//
// It must not hold rules of the rooms below: pages ask services, and services decide.
package portal

import (
	"net/http"
	"strings"

	"linecard/internal/httpx"
	"linecard/internal/portal/looks"
	"linecard/internal/portal/page"
)

// Deps is what the portal works with.
type Deps = page.Deps

// New gives the portal as a handler for everything that no other edge answers.
func New(d Deps) (http.Handler, error) {
	return page.New(d, Routes(&d), ways)
}

// BodyLimits says how large a form with a file may be; the zero value for all others.
func BodyLimits(r *http.Request) httpx.BodyLimits {
	if r.Method == http.MethodPost && (r.URL.Path == "/devices/import" || r.URL.Path == "/sites/import" || r.URL.Path == looks.LogoPath || strings.HasPrefix(r.URL.Path, "/profiles/") && strings.HasSuffix(r.URL.Path, "/import")) {
		return httpx.BodyLimits{MaxBytes: page.MaxUpload}
	}
	switch {
	case r.Method != http.MethodPost:
	case strings.HasSuffix(r.URL.Path, "/users/import"):
		return httpx.BodyLimits{MaxBytes: page.MaxUpload}
	case r.URL.Path == "/compliance-lists":
		return httpx.BodyLimits{MaxBytes: maxList}
	}
	return httpx.BodyLimits{}
}
