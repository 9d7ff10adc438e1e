package api

import (
	"context"
	"net/http"
	"path"
	"strconv"
	"time"

	"linecard/internal/device"
	"linecard/internal/phone"
)

// PhoneRequest is one request of a phone and what it got.
type PhoneRequest struct {
	Time     time.Time `json:"time"`
	PublicIP string    `json:"public_ip"`
	Method   string    `json:"method"`
	File     string    `json:"file" doc:"Below the provisioning address"`
	Status   int       `json:"status"`
	Bytes    int64     `json:"bytes"`
	ETag     string    `json:"etag" doc:"Of the bytes: equal tags, equal configuration"`
	TLS      string    `json:"tls" example:"1.2"`
	Account  string    `json:"account" enum:"own,own_previous,customer,customer_previous,certificate," doc:"By what it was let in; empty when it was not"`
	Fault    string    `json:"fault" doc:"Why it was refused; empty when it was not"`
}

func (a *API) listRequests(ctx context.Context, c *call, in *DeviceRef) (List[PhoneRequest], error) {
	all, err := a.d.Devices.Requests(ctx, c.actor, in.Customer, in.Device)
	return listOf(all, "", func(x device.Asked) PhoneRequest {
		return PhoneRequest{Time: x.At, PublicIP: x.IP, Method: x.Method, File: x.File, Status: x.Status, Bytes: x.Bytes, ETag: x.ETag, TLS: x.TLS,
			Account: x.Account, Fault: x.Fault}
	}), err
}

// PhoneFile is a file that a phone sent.
type PhoneFile struct {
	ID      string    `json:"id"`
	Name    string    `json:"name" doc:"As the phone calls it, below the provisioning address"`
	Section string    `json:"section" enum:"log,phone,web,other" doc:"phone: changed at the phone; web: changed on its web page (DM-200)"`
	Size    int64     `json:"size"`
	Time    time.Time `json:"time"`
}

func phoneFileOf(u device.Uploaded) PhoneFile {
	f := PhoneFile{ID: u.ID, Name: u.Name, Section: "other", Size: u.Size, Time: u.Time.Time}
	base := path.Base(u.Name)
	switch {
	case u.Kind == phone.Log:
		f.Section = "log"
	case u.Kind == phone.Overrides && len(base) > 8 && base[len(base)-8:] == "-web.cfg":
		f.Section = "web"
	case u.Kind == phone.Overrides:
		f.Section = "phone"
	}
	return f
}

type listLogsIn struct {
	DeviceRef
	Date string `query:"date" example:"2026-01-31" doc:"Day in UTC; absent: today. Logs are kept for ten days (DM-202)"`
}

func (a *API) listLogs(ctx context.Context, c *call, in *listLogsIn) (List[PhoneFile], error) {
	all, err := a.d.Devices.Logs(ctx, c.actor, in.Customer, in.Device, in.Date)
	return listOf(all, "", phoneFileOf), err
}

func (a *API) listPhoneFiles(ctx context.Context, c *call, in *DeviceRef) (List[PhoneFile], error) {
	all, err := a.d.Devices.FilesFromPhone(ctx, c.actor, in.Customer, in.Device)
	return listOf(all, "", phoneFileOf), err
}

// LogRef names a log of a day.
type LogRef struct {
	DeviceRef
	Log string `path:"log"`
}

// PhoneFileRef names a file from a phone.
type PhoneFileRef struct {
	DeviceRef
	File string `path:"file"`
}

func (a *API) getLog(ctx context.Context, c *call, in *LogRef) (none, error) {
	u, body, err := a.d.Devices.OpenLog(ctx, c.actor, in.Customer, in.Device, in.Log)
	if err == nil {
		c.download(u, body)
	}
	return none{}, err
}

func (a *API) readPhoneFile(ctx context.Context, c *call, in *PhoneFileRef) (none, error) {
	u, body, err := a.d.Devices.OpenFileFromPhone(ctx, c.actor, in.Customer, in.Device, in.File)
	if err == nil {
		c.download(u, body)
	}
	return none{}, err
}

// download answers with bytes as they came from a phone: to be kept, never to be shown by a browser.
func (c *call) download(u device.Uploaded, body []byte) {
	c.stream = func(w http.ResponseWriter) error {
		h := w.Header()
		h.Set("Content-Type", "application/octet-stream")
		h.Set("Content-Disposition", `attachment; filename="`+plainName(path.Base(u.Name))+`"`)
		h.Set("Content-Length", strconv.Itoa(len(body)))
		_, err := w.Write(body)
		return err
	}
}

// plainName leaves of a name what may stand between quotes in a header.
func plainName(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c <= ' ' || c > '~' || c == '"' || c == '\\' || c == '/' {
			b[i] = '_'
		}
	}
	return string(b)
}

func (a *API) deleteLog(ctx context.Context, c *call, in *LogRef) (none, error) {
	return none{}, a.d.Devices.DeleteUpload(ctx, c.actor, in.Customer, in.Device, in.Log, true)
}

func (a *API) deletePhoneFile(ctx context.Context, c *call, in *PhoneFileRef) (none, error) {
	return none{}, a.d.Devices.DeleteUpload(ctx, c.actor, in.Customer, in.Device, in.File, false)
}
