package onboard

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Comparing names of restricted parties (WS-44). Two names are brought to words without case, accents, punctuation and legal forms; each
// word counts by how rare it is in the lists; words are alike by Jaro and Winkler's measure. The score is what share of the weight of
// both names found a partner in the other.

// Threshold is the score from which on a name is a possible match. With a country on both sides that differs it is ThresholdAbroad.
// The values were chosen on the test set in screening_test.go: all its true matches score higher, all its false ones lower.
const (
	Threshold       = 0.86
	ThresholdAbroad = 0.93
	oneWord         = 8    // a name of a single shorter word must be the very same
	alike           = 0.87 // words less alike than this have nothing to do with each other
)

// legal are words that say what sort of organisation it is and nothing about which.
var legal = func() map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(`ltd limited llc inc incorporated corp corporation co company companies gmbh ag kg kgaa ohg se sa sas sarl sl srl spa bv nv ab as asa oy oyj aps
		plc llp lp pte pty pvt private public joint stock jsc pjsc ojsc cjsc oao ooo zao pao ao fze fzco fzc dmcc est establishment kft zrt sro doo dd ad eood ead the of and for de la el und`) {
		m[w] = true
	}
	return m
}()

// letters of other shapes that decomposition does not reach.
var folded = strings.NewReplacer("ß", "ss", "æ", "ae", "œ", "oe", "ø", "o", "đ", "d", "ł", "l", "ı", "i", "þ", "th", "ð", "d", "&", " and ", "+", " and ", "@", " at ")

// cyrillic is spelled as lists spell it.
var cyrillic = map[rune]string{'а': "a", 'б': "b", 'в': "v", 'г': "g", 'д': "d", 'е': "e", 'ё': "e", 'ж': "zh", 'з': "z", 'и': "i", 'й': "y", 'к': "k", 'л': "l", 'м': "m", 'н': "n",
	'о': "o", 'п': "p", 'р': "r", 'с': "s", 'т': "t", 'у': "u", 'ф': "f", 'х': "kh", 'ц': "ts", 'ч': "ch", 'ш': "sh", 'щ': "shch", 'ъ': "", 'ы': "y", 'ь': "", 'э': "e", 'ю': "yu", 'я': "ya",
	'і': "i", 'ї': "yi", 'є': "ye", 'ґ': "g"}

// words gives the words of a name that say which organisation it is. A name of nothing but legal forms keeps them.
func words(name string) []string {
	all := spelled(name)
	kept := slices.DeleteFunc(slices.Clone(all), func(w string) bool { return legal[w] })
	if len(kept) == 0 {
		return all
	}
	return kept
}

// whole is a name as one word with its legal form, so that "EvilCorp" finds "Evil Corp".
func whole(name string) string { return joined(spelled(name)) }

// spelled gives all words of a name in one spelling.
func spelled(name string) []string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(folded.Replace(strings.ToLower(norm.NFKC.String(name)))) {
		switch {
		case unicode.Is(unicode.Mn, r), r == '\'', r == '’', r == '`', r == '.':
			// accents, apostrophes and the points of abbreviations go without a gap: S.A., O'Neil
		case cyrillic[r] != "":
			b.WriteString(cyrillic[r])
		case unicode.IsLetter(r), unicode.IsDigit(r):
			b.WriteRune(r)
		default:
			b.WriteByte(' ')
		}
	}
	return strings.Fields(b.String())
}

// similarity of two words, 0 to 1, by Jaro with Winkler's bonus for a common beginning.
func similarity(a, b string) float64 {
	if a == b {
		return 1
	}
	x, y := []rune(a), []rune(b)
	if len(x) < 4 || len(y) < 4 {
		return 0 // short words differ as soon as a letter differs
	}
	if len(x) > len(y) {
		x, y = y, x
	}
	reach := max(len(y)/2-1, 0)
	var hitX, hitY [64]bool
	if len(y) > len(hitX) {
		return 0
	}
	common := 0
	for i, r := range x {
		for k := max(0, i-reach); k <= min(len(y)-1, i+reach); k++ {
			if !hitY[k] && y[k] == r {
				hitX[i], hitY[k] = true, true
				common++
				break
			}
		}
	}
	if common == 0 {
		return 0
	}
	swapped, k := 0, 0
	for i, r := range x {
		if !hitX[i] {
			continue
		}
		for !hitY[k] {
			k++
		}
		if y[k] != r {
			swapped++
		}
		k++
	}
	m := float64(common)
	jaro := (m/float64(len(x)) + m/float64(len(y)) + (m-float64(swapped)/2)/m) / 3
	begin := 0
	for begin < 4 && begin < len(x) && x[begin] == y[begin] {
		begin++
	}
	return jaro + float64(begin)*0.1*(1-jaro)
}

// score compares two names that are words already; weight tells how much a word says.
func score(a, b []string, weight func(string) float64) float64 {
	if len(a) == 0 || len(b) == 0 {
		return 0
	}
	if joined(a) == joined(b) {
		return 1 // "Evil Corp" and "Evilcorp"
	}
	if len(a) == 1 && len(b) == 1 && min(len(a[0]), len(b[0])) < oneWord {
		return 0 // Devil is not Evil
	}
	var total, found float64
	for _, side := range [2][2][]string{{a, b}, {b, a}} {
		used := make([]bool, len(side[1]))
		for _, w := range side[0] {
			best, at := 0.0, -1
			for i, o := range side[1] {
				if used[i] {
					continue
				}
				if s := similarity(w, o); s >= alike && s > best {
					best, at = s, i
				}
			}
			total += weight(w)
			if at >= 0 {
				used[at] = true
				found += best * weight(w)
			}
		}
	}
	return found / total
}

func joined(w []string) string { return strings.Join(w, "") }
