package boot

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"

	"linecard/internal/device"
	"linecard/internal/errs"
	"linecard/internal/phone"
)

// How large an upload of each kind can be. Logs are larger than what is kept of them, because some phones send all again.
var largest = map[phone.FileKind]int64{phone.Log: 2 << 20, phone.Overrides: 1 << 20, phone.Directory: 2 << 20, phone.CallList: 1 << 20, phone.Other: 8 << 20}

// LargestUpload is how large the body of a phone's request can be at all.
const LargestUpload = 8 << 20

// uploads says what a phone may put at the path of this request.
func (v *visit) uploads() (phone.FileKind, bool) {
	maker, err := v.h.makers.Get(v.id.Maker)
	if err != nil || v.h.uploads == nil {
		return "", false
	}
	if u, ok := maker.(phone.Uploader); ok {
		return u.Upload(v.id.Name)
	}
	switch v.id.Kind {
	case phone.Log, phone.Overrides, phone.Directory, phone.CallList:
		return v.id.Kind, true
	}
	return "", false
}

// take keeps what a phone sends (DM-126). A refusal does not stop its boot [S], and nothing of the body is read before it.
func (v *visit) take(ctx context.Context) {
	kind, ok := v.uploads()
	switch {
	case v.stale: // decision 11
		v.fault(errBehind)
		return
	case !v.itself():
		v.reason = "not_proved"
		v.answer("upload_refused", http.StatusForbidden)
		return
	case kind == phone.CallList && !v.CallLists: // phones take it like a folder that is not there [S]
		v.answer("not_found", http.StatusNotFound)
		return
	case !ok || v.inPath() != v.id.MAC:
		v.reason = "not_accepted"
		v.answer("upload_refused", http.StatusForbidden)
		return
	case v.r.ContentLength > largest[kind]:
		v.reason = "too_large"
		v.answer("upload_refused", http.StatusRequestEntityTooLarge)
		return
	}
	body, err := io.ReadAll(io.LimitReader(v.r.Body, largest[kind]+1))
	if err != nil || int64(len(body)) > largest[kind] {
		v.broken(err)
		return
	}
	v.keep(ctx, kind, body)
}

// broken answers an upload that did not arrive whole: nothing of it is kept.
func (v *visit) broken(err error) {
	v.reason = "broken_off"
	status := http.StatusBadRequest
	var known *errs.Error
	switch {
	case err == nil || errors.As(err, &known) && known.Kind == errs.TooLarge:
		v.reason, status = "too_large", http.StatusRequestEntityTooLarge
	case errors.As(err, &known) && known.Kind == errs.TimedOut:
		status = http.StatusRequestTimeout
	}
	v.answer("upload_refused", status)
}

func (v *visit) keep(ctx context.Context, kind phone.FileKind, body []byte) {
	u := device.Upload{DeviceID: v.Claim.DeviceID, Name: v.id.Name, Kind: kind, Body: body}
	put := v.h.uploads.Put
	if kind == phone.Log {
		put = v.h.uploads.Append
	}
	// The body may have taken longer than a request waits for the database.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), v.h.wait)
	defer cancel()
	if len(body) == 0 && kind == phone.Log {
		v.stored()
		return
	}
	err := put(ctx, u)
	switch {
	case err == nil:
		v.stored()
	case errs.KindOf(err) == errs.NotFound: // the device went meanwhile
		v.answer("not_found", http.StatusNotFound)
	case errs.KindOf(err) == errs.Conflict:
		v.reason = errs.CodeOf(err)
		v.answer("upload_refused", http.StatusForbidden)
	default:
		v.fault(err)
	}
}

// stored answers as another provisioning server is known to: "OK" [S].
func (v *visit) stored() {
	v.h.count(v.r.Context(), "stored")
	h := v.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", "2")
	_, _ = io.WriteString(v, "OK")
	v.note()
}

// head answers how large a log of the phone is, which phones ask before they send more of it [S], and says whether it did. Its size is
// known without reading it.
func (v *visit) head(ctx context.Context) bool {
	kind, ok := v.uploads()
	if v.r.Method != http.MethodHead || !ok || kind != phone.Log || v.stale || !v.trusted() || v.inPath() != v.id.MAC {
		return false
	}
	u, err := v.h.uploads.Stat(ctx, v.Claim.DeviceID, v.id.Name)
	if err != nil {
		if errs.KindOf(err) == errs.NotFound {
			return false
		}
		v.fault(err)
		return true
	}
	v.h.count(v.r.Context(), "served_file")
	h := v.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Cache-Control", "private, no-cache")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Length", strconv.FormatInt(u.Size, 10))
	v.WriteHeader(http.StatusOK)
	v.note()
	return true
}
