package poly

import (
	"slices"
	"strings"

	"linecard/internal/phone"
)

// masterAttributes are the attributes of the master file (DM-178) that profiles may set, with what Linecard writes when none
// does, in the order in which they are written. Names in the file are relative to the provisioning address and have no
// leading slash: a phone appends them as they are, so "/x" under https://h/p/acme becomes https://h/p/acme//x (seen on a CCX
// 600). Empty directories are the provisioning address itself.
var masterAttributes = []masterAttribute{
	// The factory's own value. No image stands there: the answer 404 makes the phone keep what it runs (UC Software guides).
	{appFilePath, "sip.ld", true},
	{configFiles, "", true},
	{"MISC_FILES", "", true},
	{"LOG_FILE_DIRECTORY", "", true}, // DM-183: logs come here
	{"OVERRIDES_DIRECTORY", "", true},
	{"CONTACTS_DIRECTORY", "", true},
	{"LICENSE_DIRECTORY", "", true},
	{"CALL_LISTS_DIRECTORY", "", true},
	// Written only when a profile sets them. For COREFILE_DIRECTORY that is what "empty by default" means (DM-182): an empty
	// directory would be the provisioning address.
	{"COREFILE_DIRECTORY", "", false},
	{"USER_PROFILES_DIRECTORY", "", false},
	{"CERTIFICATE_DIRECTORY", "", false},
	{"FLK_DIRECTORY", "", false},
	{"DECT_FILE_PATH", "", false},
	{"SERVICE_FILES", "", false},
}

type masterAttribute struct {
	name, value string
	always      bool
}

const (
	appFilePath = "APP_FILE_PATH"
	configFiles = "CONFIG_FILES"
	// ownAttribute begins the names of attributes that people add to the master file; they stand there as they are (DM-185).
	ownAttribute = "_mac_cfg"
)

// ofMaster says whether a setting belongs into the master file and not into the parameter file (DM-180, DM-185).
func ofMaster(name string) bool {
	return strings.HasPrefix(name, ownAttribute) || slices.ContainsFunc(masterAttributes, func(a masterAttribute) bool { return a.name == name })
}

// split parts the attributes of the master file from the parameters. A companion (device.X.set) whose value is not there is
// left out: a phone could take it for an empty value, and a secret is not there for a phone that has not proved itself.
func split(all []phone.Setting) (top, own []phone.Setting) {
	for _, s := range all {
		switch {
		case ofMaster(s.Name):
			top = append(top, s)
		case !alone(all, s.Name):
			own = append(own, s)
		}
	}
	return top, own
}

// alone says whether a parameter is the companion of one that is not there.
func alone(sorted []phone.Setting, name string) bool {
	of, ok := strings.CutSuffix(name, ".set")
	if !ok || !strings.HasPrefix(of, "device.") {
		return false
	}
	_, there := slices.BinarySearchFunc(sorted, of, func(s phone.Setting, n string) int { return strings.Compare(s.Name, n) })
	return !there
}

// master is the first file: one APPLICATION element (DM-178). A profile's CONFIG_FILES stand after our own, so that they fill
// gaps and override nothing (DM-179); its APP_FILE_PATH stands instead of the chosen software (DM-181); all other attributes
// stand instead of ours (DM-180).
func master(own []string, set []phone.Setting, image phone.Image) (document, error) {
	d := document{root: "APPLICATION"}
	values := make(map[string]string, len(set))
	for _, s := range set {
		if _, twice := values[s.Name]; twice {
			return d, phone.ErrTwice
		}
		values[s.Name] = s.Value
	}
	list, err := fileList(own, values[configFiles])
	if err != nil {
		return d, err
	}
	values[configFiles] = list
	if _, fixed := values[appFilePath]; !fixed && image.Path != "" {
		values[appFilePath] = image.Path
	}
	for _, a := range masterAttributes {
		value, isSet := values[a.name]
		if !isSet {
			value = a.value
		}
		if isSet || a.always {
			d.attributes = append(d.attributes, attribute{Name: a.name, Value: value})
		}
	}
	for _, s := range set { // sorted by name already
		if strings.HasPrefix(s.Name, ownAttribute) {
			d.attributes = append(d.attributes, s)
		}
	}
	return d, nil
}
