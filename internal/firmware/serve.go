package firmware

import (
	"context"
	"io"
	"net/netip"
	"strings"
	"sync"
	"time"

	"linecard/internal/blob"
	"linecard/internal/db"
	"linecard/internal/errs"
)

// Served is a file that a phone fetches. It reads from the storage as it is read and keeps nothing; Close must be called.
type Served struct {
	Name        string
	ETag        string // quoted, of the content
	Size        int64
	Modified    time.Time
	ContentType string
	Content     io.ReadSeekCloser
}

// Close ends the download and lets the next phone of this address in.
func (f Served) Close() error { return f.Content.Close() }

// Fetch is a phone's request for software.
type Fetch struct {
	Path string     // below the provisioning address, decoded, segments joined by single slashes: "fw/3f9c0a1b2c4d/3111-48450-001.sip.ld"
	From netip.Addr // public address of the phone, for the limit; the zero Addr has none
	Head bool       // only asks: no limit
}

// perAddress bounds downloads of one public address at once. An image has up to 500 MB, and a site of 1000 phones has one line.
const perAddress = 16

var errBusy = errs.New(errs.Unavailable, "software_busy", "Enough phones of this address are fetching software. Come again later.").Retry(time.Minute)

// Is says whether a path can be software at all, so that whoever routes need not ask for others.
func Is(path string) bool { return strings.HasPrefix(path, Folder+"/") }

// Open gives the file of an image; NotFound when there is none by this name. Too many downloads at once from one public address are
// Unavailable with the code software_busy and RetryAfter: to a phone that is 503, never 404. Who may fetch is the caller's matter (DM-177).
func (s *Service) Open(ctx context.Context, f Fetch) (Served, error) {
	short, name, ok := strings.Cut(strings.TrimPrefix(f.Path, Folder+"/"), "/")
	if !Is(f.Path) || !ok || len(short) > 40 || len(name) > 255 || strings.Contains(name, "/") {
		return Served{}, errs.Missing("file")
	}
	row, err := s.lookUp(ctx, short, name)
	if err != nil {
		return Served{}, err
	}
	leave := func() {}
	if !f.Head {
		if leave, ok = s.slots.enter(f.From); !ok {
			return Served{}, errBusy
		}
	}
	return Served{Name: row.Name, ETag: `"` + row.SHA256 + `"`, Size: row.Size, Modified: row.Created.Time, ContentType: "application/octet-stream",
		Content: &counted{blob.Seekable(ctx, s.files, row.Blob, row.Size), leave}}, nil
}

type fileRow struct {
	ImageFile
	Created db.Time `db:"created"`
}

// lookUp finds a file by its name, and under the doubled part number that Poly phones ask for first:
// 3111-49770-001.3111-49770-001.sip.ld is 3111-49770-001.sip.ld. For an image that all models share the name with a part number is
// not there, and the phone asks for the plain one next.
func (s *Service) lookUp(ctx context.Context, short, name string) (fileRow, error) {
	var row fileRow
	const stmt = `SELECT f.image_id, f.name, f.blob, f.size, f.sha256, i.created FROM firmware_images i JOIN firmware_files f ON f.image_id = i.id WHERE i.short = $1 AND f.name = $2`
	err := s.db.Get(ctx, &row, stmt, short, name)
	if part, rest, ok := strings.Cut(name, "."); err != nil && errs.KindOf(err) == errs.NotFound && ok && strings.HasPrefix(rest, part+".") {
		err = s.db.Get(ctx, &row, stmt, short, rest)
	}
	if err != nil && errs.KindOf(err) == errs.NotFound {
		err = errs.Missing("file")
	}
	return row, err
}

// counted is a download that holds a place until it is closed.
type counted struct {
	io.ReadSeekCloser
	leave func()
}

// Close ends the download; a second call does nothing.
func (c *counted) Close() error {
	if c.leave != nil {
		c.leave()
		c.leave = nil
	}
	return c.ReadSeekCloser.Close()
}

// slots counts downloads by public address.
type slots struct {
	most int
	mu   sync.Mutex
	used map[string]int
}

// enter takes a place for an address; IPv6 counts by its /64, which is one line.
func (s *slots) enter(from netip.Addr) (leave func(), ok bool) {
	if !from.IsValid() {
		return func() {}, true
	}
	from = from.Unmap().WithZone("")
	key := from.String()
	if from.Is6() {
		if p, err := from.Prefix(64); err == nil {
			key = p.String()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.used[key] >= s.most {
		return nil, false
	}
	s.used[key]++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.used[key]--; s.used[key] <= 0 {
			delete(s.used, key)
		}
	}, true
}
