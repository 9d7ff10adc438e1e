package account

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
)

// The picture is drawn from strokes of our own, so it needs no font: every digit is turned, sheared and sized anew, the whole
// is bent by waves, lines cross it and dots lie over it (docs/adr/0018-own-captcha.md).
const (
	pictureWidth  = 260
	pictureHeight = 100
	strokeWidth   = 5.2 // pixels
)

type point struct{ x, y float64 }

// strokes are the digits on a grid of 4 × 6. A stroke of more than two points is a curve through them.
var strokes = [10][][]point{
	{{{2, 0}, {3.6, 1}, {4, 3}, {3.6, 5}, {2, 6}, {.4, 5}, {0, 3}, {.4, 1}, {2, 0}}},
	{{{.8, 1.4}, {2.2, 0}}, {{2.2, 0}, {2.2, 6}}, {{.9, 6}, {3.5, 6}}},
	{{{.2, 1.5}, {.9, .3}, {2.1, 0}, {3.5, .6}, {3.8, 1.8}, {3, 3.2}, {1.6, 4.6}, {.2, 6}}, {{.2, 6}, {4, 6}}},
	{{{.3, .9}, {1.2, .1}, {2.4, 0}, {3.5, .7}, {3.5, 2}, {2.6, 2.8}, {1.5, 2.9}}, {{1.5, 2.9}, {2.9, 3.1}, {3.8, 4}, {3.7, 5.2}, {2.5, 6}, {1, 5.9}, {.1, 5}}},
	{{{3, 6}, {3, 0}}, {{3, 0}, {0, 4.2}}, {{0, 4.2}, {4, 4.2}}},
	{{{3.7, 0}, {.7, 0}}, {{.7, 0}, {.5, 2.7}}, {{.5, 2.7}, {1.8, 2.2}, {3.2, 2.7}, {3.9, 4}, {3.3, 5.4}, {1.9, 6}, {.8, 5.8}, {.1, 5.1}}},
	{{{3.5, .5}, {2.4, 0}, {1, .8}, {.2, 2.6}, {.1, 4.2}, {.8, 5.6}, {2.1, 6}, {3.5, 5.3}, {3.8, 4}, {3.1, 2.9}, {2, 2.6}, {.8, 3.2}, {.15, 4.3}}},
	{{{0, 0}, {4, 0}}, {{4, 0}, {1.4, 6}}},
	{{{2, 2.8}, {.7, 2.2}, {.5, 1}, {1.3, .1}, {2, 0}, {2.7, .1}, {3.5, 1}, {3.3, 2.2}, {2, 2.8}}, {{2, 2.8}, {.5, 3.6}, {.1, 4.8}, {1, 5.8}, {2, 6}, {3, 5.8}, {3.9, 4.8}, {3.5, 3.6}, {2, 2.8}}},
	{{{.5, 5.5}, {1.6, 6}, {3, 5.2}, {3.8, 3.4}, {3.9, 1.8}, {3.2, .4}, {1.9, 0}, {.5, .7}, {.2, 2}, {.9, 3.1}, {2, 3.4}, {3.2, 2.8}, {3.85, 1.7}}},
}

// PNG draws the answer in gray on white, 260 × 100 pixels, so that it can be read on a dark page too. Each call draws another
// picture; it takes some milliseconds.
func (c Challenge) PNG() ([]byte, error) {
	digits, err := c.digits()
	if err != nil {
		return nil, err
	}
	p := &picture{ink: make([]float64, pictureWidth*pictureHeight), bend: newWave(3, 6, 60, 110), sway: newWave(2, 4, 40, 80)}
	cell := float64(pictureWidth-40) / captchaLength
	for i, d := range digits {
		p.digit(d, 20+cell*(float64(i)+.5)+between(-2, 2), pictureHeight/2+between(-7, 7))
	}
	for range 3 {
		p.line()
	}
	return p.encode(between(10, 80))
}

// picture is a sheet of ink, 0 none to 1 full.
type picture struct {
	ink        []float64
	bend, sway wave
}

// wave is a shift along a sine.
type wave struct{ height, length, phase float64 }

func newWave(low, high, short, long float64) wave {
	return wave{between(low, high), between(short, long), between(0, 2*math.Pi)}
}

func (w wave) at(v float64) float64 { return w.height * math.Sin(2*math.Pi*v/w.length+w.phase) }

func between(low, high float64) float64 { return low + (high-low)*rand.Float64() }

// digit draws one around a centre, turned up to 17°, sheared and between 42 and 54 pixels high.
func (p *picture) digit(d int, cx, cy float64) {
	turn, shear, high, wide := between(-.3, .3), between(-.25, .25), between(7, 9), between(5.4, 7)
	sin, cos := math.Sincos(turn)
	place := func(q point) point {
		x, y := (q.x-2)*wide, (q.y-3)*high
		x += y * shear
		x, y = cx+x*cos-y*sin, cy+x*sin+y*cos
		return point{x + p.sway.at(y), y + p.bend.at(x)}
	}
	for _, s := range strokes[d] {
		p.stroke(s, place, strokeWidth+between(-.6, .6))
	}
}

// line crosses the sheet, thinner than the digits so that people tell them apart.
func (p *picture) line() {
	s := make([]point, 6)
	for i := range s {
		s[i] = point{float64(i) * pictureWidth / 5, between(10, pictureHeight-10)}
	}
	p.stroke(s, func(q point) point { return q }, between(1.4, 2.2))
}

// stroke draws straight pieces along the stroke's curve.
func (p *picture) stroke(s []point, place func(point) point, width float64) {
	const pieces = 6
	last := place(s[0])
	for i := range len(s) - 1 {
		for k := 1; k <= pieces; k++ {
			next := place(curve(s, i, float64(k)/pieces))
			p.piece(last, next, width/2)
			last = next
		}
	}
}

// curve gives a point of the Catmull-Rom spline between s[i] and s[i+1].
func curve(s []point, i int, t float64) point {
	a, b, c, d := s[max(i-1, 0)], s[i], s[i+1], s[min(i+2, len(s)-1)]
	f := func(a, b, c, d float64) float64 {
		return .5 * (2*b + (c-a)*t + (2*a-5*b+4*c-d)*t*t + (3*b-a-3*c+d)*t*t*t)
	}
	return point{f(a.x, b.x, c.x, d.x), f(a.y, b.y, c.y, d.y)}
}

// piece inks every pixel within r of the straight line from a to b, with a soft edge.
func (p *picture) piece(a, b point, r float64) {
	dx, dy := b.x-a.x, b.y-a.y
	square := max(dx*dx+dy*dy, 1e-9)
	for y := max(int(min(a.y, b.y)-r-1), 0); y <= min(int(max(a.y, b.y)+r+1), pictureHeight-1); y++ {
		for x := max(int(min(a.x, b.x)-r-1), 0); x <= min(int(max(a.x, b.x)+r+1), pictureWidth-1); x++ {
			px, py := float64(x)-a.x, float64(y)-a.y
			t := min(max((px*dx+py*dy)/square, 0), 1)
			ink := min(max(r+.5-math.Hypot(px-t*dx, py-t*dy), 0), 1)
			at := y*pictureWidth + x
			p.ink[at] = max(p.ink[at], ink)
		}
	}
}

// encode mixes in noise and writes the PNG; dark is the gray of full ink.
func (p *picture) encode(dark float64) ([]byte, error) {
	img := image.NewGray(image.Rect(0, 0, pictureWidth, pictureHeight))
	for i, ink := range p.ink {
		img.Pix[i] = uint8(255 - ink*(255-dark) - between(0, 14)*(1-ink) + between(0, 30)*ink)
	}
	for range 120 {
		x, y, gray := rand.IntN(pictureWidth-1), rand.IntN(pictureHeight-1), color.Gray{Y: uint8(between(60, 255))}
		for k := range 4 {
			img.SetGray(x+k%2, y+k/2, gray)
		}
	}
	var out bytes.Buffer
	err := png.Encode(&out, img)
	return out.Bytes(), err
}
