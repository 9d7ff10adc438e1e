package firmware_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/device/devicetest"
	"linecard/internal/firmware"
	"linecard/internal/operation"
	"linecard/internal/phone"
	"linecard/internal/revision"
)

// DM-98, DM-144, DM-171.
func TestAPackageTellsItsModelsVersionAndParameters(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		before, err := revision.Of(ctx, w.DB, revision.Key{Kind: revision.Operator, ID: w.Operator.ID})
		w.ok(err)
		body := split()
		op := w.bring("UCS_6.4.6_split.zip", body, firmware.Stated{})
		if op.State != operation.Succeeded {
			t.Fatalf("%s: %+v", op.State, op.Fault)
		}
		i := w.only()
		sum := sha256.Sum256(body)
		if i.Maker != "poly" || i.Version != "6.4.6.2494" || i.Family != "VVX" || strings.Join(i.Models(), " ") != "VVX411 VVX500" || i.SHA256 != hex.EncodeToString(sum[:]) ||
			i.Size != int64(len(body)) || len(i.Files) != 3 || strings.Join(i.Needs(), " ") != "5.7.3" {
			t.Errorf("%+v", i)
		}
		if strings.Join(w.heard, ";") != "here VVX 6.4.6.2494" || len(w.learned) != 1 || !knows(w.learned[0], "only.in.image") {
			t.Errorf("the hooks heard %v and %+v", w.heard, w.learned)
		}
		after, err := revision.Of(ctx, w.DB, revision.Key{Kind: revision.Operator, ID: w.Operator.ID})
		w.ok(err)
		if before == after {
			t.Error("phones are not told of the new image")
		}
		for name, want := range map[string]string{"3111-48450-001.sip.ld": "software of the VVX 411", "3111-48450-001.3111-48450-001.sip.ld": "software of the VVX 411",
			"sip.ver": "6.4.6.2494 04-Sep-23 10:11\r\n"} {
			if got, err := w.fetch(i, name); err != nil || got != want {
				t.Errorf("%s: %q, %v", name, got, err)
			}
		}
		for _, name := range []string{"sip.ld", "3111-00000-001.sip.ld", "../x", "", "languages/en.xml", "3111-48450-001.sip.ld/x", strings.Repeat("x", 5000)} {
			_, err := w.fetch(i, name)
			w.code(err, "not_found")
		}
		if w.stored() != 3 { // the parts that came in are gone
			t.Errorf("%d files are stored", w.stored())
		}
		if op := w.bring("again.zip", body, firmware.Stated{}); op.Fault.Code != "image_exists" {
			t.Errorf("the same file again: %s %+v", op.State, op.Fault)
		}
		if w.stored() != 3 {
			t.Errorf("the refused one left %d files", w.stored())
		}
	})
}

func knows(d phone.Dictionary, name string) bool {
	for _, p := range d.Parameters {
		if p.Name == name {
			return true
		}
	}
	return false
}

func TestWhatIsNoImageIsRefusedWithItsFault(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		bomb := archive(member{"3111-48450-001.sip.ld", strings.Repeat("\x00", 8<<20)})
		for _, c := range []struct {
			name, file string
			body       []byte
			stated     firmware.Stated
			field      string
			code       string
			reason     string
		}{
			{"a path out of the folder", "x.zip", archive(member{"../3111-48450-001.sip.ld", "x"}), firmware.Stated{}, "file", "bad_archive", "leads out"},
			{"an absolute path", "x.zip", archive(member{"/etc/3111-48450-001.sip.ld", "x"}), firmware.Stated{}, "file", "bad_archive", "leads out"},
			{"a path with backslashes", "x.zip", archive(member{`..\3111-48450-001.sip.ld`, "x"}), firmware.Stated{}, "file", "bad_archive", "bad name"},
			{"a name with a NUL", "x.zip", archive(member{"3111-48450-001.sip.ld\x00", "x"}), firmware.Stated{}, "file", "bad_archive", "bad name"},
			{"a member twice", "x.zip", archive(member{"sip.ld", "x"}, member{"sip.ld", "y"}), firmware.Stated{}, "file", "bad_archive", "twice"},
			{"a bomb", "x.zip", bomb, firmware.Stated{}, "file", "bad_archive", "far more"},
			{"cut off", "x.zip", split()[:300], firmware.Stated{}, "file", "bad_archive", "damaged"},
			{"no software in it", "x.zip", archive(member{"readme.txt", "x"}), firmware.Stated{}, "file", "no_software_image", ""},
			{"a page", "sip.ld", []byte("<html>404 not found</html>"), firmware.Stated{Models: []string{"VVX500"}, Version: "5.9"}, "file", "no_software_image", ""},
			{"a program", "setup.exe", []byte("MZ"), firmware.Stated{}, "file", "no_software_image", ""},
			{"of another maker", "T46S-66.86.0.15.rom", []byte(noise), firmware.Stated{Maker: "poly"}, "file", "no_software_image", ""},
			{"models are missing", "sip.ld", []byte(noise), firmware.Stated{Version: "5.9.8"}, "models", "models_required", ""},
			{"the version is missing", "sip.ld", []byte(noise), firmware.Stated{Models: []string{"VVX500"}}, "version", "version_required", ""},
		} {
			op := w.bring(c.file, c.body, c.stated)
			if op.State != operation.Failed || len(op.Fault.Fields) == 0 || op.Fault.Fields[0].Name != c.field || op.Fault.Fields[0].Code != c.code || !strings.Contains(op.Fault.Fields[0].Message, c.reason) {
				t.Errorf("%s: %s %+v", c.name, op.State, op.Fault)
			}
		}
		if len(w.images()) != 0 || w.stored() != 0 {
			t.Errorf("%d images and %d files are left", len(w.images()), w.stored())
		}
	})
}

// A directory that lies about what a member unpacks to is found while it is unpacked.
func TestAMemberThatIsLongerThanItSaysIsRefused(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		f, _ := z.Create("3111-48450-001.sip.ld")
		_, _ = io.WriteString(f, noise)
		_ = z.Close()
		body := b.Bytes()
		at := bytes.LastIndex(body, []byte("PK\x01\x02")) + 24
		copy(body[at:], []byte{1, 0, 0, 0})
		op := w.bring("x.zip", body, firmware.Stated{Version: "6.4"})
		if op.State != operation.Failed || op.Fault.Fields[0].Code != "bad_archive" || w.stored() != 0 {
			t.Errorf("%s %+v, %d files", op.State, op.Fault, w.stored())
		}
	})
}

var errCut = errors.New("connection reset by peer")

// cut breaks off after some bytes.
func cut(body []byte, after int) io.Reader {
	return io.MultiReader(bytes.NewReader(body[:after]), failing{})
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errCut }

func TestAnUploadGoesOnWhereItBrokeOff(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		me := devicetest.System
		body := split()
		sum := sha256.Sum256(body)
		u, err := w.s.Begin(ctx, me, firmware.NewUpload{FileName: "x.zip", Size: int64(len(body)), SHA256: strings.ToUpper(hex.EncodeToString(sum[:]))})
		w.ok(err)
		u, err = w.s.Append(ctx, me, u.ID, 0, cut(body, 100))
		if !errors.Is(err, errCut) || u.Received != 100 {
			t.Fatalf("broke off at %d: %v", u.Received, err)
		}
		if got, err := w.s.Upload(ctx, me, u.ID); err != nil || got.Received != 100 {
			t.Errorf("%+v, %v", got, err)
		}
		if op := w.operation(u.OperationID); op.State != operation.Running || op.Done != 100 || op.Total != int64(len(body)) {
			t.Errorf("%+v", op)
		}
		_, err = w.s.Append(ctx, me, u.ID, 50, bytes.NewReader(body[50:]))
		w.code(err, "upload_offset")
		_, err = w.s.Append(ctx, me, u.ID, 100, bytes.NewReader(nil))
		w.ok(err)
		if len(w.images()) != 0 {
			t.Error("an image is listed before it is whole")
		}
		u, err = w.s.Append(ctx, me, u.ID, 100, bytes.NewReader(append(bytes.Clone(body[100:]), 'x')))
		w.code(err, "upload_too_long")
		if !u.Whole() {
			t.Errorf("%+v", u)
		}
		w.drain()
		if op := w.operation(u.OperationID); op.State != operation.Succeeded {
			t.Errorf("%+v", op.Fault)
		}
		if i := w.only(); i.SHA256 != hex.EncodeToString(sum[:]) {
			t.Errorf("%+v", i)
		}
		_, err = w.s.Upload(ctx, me, u.ID)
		w.code(err, "not_found")

		u, err = w.s.Begin(ctx, me, firmware.NewUpload{FileName: "y.zip", Size: 4, SHA256: strings.Repeat("0", 64)})
		w.ok(err)
		_, err = w.s.Append(ctx, me, u.ID, 0, strings.NewReader("PK\x03\x04"))
		w.ok(err)
		w.drain()
		if op := w.operation(u.OperationID); op.Fault.Fields[0].Code != "checksum_mismatch" {
			t.Errorf("%+v", op.Fault)
		}
	})
}

func TestAnUploadThatStandsStillIsGivenUp(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		me := devicetest.System
		u, err := w.s.Begin(ctx, me, firmware.NewUpload{FileName: "x.zip", Size: 1000})
		w.ok(err)
		_, err = w.s.Append(ctx, me, u.ID, 0, strings.NewReader(noise[:500]))
		w.ok(err)
		w.clock.Advance(23 * time.Hour)
		w.ok(w.s.Sweep(ctx))
		if w.stored() != 1 {
			t.Fatal("an upload of yesterday is gone")
		}
		w.clock.Advance(2 * time.Hour)
		w.ok(w.s.Sweep(ctx))
		w.drain()
		if op := w.operation(u.OperationID); op.State != operation.Failed || op.Fault.Code != "upload_abandoned" || w.stored() != 0 {
			t.Errorf("%+v, %d files", op.Fault, w.stored())
		}

		// What a process stored that died before its transaction is nobody's, and goes too.
		_, err = w.files.Put(ctx, "firmware/0123456789ab/"+db.NewID(), strings.NewReader("half"))
		w.ok(err)
		w.clock.Set(time.Now().Add(time.Hour))
		w.ok(w.s.Sweep(ctx))
		if w.stored() != 1 {
			t.Error("a file that may be named in a moment is gone")
		}
		w.clock.Set(time.Now().Add(72 * time.Hour))
		w.ok(w.s.Sweep(ctx))
		if w.stored() != 0 {
			t.Error("a file that nobody names stays")
		}
	})
}

func TestAnUploadCanBeCancelled(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		me := devicetest.System
		u, err := w.s.Begin(ctx, me, firmware.NewUpload{FileName: "x.zip", Size: 1000})
		w.ok(err)
		_, err = w.s.Append(ctx, me, u.ID, 0, strings.NewReader(noise[:500]))
		w.ok(err)
		w.ok(w.s.Cancel(ctx, me, u.ID))
		w.drain()
		_, err = w.s.Append(ctx, me, u.ID, 500, strings.NewReader(noise[:500]))
		w.code(err, "not_found")
		if w.stored() != 0 {
			t.Error("its bytes stay")
		}
	})
}

// DM-156, DM-170.
func TestADeletedImageIsStillKnownByName(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.bring("x.zip", split(), firmware.Stated{})
		i := w.only()
		w.code(w.s.Delete(ctx, devicetest.System, i.ID, i.Row+1), "stale")
		w.ok(w.s.Delete(ctx, devicetest.System, i.ID, i.Row))
		w.drain()
		if w.stored() != 0 || strings.Join(w.heard, ";") != "here VVX 6.4.6.2494;gone VVX 6.4.6.2494" {
			t.Errorf("%d files, hooks heard %v", w.stored(), w.heard)
		}
		got, err := w.s.Get(ctx, devicetest.Admin(w.Acme), i.ID)
		if err != nil || !got.Gone || got.Label() != "VVX 6.4.6.2494" {
			t.Errorf("%+v, %v", got, err)
		}
		l, err := w.s.List(ctx, devicetest.Admin(w.Acme), firmware.Query{})
		if err != nil || len(l.Items) != 0 {
			t.Errorf("%+v, %v", l, err)
		}
		_, err = w.fetch(i, "sip.ver")
		w.code(err, "not_found")
		w.code(w.s.Delete(ctx, devicetest.System, i.ID, 0), "image_gone")
		if op := w.bring("x.zip", split(), firmware.Stated{}); op.State != operation.Succeeded {
			t.Errorf("it cannot be brought again: %+v", op.Fault)
		}
	})
}

func TestOnlyTheOperatorBringsImagesAndEverybodySeesThem(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.bring("T46S-66.86.0.15.rom", []byte(noise), firmware.Stated{})
		i := w.only()
		if i.Maker != "yealink" || i.Version != "66.86.0.15" || strings.Join(i.Models(), " ") != "T41S T42S T46S T48S" || i.Path() != "fw/"+i.Short+"/T46S-66.86.0.15.rom" {
			t.Errorf("%+v", i)
		}
		for _, me := range []access.Actor{devicetest.Admin(w.Acme), operator(w, access.OperatorSupport)} {
			if l, err := w.s.List(ctx, me, firmware.Query{Maker: "yealink", Text: "t46S"}); err != nil || len(l.Items) != 1 {
				t.Errorf("%s sees %+v, %v", me.Name, l, err)
			}
			_, err := w.s.Begin(ctx, me, firmware.NewUpload{FileName: "x.rom", Size: 1})
			if err == nil {
				t.Errorf("%s may bring images", me.Name)
			}
			if err := w.s.Delete(ctx, me, i.ID, 0); err == nil {
				t.Errorf("%s may delete images", me.Name)
			}
		}
		if _, err := w.s.List(ctx, operator(w, access.OperatorBilling), firmware.Query{}); err == nil {
			t.Error("billing sees images")
		}
		version, models := "66.86.0.20", []string{"T46S"}
		got, err := w.s.Edit(ctx, operator(w, access.OperatorAdmin), i.ID, firmware.Patch{Version: &version, Models: &models, IfVersion: i.Row})
		if err != nil || got.Version != version || len(got.Models()) != 1 || got.Row != i.Row+1 {
			t.Errorf("%+v, %v", got, err)
		}
		bad := "../x"
		_, err = w.s.Edit(ctx, devicetest.System, i.ID, firmware.Patch{Version: &bad})
		w.code(err, "invalid_fields")
	})
}
