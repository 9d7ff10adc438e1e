package ui

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"sort"
	"strings"
	"sync"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

// fallback is the language whose texts stand in for a missing one. Its file is the reference for keys and parameters.
const fallback = "en"

//go:embed locales
var localeFiles embed.FS

// catalogue is one language: flat keys to texts with {name} parameters. Plural texts are key.one, key.other, …
type catalogue struct {
	tag   language.Tag
	texts map[string]string
}

var catalogues = loadCatalogues()

// Language is one choice of the language switch.
type Language struct {
	Tag  string // "zh-CN"
	Name string // in the language itself: "简体中文"
}

// Languages gives every language there is a file for, English first, then by tag.
func Languages() []Language {
	var all []Language
	for tag, c := range catalogues {
		all = append(all, Language{Tag: tag, Name: c.texts["locale.name"]})
	}
	sort.Slice(all, func(i, j int) bool {
		if (all[i].Tag == fallback) != (all[j].Tag == fallback) {
			return all[i].Tag == fallback
		}
		return all[i].Tag < all[j].Tag
	})
	return all
}

// loadCatalogues reads locales/<tag>.json and, beside it, locales/<tag>/<area>.json: one file for the texts of each area of
// pages. A key that stands in two files is a mistake and panics.
func loadCatalogues() map[string]catalogue {
	all := map[string]catalogue{}
	err := fs.WalkDir(localeFiles, "locales", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := localeFiles.ReadFile(file)
		if err != nil {
			return err
		}
		tag, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSuffix(file, ".json"), "locales/"), "/")
		c, known := all[tag]
		if !known {
			c = catalogue{tag: language.MustParse(tag), texts: map[string]string{}}
			all[tag] = c
		}
		var texts map[string]string
		if err := json.Unmarshal(raw, &texts); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		for key, text := range texts {
			if _, twice := c.texts[key]; twice {
				return fmt.Errorf("%s: %q stands in another file already", file, key)
			}
			c.texts[key] = text
		}
		return nil
	})
	if err != nil {
		panic(err) // embedded at build time
	}
	return all
}

// T gives the text of key in the language of ctx. args are pairs of a parameter's name and its value; numbers and times
// are written the way of the language. A key that a language lacks falls back to English; one that English lacks
// too comes back as itself. Both are reported once in the log.
func T(ctx context.Context, key string, args ...any) string {
	text, ok := lookup(PrefsOf(ctx).Locale, key)
	if !ok {
		return key
	}
	return fill(ctx, text, args)
}

// Lookup gives a text that need not exist, in the language of ctx or English; false when neither has it.
func Lookup(ctx context.Context, key string) (string, bool) {
	if text, ok := has(PrefsOf(ctx).Locale, key); ok {
		return text, true
	}
	return has(fallback, key)
}

// N gives the plural text of key for n, which also is the parameter {n}.
func N(ctx context.Context, key string, n int, args ...any) string {
	locale := PrefsOf(ctx).Locale
	text, ok := lookup(locale, key+"."+form(tagOf(ctx), n))
	if !ok {
		return key
	}
	return fill(ctx, text, append([]any{"n", n}, args...))
}

// has gives the text of key in that language alone.
func has(locale, key string) (string, bool) {
	text, ok := catalogues[locale].texts[key]
	return text, ok
}

func lookup(locale, key string) (string, bool) {
	if text, ok := has(locale, key); ok {
		return text, true
	}
	reportMissing(locale, key)
	if text, ok := has(fallback, key); ok {
		return text, true
	}
	if stem, _, found := cutLast(key); found { // a plural form that only another language has
		return has(fallback, stem+".other")
	}
	return "", false
}

func cutLast(key string) (before, after string, found bool) {
	i := strings.LastIndexByte(key, '.')
	if i < 0 {
		return key, "", false
	}
	return key[:i], key[i+1:], true
}

var missing sync.Map // "locale key" → struct{}; bounded by the keys in the program

func reportMissing(locale, key string) {
	if _, seen := missing.LoadOrStore(locale+" "+key, struct{}{}); !seen {
		slog.Warn("a text is missing", "locale", locale, "key", key)
	}
}

// fill puts values into {name} places. A value is pasted as text; escaping is the template's job.
func fill(ctx context.Context, text string, args []any) string {
	if len(args) < 2 || !strings.Contains(text, "{") {
		return text
	}
	pairs := make([]string, 0, len(args))
	for i := 0; i+1 < len(args); i += 2 {
		pairs = append(pairs, fmt.Sprintf("{%v}", args[i]), write(ctx, args[i+1]))
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

var formNames = map[plural.Form]string{
	plural.Other: "other", plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many",
}

func form(tag language.Tag, n int) string {
	if n < 0 {
		n = -n
	}
	return formNames[plural.Cardinal.MatchPlural(tag, n, 0, 0, 0, 0)]
}
