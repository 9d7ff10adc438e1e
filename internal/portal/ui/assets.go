package ui

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"
)

//go:embed static/app.css static/app.js static/mark.svg static/traces.svg static/vendor/*.js static/vendor/*.woff2
var staticFiles embed.FS

// StaticPath is where Static is mounted.
const StaticPath = "/static/"

// ContentPolicy is the Content-Security-Policy under which every page works: no inline script or style, own server only.
const ContentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"media-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// asset is one file as it is served: its bytes, packed once at start, under an address that changes with its content.
type asset struct {
	url, kind, etag string
	plain, packed   []byte // packed is nil when gzip does not help
}

var (
	assetsByName = loadAssets()
	assetsByURL  = indexAssets(assetsByName)
)

// Asset gives the address of a static file: "app.css", "vendor/htmx.min.js". An unknown name is a mistake in a page and panics.
func Asset(name string) string {
	a, ok := assetsByName[name]
	if !ok {
		panic("ui: no static file " + name)
	}
	return a.url
}

// Static serves the static files. Their addresses carry a hash of the content, so they may be kept for ever.
func Static() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, ok := assetsByURL[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
			return
		}
		a.serve(w, r)
	})
}

func (a *asset) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Content-Type", a.kind)
	h.Set("X-Content-Type-Options", "nosniff")
	body, etag := a.plain, a.etag
	if a.packed != nil {
		h.Set("Vary", "Accept-Encoding")
		if acceptsGzip(r.Header.Get("Accept-Encoding")) {
			h.Set("Content-Encoding", "gzip")
			body, etag = a.packed, strings.TrimSuffix(a.etag, `"`)+`-gz"`
		}
	}
	h.Set("ETag", etag)
	if strings.Contains(r.Header.Get("If-None-Match"), etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(body) // the client went away: nobody to tell
	}
}

func acceptsGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		coding, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			q := strings.ReplaceAll(params, " ", "")
			return q != "q=0" && !strings.HasPrefix(q, "q=0.000")
		}
	}
	return false
}

var assetRef = regexp.MustCompile(`asset\(([a-z0-9./-]+)\)`)

// loadAssets reads fonts, scripts and pictures first, so that the style sheet can name them by their final address.
func loadAssets() map[string]*asset {
	all := map[string]*asset{}
	for _, name := range append(names("static/vendor"), names("static")...) {
		if name != styleSheet {
			all[name] = newAsset(name, read(name))
		}
	}
	all[styleSheet] = newAsset(styleSheet, assetRef.ReplaceAllFunc(read(styleSheet), func(ref []byte) []byte {
		return []byte("url(" + all[string(assetRef.FindSubmatch(ref)[1])].url + ")")
	}))
	return all
}

const styleSheet = "app.css"

func names(dir string) (names []string) {
	files, err := staticFiles.ReadDir(dir)
	if err != nil {
		panic(err) // embedded at build time
	}
	for _, f := range files {
		if !f.IsDir() {
			names = append(names, strings.TrimPrefix(dir+"/"+f.Name(), "static/"))
		}
	}
	return names
}

func read(name string) []byte {
	body, err := staticFiles.ReadFile("static/" + name)
	if err != nil {
		panic(err) // embedded at build time
	}
	return body
}

var kinds = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml", ".woff2": "font/woff2",
}

func newAsset(name string, body []byte) *asset {
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:8])
	ext := path.Ext(name)
	kind, ok := kinds[ext]
	if !ok {
		panic(fmt.Sprintf("ui: no media type for %s", name))
	}
	a := &asset{url: StaticPath + strings.TrimSuffix(name, ext) + "." + hash + ext, kind: kind, etag: `"` + hash + `"`, plain: body}
	var buf bytes.Buffer
	z, _ := gzip.NewWriterLevel(&buf, gzip.BestCompression) // the level is a constant of the package
	_, _ = z.Write(body)                                    // a bytes.Buffer takes everything
	_ = z.Close()
	if buf.Len() < len(body)*9/10 {
		a.packed = buf.Bytes()
	}
	return a
}

func indexAssets(byName map[string]*asset) map[string]*asset {
	byURL := make(map[string]*asset, len(byName))
	for _, a := range byName {
		byURL[a.url] = a
	}
	return byURL
}
