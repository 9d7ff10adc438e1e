// Package sim owns simulated phones: they ask a provisioning server over the network in the order, with the names and the
// oddities of real ones, keep what they got between boots, and count how it went.
//
// It talks to any server and must not know Linecard's: of its rooms it uses only phone, for addresses. What is sourced from
// logs of real phones and what is only inferred is said where it is done.
package sim

import (
	"math/rand/v2"
	"time"

	"linecard/internal/phone"
)

// Clock tells the time for measurements.
type Clock interface {
	// Now is the present instant; a monotonic reading in it makes measurements exact.
	Now() time.Time
}

// Model is a kind of phone as it calls itself.
type Model struct {
	Family  string // "PolycomVVX"
	Name    string // "VVX_411": with the underscore of the User-Agent
	Part    string // "3111-48450-001"; "" when it is not known, then only the general image is asked for
	Version string // of the application
	Updater string // of the updater
}

// Models are Poly phones. Names, part numbers and application versions were seen in field logs and package lists; of the
// updaters only those of VVX 411 and 500, the others repeat the application's.
var Models = []Model{
	{"PolycomVVX", "VVX_411", "3111-48450-001", "6.4.7.4560", "6.4.7.3828"},
	{"PolycomVVX", "VVX_500", "3111-44500-001", "5.9.7.4477", "5.9.7.47435"},
	{"PolycomVVX", "VVX_450", "3111-48840-001", "5.9.1.0615", "5.9.1.0615"},
	{"PolyCCX", "CCX_600", "3111-49770-001", "8.0.2.3267", "8.0.2.3267"},
	{"PolyEdge", "Edge_E450", "", "8.0.0.15602", "8.0.0.15602"},
	{"PolycomSoundPointIP", "SPIP_550", "2345-12500-001", "4.0.15.1047", "4.0.15.1047"},
}

// Identity is one simulated phone.
type Identity struct {
	MAC phone.MAC
	Model
}

// Identities gives n phones; the same seed gives the same ones. Their addresses begin with a Poly prefix.
func Identities(n int, seed uint64) []Identity {
	r := rand.New(rand.NewPCG(seed, 0x6c696e6563617264))
	seen := map[phone.MAC]bool{}
	out := make([]Identity, 0, n)
	for len(out) < n {
		v := r.Uint32()
		mac := phone.MAC{0x64, 0x16, 0x7f, byte(v >> 16), byte(v >> 8), byte(v)}
		if seen[mac] {
			continue
		}
		seen[mac] = true
		out = append(out, Identity{MAC: mac, Model: Models[r.IntN(len(Models))]})
	}
	return out
}

// agent is the User-Agent of one of the phone's programs. Phones say their serial number only when told to
// (device.prov.tagSerialNo).
func (i Identity) agent(program string, serial bool) string {
	version, sn := i.Version, ""
	if program == "Updater" {
		version = i.Updater
	}
	if serial {
		sn = " (SN:" + i.MAC.String() + ")"
	}
	return "FileTransport " + i.Family + "-" + i.Name + "-UA/" + version + sn + " Type/" + program
}
