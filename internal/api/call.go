package api

import (
	"bytes"
	"context"
	"hash/fnv"
	"io"
	"net/http"
	"strconv"
	"strings"

	"linecard/internal/access"
	"linecard/internal/device"
	"linecard/internal/httpx"
)

// call is one request on its way through an operation.
type call struct {
	op     *Op
	actor  access.Actor
	dry    bool   // ?dry_run=true
	csv    bool   // the client wants text/csv
	match  string // If-Match
	body   []byte
	target string            // id in the path of what it is done to
	path   map[string]string // path parameters by name

	received device.Received // what was put aside
	source   io.Reader       // what the handler reads itself

	answered
}

// answered is what the handler says beside the body; it begins anew when a transaction is run again.
type answered struct {
	err      error // the answer is this refusal
	status   int   // instead of the operation's usual one
	version  int64
	tag      byte   // 0: no ETag, 'v': of the version, 'h': of the version and the body
	location string // below Prefix
	stream   func(http.ResponseWriter) error
	content  *content // the answer is this file, or a range of it
	adopted  bool     // what was put aside belongs to an object now
	sheet    sheet
}

type callKey struct{}

func callOf(ctx context.Context) *call { return ctx.Value(callKey{}).(*call) }

// fail notes the error that the answer will be; huma only has to stop.
func (c *call) fail(err error) error {
	if err == nil {
		return nil
	}
	c.err = err
	return stopped
}

// file makes the answer a file with this name; unlike a stream it is small, and repeated for its idempotency key.
func (c *call) file(name, media string, body []byte) {
	h := c.sheet.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	_, _ = c.sheet.Write(body)
	c.status = http.StatusOK
}

// tagged gives the answer the ETag of this version.
func (c *call) tagged(version int64) { c.version, c.tag = version, 'v' }

// tagged with content: for objects of which some part changes without a new version (when it was last seen, counts).
func (c *call) taggedLoosely(version int64) { c.version, c.tag = version, 'h' }

// created says where the new object is and what its version is.
func (c *call) created(path string, version int64) {
	c.status, c.location = http.StatusCreated, path
	c.tagged(version)
}

// etag gives the ETag of the answer, "" when it has none: "v<version>", with a hash of the body behind it where the version
// does not tell everything. If-Match compares the version alone.
func (c *call) etag() string {
	switch c.tag {
	case 'v':
		return `"v` + strconv.FormatInt(c.version, 10) + `"`
	case 'h':
		h := fnv.New64a()
		_, _ = h.Write(c.sheet.body.Bytes())
		return `"v` + strconv.FormatInt(c.version, 10) + "-" + strconv.FormatUint(h.Sum64(), 36) + `"`
	}
	return ""
}

// ifVersion gives the version that If-Match demands, 0 when it demands none. A tag that was never ours is -1, which no
// version equals.
func (c *call) ifVersion() int64 {
	switch strings.TrimSpace(c.match) {
	case "", "*":
		return 0
	}
	text, ok := strings.CutPrefix(strings.TrimSpace(c.match), `"v`)
	text, quoted := strings.CutSuffix(text, `"`)
	text, _, _ = strings.Cut(text, "-")
	v, err := strconv.ParseInt(text, 10, 64)
	if !ok || !quoted || err != nil || v < 0 {
		return -1
	}
	return v
}

// noneMatch says whether the client has this ETag already (RFC 9110 section 13.1.2, weak comparison).
func noneMatch(header, etag string) bool {
	if etag == "" || header == "" {
		return false
	}
	for one := range strings.SplitSeq(header, ",") {
		one = strings.TrimPrefix(strings.TrimSpace(one), "W/")
		if one == "*" || one == etag {
			return true
		}
	}
	return false
}

// sheet takes an answer before it is sent, so that it can be stored, replaced by a refusal, or dropped.
type sheet struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header gives the headers of the answer.
func (s *sheet) Header() http.Header {
	if s.header == nil {
		s.header = http.Header{}
	}
	return s.header
}

// WriteHeader notes the status.
func (s *sheet) WriteHeader(status int) { s.status = status }

// Write keeps the body.
func (s *sheet) Write(b []byte) (int, error) { return s.body.Write(b) }

// send answers with what the handler left.
func (c *call) send(w http.ResponseWriter, r *http.Request) error {
	h := w.Header()
	if c.op.Secret {
		h.Set("Cache-Control", "no-store")
	} else {
		h.Set("Cache-Control", "private, no-cache")
	}
	h.Set("X-Content-Type-Options", "nosniff")
	if c.content != nil {
		return c.content.send(w, r)
	}
	if c.stream != nil {
		return c.stream(w)
	}
	for _, k := range kept {
		if v := c.sheet.header[k]; len(v) > 0 {
			h[k] = v
		}
	}
	if c.location != "" {
		h.Set("Location", Prefix+c.location)
	}
	etag := c.etag()
	if etag != "" {
		h.Set("Etag", etag)
	}
	if c.op.Method == http.MethodGet && noneMatch(r.Header.Get("If-None-Match"), etag) {
		h.Del("Content-Type")
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	status := c.sheet.status
	if c.status != 0 {
		status = c.status
	}
	if c.sheet.body.Len() > 0 {
		h.Set("Content-Length", strconv.Itoa(c.sheet.body.Len()))
	}
	w.WriteHeader(status)
	_, _ = w.Write(c.sheet.body.Bytes())
	return nil
}

// kept are the headers of huma's answer that belong to it.
var kept = []string{"Content-Type", "Content-Disposition"}

// refuse answers with a problem; a challenge goes with 401 (RFC 6750 section 3).
func refuse(w http.ResponseWriter, r *http.Request, err error) {
	if httpx.Status(httpx.Refusal(err).Kind) == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="linecard"`)
	}
	httpx.WriteProblem(w, r, err)
}
