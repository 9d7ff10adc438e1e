package poly

import (
	"strconv"

	"linecard/internal/phone"
)

// parametersSuffix ends the name of the one parameter file that Linecard writes for a phone. It collides with none of the
// names that phones write themselves.
const parametersSuffix = "-linecard.cfg"

// contentType is what servers of these files answer; phones do not look at it.
const contentType = "text/xml; charset=utf-8"

// Files names the master file and the parameter file it lists.
func (maker) Files(in phone.Inputs) []string {
	return []string{in.MAC.String() + ".cfg", in.MAC.String() + parametersSuffix}
}

// Render makes the files of Files; any other name is NotFound. The global master file is none of them: it cannot say
// anything about a phone that Linecard does not know.
func (m maker) Render(name string, in phone.Inputs) (phone.File, error) {
	files := m.Files(in)
	top, own := split(in.Settings)
	d := document{root: "polycomConfig", attributes: withUpdates(in, own)}
	switch name {
	case files[0]:
		var err error
		if d, err = master(files[1:], top, in.Image); err != nil {
			return phone.File{}, err
		}
	case files[1]:
	default:
		return phone.File{}, phone.ErrNoFile
	}
	body, err := d.bytes()
	if err != nil {
		return phone.File{}, err
	}
	return phone.File{Body: body, ContentType: contentType}, nil
}

// Defaults are the settings that every phone gets, each with its source.
func (maker) Defaults(in phone.Inputs) []phone.Setting {
	const day = 24 * 60 * 60
	return phone.ByName([]phone.Setting{
		// DM-108; UC Software 5.8 guide: off by default, mode random spreads the phones from time to timeRandomEnd, the period is
		// in seconds and rounded up to whole days.
		{Name: "prov.polling.enabled", Value: "1"},
		{Name: "prov.polling.mode", Value: "random"},
		{Name: "prov.polling.period", Value: strconv.Itoa(in.Poll.Days * day)},
		{Name: "prov.polling.time", Value: in.Poll.Start.String()},
		{Name: "prov.polling.timeRandomEnd", Value: in.Poll.End.String()},
		// What is changed on the phone stays on the phone. With 1 it is sent to the server, and an upload that is refused may lose
		// it (Polycom FAQ 30582); the wazo plugin sets 0 for the same reason.
		{Name: "prov.autoConfigUpload.enabled", Value: "0"},
		// The documented default, said aloud: check-sync restarts a phone only when one of its files has changed.
		{Name: "voIpProt.SIP.specialEvent.checkSync.alwaysReboot", Value: "0"},
	})
}
