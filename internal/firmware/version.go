package firmware

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"
)

// named is what Cisco writes before a version: sip88xx.12-0-7MPP0201-66.
var named = regexp.MustCompile(`^[a-z]+[0-9]+x*\.`)

// numbers are the numbers of a version in their order: "12-0-7MPP0201-66" has 12, 0, 7, 201 and 66.
func numbers(version string) []int {
	version = named.ReplaceAllString(version, "")
	var out []int
	for _, part := range strings.FieldsFunc(version, func(r rune) bool { return r < '0' || r > '9' }) {
		n, err := strconv.Atoi(part)
		if err != nil {
			n = 1<<63 - 1
		}
		out = append(out, n)
	}
	return out
}

// compare orders versions number by number; the longer one is the newer when all numbers of the shorter are equal.
func compare(a, b string) int {
	x, y := numbers(a), numbers(b)
	for i := 0; i < len(x) && i < len(y); i++ {
		if x[i] != y[i] {
			return cmp.Compare(x[i], y[i])
		}
	}
	return cmp.Compare(len(x), len(y))
}

// same says whether two texts can mean the same version: people leave the build number out, so 5.9.8 is also 5.9.8.3221.
func same(a, b string) bool { return older(a, b) == 0 }

// older is compare as far as both have numbers: below 0 when a is certainly older than b.
func older(a, b string) int {
	x, y := numbers(a), numbers(b)
	for i := 0; i < len(x) && i < len(y); i++ {
		if x[i] != y[i] {
			return cmp.Compare(x[i], y[i])
		}
	}
	if len(x) == 0 || len(y) == 0 {
		return cmp.Compare(len(x), len(y))
	}
	return 0
}
