package browsertest

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"slices"

	"github.com/chromedp/chromedp"
)

// Picture writes the whole page as a PNG of at most 256 colours to file: a third of the size of Screenshot, and pages of
// even colours and text lose nothing that an eye finds.
func (b *Tab) Picture(file string) {
	b.t.Helper()
	small, err := shrink(run(b, "take a picture", chromedp.FullScreenshot(100)))
	if err == nil {
		err = os.WriteFile(file, small, 0o644)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// shrink maps a picture to its own most frequent colours.
func shrink(raw []byte) ([]byte, error) {
	in, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	bounds := in.Bounds()
	full := image.NewNRGBA(bounds)
	draw.Draw(full, bounds, in, bounds.Min, draw.Src)
	type rgb [3]uint8
	count := map[rgb]int{}
	at := func(i int) rgb { return rgb{full.Pix[i], full.Pix[i+1], full.Pix[i+2]} }
	for i := 0; i < len(full.Pix); i += 4 {
		count[at(i)]++
	}
	colours := make([]rgb, 0, len(count))
	for c := range count {
		colours = append(colours, c)
	}
	slices.SortFunc(colours, func(a, b rgb) int {
		if d := count[b] - count[a]; d != 0 {
			return d
		}
		return bytes.Compare(a[:], b[:])
	})
	palette := make(color.Palette, 0, 256)
	for _, c := range colours {
		if len(palette) == cap(palette) {
			break
		}
		// Colours that an eye cannot tell apart share a place, so that rare ones still find theirs.
		near := slices.ContainsFunc(palette, func(p color.Color) bool {
			q := p.(color.NRGBA)
			return abs(int(q.R)-int(c[0]))+abs(int(q.G)-int(c[1]))+abs(int(q.B)-int(c[2])) < 5
		})
		if !near {
			palette = append(palette, color.NRGBA{c[0], c[1], c[2], 255})
		}
	}
	index := map[rgb]uint8{}
	out := image.NewPaletted(bounds, palette)
	for i := 0; i < len(full.Pix); i += 4 {
		c := at(i)
		n, ok := index[c]
		if !ok {
			n = uint8(palette.Index(color.NRGBA{c[0], c[1], c[2], 255}))
			index[c] = n
		}
		out.Pix[i/4] = n
	}
	var buf bytes.Buffer
	err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&buf, out)
	return buf.Bytes(), err
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}
