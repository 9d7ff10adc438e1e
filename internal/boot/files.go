package boot

import (
	"context"
	"io"
	"net/http"
	"time"

	"linecard/internal/device"
	"linecard/internal/errs"
	"linecard/internal/firmware"
	"linecard/internal/httpx"
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
	want := device.Wanted{CustomerID: v.CustomerID, MAC: v.id.MAC, Path: name}
	if v.trusted() {
		want.DeviceID = v.Claim.DeviceID
	}
	f, err := v.h.devices.Serve(ctx, want)
	if err != nil {
		return err
	}
	defer f.Content.Close()
	v.stream("served_file", f.ETag, f.ContentType, f.Content)
	return nil
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
