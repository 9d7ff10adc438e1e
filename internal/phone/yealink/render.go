package yealink

import (
	"strconv"
	"strings"

	"linecard/internal/phone"
)

// contentType is plain text: the format is lines.
const contentType = "text/plain; charset=utf-8"

// Files names the one file that is made for a phone. Boot files and the common file are no such: as soon as a boot file is
// answered, a phone loads only what it includes (fusionpbx 2925, 2926), and the common file knows no phone. All of them
// are a true 404, after which a phone goes on with the next name.
func (maker) Files(in phone.Inputs) []string { return []string{in.MAC.String() + ".cfg"} }

// Render makes the file of Files; any other name is NotFound.
func (m maker) Render(name string, in phone.Inputs) (phone.File, error) {
	if name != m.Files(in)[0] {
		return phone.File{}, phone.ErrNoFile
	}
	body, err := write(withImage(in, in.Complete(m.Gone)))
	if err != nil {
		return phone.File{}, err
	}
	return phone.File{Body: body, ContentType: contentType}, nil
}

// withImage names the chosen software, unless a setting does. The parameter needs a full address [S]: a path is put under the
// provisioning address that the phone is told, and left out when it is told none.
func withImage(in phone.Inputs, all []phone.Setting) []phone.Setting {
	name, server := "static.firmware.url", ""
	if g := generation(in.Version); g != 0 && g < static {
		name = "firmware.url"
	}
	for _, s := range all {
		switch s.Name {
		case name:
			return all
		case "static.auto_provision.server.url":
			server = s.Value
		}
	}
	address := in.Image.Under(server)
	if address == "" {
		return all
	}
	return phone.ByName(append(all, phone.Setting{Name: name, Value: address}))
}

// static is the software generation from which parameters of the device itself are written with the prefix "static."
// [S admin guides V81]. What a T5x of generation 80 wants is not known; software of generation 8x takes the old names, too.
const static = 81

// generation is the second number of a software version: 86 of 96.86.0.45. 0 when it is not known.
func generation(version string) int {
	parts := strings.Split(version, ".")
	if len(parts) < 2 {
		return 0
	}
	n, _ := strconv.Atoi(parts[1])
	return n
}

// Defaults are what every phone gets, each with its source and the software it is for.
func (maker) Defaults(in phone.Inputs) []phone.Setting {
	common := []phone.Setting{
		// A NOTIFY check-sync restarts the phone only when it says so; else it asks for its files. The factory's 1 restarts always
		// [S CP969 guide p. 779; T2x, T4x and T5x templates]. All generations.
		{Name: "sip.notify_reboot_enable", Value: "0"},
	}
	if g := generation(in.Version); g != 0 && g < static {
		return phone.ByName(append([]phone.Setting{
			// 7 asks after power on and in the window of the days that are listed; a week is the only period there is, so all seven
			// days are listed whatever the period: a phone asks more often than it has to, never less [S open templates for T2x and T4x
			// before generation 81].
			{Name: "auto_provision.mode", Value: "7"},
			{Name: "auto_provision.weekly.enable", Value: "1"},
			{Name: "auto_provision.weekly.dayofweek", Value: "0123456"},
			{Name: "auto_provision.weekly.begin_time", Value: in.Poll.Start.String()},
			{Name: "auto_provision.weekly.end_time", Value: in.Poll.End.String()},
		}, common...))
	}
	return phone.ByName(append([]phone.Setting{
		// Ask after power on (DM-107) [S T5 series guide p. 86 ff., generation 81 and later].
		{Name: "static.auto_provision.power_on", Value: "1"},
		// DM-108: at a random time of the window, on one day of each period that follows from the MAC; an end before the start is on
		// the next day; 1 to 1000 days [S T2/T4/T5 guides, generation 81 and later].
		{Name: "static.auto_provision.flexible.enable", Value: "1"},
		{Name: "static.auto_provision.flexible.interval", Value: strconv.Itoa(in.Poll.Days)},
		{Name: "static.auto_provision.flexible.begin_time", Value: in.Poll.Start.String()},
		{Name: "static.auto_provision.flexible.end_time", Value: in.Poll.End.String()},
		// Logs go to the provisioning address, as those of other makers do [S names: T5 template, generation 83 and later; older
		// software ignores them. I: without a path it is the provisioning address].
		{Name: "static.auto_provision.local_log.backup.enable", Value: "1"},
		// What is changed on the phone stays on the phone [S generation 81 and later].
		{Name: "static.auto_provision.custom.sync", Value: "0"},
	}, common...))
}
