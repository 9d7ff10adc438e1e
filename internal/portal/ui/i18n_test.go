package ui

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"linecard/internal/errs"
)

// Families whose keys are made at run time or stand at the error itself; they are checked by their own tests.
var families = regexp.MustCompile(`^(locale|error|field|object)\.`)

var parameter = regexp.MustCompile(`\{[a-z_]+\}`)

var pluralForm = regexp.MustCompile(`\.(zero|one|two|few|many|other)$`)

func TestEveryLanguageHasTheSameTexts(t *testing.T) {
	english := stems("en")
	for _, l := range Languages() {
		if l.Name == "" {
			t.Errorf("%s has no locale.name", l.Tag)
		}
		got := stems(l.Tag)
		for key, forms := range english {
			switch others, ok := got[key]; {
			case !ok:
				t.Errorf("%s lacks %q", l.Tag, key)
			case len(forms) > 0 != (len(others) > 0):
				t.Errorf("%s: %q is plural in one language and not in the other", l.Tag, key)
			case len(forms) > 0:
				if diff := cmp.Diff(formsOf(l.Tag), slices.Sorted(slices.Values(others))); diff != "" {
					t.Errorf("%s: %q has the wrong plural forms (-need +have):\n%s", l.Tag, key, diff)
				}
			}
		}
		for key := range got {
			if _, ok := english[key]; !ok && !families.MatchString(key) {
				t.Errorf("%s has %q, which English lacks", l.Tag, key)
			}
		}
	}
}

// stems gives the keys of a language without plural endings, each with its forms.
func stems(tag string) map[string][]string {
	all := map[string][]string{}
	for key := range catalogues[tag].texts {
		if m := pluralForm.FindStringSubmatch(key); m != nil {
			stem := strings.TrimSuffix(key, m[0])
			all[stem] = append(all[stem], m[1])
		} else {
			all[key] = nil
		}
	}
	return all
}

// formsOf finds the plural forms that whole numbers have in a language.
func formsOf(tag string) []string {
	found := map[string]bool{}
	for n := range 1001 {
		found[form(catalogues[tag].tag, n)] = true
	}
	return slices.Sorted(maps.Keys(found))
}

func TestEveryLanguageHasTheSameParameters(t *testing.T) {
	for _, l := range Languages() {
		for key, text := range catalogues[l.Tag].texts {
			english, ok := catalogues[fallback].texts[key]
			if !ok {
				continue
			}
			if diff := cmp.Diff(parameters(english), parameters(text)); diff != "" {
				t.Errorf("%s: %q has other parameters than English:\n%s", l.Tag, key, diff)
			}
		}
	}
}

func parameters(text string) []string {
	found := parameter.FindAllString(text, -1)
	slices.Sort(found)
	return slices.Compact(found)
}

// source is what the program's own code says: the texts it asks for and every string it holds.
type source struct {
	asked    map[string]token.Position // T and N with a literal key; N's key stands without its plural form
	strings  map[string]bool
	prefixes []string // literals that end in a dot: "audience."+x
	errors   map[string]token.Position
	fields   map[string]token.Position
	params   map[string][]string // key → literal parameter names of one call
}

func readSource(t *testing.T) source {
	t.Helper()
	s := source{asked: map[string]token.Position{}, strings: map[string]bool{}, errors: map[string]token.Position{},
		fields: map[string]token.Position{}, params: map[string][]string{}}
	files := token.NewFileSet()
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			s.read(files, n)
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *source) read(files *token.FileSet, n ast.Node) {
	switch n := n.(type) {
	case *ast.BasicLit:
		if text, ok := literal(n); ok {
			s.strings[text] = true
			if strings.HasSuffix(text, ".") {
				s.prefixes = append(s.prefixes, text)
			}
		}
	case *ast.CallExpr:
		s.call(files, n)
	case *ast.CompositeLit:
		s.composite(files, n)
	}
}

func (s *source) call(files *token.FileSet, call *ast.CallExpr) {
	name, args := called(call.Fun), call.Args
	at := func(i int) (string, bool) {
		if len(args) <= i {
			return "", false
		}
		return literal(args[i])
	}
	switch name {
	case "T", "ui.T", "N", "ui.N":
		if key, ok := at(1); ok && !strings.HasSuffix(key, ".") {
			s.asked[key] = files.Position(call.Pos())
			first := 2
			if strings.HasSuffix(name, "N") {
				first = 3
			}
			var names []string
			for i := first; i < len(args); i += 2 {
				if p, ok := at(i); ok {
					names = append(names, "{"+p+"}")
				}
			}
			s.params[key] = names
		}
	case "r.T": // of a portal page's request
		if key, ok := at(0); ok && !strings.HasSuffix(key, ".") {
			s.asked[key] = files.Position(call.Pos())
			var names []string
			for i := 1; i < len(args); i += 2 {
				if p, ok := at(i); ok {
					names = append(names, "{"+p+"}")
				}
			}
			s.params[key] = names
		}
	case "errs.New":
		if code, ok := at(1); ok {
			s.errors[code] = files.Position(call.Pos())
		}
	case "errs.BadField":
		if code, ok := at(1); ok {
			s.fields[code] = files.Position(call.Pos())
		}
	}
}

func (s *source) composite(files *token.FileSet, lit *ast.CompositeLit) {
	kind := called(lit.Type)
	if array, ok := lit.Type.(*ast.ArrayType); ok && called(array.Elt) == "errs.Field" {
		for _, e := range lit.Elts {
			if inner, ok := e.(*ast.CompositeLit); ok && inner.Type == nil {
				s.code(files, inner, s.fields)
			}
		}
	}
	switch kind {
	case "errs.Field", "Field":
		s.code(files, lit, s.fields)
	case "errs.Error":
		s.code(files, lit, s.errors)
	}
}

// code takes the Code of a literal: named, or second by position.
func (s *source) code(files *token.FileSet, lit *ast.CompositeLit, into map[string]token.Position) {
	for i, e := range lit.Elts {
		value := e
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			if called(kv.Key) != "Code" {
				continue
			}
			value = kv.Value
		} else if i != 1 {
			continue
		}
		if code, ok := literal(value); ok {
			into[code] = files.Position(lit.Pos())
		}
	}
}

func called(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return called(e.X) + "." + e.Sel.Name
	}
	return ""
}

func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(lit.Value)
	return text, err == nil
}

func TestEveryTextThatIsAskedForExistsWithItsParameters(t *testing.T) {
	s, english := readSource(t), stems(fallback)
	if len(s.asked) < 50 {
		t.Fatalf("only %d texts are asked for: the scan does not work", len(s.asked))
	}
	for key, place := range s.asked {
		forms, ok := english[key]
		if !ok {
			t.Errorf("%s asks for %q, which does not exist", place, key)
			continue
		}
		full := key
		if len(forms) > 0 {
			full += ".other"
		}
		for _, need := range parameters(catalogues[fallback].texts[full]) {
			if need != "{n}" && !slices.Contains(s.params[key], need) || need == "{n}" && len(forms) == 0 && !slices.Contains(s.params[key], need) {
				t.Errorf("%s does not give %s to %q", place, need, key)
			}
		}
	}
}

func TestNoTextIsUnused(t *testing.T) {
	s := readSource(t)
	for key := range stems(fallback) {
		used := s.strings[key] || families.MatchString(key) ||
			slices.ContainsFunc(s.prefixes, func(p string) bool { return strings.HasPrefix(key, p) })
		if !used {
			t.Errorf("nobody asks for %q", key)
		}
	}
}

// The English sentence of an error stands at the error; every other language has one for each code (architecture, errs).
func TestEveryErrorCodeIsTranslated(t *testing.T) {
	s := readSource(t)
	if len(s.errors) < 5 {
		t.Fatalf("only %d error codes found: the scan does not work", len(s.errors))
	}
	for _, l := range Languages() {
		if l.Tag == fallback {
			continue
		}
		demand(t, l.Tag, "error.", s.errors)
		demand(t, l.Tag, "field.", s.fields)
	}
}

func demand(t *testing.T, tag, family string, codes map[string]token.Position) {
	t.Helper()
	for _, code := range slices.Sorted(maps.Keys(codes)) {
		if _, ok := has(tag, family+code); !ok {
			t.Errorf("%s lacks %s%s (%s)", tag, family, code, codes[code])
		}
	}
}

func TestTextsAreFilledTheWayOfTheLanguage(t *testing.T) {
	english, chinese := With(t.Context(), Prefs{}), With(t.Context(), Prefs{Locale: "zh-CN", Zone: time.FixedZone("CST", 8*3600)})
	at := time.Date(2026, 1, 2, 20, 4, 0, 0, time.UTC)
	for _, c := range []struct{ got, want string }{
		{T(english, "pager.shown", "n", 50, "total", 12345), "50 of 12,345"},
		{T(chinese, "pager.shown", "n", 50, "total", 12345), "显示 50 项，共 12,345 项"},
		{N(english, "time.minutes_ago", 1), "1 minute ago"},
		{N(english, "time.minutes_ago", 5), "5 minutes ago"},
		{N(chinese, "time.minutes_ago", 1), "1 分钟前"},
		{DateTime(english, at), "2 Jan 2026, 20:04"},
		{DateTime(chinese, at), "2026-01-03 04:04"},
		{Date(english, time.Time{}), "–"},
		{Ago(english, at, at.Add(-49*time.Hour)), "2 days ago"},
		{Ago(english, at, at.Add(-400*24*time.Hour)), "28 Nov 2024"},
		{T(english, "no.such_key"), "no.such_key"},
		{ErrText(english, errs.Missing("customer")), "There is no such customer."},
		{FieldText(chinese, errs.Field{Code: "too_short", Message: "x", Params: map[string]string{"min": "12"}}), "请至少输入 12 个字符。"},
		{FieldText(chinese, errs.Field{Code: "too_short", Message: "A value is lacking."}), "A value is lacking."},
		{FieldText(chinese, errs.Field{Code: "no_such_code", Message: "English stands in."}), "English stands in."},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestAParameterIsNeverReadAsATextAgain(t *testing.T) {
	ctx := With(t.Context(), Prefs{})
	got := T(ctx, "acting.text", "tenant", "{person}", "person", "P", "home", "H")
	if want := "You act for {person} as P of H."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
