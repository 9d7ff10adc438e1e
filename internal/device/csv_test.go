package device_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/device"
	"linecard/internal/device/devicetest"
	"linecard/internal/profile"
)

func imports(t *testing.T, w *devicetest.World, customerID, mode, text string) *device.ImportReport {
	t.Helper()
	r, _, err := w.Devices.Import(ctx, devicetest.System, customerID, device.ImportFile{Data: []byte(text), Mode: mode})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// outcomes is a report as text: line, device, outcome, code, warnings.
func outcomes(r *device.ImportReport) string {
	var out []string
	for _, o := range r.Rows {
		s := fmt.Sprint(o.Line, " ", o.Device, " ", o.Outcome)
		if o.Code != "" {
			s += " " + o.Code
		}
		for _, w := range o.Warnings {
			s += " !" + w.Code
		}
		out = append(out, s)
	}
	return strings.Join(out, "\n")
}

// csvProfile gives the attributes of a device's CSV profile as text.
func csvProfile(t *testing.T, w *devicetest.World, d device.Device) string {
	t.Helper()
	ps, err := w.Profiles.OfDevice(ctx, w.DB, d.CustomerID, d.ID)
	if err != nil {
		t.Fatal(err)
	}
	out := "none"
	for _, p := range ps {
		if p.Type == profile.Imported {
			out = p.Name
			for _, a := range p.Attributes {
				out += " " + a.Name + "=" + a.Value
			}
		}
	}
	return out
}

func byName(t *testing.T, w *devicetest.World, customerID, text string) device.Device {
	t.Helper()
	l, err := w.Devices.List(ctx, devicetest.System, customerID, device.Query{Text: text})
	if err != nil || len(l.Items) != 1 {
		t.Fatalf("%s: %+v, %v", text, l.Items, err)
	}
	return l.Items[0]
}

func namesOf(t *testing.T, w *devicetest.World, d device.Device) string {
	t.Helper()
	var out []string
	for _, id := range groupsOfAny(t, w, d) {
		g, _, err := w.Devices.Group(ctx, devicetest.System, d.CustomerID, id)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, g.Name)
	}
	return strings.Join(out, "|")
}

func groupsOfAny(t *testing.T, w *devicetest.World, d device.Device) []string {
	t.Helper()
	got, err := w.Devices.Get(ctx, devicetest.System, d.CustomerID, d.ID)
	if err != nil {
		t.Fatal(err)
	}
	return got.GroupIDs
}

// Table 19.2, and DM-253, DM-259, DM-260.
func TestTheGuidesSamplesAreImported(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		g1, g2 := group(t, w, w.Acme.ID, "EPGroup1"), group(t, w, w.Acme.ID, "EPGroup2")
		standard := group(t, w, w.Acme.ID, "Default")
		if _, err := w.Devices.SetDefaultGroups(ctx, devicetest.System, w.Acme.ID, []string{standard.ID}); err != nil {
			t.Fatal(err)
		}
		r := imports(t, w, w.Acme.ID, "", "mac_address, endpoint_name, endpoint_group, reg.1.address, reg.1.displayname, reg.1.auth.userId, reg.1.auth.password, reg.2.address, reg.2.displayname, reg.2.auth.userId, reg.2.auth.password,\n"+
			"0004F23EA4E1, SoundPoint-EA4E1, EPGroup1|EPGroup2, 1000, Jon Smith, 1000, 1000, 1001, Jon Smith1, 1001, 1001\n")
		if got := outcomes(r); got != "2 0004f23ea4e1 added" || r.Added != 1 {
			t.Fatal(got)
		}
		d := byName(t, w, w.Acme.ID, "SoundPoint-EA4E1")
		if !slices.Equal(d.GroupIDs, []string{g1.ID, g2.ID}) || d.Maker != "poly" {
			t.Errorf("%+v", d)
		}
		if got := csvProfile(t, w, d); !strings.HasPrefix(got, "0004f23ea4e1_csv_profile") || strings.Count(got, "=") != 8 || !strings.Contains(got, "=Jon Smith reg") {
			t.Error(got)
		}
		imports(t, w, w.Acme.ID, "", "mac_address,reg.1.address\n0004F24FD08E, 1001\n")
		if got := csvProfile(t, w, byName(t, w, w.Acme.ID, "0004f24fd08e")); got != "0004f24fd08e_csv_profile reg.1.address=1001" {
			t.Error(got)
		}
		imports(t, w, w.Acme.ID, "", "mac_address,device.hostname\n0004F2000001,a\n0004F2000002,\n")
		if got := csvProfile(t, w, byName(t, w, w.Acme.ID, "0004f2000002")); got != "none" {
			t.Error(got)
		}
		r = imports(t, w, w.Acme.ID, "", "mac_address, serial_number, endpoint_type, endpoint_name, endpoint_group\n00E0DB4C20CC, 8218404c20ccf9, Poly Studio, Jsmith_Studio, EPGroup1|EPGroup2\n")
		studio := byName(t, w, w.Acme.ID, "Jsmith_Studio")
		if got := outcomes(r); got != "2 8218404c20ccf9 added" || studio.Serial != "8218404c20ccf9" || !studio.BySerial || studio.MAC.String() != "00e0db4c20cc" || csvProfile(t, w, studio) != "none" {
			t.Errorf("%s %+v", got, studio)
		}
	})
}

// Table 19.3.
func TestDevicesThatAreThereAreSkippedOverwrittenOrMerged(t *testing.T) {
	const first = "mac_address,endpoint_name,endpoint_group,reg.1.address,reg.1.displayName,reg.2.address\n0004f2000001,Lobby,EPGroup1,1000,Jon,1001\n"
	const full = "mac_address,endpoint_group,reg.1.address,reg.1.displayName,device.hostname\n0004F2000001,EPGroup2,2000,,lobby-1\n"
	for _, c := range []struct{ name, mode, file, groups, attributes string }{
		{"off", device.ModeSkip, full, "EPGroup1", "reg.1.address=1000 reg.1.displayName=Jon reg.2.address=1001"},
		{"overwrite", device.ModeOverwrite, full, "EPGroup2", "device.hostname=lobby-1 reg.1.address=2000"},
		{"merge", device.ModeMerge, full, "EPGroup1|EPGroup2", "device.hostname=lobby-1 reg.1.address=2000 reg.1.displayName=Jon reg.2.address=1001"},
		{"mac only, overwrite", device.ModeOverwrite, "mac_address\n0004f2000001\n", "EPGroup1", "none"},
		{"mac only, merge", device.ModeMerge, "mac_address\n0004f2000001\n", "EPGroup1", "reg.1.address=1000 reg.1.displayName=Jon reg.2.address=1001"},
		{"no group", device.ModeOverwrite, "mac_address,endpoint_group,reg.1.address\n0004f2000001,,5\n", "", "reg.1.address=5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
				group(t, w, w.Acme.ID, "EPGroup1")
				group(t, w, w.Acme.ID, "EPGroup2")
				other := imports(t, w, w.Acme.ID, "", first+"0004f2000009,Other,EPGroup1,1,2,3\n")
				if other.Added != 2 {
					t.Fatal(outcomes(other))
				}
				r := imports(t, w, w.Acme.ID, c.mode, c.file)
				d := byName(t, w, w.Acme.ID, "Lobby")
				if want := map[bool]string{true: "2 0004f2000001 skipped row_exists", false: "2 0004f2000001 updated"}[c.mode == device.ModeSkip]; outcomes(r) != want {
					t.Errorf("%s", outcomes(r))
				}
				if got := namesOf(t, w, d); got != c.groups {
					t.Errorf("groups %q, want %q", got, c.groups)
				}
				if got := strings.TrimPrefix(csvProfile(t, w, d), "0004f2000001_csv_profile "); got != c.attributes {
					t.Errorf("attributes %q, want %q", got, c.attributes)
				}
				if got := csvProfile(t, w, byName(t, w, w.Acme.ID, "Other")); !strings.HasSuffix(got, "reg.1.address=1 reg.1.displayName=2 reg.2.address=3") {
					t.Errorf("a device that is not in the file changed: %s", got) // DM-252
				}
			})
		})
	}
}

// DM-241 … DM-246, DM-254, DM-255, DM-256.
func TestBadRowsFailAlone(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		group(t, w, w.Acme.ID, "EPGroup1")
		w.Phone(t, w.Globex.ID, "0004f2aaaaaa")
		r := imports(t, w, w.Acme.ID, "", strings.ReplaceAll(`Mac_Address;SERIAL_NUMBER;endpoint_type;endpoint_name;endpoint_group;reg.1.auth.password
0004F23EA4E1;;;ok;EPGroup1|Nope;"S3cret;x"
00:04:F2:3E:A4:E2;;;;;
0004F23EA4E;;;;;
0004F23EA4EG;;;;;
000000000000;;;;;
1,57E+14;;;;;
1.57E+14;;;;;
0004f23ea4e1;;;;;again
;8218404c20ccf9;;;;
;8218-404c;Poly Studio;;;
;8218404c20ccf9;Studio;;;
0004F2000003;;;J Smith;;
;;;named;;
0004F2000004;;;;;;;too long
0004F2AAAAAA;;;;;
4F2000005;;;;;
;8218404c20ccf9;poly studio;;;
`, "\n", "\r\n"))
		want := `2 0004f23ea4e1 added !row_unknown_group
3 00:04:F2:3E:A4:E2 failed bad_mac_in_file
4 0004F23EA4E failed mac_zeros_lost
5 0004F23EA4EG failed bad_mac_in_file
6 000000000000 failed reserved_mac
7 1,57E+14 failed mac_rounded
8 1.57E+14 failed mac_rounded
9 0004f23ea4e1 failed row_repeated
10 8218404c20ccf9 failed row_type_missing
11 8218-404c failed bad_serial
12  failed unknown_value
13 0004f2000003 failed name_characters
14  failed row_identifier_missing
15 0004F2000004 failed row_too_long
16 0004f2aaaaaa failed mac_unavailable
17 4F2000005 failed mac_zeros_lost
18 8218404c20ccf9 added`
		if got := outcomes(r); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		if r.Added+r.Updated+r.Skipped+r.Failed != len(r.Rows) || r.Warnings != 1 {
			t.Errorf("%+v", r)
		}
		all := fmt.Sprintf("%+v", r)
		if strings.Contains(all, "S3cret") || !strings.Contains(all, "0004f2000005") || !strings.Contains(all, "line: 2") {
			t.Error(all)
		}
		d := byName(t, w, w.Acme.ID, "ok")
		if got := csvProfile(t, w, d); !strings.HasSuffix(got, "reg.1.auth.password=S3cret;x") || namesOf(t, w, d) != "EPGroup1" {
			t.Error(got)
		}
		if p, _ := w.Devices.Provisioning(ctx, devicetest.System, w.Acme.ID); p.Devices != 2 {
			t.Errorf("%d devices are counted", p.Devices)
		}
	})
}

// DM-238 … DM-241: such faults import nothing.
func TestAFaultOfTheFileChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		var many strings.Builder
		many.WriteString("mac_address\n")
		for i := range 10_000 {
			fmt.Fprintf(&many, "0004f2%06x\n", i)
		}
		const row = "0004f2000001"
		for _, c := range []struct {
			want string
			f    device.ImportFile
		}{
			{"csv_empty", device.ImportFile{}},
			{"csv_header", device.ImportFile{Data: []byte("name,reg.1.address\n" + row + ",1\n")}},
			{"csv_header", device.ImportFile{Data: []byte("mac_address,reg.1.address,REG.1.ADDRESS\n" + row + ",1,2\n")}},
			{"csv_header", device.ImportFile{Data: []byte("mac_address,,reg.1.address\n" + row + ",1,2\n")}},
			{"csv_separator", device.ImportFile{Data: []byte("mac_address,reg.1.address\n" + row + ",1\n"), Separator: ";"}},
			{"csv_malformed", device.ImportFile{Data: []byte("mac_address,a\n" + row + ",\"1\n")}},
			{"csv_encoding", device.ImportFile{Data: []byte("mac_address,a\n" + row + ",M\xfcller\n")}},
			{"csv_too_many_devices", device.ImportFile{Data: []byte(many.String())}},
			{"csv_zip", device.ImportFile{Data: zipped(t, nil)}},
			{"csv_zip", device.ImportFile{Data: zipped(t, map[string]string{"a.csv": "mac_address\n", "b.csv": "mac_address\n"})}},
			{"csv_zip", device.ImportFile{Data: []byte("PK\x03\x04 broken")}},
			{"csv_zip", device.ImportFile{Data: zipped(t, map[string]string{"bomb.csv": strings.Repeat("0", 33<<20)})}},
			{"invalid_fields", device.ImportFile{Data: []byte("mac_address\n" + row + "\n"), Mode: "replace"}},
			{"invalid_fields", device.ImportFile{Data: []byte("mac_address\n" + row + "\n"), Format: "yealink"}},
		} {
			_, _, err := w.Devices.Import(ctx, devicetest.System, w.Acme.ID, c.f)
			code(t, err, c.want)
		}
		if l, err := w.Devices.List(ctx, devicetest.System, w.Acme.ID, device.Query{}); err != nil || l.Total != 0 {
			t.Errorf("%d, %v", l.Total, err)
		}
		viewer := devicetest.Admin(w.Acme)
		viewer.Roles = []access.Role{access.Helpdesk}
		_, _, err := w.Devices.Import(ctx, viewer, w.Acme.ID, device.ImportFile{Data: []byte("mac_address\n")})
		code(t, err, "forbidden")
		if r := imports(t, w, w.Acme.ID, "", "mac_address\n"); len(r.Rows) != 0 { // DM-238
			t.Errorf("%+v", r)
		}
	})
}

func zipped(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	if _, err := z.Create("__MACOSX/._x"); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		f, err := z.Create(name)
		if err == nil {
			_, err = f.Write([]byte(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func wide(text string) []byte {
	out := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(text)) {
		out = binary.LittleEndian.AppendUint16(out, u)
	}
	return out
}

// The exports that providers really have: their headers, and the damage that they come with.
func TestExportsOfOtherSystemsAreRead(t *testing.T) {
	for _, c := range []struct{ file, format, want string }{
		{"poly-lens.csv", device.FormatPolyLens, `2 64167f0a0b01 added !name_tidied
3 64167f0a0b02 added
4 8g18404c20ccf9 added
5 1.57E+14 failed mac_rounded
6 4f2000005 failed mac_zeros_lost
7 64167f0a0b01 failed row_repeated
9 0004f2abcd04 added !row_unknown_site`},
		{"fusionpbx.csv", device.FormatFusion, `2 805ec00a0b01 added
3 805ec00a0b01 added
4 0004f2abcd05 added !name_tidied
6 000b82abcd06 added
7 805ec00a0b07 skipped row_disabled
8 57e14 failed mac_rounded
9 805ec00a0b01 failed row_repeated
10 805ec00a0b08 added
11  failed row_identifier_missing`},
	} {
		data, err := os.ReadFile(filepath.Join("testdata", c.file))
		if err != nil {
			t.Fatal(err)
		}
		for shape, bytes := range map[string][]byte{"as it is": data, "marked": append([]byte("\ufeff"), data...), "utf-16": wide(string(data)),
			"zipped": zipped(t, map[string]string{c.file: string(data)}), "windows": []byte(strings.ReplaceAll(string(data), "\n", "\r\n"))} {
			t.Run(c.format+"/"+shape, func(t *testing.T) {
				each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
					r, _, err := w.Devices.Import(ctx, devicetest.System, w.Acme.ID, device.ImportFile{Data: bytes, Format: c.format})
					if err != nil {
						t.Fatal(err)
					}
					if got := outcomes(r); got != c.want {
						t.Errorf("got\n%s\nwant\n%s", got, c.want)
					}
				})
			})
		}
	}
}

func TestLinesOfAFusionPBXExportAreExternalLines(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		data, err := os.ReadFile("testdata/fusionpbx.csv")
		if err != nil {
			t.Fatal(err)
		}
		load := func(mode string, data []byte) {
			t.Helper()
			if _, _, err := w.Devices.Import(ctx, devicetest.System, w.Acme.ID, device.ImportFile{Data: data, Format: device.FormatFusion, Mode: mode}); err != nil {
				t.Fatal(err)
			}
		}
		load("", data)
		d := byName(t, w, w.Acme.ID, "805ec00a0b01")
		s, err := w.Devices.Setup(ctx, w.Acme.ID, d.MAC)
		if err != nil || len(s.Lines) != 2 || d.Maker != "yealink" || d.Model != "T46S" || s.Ever != 2 {
			t.Fatalf("%+v %+v, %v", d, s, err)
		}
		l := s.Lines[0]
		if l.User != "1001" || l.AuthUser != "auth-1001" || l.Password != `p#1&"x"%` || l.DisplayName != "Jon Smith" || l.Transport != "tcp" || l.Expires != 120 ||
			fmt.Sprint(l.Registrars) != "[{pbx.example.net 5060} {pbx2.example.net 5060}]" || fmt.Sprint(l.Proxies) != "[{sbc.example.net 5080}]" {
			t.Errorf("%+v", l)
		}
		// The same file again changes nothing, so that nobody restarts for it.
		before := version(t, w, d)
		load(device.ModeOverwrite, data)
		if version(t, w, d) != before {
			t.Error("a file that says what is there changed something")
		}
		// Fewer lines: overwriting takes them, merging leaves them.
		one := "device_mac_address,line_number,server_address,user_id,password\n80:5e:c0:0a:0b:01,1,pbx.example.net,2001,other\n"
		load(device.ModeMerge, []byte(one))
		if s, _ = w.Devices.Setup(ctx, w.Acme.ID, d.MAC); len(s.Lines) != 2 || s.Lines[0].User != "2001" || s.Lines[1].User != "1002" {
			t.Errorf("%+v", s.Lines)
		}
		load(device.ModeOverwrite, []byte(one))
		if s, _ = w.Devices.Setup(ctx, w.Acme.ID, d.MAC); len(s.Lines) != 1 || s.Ever != 2 || version(t, w, d) == before {
			t.Errorf("%+v", s)
		}
	})
}

func version(t *testing.T, w *devicetest.World, d device.Device) string {
	t.Helper()
	return vector(t, w.DB, "device", d.ID).String()
}

// Decision 5: a dry run at any length, without a transaction.
func TestADryRunOfAnImportTellsWhatWouldHappenAndLocksNothing(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		w.Phone(t, w.Acme.ID, "0004f2000001")
		var file strings.Builder
		file.WriteString("mac_address,reg.1.address\n")
		for i := range 200 {
			fmt.Fprintf(&file, "0004f2%06x,%d\n", i, i)
		}
		dry := db.DryRun(ctx)
		r, op, err := w.Devices.Import(dry, devicetest.System, w.Acme.ID, device.ImportFile{Data: []byte(file.String()), Mode: device.ModeMerge})
		if err != nil || op.ID != "" || r.Added != 199 || r.Updated != 1 {
			t.Errorf("%+v, %v", r, err)
		}
		if l, err := w.Devices.List(ctx, devicetest.System, w.Acme.ID, device.Query{}); err != nil || l.Total != 1 {
			t.Errorf("%d, %v", l.Total, err)
		}
	})
}
