package boot

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"path"
	"time"

	"linecard/internal/device"
	"linecard/internal/errs"
	"linecard/internal/firmware"
	"linecard/internal/httpx"
	"linecard/internal/phone"
)

// found answers with a file that nobody renders: software, what people put there for this phone or for all, what the phone sent. Whoever
// has the right account gets what all phones get; what is one phone's own goes to that phone alone (DM-194, DM-196).
func (v *visit) found() {
	if v.r.Method != http.MethodGet && v.r.Method != http.MethodHead {
		v.answer("not_found", http.StatusNotFound)
		return
	}
	name := v.file
	if v.recognised {
		name = v.id.Name
	}
	// A file of half a gigabyte takes longer than a request may wait for the database, and ends with the phone's patience.
	ctx := v.r.Context()
	var err error
	switch {
	case firmware.Is(name) && v.h.software != nil:
		err = v.software(ctx, name)
	case v.h.devices != nil:
		err = v.resource(ctx, name)
	}
	switch {
	case err == nil:
	case errs.KindOf(err) == errs.NotFound:
		v.answer("not_found", http.StatusNotFound)
	default:
		v.fault(err)
	}
}

func (v *visit) software(ctx context.Context, name string) error {
	f, err := v.h.software.Open(ctx, firmware.Fetch{Path: name, From: httpx.ClientIP(ctx), Head: v.r.Method == http.MethodHead})
	if err != nil {
		return err
	}
	defer f.Close()
	v.stream("served_software", f.ETag, f.ContentType, f.Content)
	return nil
}

func (v *visit) resource(ctx context.Context, name string) error {
	if kind, ok := v.uploads(); ok && kind == phone.CallList && !v.CallLists { // also what was kept before
		return phone.ErrNoFile
	}
	want := device.Wanted{CustomerID: v.CustomerID, MAC: v.id.MAC, Path: name}
	if v.trusted() {
		want.DeviceID = v.Claim.DeviceID
	}
	f, err := v.h.devices.Serve(ctx, want)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		return v.upload(ctx)
	}
	if err != nil {
		return err
	}
	defer f.Content.Close()
	v.stream("served_file", f.ETag, f.ContentType, f.Content)
	return nil
}

// upload answers with what the phone sent under this name into a folder that only it knows. Nobody else gets it: what was changed on a
// phone may hold its passwords.
func (v *visit) upload(ctx context.Context) error {
	if _, ok := v.uploads(); !ok || !v.trusted() || v.Claim.DeviceID == "" || v.inPath() != v.id.MAC {
		return phone.ErrNoFile
	}
	u, body, err := v.h.uploads.Open(ctx, v.Claim.DeviceID, v.id.Name)
	if err == nil {
		v.stream("served_file", `"`+u.ID+`"`, typeOf(u.Name), bytes.NewReader(body))
	}
	return err
}

// typeOf gives the media type of what a phone sent.
func typeOf(name string) string {
	switch path.Ext(name) {
	case ".xml", ".cfg":
		return "text/xml; charset=utf-8"
	case ".log":
		return "text/plain; charset=utf-8"
	}
	return "application/octet-stream"
}

// stream answers with a file, parts of it, or 304.
func (v *visit) stream(outcome, etag, contentType string, content io.ReadSeeker) {
	v.h.count(v.r.Context(), outcome)
	v.etag = etag
	head := v.Header()
	head.Set("ETag", etag)
	head.Set("Content-Type", contentType)
	head.Set("Cache-Control", "private, no-cache")
	head.Set("X-Content-Type-Options", "nosniff")
	http.ServeContent(v, v.r, "", time.Time{}, content)
	v.note()
}
