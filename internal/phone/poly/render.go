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
	var d document
	var err error
	switch name {
	case files[0]:
		d, err = master(files[1:])
	case files[1]:
		d = document{root: "polycomConfig", attributes: parameters(in)}
	default:
		return phone.File{}, phone.ErrNoFile
	}
	if err != nil {
		return phone.File{}, err
	}
	body, err := d.bytes()
	if err != nil {
		return phone.File{}, err
	}
	return phone.File{Body: body, ContentType: contentType}, nil
}

// master is the first file. Names in it are relative to the provisioning address and have no leading slash: a phone appends
// them as they are, so "/x" under https://h/p/acme becomes https://h/p/acme//x (seen on a CCX 600).
func master(configFiles []string) (document, error) {
	list, err := fileList(configFiles)
	return document{root: "APPLICATION", attributes: []attribute{
		// The factory's own value. No image stands there: the answer 404 makes the phone keep what it runs (UC Software guides).
		{"APP_FILE_PATH", "sip.ld"},
		{"CONFIG_FILES", list},
		// Empty directories are the provisioning address itself.
		{"MISC_FILES", ""},
		{"LOG_FILE_DIRECTORY", ""},
		{"OVERRIDES_DIRECTORY", ""},
		{"CONTACTS_DIRECTORY", ""},
		{"LICENSE_DIRECTORY", ""},
		{"CALL_LISTS_DIRECTORY", ""},
	}}, err
}

// parameters are the settings that every phone gets, each with its source.
func parameters(in phone.Inputs) []attribute {
	const day = 24 * 60 * 60
	return []attribute{
		// DM-108; UC Software 5.8 guide: off by default, mode random spreads the phones from time to timeRandomEnd, the period is
		// in seconds and rounded up to whole days.
		{"prov.polling.enabled", "1"},
		{"prov.polling.mode", "random"},
		{"prov.polling.period", strconv.Itoa(in.Poll.Days * day)},
		{"prov.polling.time", in.Poll.Start.String()},
		{"prov.polling.timeRandomEnd", in.Poll.End.String()},
		// What is changed on the phone stays on the phone. With 1 it is sent to the server, and an upload that is refused may lose
		// it (Polycom FAQ 30582); the wazo plugin sets 0 for the same reason.
		{"prov.autoConfigUpload.enabled", "0"},
		// The documented default, said aloud: check-sync restarts a phone only when one of its files has changed.
		{"voIpProt.SIP.specialEvent.checkSync.alwaysReboot", "0"},
	}
}
