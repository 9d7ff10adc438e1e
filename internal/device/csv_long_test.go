package device_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/db/dbtest"
	"linecard/internal/device"
	"linecard/internal/device/devicetest"
	"linecard/internal/operation"
	"linecard/internal/profile"
	"linecard/internal/queue"
)

// work runs the queue until the test ends.
func work(t *testing.T, w *devicetest.World) {
	t.Helper()
	q := queue.New(w.DB, queue.Options{Node: "test"})
	w.Devices.Register(q)
	w.Operations.Register(q)
	run, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- q.Run(run) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

// ended waits for the end of an import, longer than Eventually does, because the longest file takes its time on a busy computer.
func ended(t *testing.T, w *devicetest.World, clock *dbtest.Clock, id string) operation.Operation {
	t.Helper()
	deadline, tick := time.NewTimer(4*time.Minute), time.NewTicker(20*time.Millisecond)
	defer deadline.Stop()
	defer tick.Stop()
	for {
		clock.Advance(20 * time.Millisecond) // as fast as it is: what is periodic shall not run wild
		op, err := w.Operations.Get(ctx, devicetest.System, id)
		if err != nil {
			t.Fatal(err)
		}
		if op.State.Final() {
			return op
		}
		select {
		case <-deadline.C:
			t.Fatalf("the import does not end: %+v", op)
		case <-tick.C:
		}
	}
}

func longFile(n int) string {
	var b strings.Builder
	b.WriteString("mac_address,endpoint_name,endpoint_group,reg.1.address,reg.1.displayName,reg.1.auth.userId,reg.1.auth.password\n")
	for i := range n {
		fmt.Fprintf(&b, "64167f%06x,Phone-%d,EPGroup1|EPGroup2,%d,Person %d,auth%d,S3cret-%d\n", i, i, 10_000+i, i, i, i)
	}
	return b.String()
}

// DM-239, DM-256; decision 5. The file is the longest that there can be when LINECARD_LONG is set.
func TestALongFileIsImportedInTheBackgroundWithALog(t *testing.T) {
	n := 120
	if os.Getenv("LINECARD_LONG") != "" {
		n = 9999
	}
	each(t, func(t *testing.T, w *devicetest.World, clock *dbtest.Clock) {
		group(t, w, w.Acme.ID, "EPGroup1")
		group(t, w, w.Acme.ID, "EPGroup2")
		taken := w.Phone(t, w.Globex.ID, "64167f000003")
		work(t, w)
		began := time.Now()
		report, op, err := w.Devices.Import(ctx, devicetest.Admin(w.Acme), w.Acme.ID, device.ImportFile{Data: []byte(longFile(n))})
		if err != nil || report != nil {
			t.Fatalf("%+v, %v", report, err)
		}
		op = ended(t, w, clock, op.ID)
		t.Logf("%d rows in %v, log of %d bytes", n, time.Since(began), len(op.Result))
		var r device.ImportReport
		if err := json.Unmarshal([]byte(op.Result), &r); err != nil {
			t.Fatalf("%+v, %v", op, err)
		}
		if r.Added != n-1 || r.Failed != 1 || len(r.Rows) != n || r.Rows[3].Line != 5 || r.Rows[3].Code != "mac_unavailable" || op.Done != int64(n) || op.Total != int64(n) {
			t.Errorf("added %d, failed %d, %d rows, %+v, %d of %d", r.Added, r.Failed, len(r.Rows), r.Rows[3], op.Done, op.Total)
		}
		if strings.Contains(string(op.Result), "S3cret") || taken.CustomerID != w.Globex.ID {
			t.Error("the log repeats secrets")
		}
		d := byName(t, w, w.Acme.ID, "64167f000007")
		if len(d.GroupIDs) != 2 || !strings.Contains(csvProfile(t, w, d), "reg.1.auth.password=S3cret-7") {
			t.Errorf("%+v %s", d, csvProfile(t, w, d))
		}
		if p, err := w.Devices.Provisioning(ctx, devicetest.System, w.Acme.ID); err != nil || p.Devices != int64(n-1) {
			t.Errorf("%d devices are counted, %v", p.Devices, err)
		}
		var kept int
		if err := w.DB.Get(ctx, &kept, `SELECT COUNT(*) FROM device_imports`); err != nil || kept != 0 {
			t.Errorf("%d files with passwords stay, %v", kept, err)
		}
		if os.Getenv("LINECARD_LONG") != "" {
			began = time.Now()
			_, op, err := w.Devices.Import(ctx, devicetest.Admin(w.Acme), w.Acme.ID, device.ImportFile{Data: []byte(longFile(n)), Mode: device.ModeOverwrite})
			if err != nil {
				t.Fatal(err)
			}
			ended(t, w, clock, op.ID)
			t.Logf("overwritten with the same in %v", time.Since(began))
			began = time.Now()
			export(t, w, devicetest.System, device.ExportOptions{})
			t.Logf("exported in %v", time.Since(began))
		}
	})
}

func export(t *testing.T, w *devicetest.World, actor access.Actor, o device.ExportOptions) string {
	t.Helper()
	e, err := w.Devices.Export(ctx, actor, w.Acme.ID, o)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := e.Write(ctx, &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// state is all that an export must bring back.
func state(t *testing.T, w *devicetest.World) string {
	t.Helper()
	l, err := w.Devices.List(ctx, devicetest.System, w.Acme.ID, device.Query{Page: pageOf(1000)})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, d := range l.Items {
		out = append(out, fmt.Sprint(d.Identifier(), d.MAC, d.Serial, d.BySerial, d.Family, d.Maker, d.Name, namesOf(t, w, d), csvProfile(t, w, d)))
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// DM-257, DM-258.
func TestAnExportBringsBackWhatWasThere(t *testing.T) {
	for _, o := range []device.ExportOptions{{}, {Separator: ";"}, {Separator: "\t"}, {Armed: true}} {
		t.Run(fmt.Sprintf("%+v", o), func(t *testing.T) {
			each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
				group(t, w, w.Acme.ID, "EPGroup1")
				group(t, w, w.Acme.ID, "EPGroup2")
				imports(t, w, w.Acme.ID, "", `mac_address,serial_number,endpoint_type,endpoint_name,endpoint_group,reg.1.address,reg.1.auth.password,device.hostname
0004f2000001,,VVX,One,EPGroup2|EPGroup1,"=1+1","a""b;c,d"
0004f2000002,,,,,,"'=x",@host
0004f2000003,,,-Three,EPGroup1,+4989,"	tab",
,8218404c20ccf9,Poly Studio,Studio,EPGroup1,,,
00e0db4c20cc,8218404c20ccfa,poly studio,,,,,
001122334455,,Yealink,,,,,
`)
				before := state(t, w)
				file := export(t, w, devicetest.System, o)
				again := func(mode string) {
					t.Helper()
					r, _, err := w.Devices.Import(ctx, devicetest.System, w.Acme.ID, device.ImportFile{Data: []byte(file), Mode: mode, Separator: o.Separator, Armed: o.Armed})
					if err != nil || r.Failed+r.Warnings > 0 {
						t.Fatalf("%v\n%s\n%s", err, outcomes(r), file)
					}
					if after := state(t, w); after != before {
						t.Errorf("before\n%s\nafter\n%s\nfile\n%s", before, after, file)
					}
				}
				again(device.ModeOverwrite)
				again(device.ModeMerge)
				l, _ := w.Devices.List(ctx, devicetest.System, w.Acme.ID, device.Query{})
				for _, d := range l.Items {
					if err := w.Devices.Delete(ctx, devicetest.System, w.Acme.ID, d.ID, 0); err != nil {
						t.Fatal(err)
					}
				}
				again("")
			})
		})
	}
}

// Decision 16: whoever may not see passwords gets dots, which an import takes for what is there.
func TestAnExportWithoutTheRightToSeePasswordsHoldsNone(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		imports(t, w, w.Acme.ID, "", "mac_address,reg.1.address,reg.1.auth.password\n0004f2000001,100,S3cret\n")
		viewer := devicetest.Admin(w.Acme)
		viewer.Roles = []access.Role{access.Helpdesk}
		before := state(t, w)
		file := export(t, w, viewer, device.ExportOptions{})
		if strings.Contains(file, "S3cret") || !strings.Contains(file, profile.Mask) || logged(t, w.DB, "device/export") != 1 {
			t.Error(file)
		}
		imports(t, w, w.Acme.ID, device.ModeOverwrite, file)
		if after := state(t, w); after != before {
			t.Errorf("before %s, after %s", before, after)
		}
		rows, err := csv.NewReader(strings.NewReader(file)).ReadAll()
		if err != nil || !slices.Equal(rows[0][:6], []string{"mac_address", "serial_number", "endpoint_name", "endpoint_type", "endpoint_group", "reg.1.address"}) || len(rows[0]) != 25 {
			t.Errorf("%v, %v", rows, err)
		}
		_, err = w.Devices.Export(ctx, devicetest.Admin(w.Globex), w.Acme.ID, device.ExportOptions{})
		code(t, err, "not_found")
	})
}
