package device

import (
	"bytes"
	"context"
	"io"
	"path"
	"strings"
	"time"

	"linecard/internal/blob"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/phone"
)

// Wanted is a phone's request for a file that nobody renders.
type Wanted struct {
	CustomerID string
	DeviceID   string // "" when the phone is not known: then it gets what all devices get
	MAC        phone.MAC
	Path       string // below the provisioning address, decoded, the MAC in lower case
}

// Serve gives a file that people or the phone itself have put there; NotFound when there is none. Who may fetch is the caller's matter
// (DM-194). For <mac>-x that is the phone's own x, what people put there or what the phone sent, whichever is newer; then 000000000000-x
// that people put there for this device; then the customer's own (table 16.1). A resource file is also found by its plain name.
func (s *Service) Serve(ctx context.Context, a Wanted) (Opened, error) {
	area, name, ok := placeOf(a.Path)
	if !ok {
		return Opened{}, errUpload
	}
	if area == AreaResource {
		return s.serveOne(ctx, whose{CustomerID: a.CustomerID}, AreaResource, name)
	}
	f, err := s.serveOwn(ctx, a, area, name)
	if err == nil || errs.KindOf(err) != errs.NotFound {
		return f, err
	}
	kind, own := strings.CutPrefix(name, a.MAC.String()+"-")
	if own && a.DeviceID != "" {
		f, err = s.serveOne(ctx, whose{a.CustomerID, a.DeviceID}, area, nobodysMAC+"-"+kind)
		if err == nil || errs.KindOf(err) != errs.NotFound {
			return f, err
		}
	}
	if own {
		name = nobodysMAC + "-" + kind
	}
	return s.serveOne(ctx, whose{CustomerID: a.CustomerID}, AreaResource, name)
}

// serveOwn gives what is the device's alone under this very name.
func (s *Service) serveOwn(ctx context.Context, a Wanted, area Area, name string) (Opened, error) {
	if a.DeviceID == "" {
		return Opened{}, errUpload
	}
	put, err := findFile(ctx, s.db, whose{a.CustomerID, a.DeviceID}, area, name)
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return Opened{}, err
	}
	sent, err := s.Uploads().Stat(ctx, a.DeviceID, a.Path)
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return Opened{}, err
	}
	switch {
	case sent.Name != "" && (put.ID == "" || sent.Time.After(put.Updated.Time)):
		return s.openUpload(ctx, a, sent)
	case put.ID != "":
		return s.openFile(ctx, put)
	}
	return Opened{}, errUpload
}

func (s *Service) openUpload(ctx context.Context, a Wanted, sent Uploaded) (Opened, error) {
	sent, body, err := s.Uploads().Open(ctx, a.DeviceID, sent.Name)
	if err != nil {
		return Opened{}, err
	}
	return Opened{File: File{ID: sent.ID, CustomerID: a.CustomerID, DeviceID: a.DeviceID, Name: path.Base(sent.Name), Size: int64(len(body)), SHA256: sent.SHA256, Updated: sent.Time},
		ETag: `"` + sent.ID + `"`, ContentType: contentType(sent.Name), Content: nothingToClose{bytes.NewReader(body)}}, nil
}

func (s *Service) serveOne(ctx context.Context, w whose, area Area, name string) (Opened, error) {
	f, err := findFile(ctx, s.db, w, area, name)
	switch {
	case err == nil:
		return s.openFile(ctx, f)
	case errs.KindOf(err) == errs.NotFound:
		return Opened{}, errUpload
	}
	return Opened{}, err
}

// orphanAge is how old a file of the storage must be that no row names; content is named by a row within minutes.
const orphanAge = 48 * time.Hour

// SweepFiles deletes content that became no file, because the process died between. Call it every hour or so, on one node.
func (s *Service) SweepFiles(ctx context.Context) error {
	if s.claims.files == nil {
		return nil
	}
	for after := ""; ; {
		found, err := s.claims.files.List(ctx, fileFolder+"/", after, 500)
		if err != nil || len(found) == 0 {
			return err
		}
		if err := s.sweepSome(ctx, found); err != nil {
			return err
		}
		after = found[len(found)-1].Key
	}
}

func (s *Service) sweepSome(ctx context.Context, found []blob.Info) error {
	var old []string
	for _, f := range found {
		if s.db.Now().Sub(f.Modified) > orphanAge {
			old = append(old, f.Key)
		}
	}
	if len(old) == 0 {
		return nil
	}
	a := s.db.Args()
	var named []string
	if err := s.db.Select(ctx, &named, `SELECT blob FROM device_files WHERE `+a.In("blob", old), a.List()...); err != nil {
		return err
	}
	known := make(map[string]bool, len(named))
	for _, key := range named {
		known[key] = true
	}
	for _, key := range old {
		if !known[key] {
			if err := s.claims.files.Delete(ctx, key); err != nil {
				return err
			}
		}
	}
	return nil
}

// ResealFiles encrypts with the newest key what is encrypted with an older one, and gives how many files that were.
func (s *Service) ResealFiles(ctx context.Context) (int, error) {
	n, last := 0, ""
	for {
		var some []File
		if err := s.db.Select(ctx, &some, `SELECT `+fileColumns+` FROM device_files WHERE sealed AND id > $1 ORDER BY id LIMIT 200`, last); err != nil || len(some) == 0 {
			return n, err
		}
		for _, f := range some {
			done, err := s.resealFile(ctx, f)
			if err != nil {
				return n, err
			}
			if last = f.ID; done {
				n++
			}
		}
	}
}

func (s *Service) resealFile(ctx context.Context, f File) (bool, error) {
	if s.claims.files == nil {
		return false, nil
	}
	r, _, err := s.claims.files.Open(ctx, f.Blob, 0)
	if err != nil {
		return false, err
	}
	head := make([]byte, 64)
	n, _ := io.ReadFull(r, head)
	_ = r.Close()
	if !s.box.NeedsReseal(head[:n]) {
		return false, nil
	}
	o, err := s.openFile(ctx, f)
	if err != nil {
		return false, err
	}
	in, err := s.Receive(ctx, o.Content, MaxResource)
	if err != nil {
		return false, err
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		k, err := tx.Exec(ctx, `UPDATE device_files SET blob = $3 WHERE id = $1 AND blob = $2`, f.ID, f.Blob, in.Blob)
		if err != nil {
			return err
		}
		if k == 0 {
			return forgetBlobs(ctx, tx, in.Blob) // replaced meanwhile
		}
		return forgetBlobs(ctx, tx, f.Blob)
	})
	return err == nil, err
}
