package branding

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"image"
	"image/jpeg"
	"image/png"
	"net/http"

	"golang.org/x/image/draw"

	"linecard/internal/errs"
)

// Bounds of a logo (WS-92). What is kept fits into every page: twice the pixels of the place where it stands.
const (
	MaxLogo    = 1 << 20   // bytes that are taken
	logoPixels = 8_000_000 // of a picture before it is made smaller: a small file can unpack to a huge one
	logoWidth  = 360
	logoHeight = 96
)

var (
	errLogoType   = errs.BadField("logo", "logo_type", "Choose a PNG or JPEG picture. Drawings (SVG) can carry programs and are not taken: save yours as PNG.")
	errLogoBroken = errs.BadField("logo", "logo_broken", "This picture cannot be read. Save it anew as PNG.")
	errLogoSize   = errs.BadField("logo", "logo_too_large", "The picture may have at most 1 MB and 8 million pixels.")
)

// readLogo takes a picture apart and draws it anew, so that nothing but its pixels survives: no scripts, no remarks, no second file
// behind the first.
func readLogo(data []byte) (Logo, []byte, error) {
	if len(data) > MaxLogo {
		return Logo{}, nil, errLogoSize
	}
	decode, config := png.Decode, png.DecodeConfig
	switch http.DetectContentType(data) {
	case "image/png":
	case "image/jpeg":
		decode, config = jpeg.Decode, jpeg.DecodeConfig
	default:
		return Logo{}, nil, errLogoType
	}
	head, err := config(bytes.NewReader(data))
	if err != nil {
		return Logo{}, nil, errLogoBroken.Because(err)
	}
	if head.Width < 1 || head.Height < 1 {
		return Logo{}, nil, errLogoBroken.Because(errors.New("no pixels"))
	}
	if head.Width > logoPixels/head.Height {
		return Logo{}, nil, errLogoSize
	}
	from, err := decode(bytes.NewReader(data))
	if err != nil {
		return Logo{}, nil, errLogoBroken.Because(err)
	}
	to := image.NewNRGBA(fit(from.Bounds().Dx(), from.Bounds().Dy()))
	draw.CatmullRom.Scale(to, to.Bounds(), from, from.Bounds(), draw.Src, nil)
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, to); err != nil {
		return Logo{}, nil, err
	}
	sum := sha256.Sum256(out.Bytes())
	return Logo{Hash: hex.EncodeToString(sum[:16]), Width: to.Bounds().Dx(), Height: to.Bounds().Dy(), OnDark: onDark(to)}, out.Bytes(), nil
}

// fit gives the largest size of the same shape within the bounds; smaller pictures stay as they are.
func fit(w, h int) image.Rectangle {
	scale := min(1, float64(logoWidth)/float64(w), float64(logoHeight)/float64(h))
	return image.Rect(0, 0, max(1, int(float64(w)*scale+.5)), max(1, int(float64(h)*scale+.5)))
}

// onDark says whether what can be seen of the picture is so light that it would vanish on a white plate, while its ground is
// transparent.
func onDark(p *image.NRGBA) bool {
	var light, seen, through float64
	for i := 0; i < len(p.Pix); i += 4 {
		a := float64(p.Pix[i+3]) / 255
		if a < .5 {
			through++
			continue
		}
		seen++
		light += colour{float64(p.Pix[i]) / 255, float64(p.Pix[i+1]) / 255, float64(p.Pix[i+2]) / 255}.luminance()
	}
	return seen > 0 && through > seen/20 && light/seen > .55
}
