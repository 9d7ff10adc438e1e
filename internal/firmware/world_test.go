package firmware_test

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"log/slog"
	"strings"
	"testing"

	"linecard/internal/access"
	"linecard/internal/blob"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/device/devicetest"
	"linecard/internal/errs"
	"linecard/internal/firmware"
	"linecard/internal/operation"
	"linecard/internal/phone"
	"linecard/internal/queue"
)

var ctx = context.Background()

// world is the world of devices with the room of software and a queue.
type world struct {
	*devicetest.World
	t       *testing.T
	clock   *dbtest.Clock
	files   blob.Store
	s       *firmware.Service
	queue   *queue.Queue
	heard   []string // what the hooks were told
	learned []phone.Dictionary
}

func each(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) { test(t, newWorld(t, d, clock, nil)) })
}

func newWorld(t *testing.T, d *db.DB, clock *dbtest.Clock, files blob.Store) *world {
	t.Helper()
	w := &world{World: devicetest.New(t, d), t: t, clock: clock, files: files}
	if files == nil {
		var err error
		w.files, err = blob.Open(ctx, "file://"+t.TempDir())
		w.ok(err)
	}
	w.s = firmware.NewService(firmware.Needs{DB: d, Files: w.files, Journal: w.Journal, Tenants: w.Tenants, Operations: w.Operations, Makers: w.Makers, PerAddress: 2})
	w.s.OnImage(func(_ context.Context, _ *db.Tx, i firmware.Image, gone bool) error {
		w.heard = append(w.heard, map[bool]string{true: "gone ", false: "here "}[gone]+i.Label())
		return nil
	})
	w.s.OnLearned(func(_ context.Context, _ *db.Tx, _ firmware.Image, x phone.Dictionary) error {
		w.learned = append(w.learned, x)
		return nil
	})
	w.queue = queue.New(d, queue.Options{Node: "test", Log: slog.New(slog.DiscardHandler), Alone: d.Embedded()})
	w.s.Register(w.queue)
	return w
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) code(err error, want string) {
	w.t.Helper()
	if err == nil || errs.CodeOf(err) != want {
		w.t.Errorf("got %v, want %s", err, want)
	}
}

func (w *world) drain() {
	w.t.Helper()
	_, err := w.queue.Drain(ctx)
	w.ok(err)
}

// bring uploads a file at once and gives how its operation ended.
func (w *world) bring(name string, body []byte, stated firmware.Stated) operation.Operation {
	w.t.Helper()
	u, err := w.s.Begin(ctx, devicetest.System, firmware.NewUpload{FileName: name, Size: int64(len(body)), Stated: stated})
	w.ok(err)
	_, err = w.s.Append(ctx, devicetest.System, u.ID, 0, bytes.NewReader(body))
	w.ok(err)
	w.drain()
	return w.operation(u.OperationID)
}

func (w *world) operation(id string) operation.Operation {
	w.t.Helper()
	op, err := w.Operations.Get(ctx, devicetest.System, id)
	w.ok(err)
	return op
}

func (w *world) images() firmware.Catalogue {
	w.t.Helper()
	all, _, err := w.s.Images(ctx, w.DB)
	w.ok(err)
	return all
}

// only gives the one image that there is.
func (w *world) only() firmware.Image {
	w.t.Helper()
	for _, i := range w.images() {
		return i
	}
	w.t.Fatal("there is no image")
	return firmware.Image{}
}

// stored counts the files of the storage.
func (w *world) stored() int {
	w.t.Helper()
	n := 0
	for _, folder := range []string{"firmware/", "firmware-uploads/"} {
		all, err := w.files.List(ctx, folder, "", 1000)
		w.ok(err)
		n += len(all)
	}
	return n
}

func (w *world) fetch(i firmware.Image, name string) (string, error) {
	f, err := w.s.Open(ctx, firmware.Fetch{Path: "fw/" + i.Short + "/" + name})
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(f.Content)
	return string(b), err
}

func operator(w *world, r access.Role) access.Actor {
	return access.Actor{ID: db.NewID(), Kind: access.Person, Name: "O", Tenant: w.Operator.Access(), Roles: []access.Role{r}}
}

// member is a file of an archive.
type member struct{ name, text string }

func archive(members ...member) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, m := range members {
		f, _ := z.Create(m.name)
		_, _ = io.WriteString(f, m.text)
	}
	_ = z.Close()
	return b.Bytes()
}

// split is a package as Poly ships it: software by part number, its version, a schema.
func split() []byte {
	return archive(member{"3111-48450-001.sip.ld", "software of the VVX 411"}, member{"3111-44500-001.sip.ld", "software of the VVX 500"},
		member{"sip.ver", "6.4.6.2494 04-Sep-23 10:11\r\n"}, member{"Config/polycomConfig.xsd", schema}, member{"languages/en.xml", "<x/>"}, member{"SoundPointIPWelcome.wav", "RIFF"})
}

var schema = `<?xml version="1.0"?><xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">` +
	`<xs:element name="only"><xs:complexType><xs:attribute name="only.in.image" type="xs:string"/></xs:complexType></xs:element></xs:schema>`

var noise = strings.Repeat("0123456789abcdef", 1024)
