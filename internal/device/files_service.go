package device

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strings"

	"linecard/internal/access"
	"linecard/internal/blob"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/revision"
	"linecard/internal/tenant"
)

// FileQuery says which files a list shall hold.
type FileQuery struct {
	Area Area   // "" all
	Text string // part of the name
	Page db.Page
}

// FileListing is one page of a list.
type FileListing struct {
	Items []File
	Next  string // cursor of the next page, "" when this is the last
}

// Received is content that has come in whole and belongs to no file yet. Whoever received it hands it to PutFile or to Discard; what is
// lost between is swept.
type Received struct {
	Blob   string
	Sealed bool
	Size   int64
	SHA256 string
	Head   []byte // the first bytes
}

// NewFile is the input of PutFile.
type NewFile struct {
	DeviceID    string // "": a resource file of the customer
	Area        Area   // of a device; ignored for a resource file
	Name        string
	Description string
	Replace     bool  // takes the place of a file with this name (DM-188)
	IfVersion   int64 // of the file that is replaced; 0: whatever it is
}

// FileUse names what links to a file, for people; empty when nothing does (DM-193).
type FileUse func(ctx context.Context, q db.Q, customerID, fileID string) ([]string, error)

// OnFileUse registers who may link to files, while the program is wired.
func (s *Service) OnFileUse(f FileUse) { s.fileUses = append(s.fileUses, f) }

const (
	fileFolder = "device-files"
	headSize   = 512
)

var errNoStore = errs.New(errs.Unavailable, "storage_unavailable", "The file storage does not work at the moment. Try again later.")

// Receive stores content without holding it: small content is encrypted, since configuration holds secrets, and large content is
// streamed. More than most bytes are file_too_large. It decides nothing and must not be called in a transaction.
func (s *Service) Receive(ctx context.Context, r io.Reader, most int64) (Received, error) {
	if s.claims.files == nil {
		return Received{}, errNoStore
	}
	head := make([]byte, sealBelow+1)
	n, err := io.ReadFull(r, head)
	switch err {
	case nil:
		return s.receiveLarge(ctx, io.MultiReader(bytes.NewReader(head), r), head[:headSize], most)
	case io.EOF:
		return Received{}, errFileEmpty
	case io.ErrUnexpectedEOF:
	default:
		return Received{}, err
	}
	body := head[:n]
	if int64(n) > most {
		return Received{}, errFileSize
	}
	sum := sha256.Sum256(body)
	out := Received{Blob: fileFolder + "/" + db.NewID(), Sealed: true, Size: int64(n), SHA256: hex.EncodeToString(sum[:]), Head: bytes.Clone(body[:min(n, headSize)])}
	sealed, err := s.box.Seal(body, out.Blob)
	if err != nil {
		return Received{}, err
	}
	_, err = s.claims.files.Put(ctx, out.Blob, bytes.NewReader(sealed))
	return out, err
}

func (s *Service) receiveLarge(ctx context.Context, r io.Reader, head []byte, most int64) (Received, error) {
	key := fileFolder + "/" + db.NewID()
	info, err := s.claims.files.Put(ctx, key, &bounded{r: r, left: most})
	return Received{Blob: key, Size: info.Size, SHA256: info.SHA256, Head: bytes.Clone(head)}, err
}

// bounded refuses what is longer than it may be.
type bounded struct {
	r    io.Reader
	left int64
}

// Read gives the next bytes.
func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, errFileSize
	}
	return n, err
}

// Discard removes content that became no file.
func (s *Service) Discard(ctx context.Context, r Received) {
	if r.Blob != "" && s.claims.files != nil {
		_ = s.claims.files.Delete(context.WithoutCancel(ctx), r.Blob) // else the sweep finds it
	}
}

// PutFile makes received content a file, under a name that is free, or in place of the file of this name when that is wanted; else the
// conflict file_name_taken. Name and content are checked (DM-188, DM-198). After an error the content still belongs to the caller.
func (s *Service) PutFile(ctx context.Context, actor access.Actor, customerID string, n NewFile, r Received) (File, error) {
	var out File
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, w, err := s.fileOwner(ctx, tx, actor, customerID, n.DeviceID)
		if err != nil {
			return err
		}
		f, err := n.checked(r)
		if err != nil {
			return err
		}
		now := tx.Now()
		f.ID, f.CustomerID, f.DeviceID, f.Author, f.Created, f.Updated, f.Version = db.NewID(), t.ID, n.DeviceID, actor.Name, now, now, 1
		old, err := findFile(ctx, tx, w, f.Area, f.Name)
		switch {
		case err == nil:
			return s.replaceFile(ctx, tx, actor, t, n, old, f, &out)
		case errs.KindOf(err) != errs.NotFound:
			return err
		case n.IfVersion != 0:
			return errStale
		}
		if err := room(ctx, tx, f); err != nil {
			return err
		}
		if err := insertFile(ctx, tx, f); err != nil {
			return err
		}
		out = f
		return s.fileNews(ctx, tx, actor, t, f, "added", "add")
	})
	return out, err
}

func (s *Service) replaceFile(ctx context.Context, tx *db.Tx, actor access.Actor, t tenant.Tenant, n NewFile, old, f File, out *File) error {
	switch {
	case n.IfVersion != 0 && n.IfVersion != old.Version:
		return errStale
	case !n.Replace:
		return errFileTaken
	}
	f.ID, f.Created, f.Version = old.ID, old.Created, old.Version+1
	if f.Description == "" {
		f.Description = old.Description
	}
	if err := updateFile(ctx, tx, f); err != nil {
		return err
	}
	if err := forgetBlobs(ctx, tx, old.Blob); err != nil {
		return err
	}
	*out = f
	return s.fileNews(ctx, tx, actor, t, f, "replaced", "replace")
}

func (n NewFile) checked(r Received) (File, error) {
	var c errs.Checker
	f := File{Area: AreaResource, Blob: r.Blob, Sealed: r.Sealed, Size: r.Size, SHA256: r.SHA256}
	if n.DeviceID != "" {
		f.Area = Area(c.OneOf("directory", string(n.Area), areaNames()...))
		if r.Size > MaxDeviceFile {
			return f, errFileSize
		}
	}
	f.Name = checkFileName(&c, f.Area, n.Name)
	f.Description = c.Text("description", n.Description, 0, 500)
	if !c.Failed("name") {
		sniff(&c, f.Name, r.Head)
	}
	return f, c.Err()
}

func areaNames() []string {
	var out []string
	for _, a := range Areas {
		out = append(out, string(a))
	}
	return out
}

// fileOwner gives the customer, locked, when the actor may change its files, and checks that the device is one of it.
func (s *Service) fileOwner(ctx context.Context, tx *db.Tx, actor access.Actor, customerID, deviceID string) (tenant.Tenant, whose, error) {
	t, err := s.allowedToChange(ctx, tx, actor, access.DeviceEdit, customerID)
	if err == nil && deviceID != "" {
		_, err = get(ctx, tx, t.ID, deviceID)
	}
	return t, whose{t.ID, deviceID}, err
}

// fileNews bumps what the change concerns and writes it down.
func (s *Service) fileNews(ctx context.Context, tx *db.Tx, actor access.Actor, t tenant.Tenant, f File, what, verb string) error {
	kind, id, prefix := revision.Customer, t.ID, "resource_file"
	if f.DeviceID != "" {
		kind, id, prefix = revision.Device, f.DeviceID, "device_file"
	}
	if err := revision.Bump(ctx, tx, kind, id); err != nil {
		return err
	}
	data := map[string]any{"customer_id": t.ID, "name": f.Name, "size": f.Size}
	if f.DeviceID != "" {
		data["device_id"], data["directory"] = f.DeviceID, string(f.Area)
	}
	return s.journal.Append(ctx, tx, actor, journal.News{Type: "device." + prefix + "_" + what, Action: strings.ReplaceAll(prefix, "_", "-") + "/" + verb, Tenant: t.Access(),
		Target: journal.Target{Kind: prefix, ID: f.ID, Name: f.Name}, Data: data})
}

// ListFiles gives the resource files of a customer, or the files of one of its devices, page by page.
func (s *Service) ListFiles(ctx context.Context, actor access.Actor, customerID, deviceID string, q FileQuery) (FileListing, error) {
	w, err := s.fileViewer(ctx, actor, access.DeviceView, customerID, deviceID)
	if err != nil {
		return FileListing{}, err
	}
	return listFiles(ctx, s.db, w, q)
}

// GetFile tells about a file; NotFound when the customer, or the device, has none with this id.
func (s *Service) GetFile(ctx context.Context, actor access.Actor, customerID, deviceID, id string) (File, error) {
	w, err := s.fileViewer(ctx, actor, access.DeviceView, customerID, deviceID)
	if err != nil {
		return File{}, err
	}
	return getFile(ctx, s.db, w, id)
}

// OpenFile gives a file with its content, which may hold secrets: whoever only looks at phones gets none (DM-192).
func (s *Service) OpenFile(ctx context.Context, actor access.Actor, customerID, deviceID, id string) (Opened, error) {
	w, err := s.fileViewer(ctx, actor, access.DeviceEdit, customerID, deviceID)
	if err != nil {
		return Opened{}, err
	}
	f, err := getFile(ctx, s.db, w, id)
	if err != nil {
		return Opened{}, err
	}
	return s.openFile(ctx, f)
}

func (s *Service) fileViewer(ctx context.Context, actor access.Actor, act access.Action, customerID, deviceID string) (whose, error) {
	t, err := s.allowed(ctx, s.db, actor, act, customerID)
	if err == nil && deviceID != "" {
		_, err = get(ctx, s.db, t.ID, deviceID)
	}
	return whose{t.ID, deviceID}, err
}

// FileChange is a partial change of what people say about a file; nil leaves it.
type FileChange struct {
	Description *string
	IfVersion   int64
}

// EditFile changes a file's description.
func (s *Service) EditFile(ctx context.Context, actor access.Actor, customerID, deviceID, id string, p FileChange) (File, error) {
	var out File
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, w, err := s.fileOwner(ctx, tx, actor, customerID, deviceID)
		if err != nil {
			return err
		}
		f, err := getFile(ctx, tx, w, id)
		if err == nil && p.IfVersion != 0 && p.IfVersion != f.Version {
			err = errStale
		}
		out = f
		if err != nil || p.Description == nil {
			return err
		}
		var c errs.Checker
		text := c.Text("description", *p.Description, 0, 500)
		if err := c.Err(); err != nil || text == f.Description {
			return err
		}
		f.Description, f.Updated, f.Version = text, tx.Now(), f.Version+1
		out = f
		if err := updateFile(ctx, tx, f); err != nil {
			return err
		}
		return s.fileNews(ctx, tx, actor, t, f, "edited", "edit")
	})
	return out, err
}

// DeleteFile removes a file. One that profiles link to is the conflict file_linked, which names them, unless that is confirmed (DM-193).
func (s *Service) DeleteFile(ctx context.Context, actor access.Actor, customerID, deviceID, id string, ifVersion int64, confirmed bool) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, w, err := s.fileOwner(ctx, tx, actor, customerID, deviceID)
		if err != nil {
			return err
		}
		f, err := getFile(ctx, tx, w, id)
		if err == nil && ifVersion != 0 && ifVersion != f.Version {
			err = errStale
		}
		if err == nil && !confirmed {
			err = s.unlinked(ctx, tx, f)
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM device_files WHERE id = $1`, f.ID); err != nil {
			return err
		}
		if err := forgetBlobs(ctx, tx, f.Blob); err != nil {
			return err
		}
		return s.fileNews(ctx, tx, actor, t, f, "deleted", "delete")
	})
}

func (s *Service) unlinked(ctx context.Context, tx *db.Tx, f File) error {
	var by []string
	for _, h := range s.fileUses {
		names, err := h(ctx, tx, f.CustomerID, f.ID)
		if err != nil {
			return err
		}
		by = append(by, names...)
	}
	if len(by) > 0 {
		return errFileLinked.With("profiles", strings.Join(by, ", "))
	}
	return nil
}

// forgetBlobs lets the sweep of uploads delete them once the transaction is durable.
func forgetBlobs(ctx context.Context, tx *db.Tx, blobs ...string) error {
	for _, b := range blobs {
		if _, err := tx.Exec(ctx, `INSERT INTO device_blobs_gone (blob) VALUES ($1)`, b); err != nil {
			return err
		}
	}
	return nil
}

// discardFiles lets the files of a device go, before it goes itself (DM-201).
func discardFiles(ctx context.Context, tx *db.Tx, deviceID string) error {
	if _, err := tx.Exec(ctx, `INSERT INTO device_blobs_gone (blob) SELECT blob FROM device_files WHERE device_id = $1`, deviceID); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM device_files WHERE device_id = $1`, deviceID)
	return err
}

// Opened is a file with its content; Close must be called. ctx of the call that opened it must live until then.
type Opened struct {
	File
	ETag        string // quoted, of the content
	ContentType string
	Content     io.ReadSeekCloser
}

// openFile opens the content: sealed ones in memory, large ones as they are read.
func (s *Service) openFile(ctx context.Context, f File) (Opened, error) {
	out := Opened{File: f, ETag: `"` + f.SHA256 + `"`, ContentType: contentType(f.Name)}
	if s.claims.files == nil {
		return out, errNoStore
	}
	if !f.Sealed {
		out.Content = blob.Seekable(ctx, s.claims.files, f.Blob, f.Size)
		return out, nil
	}
	r, _, err := s.claims.files.Open(ctx, f.Blob, 0)
	if err != nil {
		return out, lost(err)
	}
	defer r.Close()
	sealed, err := io.ReadAll(r)
	if err != nil {
		return out, err
	}
	plain, err := s.box.Open(sealed, f.Blob)
	out.Content = nothingToClose{bytes.NewReader(plain)}
	return out, err
}

// lost makes a fault of ours of a file that has a row and no content: it must not look like a file that is not there.
func lost(err error) error {
	if errs.KindOf(err) == errs.NotFound {
		return errNoStore.Because(err)
	}
	return err
}

type nothingToClose struct{ io.ReadSeeker }

// Close does nothing.
func (nothingToClose) Close() error { return nil }

// contentType is what phones and browsers are told. Pages are for the small browsers of phones; the portal hands them out as downloads.
func contentType(name string) string {
	switch extension(name) {
	case "cfg", "xml":
		return "application/xml"
	case "csv":
		return "text/csv; charset=utf-8"
	case "txt", "log":
		return "text/plain; charset=utf-8"
	case "png":
		return "image/png"
	case "jpg":
		return "image/jpeg"
	case "wav":
		return "audio/x-wav"
	case "mp3":
		return "audio/mpeg"
	case "htm", "html":
		return "text/html; charset=utf-8"
	case "pem", "crt", "cer":
		return "application/x-pem-file"
	}
	return "application/octet-stream"
}
