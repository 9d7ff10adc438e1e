package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// requirement is one line of the catalogue.
type requirement struct{ id, title string }

func requirements(text string) (all []requirement) {
	for line := range strings.Lines(text) {
		id, title, ok := strings.Cut(strings.TrimSpace(line), " ")
		if ok && id != "#" {
			all = append(all, requirement{id, title})
		}
	}
	return all
}

// mention finds an id, and a range's other end: "CH-16", "CH-16 … CH-21", "CH-16..21", "DM-1–3".
var mention = regexp.MustCompile(`\b(CH|WS|DM)-([0-9]+)\b(?:\s*(?:…|\.\.\.?|–|—)\s*(?:(CH|WS|DM)-)?([0-9]+)\b)?`)

// idsIn returns the ids that a text names, ranges written out, in the order they stand there.
func idsIn(text string) (ids []string, err error) {
	for _, m := range mention.FindAllStringSubmatch(text, -1) {
		group := m[1]
		first, _ := strconv.Atoi(m[2])
		last := first
		if m[4] != "" {
			if last, _ = strconv.Atoi(m[4]); m[3] != "" && m[3] != group || last < first || last-first > 200 {
				return nil, fmt.Errorf("%q is no range", m[0])
			}
		}
		for n := first; n <= last; n++ {
			ids = append(ids, group+"-"+strconv.Itoa(n))
		}
	}
	return ids, nil
}
