package db

import (
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Fold gives the form of s that is compared: compatibility-normalised, case-folded, spaces collapsed. It is stored beside
// the original, because the two databases fold differently and SQLite only ASCII (decision 3).
func Fold(s string) string {
	return strings.Join(strings.Fields(cases.Fold().String(norm.NFKC.String(s))), " ")
}

// Contains gives the argument of `column LIKE … ESCAPE '\'` for rows whose folded column contains s.
func Contains(s string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(Fold(s)) + "%"
}
