package wholesale

import (
	"net/url"
	"strconv"
	"strings"

	"linecard/internal/errs"
)

// How many a page has: usual and at most (WS-41). More than that is cut down, and the next page is linked.
const (
	pageUsual   = 50
	pageMost    = 100
	reportsMost = 100
	farthest    = 10_000_000
)

// window is the part of a list that is asked for.
type window struct{ offset, max int }

var (
	errOffset = errs.Field{Name: "offset", Code: "out_of_range", Message: "Give a whole number that is not negative."}
	errMax    = errs.Field{Name: "max", Code: "out_of_range", Message: "Give a whole number of at least 1."}
)

// windowOf reads offset and max, which some operations describe as text and others as numbers: decimal digits either way.
func windowOf(q url.Values, usual int) (window, error) {
	w := window{max: usual}
	var faults []errs.Field
	if s := strings.TrimSpace(q.Get("offset")); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 0 || n > farthest {
			faults = append(faults, errOffset)
		}
		w.offset = n
	}
	if s := strings.TrimSpace(q.Get("max")); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			faults = append(faults, errMax)
		}
		w.max = min(n, pageMost)
	}
	return w, errs.BadFields(faults)
}

// links gives the Link header (RFC 8288) of a page: first and prev where there is something before it, next where something follows.
// The addresses are absolute and hold no comma, since clients cut the header at commas.
func (w window) links(base string, q url.Values, more bool) string {
	var all []string
	add := func(offset int, rel string) {
		to := url.Values{}
		for k, v := range q {
			to[k] = v
		}
		to.Set("offset", strconv.Itoa(offset))
		to.Set("max", strconv.Itoa(w.max))
		all = append(all, "<"+base+"?"+to.Encode()+`>; rel="`+rel+`"`)
	}
	if w.offset > 0 {
		add(0, "first")
		add(max(0, w.offset-w.max), "prev")
	}
	if more {
		add(w.offset+w.max, "next")
	}
	return strings.Join(all, ", ")
}

// list gives the values of an array parameter in both forms that clients send: repeated, and joined by commas in one.
func list(q url.Values, name string) []string {
	var out []string
	for _, v := range q[name] {
		for one := range strings.SplitSeq(v, ",") {
			if one = strings.TrimSpace(one); one != "" {
				out = append(out, one)
			}
		}
	}
	return out
}
