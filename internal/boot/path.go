package boot

import (
	"net"
	"net/http"
	"net/url"
	"strings"

	"linecard/internal/httpx"
)

// address reads which customer's phones use the asked address, and which file is asked for; "" for what cannot be one.
// The path is read here and not by a mux, because phones send double slashes and a mux would redirect those.
func (h *Handler) address(r *http.Request) (host, file string) {
	segments, ok := split(r.URL.EscapedPath())
	if label := h.label(r); label != "" {
		host = label
	} else if len(segments) >= 2 && segments[0] == "p" {
		host, segments = strings.ToLower(segments[1]), segments[2:]
	} else {
		return "", ""
	}
	if !ok {
		return host, ""
	}
	return host, strings.Join(segments, "/")
}

// label gives the first label of a host name directly below the domain (DM-115); "" for any other name.
func (h *Handler) label(r *http.Request) string {
	if h.domain == "" {
		return ""
	}
	name := httpx.Host(r.Context())
	if name == "" {
		name = strings.ToLower(r.Host)
	}
	if only, _, err := net.SplitHostPort(name); err == nil {
		name = only
	}
	label, ok := strings.CutSuffix(name, "."+h.domain)
	if !ok || strings.Contains(label, ".") {
		return ""
	}
	return label
}

// maxSegments bounds the work for one path; phones use folders of depth two.
const maxSegments = 16

// split decodes a path into its segments and drops empty ones. false when a segment cannot be part of a file name: "..",
// a hidden slash, a control character.
func split(escaped string) (segments []string, ok bool) {
	ok = true
	for s := range strings.SplitSeq(escaped, "/") {
		if s == "" {
			continue
		}
		name, err := url.PathUnescape(s)
		if err != nil || name == "." || name == ".." || strings.ContainsAny(name, "/\\") || strings.ContainsFunc(name, func(c rune) bool { return c < ' ' || c == 0x7f }) {
			ok = false
		}
		if segments = append(segments, name); len(segments) > maxSegments {
			return segments, false
		}
	}
	return segments, ok
}
