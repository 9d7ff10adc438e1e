package api

import (
	"context"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"linecard/internal/access"
	"linecard/internal/device"
	"linecard/internal/errs"
	"linecard/internal/firmware"
	"linecard/internal/onboard"
)

// Files that may be too large for memory: they go to the file storage as they arrive and come from there as they are sent.

const anyFile = "application/octet-stream"

// largeMost is how large a file can be that is sent to an address; 0 where the listener's limit stands. A little more than the rooms
// take, so that it is them who say what is too large.
func largeMost(path string) int64 {
	rest, ok := strings.CutPrefix(path, Prefix+"/")
	switch {
	case !ok:
	case rest == "compliance/lists/load":
		return onboard.MaxList + 1<<20
	case strings.HasPrefix(rest, "software-images/uploads/"):
		return firmware.MaxSize + 1<<20
	case strings.HasPrefix(rest, "customers/") && strings.HasSuffix(rest, "/resource-files"):
		return device.MaxResource + 1<<20
	case strings.HasPrefix(rest, "customers/") && strings.HasSuffix(rest, "/device-files"):
		return device.MaxDeviceFile + 1<<20
	}
	return 0
}

// putAside stores the body before the handler runs, which may run in a transaction. That the actor may do this to the customer is
// decided first, so that strangers fill no storage.
func (a *API) putAside(c *call, r *http.Request) error {
	t, target, err := a.d.Tenants.Target(r.Context(), a.d.DB, c.actor, r.PathValue("customer"))
	if err == nil && t.Kind != access.Customer {
		err = errMissing
	}
	if err == nil {
		err = c.op.decide(c.actor, target)
	}
	if err != nil {
		return err
	}
	if c.received, err = a.d.Devices.Receive(r.Context(), broken{c.source}, max(largeMost(r.URL.Path)-1<<20, 0)); err != nil {
		return err
	}
	c.body = []byte(c.received.SHA256) // what an idempotency key compares
	return nil
}

// cleared removes what was put aside and became nothing. After a transaction whose end is not known it stays; a sweep decides.
func (a *API) cleared(ctx context.Context, c *call) {
	if !c.adopted || c.dry {
		a.d.Devices.Discard(ctx, c.received)
	}
}

// broken makes a refusal of a body that ends early, so that it is no fault of ours.
type broken struct{ r io.Reader }

// Read gives the next bytes.
func (b broken) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if err != nil && err != io.EOF && errs.KindOf(err) == errs.Internal {
		err = errBroken.Because(err)
	}
	return n, err
}

var errBroken = errs.New(errs.Invalid, "body_broken", "The request body ended early or is not well formed.")

// content is a file as the answer, with ranges.
type content struct {
	name     string
	etag     string
	media    string
	modified time.Time
	from     io.ReadSeekCloser
}

// send answers with the file or the part of it that is wanted. Whatever it is, no browser shall run it.
func (f *content) send(w http.ResponseWriter, r *http.Request) error {
	defer f.from.Close()
	h := w.Header()
	h.Set("Content-Type", f.media)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.name}))
	h.Set("Content-Security-Policy", "sandbox")
	h.Set("Etag", f.etag)
	http.ServeContent(w, r, "", f.modified, f.from)
	return nil
}
