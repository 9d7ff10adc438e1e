package api

import (
	"context"
	"time"

	"linecard/internal/db"
	"linecard/internal/device"
)

// ResourceFile is a file of a customer that profiles link to, or that phones ask for by its name (DM-188, DM-195).
type ResourceFile struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	Type        string    `json:"type" doc:"Extension of the name"`
	Description string    `json:"description"`
	Size        int64     `json:"size"`
	SHA256      string    `json:"sha256"`
	Global      bool      `json:"global" doc:"Offered to all phones, because its name begins with 000000000000-"`
	Path        string    `json:"path" doc:"Where phones find it, below their provisioning address"`
	Warning     string    `json:"warning" enum:",large_file" doc:"large_file from 50 MB on: phones may have trouble with it"`
	Author      string    `json:"author"`
	Created     time.Time `json:"created"`
	Updated     time.Time `json:"updated"`
}

func resourceFile(f device.File) ResourceFile {
	out := ResourceFile{ID: f.ID, Name: f.Name, Type: f.Type(), Description: f.Description, Size: f.Size, SHA256: f.SHA256, Global: f.Global(), Path: device.Link(f.Name),
		Author: f.Author, Created: f.Created.Time, Updated: f.Updated.Time}
	if f.Global() {
		out.Path = f.Name
	}
	if f.Large() {
		out.Warning = "large_file"
	}
	return out
}

// DeviceFile is a file that people have put there for one phone (DM-197).
type DeviceFile struct {
	ID          string    `json:"id"`
	Directory   string    `json:"directory" enum:"misc,contacts,overrides,license,user_profiles,certificate,flk"`
	Section     string    `json:"section" enum:"phone,web,other" doc:"Where the page of the phone shows it"`
	Name        string    `json:"name"`
	Type        string    `json:"type" doc:"Extension of the name"`
	Description string    `json:"description"`
	Size        int64     `json:"size"`
	SHA256      string    `json:"sha256"`
	Author      string    `json:"author"`
	Created     time.Time `json:"created"`
	Updated     time.Time `json:"updated"`
}

func deviceFile(f device.File) DeviceFile {
	return DeviceFile{ID: f.ID, Directory: string(f.Area), Section: f.Section(), Name: f.Name, Type: f.Type(), Description: f.Description, Size: f.Size, SHA256: f.SHA256,
		Author: f.Author, Created: f.Created.Time, Updated: f.Updated.Time}
}

type listResourceFilesIn struct {
	CustomerRef
	Paged
	Q    string `query:"q" maxLength:"200" doc:"Part of the name"`
	Sort string `query:"sort" enum:"name,-name,created,-created"`
}

func (a *API) listResourceFiles(ctx context.Context, c *call, in *listResourceFilesIn) (List[ResourceFile], error) {
	l, err := a.d.Devices.ListFiles(ctx, c.actor, in.Customer, "", device.FileQuery{Text: in.Q, Page: db.Page{Limit: in.Limit, Cursor: in.Cursor, Sort: in.Sort}})
	return listOf(l.Items, l.Next, resourceFile), err
}

// NewFileIn is what is said of a file that is sent as the body.
type NewFileIn struct {
	Name        string `query:"name" maxLength:"128" doc:"File name with its extension"`
	Description string `query:"description" maxLength:"500"`
	Replace     bool   `query:"replace" doc:"Take the place of a file with this name"`
}

type createResourceFileIn struct {
	CustomerRef
	NewFileIn
}

func (a *API) createResourceFile(ctx context.Context, c *call, in *createResourceFileIn) (ResourceFile, error) {
	f, err := a.putFile(ctx, c, in.Customer, device.NewFile{Name: in.Name, Description: in.Description, Replace: in.Replace})
	if err == nil {
		c.created("/customers/"+in.Customer+"/resource-files/"+f.ID, f.Version)
	}
	return resourceFile(f), err
}

func (a *API) putFile(ctx context.Context, c *call, customer string, n device.NewFile) (device.File, error) {
	n.IfVersion = c.ifVersion()
	f, err := a.d.Devices.PutFile(ctx, c.actor, customer, n, c.received)
	c.adopted = err == nil
	return f, err
}

// ResourceFileRef names a file of a customer.
type ResourceFileRef struct {
	CustomerRef
	File string `path:"file"`
}

func (a *API) getResourceFile(ctx context.Context, c *call, in *ResourceFileRef) (ResourceFile, error) {
	f, err := a.d.Devices.GetFile(ctx, c.actor, in.Customer, "", in.File)
	c.tagged(f.Version)
	return resourceFile(f), err
}

func (a *API) downloadResourceFile(ctx context.Context, c *call, in *ResourceFileRef) (none, error) {
	return none{}, a.openFile(ctx, c, in.Customer, "", in.File)
}

func (a *API) openFile(ctx context.Context, c *call, customer, deviceID, file string) error {
	f, err := a.d.Devices.OpenFile(ctx, c.actor, customer, deviceID, file)
	if err == nil {
		c.content = &content{name: f.Name, etag: f.ETag, media: anyFile, modified: f.Updated.Time, from: f.Content}
	}
	return err
}

// FileChanges are the fields of a file that shall change.
type FileChanges struct {
	Description *string `json:"description,omitempty" maxLength:"500"`
}

type editResourceFileIn struct {
	ResourceFileRef
	Body FileChanges
}

func (a *API) editResourceFile(ctx context.Context, c *call, in *editResourceFileIn) (ResourceFile, error) {
	f, err := a.d.Devices.EditFile(ctx, c.actor, in.Customer, "", in.File, device.FileChange{Description: in.Body.Description, IfVersion: c.ifVersion()})
	c.tagged(f.Version)
	return resourceFile(f), err
}

type deleteResourceFileIn struct {
	ResourceFileRef
	Confirm bool `query:"confirm" doc:"Delete although profiles link to it; they say then that the file is missing"`
}

func (a *API) deleteResourceFile(ctx context.Context, c *call, in *deleteResourceFileIn) (none, error) {
	return none{}, a.d.Devices.DeleteFile(ctx, c.actor, in.Customer, "", in.File, c.ifVersion(), in.Confirm)
}

type listDeviceFilesIn struct {
	DeviceRef
	Paged
	Q         string `query:"q" maxLength:"200" doc:"Part of the name"`
	Directory string `query:"directory" enum:"misc,contacts,overrides,license,user_profiles,certificate,flk"`
	Sort      string `query:"sort" enum:"name,-name,created,-created"`
}

func (a *API) listDeviceFiles(ctx context.Context, c *call, in *listDeviceFilesIn) (List[DeviceFile], error) {
	l, err := a.d.Devices.ListFiles(ctx, c.actor, in.Customer, in.Device, device.FileQuery{Text: in.Q, Area: device.Area(in.Directory), Page: db.Page{Limit: in.Limit, Cursor: in.Cursor, Sort: in.Sort}})
	return listOf(l.Items, l.Next, deviceFile), err
}

type createDeviceFileIn struct {
	DeviceRef
	NewFileIn
	Directory string `query:"directory" enum:"misc,contacts,overrides,license,user_profiles,certificate,flk" doc:"Which directory of the phone (DM-199)"`
}

func (a *API) createDeviceFile(ctx context.Context, c *call, in *createDeviceFileIn) (DeviceFile, error) {
	f, err := a.putFile(ctx, c, in.Customer, device.NewFile{DeviceID: in.Device, Area: device.Area(in.Directory), Name: in.Name, Description: in.Description, Replace: in.Replace})
	if err == nil {
		c.created("/customers/"+in.Customer+"/devices/"+in.Device+"/device-files/"+f.ID, f.Version)
	}
	return deviceFile(f), err
}

// DeviceFileRef names a file of a phone.
type DeviceFileRef struct {
	DeviceRef
	File string `path:"file"`
}

func (a *API) getDeviceFile(ctx context.Context, c *call, in *DeviceFileRef) (DeviceFile, error) {
	f, err := a.d.Devices.GetFile(ctx, c.actor, in.Customer, in.Device, in.File)
	c.tagged(f.Version)
	return deviceFile(f), err
}

func (a *API) downloadDeviceFile(ctx context.Context, c *call, in *DeviceFileRef) (none, error) {
	return none{}, a.openFile(ctx, c, in.Customer, in.Device, in.File)
}

func (a *API) deleteDeviceFile(ctx context.Context, c *call, in *DeviceFileRef) (none, error) {
	return none{}, a.d.Devices.DeleteFile(ctx, c.actor, in.Customer, in.Device, in.File, c.ifVersion(), true)
}
