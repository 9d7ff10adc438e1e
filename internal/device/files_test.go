package device_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/device"
	"linecard/internal/device/devicetest"
	"linecard/internal/errs"
	"linecard/internal/firmware"
	"linecard/internal/phone"
	"linecard/internal/tenant"
)

const png = "\x89PNG\r\n\x1a\n0000"

// shelf puts files there and fetches them as phones do.
type shelf struct {
	*testing.T
	w  *devicetest.World
	me access.Actor
}

func files(t *testing.T, w *devicetest.World) shelf { return shelf{t, w, devicetest.Admin(w.Acme)} }

func (s shelf) put(c tenant.Tenant, n device.NewFile, body string) (device.File, error) {
	s.Helper()
	r, err := s.w.Devices.Receive(ctx, strings.NewReader(body), device.MaxResource)
	if err != nil {
		return device.File{}, err
	}
	f, err := s.w.Devices.PutFile(ctx, devicetest.Admin(c), c.ID, n, r)
	if err != nil {
		s.w.Devices.Discard(ctx, r)
	}
	return f, err
}

func (s shelf) must(f device.File, err error) device.File {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
	return f
}

// get gives what a phone gets, or the code of the refusal.
func (s shelf) get(d device.Device, path string) string {
	s.Helper()
	f, err := s.w.Devices.Serve(ctx, device.Wanted{CustomerID: d.CustomerID, DeviceID: d.ID, MAC: d.MAC, Path: path})
	if err != nil {
		return errs.CodeOf(err)
	}
	defer f.Content.Close()
	b, err := io.ReadAll(f.Content)
	if err != nil || f.ETag == "" || int64(len(b)) != f.Size {
		s.Errorf("%s: %d of %d bytes, %v", path, len(b), f.Size, err)
	}
	return string(b)
}

func faultsOf(err error) string {
	var out []string
	for _, f := range errs.As(err).Fields {
		out = append(out, f.Name+" "+f.Code)
	}
	return strings.Join(out, ", ")
}

// DM-188, DM-198: what may be stored, by name and content.
func TestFilesOfTheWrongKindAreRefused(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		s := files(t, w)
		for name, body := range map[string]string{"boot.ld": "\x01\x02", "ring.wav": "RIFF....WAVEfmt ", "a.CFG": "<x/>", "keys.csv": "a,b", "logo.png": png, "photo.jpg": "\xff\xd8\xff\xe0",
			"lang.xml": "\xff\xfe<\x00", "pack.zip": "PK\x03\x04", "rpg.tar": strings.Repeat("x", 600), "licence.txt": "KEY 1", "app.log": "0101|so  |4|00|x", "phone.bak": "\x00\x01",
			"page.htm": "<html>", "page.html": "<!DOCTYPE html>", "ring.mp3": "ID3\x03"} { // the fifteen
			if _, err := s.put(w.Acme, device.NewFile{Name: name}, body); err != nil {
				t.Errorf("%s: %v %s", name, err, faultsOf(err))
			}
		}
		for _, c := range []struct{ name, body, want string }{
			{"x.exe", "MZ", "name file_type"}, {"x.js", "x", "name file_type"}, {"x", "x", "name file_type"}, {"x.pem", "x", "name file_type"},
			{"a\x00.cfg", "x", "name control_character"}, {"../x.cfg", "x", "name file_name_characters"}, {"a..b.cfg", "x", "name file_name_characters"},
			{"a/b.cfg", "x", "name file_name_characters"}, {"a b.cfg", "x", "name file_name_characters"}, {".cfg", "x", "name file_name_characters"}, {"%2e.cfg", "x", "name file_name_characters"},
			{"logo2.png", "MZ\x90", "file file_content"}, {"logo2.png", "<html>", "file file_content"}, {"photo2.jpg", png, "file file_content"}, {"x2.cfg", "MZ\x90", "file file_content"},
			{"x2.xml", "<!DOCTYPE html><script>", "file file_content"}, {"x2.txt", "\x7fELF", "file file_content"}, {"x2.csv", "a\x00b", "file file_content"},
			{"x2.ld", "<html><body>404", "file file_content"}, {"x2.wav", "RIFF", "file file_content"}, {"x2.zip", "PK", "file file_content"}, {"x2.htm", "\x00", "file file_content"},
			{"", "x", "name required"}, {"x2.cfg", "", "file file_empty"},
		} {
			_, err := s.put(w.Acme, device.NewFile{Name: c.name}, c.body)
			if err == nil || !strings.HasPrefix(faultsOf(err), c.want[:strings.IndexByte(c.want, ' ')]) || c.name != "a\x00.cfg" && faultsOf(err) != c.want {
				t.Errorf("%q with %q: %v (%s), want %s", c.name, c.body, err, faultsOf(err), c.want)
			}
		}
		d := w.Phone(t, w.Acme.ID, "0004f2fcfc20")
		for _, name := range []string{"a.cfg", "a.XML", "a.csv", "a.pem", "a.crt", "a.cer"} { // the six
			s.must(s.put(w.Acme, device.NewFile{DeviceID: d.ID, Area: device.AreaMisc, Name: name}, "text"))
		}
		for _, n := range []device.NewFile{{DeviceID: d.ID, Area: device.AreaMisc, Name: "a.txt"}, {DeviceID: d.ID, Area: "etc", Name: "a.cfg"}, {DeviceID: d.ID, Name: "a.cfg"}} {
			if _, err := s.put(w.Acme, n, "text"); errs.KindOf(err) != errs.Invalid {
				t.Errorf("%+v: %v", n, err)
			}
		}
		if _, err := w.Devices.Receive(ctx, strings.NewReader("12345"), 4); errs.CodeOf(err) != "file_too_large" {
			t.Errorf("%v", err)
		}
		if _, err := w.Devices.Receive(ctx, io.LimitReader(letters{}, 2<<20), 2<<20-1); errs.CodeOf(err) != "file_too_large" {
			t.Errorf("%v", err)
		}
	})
}

type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a' + byte(i%26)
	}
	return len(p), nil
}

// DM-195, DM-196, DM-199; table 16.1.
func TestTheMostSpecificFileIsServed(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		s := files(t, w)
		const own, zeros = "0004f2fcfc20-directory.xml", "000000000000-directory.xml"
		for row, c := range []struct {
			own, device, global bool
			want                string
		}{{true, true, true, "own"}, {false, true, true, "device"}, {false, false, true, "global"}, {false, false, false, "not_found"}, {true, false, false, "own"}} {
			d := w.Phone(t, w.Acme.ID, "0004f2fcfc20")
			if c.own {
				s.must(s.put(w.Acme, device.NewFile{DeviceID: d.ID, Area: device.AreaContacts, Name: own}, "own"))
			}
			if c.device {
				s.must(s.put(w.Acme, device.NewFile{DeviceID: d.ID, Area: device.AreaContacts, Name: zeros}, "device"))
			}
			var global device.File
			if c.global {
				global = s.must(s.put(w.Acme, device.NewFile{Name: zeros}, "global"))
				if !global.Global() {
					t.Error("it is not marked as global")
				}
			}
			if got := s.get(d, own); got != c.want {
				t.Errorf("row %d: %q, want %q", row+1, got, c.want)
			}
			if err := w.Devices.Delete(ctx, s.me, w.Acme.ID, d.ID, 0); err != nil {
				t.Fatal(err)
			}
			if got := s.get(d, own); c.global && got != "global" || !c.global && got != "not_found" { // DM-201
				t.Errorf("row %d: after the device is gone: %q", row+1, got)
			}
			if c.global {
				if err := w.Devices.DeleteFile(ctx, s.me, w.Acme.ID, "", global.ID, 0, false); err != nil {
					t.Fatal(err)
				}
			}
		}

		d := w.Phone(t, w.Acme.ID, "0004f2fcfc20")
		s.must(s.put(w.Acme, device.NewFile{DeviceID: d.ID, Area: device.AreaContacts, Name: "x.xml"}, "contacts"))
		s.must(s.put(w.Acme, device.NewFile{DeviceID: d.ID, Area: device.AreaMisc, Name: "y.cfg"}, "misc"))
		s.must(s.put(w.Acme, device.NewFile{Name: "logo.png"}, png))
		s.must(s.put(w.Globex, device.NewFile{Name: "theirs.png"}, png))
		for path, want := range map[string]string{"contacts/x.xml": "contacts", "x.xml": "not_found", "misc/x.xml": "not_found", "misc/y.cfg": "misc", "y.cfg": "misc", "contacts/y.cfg": "not_found",
			"res/logo.png": png, "logo.png": png, "res/theirs.png": "not_found", "theirs.png": "not_found", "res/../logo.png": "not_found", "a/b/logo.png": "not_found", "logo.png\x00": "not_found",
			"": "not_found", "res/": "not_found", "000000000000-directory.xml": "not_found"} {
			if got := s.get(d, path); got != want {
				t.Errorf("%q gives %q, want %q", path, got, want)
			}
		}
		if got := s.get(device.Device{CustomerID: w.Acme.ID, MAC: d.MAC}, "misc/y.cfg"); got != "not_found" {
			t.Errorf("a phone that is not known gets the file of another: %q", got)
		}
	})
}

// What the phone sent later than people put it there is what it gets back: it has its own edits in it.
func TestThePhonesOwnLaterVersionIsServed(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, clock *dbtest.Clock) {
		s, name := files(t, w), "0004f2fcfc20-directory.xml"
		d := w.Phone(t, w.Acme.ID, "0004f2fcfc20")
		s.must(s.put(w.Acme, device.NewFile{DeviceID: d.ID, Area: device.AreaContacts, Name: name}, "people"))
		clock.Advance(time.Minute)
		if err := w.Devices.Uploads().Put(ctx, device.Upload{DeviceID: d.ID, Name: name, Kind: phone.Directory, Body: []byte("phone")}); err != nil {
			t.Fatal(err)
		}
		if got := s.get(d, name); got != "phone" {
			t.Errorf("%q", got)
		}
		clock.Advance(time.Minute)
		s.must(s.put(w.Acme, device.NewFile{DeviceID: d.ID, Area: device.AreaContacts, Name: name, Replace: true}, "people again"))
		if got := s.get(d, name); got != "people again" {
			t.Errorf("%q", got)
		}
	})
}

// DM-188, DM-191, DM-192, DM-193; decision 16.
func TestAFileIsReplacedOnlyWhenAskedAndKeptSealed(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		s := files(t, w)
		const secret = `<a reg.1.auth.password="s3cret-in-a-file"/>`
		f := s.must(s.put(w.Acme, device.NewFile{Name: "a.cfg", Description: "one"}, secret))
		if !f.Sealed || f.Large() {
			t.Errorf("%+v", f)
		}
		if _, err := s.put(w.Acme, device.NewFile{Name: "A.CFG"}, "<x/>"); errs.CodeOf(err) != "file_name_taken" {
			t.Errorf("%v", err)
		}
		g := s.must(s.put(w.Acme, device.NewFile{Name: "a.cfg", Replace: true, IfVersion: f.Version}, "<x/>"))
		if g.ID != f.ID || g.Version != 2 || g.Description != "one" {
			t.Errorf("%+v", g)
		}
		if _, err := s.put(w.Acme, device.NewFile{Name: "a.cfg", Replace: true, IfVersion: 1}, "<y/>"); errs.CodeOf(err) != "stale" {
			t.Errorf("%v", err)
		}
		o, err := w.Devices.OpenFile(ctx, s.me, w.Acme.ID, "", f.ID)
		if err != nil {
			t.Fatal(err)
		}
		if b, _ := io.ReadAll(o.Content); string(b) != "<x/>" {
			t.Errorf("%q", b)
		}
		support := access.Actor{ID: db.NewID(), Kind: access.Person, Tenant: w.Acme.Access(), Roles: []access.Role{access.CustomerSupport}}
		if _, err := w.Devices.OpenFile(ctx, support, w.Acme.ID, "", f.ID); errs.KindOf(err) != errs.Forbidden {
			t.Errorf("support reads a configuration file: %v", err)
		}
		if _, err := w.Devices.GetFile(ctx, devicetest.Admin(w.Globex), w.Acme.ID, "", f.ID); errs.KindOf(err) != errs.NotFound {
			t.Errorf("another customer sees it: %v", err)
		}
		if _, err := w.Devices.GetFile(ctx, devicetest.Admin(w.Globex), w.Globex.ID, "", f.ID); errs.KindOf(err) != errs.NotFound {
			t.Errorf("another customer sees it: %v", err)
		}

		w.Devices.OnFileUse(func(_ context.Context, _ db.Q, customerID, fileID string) ([]string, error) {
			if customerID == w.Acme.ID && fileID == f.ID {
				return []string{"Branding"}, nil
			}
			return nil, nil
		})
		err = w.Devices.DeleteFile(ctx, s.me, w.Acme.ID, "", f.ID, 0, false)
		if errs.CodeOf(err) != "file_linked" || errs.As(err).Params["profiles"] != "Branding" {
			t.Errorf("%v", err)
		}
		if err := w.Devices.DeleteFile(ctx, s.me, w.Acme.ID, "", f.ID, 0, true); err != nil {
			t.Error(err)
		}
		if names, err := w.Devices.Files(ctx, w.DB, w.Acme.ID); err != nil || len(names) != 0 {
			t.Errorf("%v, %v", names, err)
		}
		if err := w.Devices.Tidy(ctx); err != nil {
			t.Error(err)
		}
	})
}

func TestALargeFileIsNotHeldAndABrokenOneIsNotListed(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		s := files(t, w)
		body := png + strings.Repeat("0123456789abcdef", 1<<17) // 2 MiB
		f := s.must(s.put(w.Acme, device.NewFile{Name: "big.png"}, body))
		if f.Sealed || f.Size != int64(len(body)) {
			t.Errorf("%+v", f)
		}
		d := w.Phone(t, w.Acme.ID, "0004f2fcfc20")
		if got := s.get(d, "res/big.png"); got != body {
			t.Errorf("%d bytes come back", len(got))
		}
		cut := errors.New("connection reset by peer")
		for _, after := range []int{10, 2 << 20} { // DM-190
			_, err := w.Devices.Receive(ctx, io.MultiReader(bytes.NewReader([]byte(body)[:after]), broken{cut}), device.MaxResource)
			if !errors.Is(err, cut) {
				t.Errorf("%v", err)
			}
		}
		l, err := w.Devices.ListFiles(ctx, s.me, w.Acme.ID, "", device.FileQuery{})
		if err != nil || len(l.Items) != 1 {
			t.Errorf("%+v, %v", l.Items, err)
		}
	})
}

type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

func TestContentThatBecameNoFileIsSwept(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, clock *dbtest.Clock) {
		s := files(t, w)
		kept := s.must(s.put(w.Acme, device.NewFile{Name: "a.cfg"}, "<x/>"))
		lost, err := w.Devices.Receive(ctx, strings.NewReader("<y/>"), device.MaxResource)
		if err != nil {
			t.Fatal(err)
		}
		clock.Set(time.Now().Add(72 * time.Hour))
		if err := w.Devices.SweepFiles(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Devices.PutFile(ctx, s.me, w.Acme.ID, device.NewFile{Name: "b.cfg"}, lost); err != nil {
			t.Fatal(err)
		}
		d := w.Phone(t, w.Acme.ID, "0004f2fcfc20")
		if got := s.get(d, "a.cfg"); got != "<x/>" {
			t.Errorf("%s went with it: %q", kept.Name, got)
		}
		// The content of b is gone: that is a fault of ours, and no phone may hear that the file is not there.
		if got := s.get(d, "b.cfg"); got != "storage_unavailable" {
			t.Errorf("%q", got)
		}
	})
}

// DM-175 and the window in which phones are told of new software.
func TestDownloadPathsAndWindowOfACustomer(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		me := devicetest.Admin(w.Acme)
		set := func(p device.SoftwarePatch) (device.Provisioning, error) {
			return w.Devices.SetProvisioning(ctx, me, w.Acme.ID, device.ProvisioningPatch{Software: p})
		}
		text := func(s string) *string { return &s }
		window := firmware.Window{Start: 22 * 60, End: 4 * 60, Days: 1}
		p, err := set(device.SoftwarePatch{Internet: text("https://svc.example/x"), Enterprise: text(" https://relay.acme.example "), Window: &window})
		if err != nil || p.Software.Paths != (firmware.Paths{Internet: "https://svc.example/x/", Enterprise: "https://relay.acme.example/"}) || p.Software.Window != window {
			t.Fatalf("%+v, %v", p.Software, err)
		}
		for _, bad := range []string{"http://x.example/", "ftp://x.example", "https://u:p@x.example/", "https://x.example/?a", "https://", "x", "https://x.example/a b", "https://x.example/%41", "https://x.example/../"} {
			if _, err := set(device.SoftwarePatch{Internet: &bad}); faultsOf(err) != "download_paths.internet bad_download_address" {
				t.Errorf("%q: %v", bad, err)
			}
		}
		wrong := firmware.Window{Start: 1440, Days: 1}
		if _, err := set(device.SoftwarePatch{Window: &wrong}); err == nil {
			t.Error("a window that begins at 24:00")
		}
		got, zone, err := w.Devices.SoftwareOf(ctx, w.DB, w.Acme.ID)
		if err != nil || got != p.Software || zone.String() != "UTC" {
			t.Errorf("%+v %v %v", got, zone, err)
		}
		if got, _, err := w.Devices.SoftwareOf(ctx, w.DB, w.Globex.ID); err != nil || got != (device.Software{}) {
			t.Errorf("%+v %v", got, err)
		}
		p, err = set(device.SoftwarePatch{Internet: text(""), Window: &firmware.Window{Start: 5}})
		if err != nil || p.Software.Paths.Internet != "" || p.Software.Window != (firmware.Window{}) {
			t.Errorf("%+v, %v", p.Software, err)
		}
	})
}
