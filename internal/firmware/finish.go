package firmware

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"slices"
	"strings"

	"linecard/internal/blob"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/operation"
	"linecard/internal/phone"
	"linecard/internal/queue"
)

type finishArgs struct {
	UploadID string `json:"upload_id"`
}

// Result is what the operation of an upload ends with.
type Result struct {
	ImageID string   `json:"image_id"`
	Maker   string   `json:"maker"`
	Version string   `json:"version"`
	Models  []string `json:"models"`
	Notes   []string `json:"notes"` // what was not understood but is no obstacle
}

var (
	errChecksum = errs.BadField("sha256", "checksum_mismatch", "The file that arrived has another checksum. Send it again.")
	errNotImage = errs.BadField("file", "no_software_image", "This is not a software file of a supported maker.")
	errArchive  = errs.Field{Name: "file", Code: "bad_archive"}
	errNoMaker  = errs.Field{Name: "version", Code: "version_required", Message: "The file does not say which version it is. Name the version."}
)

// finish looks at an image whose bytes are all there and makes it one that can be selected. It may run twice: until the last
// transaction nothing is visible, and what a broken run has stored is swept.
func (s *Service) finish(ctx context.Context, j queue.Job[finishArgs]) error {
	u, err := loadUpload(ctx, s.db, j.Args.UploadID)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		return nil // cancelled
	}
	if err == nil {
		err = s.take(ctx, j, u)
	}
	if err == nil || ctx.Err() != nil || j.Attempt < j.MaxAttempts && !permanent(err) {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.operations.Fail(ctx, tx, u.OperationID, err); err != nil && errs.KindOf(err) != errs.Conflict {
			return err
		}
		if err := s.drop(ctx, tx, u); err != nil {
			return err
		}
		return j.Complete(ctx, tx)
	})
}

// permanent says whether trying again gives the same refusal.
func permanent(err error) bool {
	switch errs.KindOf(err) {
	case errs.Invalid, errs.Conflict, errs.Forbidden, errs.NotFound, errs.TooLarge:
		return true
	}
	return errors.Is(err, operation.ErrCancelled)
}

func (s *Service) take(ctx context.Context, j queue.Job[finishArgs], u Upload) (err error) {
	var pieces []piece
	if err := s.db.Select(ctx, &pieces, `SELECT start, size, blob FROM firmware_parts WHERE upload_id = $1 ORDER BY start`, u.ID); err != nil {
		return err
	}
	w := &work{s: s, u: u, src: newSource(ctx, s.files, pieces)}
	defer w.src.Close()
	if err := w.recognise(ctx); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			for _, key := range blobsOf(w.image.Files) {
				_ = s.files.Delete(context.WithoutCancel(ctx), key) // else the sweep finds it
			}
		}
	}()
	if err := w.store(ctx); err != nil {
		return err
	}
	w.learn()
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.operator(ctx, tx, u.Actor.V)
		if err != nil {
			return err
		}
		i := w.image
		i.Created, i.Updated = tx.Now(), tx.Now()
		if err := insert(ctx, tx, i); err != nil {
			return err
		}
		if err := s.tell(ctx, tx, u.Actor.V, t, i, "created", nil); err != nil {
			return err
		}
		for _, d := range w.learned {
			for _, h := range s.onLearned {
				if err := h(ctx, tx, i, d); err != nil {
					return err
				}
			}
		}
		if err := s.operations.Succeed(ctx, tx, u.OperationID, Result{ImageID: i.ID, Maker: i.Maker, Version: i.Version, Models: i.Models(), Notes: w.notes}); err != nil {
			return err
		}
		if err := s.drop(ctx, tx, u); err != nil {
			return err
		}
		return j.Complete(ctx, tx)
	})
}

// work is one image on its way from an upload into the catalogue.
type work struct {
	s       *Service
	u       Upload
	src     *source
	zip     *zip.Reader // nil when it is no archive
	info    phone.ImageInfo
	image   Image
	learned []phone.Dictionary
	notes   []string
}

// recognise finds out what the file is, and refuses what it cannot be.
func (w *work) recognise(ctx context.Context) error {
	if w.src.size != w.u.Size {
		return errs.Missing("upload")
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(w.src, 0, w.src.size)); err != nil {
		return err
	}
	w.image = Image{ID: db.NewID(), Kind: ForPhone, FileName: w.u.FileName, Size: w.u.Size, SHA256: hex.EncodeToString(sum.Sum(nil)), Row: 1}
	w.image.Short = w.image.ID[len(w.image.ID)-12:]
	if w.u.SHA256 != "" && w.u.SHA256 != w.image.SHA256 {
		return errChecksum
	}
	var first [1]byte
	if _, err := w.src.ReadAt(first[:], 0); err != nil {
		return err
	}
	if first[0] == '<' {
		return errNotImage // a page, most often the one that says that the download failed
	}
	if phone.IsArchive(w.src) {
		var err error
		if w.zip, err = phone.Archive(w.src, w.src.size); err != nil {
			return refusal(err)
		}
	}
	if !w.ask() {
		return errNotImage
	}
	return w.settle()
}

// refusal names what is wrong with an archive; a fault of the storage stays one.
func refusal(err error) error {
	var fault phone.ArchiveFault
	if !errors.As(err, &fault) {
		return err
	}
	f := errArchive
	f.Message = fault.Error()
	f.Params = map[string]string{"reason": fault.Reason, "member": fault.Member}
	return errs.BadFields([]errs.Field{f})
}

// ask asks the makers, the one that was stated alone.
func (w *work) ask() bool {
	for _, m := range w.s.makers {
		r, able := m.(phone.ImageReader)
		if !able || w.u.Stated.V.Maker != "" && w.u.Stated.V.Maker != m.Maker() {
			continue
		}
		if info, ok := r.ReadImage(w.u.FileName, w.src, w.src.size); ok {
			w.info, w.image.Maker = info, m.Maker()
			return true
		}
	}
	return false
}

// settle joins what people stated with what the file says; what people say counts.
func (w *work) settle() error {
	in, i := w.u.Stated.V, &w.image
	first := func(a, b string) string {
		if a != "" {
			return a
		}
		return b
	}
	i.Family, i.Version = first(in.Family, w.info.Family), first(in.Version, w.info.Version)
	i.ModelsOf.V, i.NeedsOf.V = w.info.Models, w.info.Needs
	if len(in.Models) > 0 {
		i.ModelsOf.V = in.Models
	}
	if in.Needs != nil {
		i.NeedsOf.V = in.Needs
	}
	if w.info.Paired {
		i.Kind = ForPaired
	}
	if in.Kind != "" {
		i.Kind = in.Kind
	}
	i.Asked = w.info.Asked
	var faults []errs.Field
	if len(i.Models()) == 0 {
		faults = append(faults, errNoModels)
	}
	if i.Version == "" {
		faults = append(faults, errNoMaker)
	}
	return errs.BadFields(faults)
}

// store copies what phones fetch into files of their own, so that any part of one can be served at once.
func (w *work) store(ctx context.Context) error {
	if alone := len(w.info.Parts) == 0; alone || len(w.info.Parts) == 1 && w.info.Parts[0].Member == "" {
		name := w.info.Asked
		if !alone {
			name = w.info.Parts[0].Name
		}
		if name == "" {
			name = phone.PlainName(w.u.FileName)
		}
		return w.keep(ctx, name, io.NewSectionReader(w.src, 0, w.src.size))
	}
	if w.zip == nil || len(w.info.Parts) > maxFiles {
		return errNotImage
	}
	for _, p := range w.info.Parts {
		if err := w.unpack(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

func (w *work) unpack(ctx context.Context, p phone.ImagePart) error {
	f := member(w.zip, p.Member)
	if f == nil {
		return errNotImage
	}
	r, err := f.Open()
	if err != nil {
		return refusal(phone.ArchiveFault{Reason: "the ZIP file is damaged", Member: p.Member})
	}
	defer r.Close()
	// The directory may lie about the size: never more than it says, and not less.
	body := &exact{r: r, left: int64(f.UncompressedSize64), member: p.Member} //nolint:gosec // Archive bounds it
	return w.keep(ctx, p.Name, body)
}

func member(z *zip.Reader, name string) *zip.File {
	i := slices.IndexFunc(z.File, func(f *zip.File) bool { return f.Name == name })
	if i < 0 {
		return nil
	}
	return z.File[i]
}

func (w *work) keep(ctx context.Context, name string, r io.Reader) error {
	info, err := w.s.files.Put(ctx, imageFolder+"/"+w.image.Short+"/"+db.NewID(), r)
	if err != nil {
		return err
	}
	w.image.Files = append(w.image.Files, ImageFile{ImageID: w.image.ID, Name: name, Blob: info.Key, Size: info.Size, SHA256: info.SHA256})
	return nil
}

// exact reads a member of an archive and refuses one that is not as long as the directory says, or damaged.
type exact struct {
	r      io.Reader
	left   int64
	member string
}

// Read gives the member's bytes.
func (e *exact) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	e.left -= int64(n)
	var ours *errs.Error
	switch {
	case errors.As(err, &ours):
		return n, err // the storage, not the archive
	case e.left < 0, err == io.EOF && e.left > 0, err != nil && err != io.EOF:
		return n, refusal(phone.ArchiveFault{Reason: "a member of the ZIP file is damaged", Member: e.member})
	}
	return n, err
}

// The largest schema known has a few MB.
const (
	maxSchema  = 32 << 20
	maxSchemas = 20
)

// learn reads the parameters that an image packs. What cannot be read is noted: the software is good without it.
func (w *work) learn() {
	m, err := w.s.makers.Get(w.image.Maker)
	if err != nil || w.zip == nil {
		return
	}
	learner, able := m.(phone.Learner)
	if !able {
		return
	}
	for n, name := range w.info.Schemas {
		f := member(w.zip, name)
		if f == nil || n >= maxSchemas {
			break
		}
		d, err := learnMember(learner, f)
		if err != nil {
			w.notes = append(w.notes, strings.ToValidUTF8(name, "?")+": "+errs.As(err).Message)
			continue
		}
		w.learned = append(w.learned, d)
	}
}

func learnMember(l phone.Learner, f *zip.File) (phone.Dictionary, error) {
	if f.UncompressedSize64 > maxSchema {
		return phone.Dictionary{}, errSchema
	}
	r, err := f.Open()
	if err != nil {
		return phone.Dictionary{}, errSchema.Because(err)
	}
	defer r.Close()
	return l.Learn(f.Name, io.LimitReader(r, maxSchema))
}

var errSchema = errs.New(errs.Invalid, "schema_unreadable", "The schema in this image cannot be read.")

// sweepOrphans deletes files in a folder that are old and that no row names: what a process left that died.
func (s *Service) sweepOrphans(ctx context.Context, folder, table string) error {
	before := s.db.Now().Add(-sweepAge)
	for after := ""; ; {
		found, err := s.files.List(ctx, folder+"/", after, 500)
		if err != nil {
			return err
		}
		for _, f := range found {
			after = f.Key
			if f.Modified.After(before) {
				continue
			}
			if err := s.sweepOne(ctx, f, table); err != nil {
				return err
			}
		}
		if len(found) < 500 {
			return nil
		}
	}
}

func (s *Service) sweepOne(ctx context.Context, f blob.Info, table string) error {
	var n int64
	if err := s.db.Get(ctx, &n, `SELECT count(*) FROM `+table+` WHERE blob = $1`, f.Key); err != nil || n > 0 {
		return err
	}
	return s.files.Delete(ctx, f.Key)
}
