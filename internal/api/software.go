package api

import (
	"context"
	"time"

	"linecard/internal/db"
	"linecard/internal/firmware"
)

// SoftwareImage is one version of the software of some models. It belongs to the platform; profiles of every customer may select it.
type SoftwareImage struct {
	ID       string         `json:"id"`
	Maker    string         `json:"maker"`
	Family   string         `json:"family"`
	Models   []string       `json:"models" doc:"As phones report them"`
	Version  string         `json:"version" doc:"In the maker's spelling"`
	Kind     string         `json:"kind" enum:"phone,paired" doc:"paired is for a device that is provisioned through the phone"`
	Needs    []string       `json:"needs" doc:"Versions that a phone must have run before this one, the oldest first"`
	FileName string         `json:"file_name" doc:"Of the file that was uploaded"`
	Size     int64          `json:"size"`
	SHA256   string         `json:"sha256"`
	Deleted  bool           `json:"deleted" doc:"It was deleted; profiles that select it say that it is missing"`
	Path     string         `json:"path" doc:"What phones are told to fetch, below their provisioning address or download path"`
	Files    []SoftwareFile `json:"files,omitempty" doc:"What phones fetch of it; not in lists"`
	Created  time.Time      `json:"created"`
	Updated  time.Time      `json:"updated"`
}

// SoftwareFile is a file that phones fetch.
type SoftwareFile struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

func softwareImage(i firmware.Image) SoftwareImage {
	out := SoftwareImage{ID: i.ID, Maker: i.Maker, Family: i.Family, Models: orEmpty(i.Models()), Version: i.Version, Kind: string(i.Kind), Needs: orEmpty(i.Needs()),
		FileName: i.FileName, Size: i.Size, SHA256: i.SHA256, Deleted: i.Gone, Path: i.Path(), Created: i.Created.Time, Updated: i.Updated.Time}
	for _, f := range i.Files {
		out.Files = append(out.Files, SoftwareFile{Name: f.Name, Size: f.Size, SHA256: f.SHA256})
	}
	return out
}

type listImagesIn struct {
	Paged
	Q     string `query:"q" maxLength:"200" doc:"Part of family, version, models or file name"`
	Maker string `query:"maker" maxLength:"40"`
	Kind  string `query:"kind" enum:"phone,paired"`
	Sort  string `query:"sort" enum:"created,-created,family,-family,version,-version"`
}

func (a *API) listImages(ctx context.Context, c *call, in *listImagesIn) (List[SoftwareImage], error) {
	l, err := a.d.Software.List(ctx, c.actor, firmware.Query{Text: in.Q, Maker: in.Maker, Kind: firmware.Kind(in.Kind), Page: db.Page{Limit: in.Limit, Cursor: in.Cursor, Sort: in.Sort}})
	return listOf(l.Items, l.Next, softwareImage), err
}

// ImageRef names a software image.
type ImageRef struct {
	Image string `path:"image"`
}

func (a *API) getImage(ctx context.Context, c *call, in *ImageRef) (SoftwareImage, error) {
	i, err := a.d.Software.Get(ctx, c.actor, in.Image)
	c.tagged(i.Row)
	return softwareImage(i), err
}

// ImageChanges are what is stated about an image; a field that is absent stays.
type ImageChanges struct {
	Family  *string   `json:"family,omitempty" maxLength:"64"`
	Version *string   `json:"version,omitempty" maxLength:"64"`
	Models  *[]string `json:"models,omitempty" maxItems:"200"`
	Needs   *[]string `json:"needs,omitempty" maxItems:"10"`
	Kind    *string   `json:"kind,omitempty" enum:"phone,paired"`
}

type editImageIn struct {
	ImageRef
	Body ImageChanges
}

func (a *API) editImage(ctx context.Context, c *call, in *editImageIn) (SoftwareImage, error) {
	b := in.Body
	i, err := a.d.Software.Edit(ctx, c.actor, in.Image, firmware.Patch{Family: b.Family, Version: b.Version, Models: b.Models, Needs: b.Needs, Kind: (*firmware.Kind)(b.Kind), IfVersion: c.ifVersion()})
	c.tagged(i.Row)
	return softwareImage(i), err
}

func (a *API) deleteImage(ctx context.Context, c *call, in *ImageRef) (none, error) {
	return none{}, a.d.Software.Delete(ctx, c.actor, in.Image, c.ifVersion())
}

// NewSoftwareUpload announces a file. What is not stated is told from it; where it does not tell, the upload fails and names the field.
type NewSoftwareUpload struct {
	FileName string   `json:"file_name" maxLength:"200"`
	Size     int64    `json:"size" minimum:"1" doc:"Bytes of the whole file"`
	SHA256   string   `json:"sha256,omitempty" maxLength:"64" doc:"Checked when all has arrived"`
	Maker    string   `json:"maker,omitempty" maxLength:"40"`
	Family   string   `json:"family,omitempty" maxLength:"64"`
	Version  string   `json:"version,omitempty" maxLength:"64"`
	Models   []string `json:"models,omitempty" maxItems:"200"`
	Needs    []string `json:"needs,omitempty" maxItems:"10"`
	Kind     string   `json:"kind,omitempty" enum:"phone,paired"`
}

// SoftwareUpload is a file on its way in.
type SoftwareUpload struct {
	ID          string    `json:"id"`
	FileName    string    `json:"file_name"`
	Size        int64     `json:"size"`
	Offset      int64     `json:"offset" doc:"Bytes that have arrived: send the rest from here"`
	OperationID string    `json:"operation_id" doc:"Says how far it is, and what became of it: image_id, or why not"`
	Created     time.Time `json:"created"`
	Updated     time.Time `json:"updated"`
}

func softwareUpload(u firmware.Upload) SoftwareUpload {
	return SoftwareUpload{ID: u.ID, FileName: u.FileName, Size: u.Size, Offset: u.Received, OperationID: u.OperationID, Created: u.Created.Time, Updated: u.Touched.Time}
}

type createUploadIn struct {
	Body NewSoftwareUpload
}

func (a *API) createUpload(ctx context.Context, c *call, in *createUploadIn) (SoftwareUpload, error) {
	b := in.Body
	u, err := a.d.Software.Begin(ctx, c.actor, firmware.NewUpload{FileName: b.FileName, Size: b.Size, SHA256: b.SHA256,
		Stated: firmware.Stated{Maker: b.Maker, Family: b.Family, Version: b.Version, Models: b.Models, Needs: b.Needs, Kind: firmware.Kind(b.Kind)}})
	if err == nil {
		c.created("/software-images/uploads/"+u.ID, u.Row)
	}
	return softwareUpload(u), err
}

// UploadRef names an upload.
type UploadRef struct {
	Upload string `path:"upload"`
}

func (a *API) getUpload(ctx context.Context, c *call, in *UploadRef) (SoftwareUpload, error) {
	u, err := a.d.Software.Upload(ctx, c.actor, in.Upload)
	c.tagged(u.Row)
	return softwareUpload(u), err
}

type appendUploadIn struct {
	UploadRef
	Offset int64 `query:"offset" minimum:"0" doc:"Where the body belongs: the offset of the upload. Nothing sent beyond it is taken"`
}

// appendUpload takes the next bytes. When the connection breaks off, what has arrived is kept: ask for the offset and go on there.
func (a *API) appendUpload(ctx context.Context, c *call, in *appendUploadIn) (SoftwareUpload, error) {
	u, err := a.d.Software.Append(ctx, c.actor, in.Upload, in.Offset, broken{c.source})
	c.tagged(u.Row)
	return softwareUpload(u), err
}

func (a *API) deleteUpload(ctx context.Context, c *call, in *UploadRef) (none, error) {
	return none{}, a.d.Software.Cancel(ctx, c.actor, in.Upload)
}
