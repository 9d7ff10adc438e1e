// Package sim owns simulated phones: they ask a provisioning server over the network in the order, with the names and the
// oddities of real ones, keep what they got between boots, and count how it went.
//
// It talks to any server and must not know Linecard's: of its rooms it uses only phone, for addresses. What is sourced from
// logs of real phones and what is only inferred is said where it is done.
package sim

import (
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"linecard/internal/phone"
)

// Clock tells the time for measurements.
type Clock interface {
	// Now is the present instant; a monotonic reading in it makes measurements exact.
	Now() time.Time
}

// Maker is whose phone a phone is.
type Maker string

// The makers that can be simulated. Each has a file of its own here.
const (
	Poly        Maker = "poly"
	Yealink     Maker = "yealink"
	Cisco       Maker = "cisco"
	Grandstream Maker = "grandstream"
	Snom        Maker = "snom"
)

// Model is a kind of phone as it calls itself.
type Model struct {
	Maker   Maker
	Family  string // "PolycomVVX"; of others what stands before the model: "Yealink"
	Name    string // "VVX_411": with the underscore of the User-Agent; "SIP-T54W", "CP-8841-3PCC", "GRP2614", "D785"
	Part    string // Poly: "3111-48450-001"; "" when it is not known, then only the general image is asked for
	Version string // of the application
	Updater string // Poly: of the updater
	Common  string // the file of all phones of the model: "y000000000096.cfg"; "" when there is none
	Rule    string // Cisco: where the profile is, Profile_Rule
	Prefix  [3]byte
	Log     bool // the order of its requests is from an access log of this very model
}

// Models are phones whose names and versions were seen in field logs, package lists and open projects. Of Poly's updaters only
// those of VVX 411 and 500 were, the others repeat the application's.
var Models = []Model{
	{Maker: Poly, Family: "PolycomVVX", Name: "VVX_411", Part: "3111-48450-001", Version: "6.4.7.4560", Updater: "6.4.7.3828", Prefix: poly},
	{Maker: Poly, Family: "PolycomVVX", Name: "VVX_500", Part: "3111-44500-001", Version: "5.9.7.4477", Updater: "5.9.7.47435", Prefix: poly, Log: true},
	{Maker: Poly, Family: "PolycomVVX", Name: "VVX_450", Part: "3111-48840-001", Version: "5.9.1.0615", Updater: "5.9.1.0615", Prefix: poly},
	{Maker: Poly, Family: "PolyCCX", Name: "CCX_600", Part: "3111-49770-001", Version: "8.0.2.3267", Updater: "8.0.2.3267", Prefix: poly, Log: true},
	{Maker: Poly, Family: "PolyEdge", Name: "Edge_E450", Version: "8.0.0.15602", Updater: "8.0.0.15602", Prefix: poly},
	{Maker: Poly, Family: "PolycomSoundPointIP", Name: "SPIP_550", Part: "2345-12500-001", Version: "4.0.15.1047", Updater: "4.0.15.1047", Prefix: poly, Log: true},
	{Maker: Yealink, Family: "Yealink", Name: "SIP-T54W", Version: "96.86.0.45", Common: "y000000000096.cfg", Prefix: [3]byte{0x80, 0x5e, 0xc0}},
	{Maker: Yealink, Family: "Yealink", Name: "SIP-T46G", Version: "28.72.0.1", Common: "y000000000028.cfg", Prefix: [3]byte{0x00, 0x15, 0x65}},
	{Maker: Yealink, Family: "Yealink", Name: "W60B", Version: "77.81.0.35", Common: "y000000000077.cfg", Prefix: [3]byte{0x80, 0x5e, 0xc0}},
	{Maker: Cisco, Family: "Cisco", Name: "CP-8841-3PCC", Version: "11.0", Rule: "/$PSN.xml", Prefix: cisco},
	{Maker: Cisco, Family: "Cisco", Name: "CP-7832-3PCC", Version: "11.0.1", Rule: "$MA.xml", Prefix: cisco},
	{Maker: Grandstream, Family: "Grandstream", Name: "GRP2614", Version: "1.0.5.15", Common: "cfggrp2614.xml", Prefix: [3]byte{0xc0, 0x74, 0xad}},
	{Maker: Grandstream, Family: "Grandstream", Name: "GXP2170", Version: "1.0.11.85", Common: "cfggxp2170.xml", Prefix: [3]byte{0x00, 0x0b, 0x82}},
	{Maker: Snom, Family: "snom", Name: "D785", Version: "10.1.33.33", Part: "2010.12-00004-g9ba52f5", Common: "snomD785.htm", Prefix: snom},
	{Maker: Snom, Family: "snom", Name: "710", Version: "8.7.5.35", Part: "1.1.5-IFX-05.01.12", Common: "snom710.htm", Prefix: snom},
}

// Known is the model's name as lists of models have it: VVX411, T54W, CP-8841-3PCC.
func (m Model) Known() string {
	if m.Maker == Poly {
		return strings.ReplaceAll(m.Name, "_", "")
	}
	return strings.TrimPrefix(m.Name, "SIP-")
}

var (
	poly  = [3]byte{0x64, 0x16, 0x7f}
	cisco = [3]byte{0x00, 0x56, 0x2b}
	snom  = [3]byte{0x00, 0x04, 0x13}
)

// Of gives the models of these makers, all when none is named.
func Of(makers ...Maker) []Model {
	var out []Model
	for _, m := range Models {
		if len(makers) == 0 || slices.Contains(makers, m.Maker) {
			out = append(out, m)
		}
	}
	return out
}

// Identity is one simulated phone.
type Identity struct {
	MAC phone.MAC
	Model
}

// Identities gives n phones of these makers, of all when none is named; the same seed gives the same ones. Their addresses
// begin with a prefix of their maker.
func Identities(n int, seed uint64, makers ...Maker) []Identity {
	models := Of(makers...)
	if len(models) == 0 {
		return nil
	}
	r := rand.New(rand.NewPCG(seed, 0x6c696e6563617264)) //nolint:gosec // the same phones for the same seed
	seen := map[phone.MAC]bool{}
	out := make([]Identity, 0, n)
	for len(out) < n {
		v, m := r.Uint32(), models[r.IntN(len(models))]
		mac := phone.MAC{m.Prefix[0], m.Prefix[1], m.Prefix[2], byte(v >> 16), byte(v >> 8), byte(v)}
		if seen[mac] {
			continue
		}
		seen[mac] = true
		out = append(out, Identity{MAC: mac, Model: m})
	}
	return out
}

// agent is the User-Agent of one of the phone's programs; only Poly phones have two. Poly phones say their serial number only
// when told to (device.prov.tagSerialNo).
func (i Identity) agent(program string, serial bool) string {
	mac := i.MAC.String()
	switch i.Maker {
	case Yealink:
		return i.Family + " " + i.Name + " " + i.Version + " " + colons(mac)
	case Cisco:
		return "Cisco-" + i.Name + "/" + i.Version + " (" + mac + ")"
	case Grandstream:
		return "Grandstream Model HW " + i.Name + " SW " + i.Version + " DevId " + mac
	case Snom:
		return "Mozilla/4.0 (compatible; snom" + i.Name + "-SIP " + i.Version + " " + i.Part + " " + strings.ToUpper(mac) + ")"
	}
	version, sn := i.Version, ""
	if program == "Updater" {
		version = i.Updater
	}
	if serial {
		sn = " (SN:" + mac + ")"
	}
	return "FileTransport " + i.Family + "-" + i.Name + "-UA/" + version + sn + " Type/" + program
}

func colons(mac string) string {
	var pairs []string
	for i := 0; i+2 <= len(mac); i += 2 {
		pairs = append(pairs, mac[i:i+2])
	}
	return strings.Join(pairs, ":")
}
