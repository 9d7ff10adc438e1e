package account

import (
	_ "embed"
	"strings"
	"sync"
	"unicode"

	"linecard/internal/db"
)

//go:embed common_passwords.txt
var commonText string

// commonWords is the list, folded and in plain letters. Lines that begin with # are comments.
var commonWords = sync.OnceValue(func() map[string]bool {
	words := map[string]bool{}
	for line := range strings.Lines(commonText) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			words[plainLetters(db.Fold(line))] = true
		}
	}
	return words
})

// Digits and signs around a word that still leave the word to guess: "!Password2026".
const maxDecoration = 6

// isCommon says whether a password is one of the first that somebody would try (CH-14): on the list, also with letters
// written as digits or a few digits and signs around it, a word repeated, a run of neighbours, or hardly any different characters.
func isCommon(password string) bool {
	s := strings.ReplaceAll(db.Fold(password), " ", "")
	return fewDifferent(s) || isRun(s) || isListed(s) || isListed(period(s))
}

func isListed(s string) bool {
	words := commonWords()
	core := strings.TrimFunc(s, func(r rune) bool { return !unicode.IsLetter(r) })
	for _, candidate := range []string{s, core} {
		if len(s)-len(candidate) <= maxDecoration && words[plainLetters(candidate)] {
			return true
		}
	}
	return false
}

// plainLetters undoes the usual spellings, "p@55w0rd". A 1 may stand for i or l, so these become one.
func plainLetters(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case '@', '4':
			return 'a'
		case '0':
			return 'o'
		case '3':
			return 'e'
		case '$', '5':
			return 's'
		case '7', '+':
			return 't'
		case '1', '!', '|', 'i':
			return 'l'
		}
		return r
	}, s)
}

func fewDifferent(s string) bool {
	seen := map[rune]bool{}
	for _, r := range s {
		seen[r] = true
	}
	return len(seen) < 4
}

// neighbours are the orders in which people run over a keyboard.
var neighbours = []string{
	"12345678901234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "qwertzuiopasdfghjklyxcvbnm", "azertyuiopqsdfghjklmwxcvbn",
	"1q2w3e4r5t6y7u8i9o0p", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p", "qazwsxedcrfvtgbyhnujmikolp", "q1w2e3r4t5y6u7i8o9p0", "!@#$%^&*()",
}

func isRun(s string) bool {
	for _, row := range neighbours {
		if strings.Contains(row, s) || strings.Contains(reversed(row), s) {
			return true
		}
	}
	return false
}

func reversed(s string) string {
	r := []rune(s)
	for i, j := 0, len(r)-1; i < j; i, j = i+1, j-1 {
		r[i], r[j] = r[j], r[i]
	}
	return string(r)
}

// period gives the shortest part of which s is a repetition; s itself when it is none.
func period(s string) string {
	for n := 1; n <= len(s)/2; n++ {
		if len(s)%n == 0 && strings.Repeat(s[:n], len(s)/n) == s {
			return s[:n]
		}
	}
	return s
}
