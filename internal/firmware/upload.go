package firmware

import (
	"context"
	"io"
	"regexp"
	"strconv"
	"strings"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/operation"
	"linecard/internal/queue"
)

// Upload is an image on its way in. Its operation says how far it is and, once it is whole, what became of it.
type Upload struct {
	ID          string                `db:"id"`
	OperationID string                `db:"operation_id"`
	Actor       db.JSON[access.Actor] `db:"actor"`
	FileName    string                `db:"file_name"`
	Size        int64                 `db:"size"`
	Received    int64                 `db:"received"` // durable bytes: where to go on
	SHA256      string                `db:"sha256"`   // expected; "" not told
	Stated      db.JSON[Stated]       `db:"stated"`
	Created     db.Time               `db:"created"`
	Touched     db.Time               `db:"touched"`
	Row         int64                 `db:"version"`
}

// Whole says whether all bytes are there: then the image is being looked at.
func (u Upload) Whole() bool { return u.Received == u.Size }

const uploadColumns = `id, operation_id, actor, file_name, size, received, sha256, stated, created, touched, version`

// NewUpload is the input of Begin.
type NewUpload struct {
	FileName string
	Size     int64
	SHA256   string // in hexadecimal; "": not checked
	Stated
}

// UploadFolder and ImageFolder are where the file storage keeps parts and images.
const (
	uploadFolder = "firmware-uploads"
	imageFolder  = "firmware"
	partSize     = 16 << 20 // bytes that a break of the connection loses at most
)

var (
	errOffset   = errs.New(errs.Conflict, "upload_offset", "The upload goes on at another offset. Ask for it and continue there.")
	errTooLong  = errs.New(errs.TooLarge, "upload_too_long", "More bytes came than were announced.")
	errUploads  = errs.New(errs.Conflict, "too_many_uploads", "Twenty uploads are on their way already. Finish or cancel one first.")
	errWhole    = errs.New(errs.Conflict, "upload_complete", "All bytes are there already; the operation says what became of the image.")
	errNoModels = errs.Field{Name: "models", Code: "models_required", Message: "The file does not say for which models it is. Name them as the phones report them."}

	hexSum = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

func (n NewUpload) checked(s *Service) (NewUpload, error) {
	var c errs.Checker
	n.FileName = c.Text("file_name", n.FileName, 1, 200)
	if !c.Failed("file_name") && strings.ContainsAny(n.FileName, `/\`) {
		c.Add(errs.Field{Name: "file_name", Code: "bad_file_name", Message: "Give the name of the file without a folder."})
	}
	n.Size = c.Range("size", n.Size, 1, MaxSize)
	if n.SHA256 = strings.ToLower(n.SHA256); n.SHA256 != "" && !hexSum.MatchString(n.SHA256) {
		c.Add(errs.Field{Name: "sha256", Code: "bad_checksum", Message: "A SHA-256 checksum is 64 hexadecimal digits."})
	}
	n.Stated = n.Stated.check(&c, s.makers)
	return n, c.Err()
}

// Begin announces an image of the operator and gives the upload to which its bytes are sent.
func (s *Service) Begin(ctx context.Context, actor access.Actor, n NewUpload) (Upload, error) {
	n, faults := n.checked(s)
	var u Upload
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.operator(ctx, tx, actor)
		if err == nil {
			err = faults
		}
		if err != nil {
			return err
		}
		var waiting int64
		if err := tx.Get(ctx, &waiting, `SELECT count(*) FROM firmware_uploads`); err != nil {
			return err
		}
		if waiting >= maxUploads {
			return errUploads
		}
		op, err := s.operations.Start(ctx, tx, actor, "software.upload", t.Scope, t.ID)
		if err != nil {
			return err
		}
		kept := actor
		kept.SessionID = "" // not to be kept
		u = Upload{ID: db.NewID(), OperationID: op.ID, Actor: db.AsJSON(kept), FileName: n.FileName, Size: n.Size, SHA256: n.SHA256, Stated: db.AsJSON(n.Stated),
			Created: tx.Now(), Touched: tx.Now(), Row: 1}
		if _, err := tx.Exec(ctx, `INSERT INTO firmware_uploads (`+uploadColumns+`) VALUES ($1, $2, $3, $4, $5, 0, $6, $7, $8, $9, 1)`,
			u.ID, u.OperationID, u.Actor, u.FileName, u.Size, u.SHA256, u.Stated, u.Created, u.Touched); err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, actor, journal.News{Action: "software/upload", Tenant: t.Access(), Quiet: true,
			Target: journal.Target{Kind: "software_upload", ID: u.ID, Name: u.FileName}})
	})
	return u, err
}

// Upload tells how far an upload is; NotFound when there is none, or no longer, because it has ended.
func (s *Service) Upload(ctx context.Context, actor access.Actor, id string) (Upload, error) {
	if err := s.mayBring(ctx, actor); err != nil {
		return Upload{}, err
	}
	return loadUpload(ctx, s.db, id)
}

func (s *Service) mayBring(ctx context.Context, actor access.Actor) error {
	root, err := s.tenants.Operator(ctx, s.db)
	if err != nil {
		return err
	}
	_, target, err := s.tenants.Target(ctx, s.db, actor, root.ID)
	if err == nil {
		err = access.Decide(actor, access.SoftwareEdit, target)
	}
	return err
}

func loadUpload(ctx context.Context, q db.Q, id string) (Upload, error) {
	var u Upload
	err := q.Get(ctx, &u, `SELECT `+uploadColumns+` FROM firmware_uploads WHERE id = $1`, id)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		err = errs.Missing("upload")
	}
	return u, err
}

// Append takes bytes from an offset on, which must be where the upload stands; another one is the conflict upload_offset with the right
// offset. It keeps them part by part, so a break loses at most the part that was on its way, and holds none in memory. The answer
// says how far the upload is then, also when it broke off. When all are there the image is looked at in the background.
func (s *Service) Append(ctx context.Context, actor access.Actor, id string, offset int64, r io.Reader) (Upload, error) {
	if err := s.mayBring(ctx, actor); err != nil {
		return Upload{}, err
	}
	u, err := loadUpload(ctx, s.db, id)
	switch {
	case err != nil:
		return u, err
	case u.Whole():
		return u, errWhole
	case offset != u.Received:
		return u, errOffset.With("offset", strconv.FormatInt(u.Received, 10))
	case db.IsDryRun(ctx):
		return u, nil
	}
	for !u.Whole() {
		n, err := s.part(ctx, &u, r)
		if err != nil || n == 0 {
			return u, err
		}
	}
	var more [1]byte
	if n, _ := io.ReadFull(r, more[:]); n > 0 {
		return u, errTooLong
	}
	return u, nil
}

// part keeps the next bytes and gives how many there were; 0 at the end of r.
func (s *Service) part(ctx context.Context, u *Upload, r io.Reader) (int64, error) {
	key := uploadFolder + "/" + u.ID + "/" + db.NewID()
	left := min(int64(partSize), u.Size-u.Received)
	broken := &noted{r: io.LimitReader(r, left)}
	info, err := s.files.Put(ctx, key, broken)
	if err != nil {
		return 0, err
	}
	if info.Size == 0 {
		if err := s.files.Delete(ctx, key); err != nil {
			return 0, err
		}
		return 0, broken.err
	}
	// What has arrived is kept, although the request breaks off after it.
	err = s.db.Tx(context.WithoutCancel(ctx), func(ctx context.Context, tx *db.Tx) error {
		now := tx.Now()
		n, err := tx.Exec(ctx, `UPDATE firmware_uploads SET received = received + $3, touched = $4, version = version + 1 WHERE id = $1 AND received = $2`,
			u.ID, u.Received, info.Size, now)
		if err != nil {
			return err
		}
		if n == 0 {
			return errOffset
		}
		if _, err := tx.Exec(ctx, `INSERT INTO firmware_parts (upload_id, start, size, blob) VALUES ($1, $2, $3, $4)`, u.ID, u.Received, info.Size, key); err != nil {
			return err
		}
		if u.Received+info.Size == u.Size {
			return queue.Insert(ctx, tx, finishKind, finishArgs{u.ID}, queue.Opts{Unique: u.ID})
		}
		return nil
	})
	if err != nil {
		_ = s.files.Delete(context.WithoutCancel(ctx), key) // else the sweep finds it
		return 0, err
	}
	u.Received += info.Size
	u.Row++
	if err := s.operations.Progress(ctx, u.OperationID, u.Received, u.Size); err != nil {
		return info.Size, err
	}
	return info.Size, broken.err
}

// noted turns a break of the connection into an end, so that what came before it is kept, and remembers why.
type noted struct {
	r   io.Reader
	err error
}

// Read ends where r breaks off.
func (n *noted) Read(p []byte) (int, error) {
	m, err := n.r.Read(p)
	if err != nil && err != io.EOF {
		n.err, err = err, io.EOF
	}
	return m, err
}

// Cancel takes an upload back with all that has arrived.
func (s *Service) Cancel(ctx context.Context, actor access.Actor, id string) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := s.operator(ctx, tx, actor); err != nil {
			return err
		}
		u, err := loadUpload(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := s.operations.Fail(ctx, tx, u.OperationID, operation.ErrCancelled); err != nil && errs.KindOf(err) != errs.Conflict {
			return err
		}
		return s.drop(ctx, tx, u)
	})
}

// drop forgets an upload; its bytes are removed once that is durable.
func (s *Service) drop(ctx context.Context, tx *db.Tx, u Upload) error {
	var blobs []string
	if err := tx.Select(ctx, &blobs, `SELECT blob FROM firmware_parts WHERE upload_id = $1`, u.ID); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM firmware_uploads WHERE id = $1`, u.ID); err != nil {
		return err
	}
	if len(blobs) == 0 {
		return nil
	}
	return queue.Insert(ctx, tx, removeKind, removeArgs{blobs}, queue.Opts{})
}
