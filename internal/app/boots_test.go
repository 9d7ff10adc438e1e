package app_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"linecard/internal/app"
	"linecard/internal/db/dbtest"
	"linecard/internal/device"
	"linecard/internal/device/devicetest"
	"linecard/internal/phone"
	"linecard/internal/sim"
)

var update = flag.Bool("update", false, "rewrite the golden transcripts and docs/compatibility.md")

// compatibility is the page that says how well each model is known.
const compatibility = "../../docs/compatibility.md"

// Every simulated model boots against a real node: what it asks, what it hears, what it then knows and what we know of it,
// line by line, each line marked as sourced or inferred.
func TestEveryModelBootsAsReviewed(t *testing.T) {
	n := newPhonesNode(t, devicetest.New(t, dbtest.Open(t, dbtest.SQLiteURL(t), dbtest.NewClock())))
	var table strings.Builder
	for i, m := range sim.Models {
		id := sim.Identity{MAC: phone.MAC{m.Prefix[0], m.Prefix[1], m.Prefix[2], 0x0a, 0x0b, byte(i + 1)}, Model: m}
		d := n.Phone(t, n.Acme.ID, id.MAC.String())
		p := n.phones(t, []sim.Identity{id})[0]
		p.Remember = false
		boot := p.Boot(context.Background())
		later := p.Poll(context.Background())
		golden := fmt.Sprintf("%s-%s-%s.txt", m.Maker, m.Known(), m.Version)
		text := transcript(m, "power on", boot) + fmt.Sprintf("\nconfigured %v, %d settings in force, %s\n\n", boot.Configured, len(p.Parameters()), fault(boot)) +
			transcript(m, "later, nothing changed", later) + fmt.Sprintf("\nconfigured %v, restarted %v, %s\n", later.Configured, later.Changed, fault(later)) +
			known(t, n, d, m)
		compare(t, filepath.Join("testdata", "boots", golden), text)
		sourced := 0
		for _, x := range boot.Exchanges {
			if x.Basis == sim.Sourced {
				sourced++
			}
		}
		order := "inferred"
		if m.Log {
			order = "log-derived"
		}
		fmt.Fprintf(&table, "| %s | %s | %s | %s | %d of %d | [%s](../internal/app/testdata/boots/%s) |\n", m.Maker, m.Known(), m.Version, order, sourced, len(boot.Exchanges), "transcript", golden)
	}
	compareTable(t, table.String())
}

func fault(t sim.Trip) string {
	if t.Fault == "" {
		return "no fault"
	}
	return "fault " + t.Fault
}

// transcript is one visit.
func transcript(m sim.Model, when string, t sim.Trip) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s %s %s, %s\n", m.Maker, m.Known(), m.Version, when)
	agent := ""
	for _, x := range t.Exchanges {
		if x.Agent != agent {
			agent = x.Agent
			fmt.Fprintf(&b, "# as %s\n", agent)
		}
		fmt.Fprintf(&b, "%-8s  %-4s %-34s %d", x.Basis, x.Method, x.Path, x.Status)
		if x.Status == 200 {
			fmt.Fprintf(&b, " %d bytes", x.Bytes)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// known is what the node has learned of the phone.
func known(t *testing.T, n *phonesNode, d device.Device, m sim.Model) string {
	t.Helper()
	if err := n.handler.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	got, err := n.Devices.Get(context.Background(), devicetest.System, n.Acme.ID, d.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got.Maker != string(m.Maker) || got.ReportedModel != m.Known() || got.SoftwareVersion != m.Version {
		t.Errorf("%s is known as %s %s %s", m.Known(), got.Maker, got.ReportedModel, got.SoftwareVersion)
	}
	return fmt.Sprintf("known as %s %s %s\n", got.Maker, got.ReportedModel, got.SoftwareVersion)
}

func compare(t *testing.T, golden, text string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(golden), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text); diff != "" {
		t.Errorf("%s:\n%s", golden, diff)
	}
}

// compareTable holds the rows of the compatibility page to what the transcripts say.
func compareTable(t *testing.T, rows string) {
	t.Helper()
	page, err := os.ReadFile(compatibility)
	if err != nil {
		t.Fatal(err)
	}
	const head = "|---|---|---|---|---|---|\n"
	before, rest, ok := strings.Cut(string(page), head)
	if !ok {
		t.Fatal("the page has no table")
	}
	end := strings.Index(rest, "\n\n")
	if end < 0 {
		t.Fatal("nothing follows the table")
	}
	if whole := before + head + rows + rest[end+1:]; *update && whole != string(page) {
		if err := os.WriteFile(compatibility, []byte(whole), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if diff := cmp.Diff(rest[:end+1], rows); diff != "" && !*update {
		t.Errorf("docs/compatibility.md is not what the transcripts say (run this test with -update):\n%s", diff)
	}
}

// The fixtures of other rooms cannot ask app for its makers, so they have a list of their own.
func TestEveryMakerOfTheProgramHasASimulatedPhone(t *testing.T) {
	if diff := cmp.Diff(app.Makers().Names(), devicetest.New(t, dbtest.Open(t, dbtest.SQLiteURL(t), dbtest.NewClock())).Makers.Names()); diff != "" {
		t.Error(diff)
	}
	simulated := map[string]bool{}
	for _, m := range sim.Models {
		simulated[string(m.Maker)] = true
		mac := phone.MAC{m.Prefix[0], m.Prefix[1], m.Prefix[2], 1, 2, 3}
		if got := app.Makers().Of(mac); got != string(m.Maker) {
			t.Errorf("%s of %s is taken for a phone of %q", m.Known(), m.Maker, got)
		}
	}
	for _, name := range app.Makers().Names() {
		if !simulated[name] {
			t.Errorf("no phone of %s is simulated", name)
		}
	}
}
