package cisco

import (
	"strconv"

	"linecard/internal/phone"
)

// Spell puts lines into User_ID_N_ and its sisters [S names of all].
func (m maker) Spell(l phone.Layout) phone.Spelling {
	var s phone.Spelling
	var lines []phone.Line
	lines, s.Misfits = l.Split(m.Accounts(l.Model), 16)
	for _, line := range lines {
		n := "_" + strconv.Itoa(line.Number) + "_"
		server := ""
		if len(line.Registrars) > 0 {
			server = line.Registrars[0].HostPort()
		}
		s.Identity = append(s.Identity, phone.Setting{Name: "Line_Enable" + n, Value: "Yes"}, phone.Setting{Name: "Proxy" + n, Value: server},
			phone.Setting{Name: "User_ID" + n, Value: line.User}, phone.Setting{Name: "Auth_ID" + n, Value: line.Auth()}, phone.Setting{Name: "Password" + n, Value: line.Password})
		s.Rest = append(s.Rest, phone.Setting{Name: "Display_Name" + n, Value: line.DisplayName}, phone.Setting{Name: "Short_Name" + n, Value: line.Shown()})
	}
	for _, k := range l.Keys {
		s.Misfits = append(s.Misfits, phone.Misfit{Key: k, Code: "key_no_such_type", Reason: "This type of key is not known for this maker."})
	}
	phone.ByName(s.Identity)
	phone.ByName(s.Rest)
	return s
}
