package branding

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Readable is the contrast that writing needs at least (WCAG 2.2, 1.4.3, level AA; WS-92).
const Readable = 4.5

// The grounds on which the accent must be readable as a link: of every ground of the portal's light and dark scheme the one that is
// hardest.
const (
	lightGround = "#eef1ed"
	darkGround  = "#1a2421"
	lightCard   = "#ffffff"
	darkCard    = "#131b19"
)

// Default are the portal's own colours.
var Default = Colours{AccentLight: "#0b5d52", AccentDark: "#3dbba6", NavigationLight: "#10241f", NavigationDark: "#0a100f"}

// colour is red, green and blue from 0 to 1 as they are stored (sRGB).
type colour [3]float64

// parse reads "#rrggbb".
func parse(s string) (colour, bool) {
	if len(s) != 7 || s[0] != '#' {
		return colour{}, false
	}
	n, err := strconv.ParseUint(s[1:], 16, 32)
	if err != nil {
		return colour{}, false
	}
	return colour{float64(n>>16&255) / 255, float64(n>>8&255) / 255, float64(n&255) / 255}, true
}

func must(s string) colour {
	c, ok := parse(s)
	if !ok {
		panic("branding: " + s + " is no colour")
	}
	return c
}

// String writes "#rrggbb".
func (c colour) String() string {
	b := func(v float64) int { return int(math.Round(min(max(v, 0), 1) * 255)) }
	return fmt.Sprintf("#%02x%02x%02x", b(c[0]), b(c[1]), b(c[2]))
}

// luminance is the relative luminance of WCAG 2.2.
func (c colour) luminance() float64 {
	lin := func(v float64) float64 {
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*lin(c[0]) + 0.7152*lin(c[1]) + 0.0722*lin(c[2])
}

// contrast is the contrast ratio of WCAG 2.2, from 1 to 21.
func contrast(a, b colour) float64 {
	x, y := a.luminance(), b.luminance()
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// Contrast is the contrast ratio of two "#rrggbb"; 0 when one is none.
func Contrast(a, b string) float64 {
	x, ok := parse(a)
	y, too := parse(b)
	if !ok || !too {
		return 0
	}
	return contrast(x, y)
}

// ratioText rounds down, so that 4.49 never reads 4.5.
func ratioText(r float64) string { return strconv.FormatFloat(math.Floor(r*10)/10, 'f', 1, 64) }

// mix gives c with a share of other in it.
func (c colour) mix(other colour, share float64) colour {
	for i := range c {
		c[i] += (other[i] - c[i]) * share
	}
	return must(c.String()) // as it will be written, so that what is measured is what is shown
}

var (
	white = colour{1, 1, 1}
	ink   = must("#0b1210")
)

// away is the end of the scale that is farther from ground.
func away(ground colour) colour {
	best := ink
	if contrast(ground, white) >= contrast(ground, ink) {
		best = white
	}
	if contrast(ground, best) < Readable {
		return colour{} // between the two nothing but black can be read
	}
	return best
}

// nearest gives the colour of the same hue that can be read on ground, as little changed as possible.
func nearest(c, ground colour) colour {
	end := away(ground)
	for step := 0.0; step < 1; step += 0.01 {
		if m := c.mix(end, step); contrast(m, ground) >= Readable {
			return m
		}
	}
	return end
}

// tint gives ground with as much of c in it as wanted, less when writing of the colour text could not be read on it.
func tint(ground, c, text colour, wanted float64) colour {
	for share := wanted; share > 0; share -= 0.01 {
		if m := ground.mix(c, share); contrast(m, text) >= Readable {
			return m
		}
	}
	return ground
}

// side is all colours of one scheme that follow from the chosen ones.
type side struct{ brand, hover, ink, on, soft, focus, rail, railLine, railInk, railQuiet, railHover, railOn, railStrong colour }

func sideOf(accent, navigation, card colour) side {
	strong := away(navigation)
	quiet := nearest(navigation.mix(strong, .55), navigation)
	return side{brand: accent, hover: accent.mix(away(card), .16), ink: accent, on: away(accent), soft: tint(card, accent, accent, .14), focus: accent,
		rail: navigation, railLine: navigation.mix(strong, .12), railInk: nearest(navigation.mix(strong, .8), navigation), railQuiet: quiet,
		railHover: tint(navigation, strong, strong, .08), railOn: tint(navigation, strong, strong, .15), railStrong: strong}
}

// Or gives c with what is missing taken from other.
func (c Colours) Or(other Colours) Colours {
	pick := func(a, b string) string {
		if a != "" {
			return a
		}
		return b
	}
	return Colours{pick(c.AccentLight, other.AccentLight), pick(c.AccentDark, other.AccentDark), pick(c.NavigationLight, other.NavigationLight), pick(c.NavigationDark, other.NavigationDark)}
}

// Name is the name of a style sheet with these colours: all that it says stands in it, so whoever knows it learns nothing, and it
// may be kept for ever. "" when none is set.
func (c Colours) Name() string {
	if c == (Colours{}) {
		return ""
	}
	c = c.Or(Default)
	strip := func(s string) string { return strings.TrimPrefix(s, "#") }
	return strip(c.AccentLight) + "-" + strip(c.AccentDark) + "-" + strip(c.NavigationLight) + "-" + strip(c.NavigationDark)
}

// Sheet writes the style sheet of a Name; false for what is none.
func Sheet(name string) (css string, ok bool) {
	parts := strings.Split(name, "-")
	if len(parts) != 4 || name != strings.ToLower(name) {
		return "", false
	}
	var all [4]colour
	for i, p := range parts {
		if all[i], ok = parse("#" + p); !ok {
			return "", false
		}
	}
	// What comes by this address need not have been checked: correct it.
	l := sideOf(nearest(all[0], must(lightGround)), all[2], must(lightCard))
	d := sideOf(nearest(all[1], must(darkGround)), all[3], must(darkCard))
	var out strings.Builder
	out.WriteString(":root {\n")
	for _, v := range []struct {
		name        string
		light, dark colour
	}{
		{"brand", l.brand, d.brand}, {"brand-hover", l.hover, d.hover}, {"brand-ink", l.ink, d.ink}, {"on-brand", l.on, d.on}, {"brand-soft", l.soft, d.soft},
		{"focus", l.focus, d.focus}, {"rail", l.rail, d.rail}, {"rail-line", l.railLine, d.railLine}, {"rail-ink", l.railInk, d.railInk},
		{"rail-quiet", l.railQuiet, d.railQuiet}, {"rail-hover", l.railHover, d.railHover}, {"rail-on", l.railOn, d.railOn}, {"rail-strong", l.railStrong, d.railStrong},
	} {
		fmt.Fprintf(&out, "  --%s: light-dark(%s, %s);\n", v.name, v.light, v.dark)
	}
	out.WriteString("}\n")
	return out.String(), true
}
