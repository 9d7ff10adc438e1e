package device

import (
	"encoding/json"

	"linecard/internal/phone"
)

// lineData is what stands of a line beside its number and its password.
type lineData struct {
	Label       string          `json:"label,omitempty"`
	DisplayName string          `json:"display_name,omitempty"`
	User        string          `json:"user"`
	AuthUser    string          `json:"auth_user,omitempty"`
	Registrars  []phone.Server  `json:"registrars,omitempty"`
	Proxies     []phone.Server  `json:"proxies,omitempty"`
	Transport   phone.Transport `json:"transport,omitempty"`
	Expires     int             `json:"expires,omitempty"`
	SharedWith  string          `json:"shared_with,omitempty"`
	Voicemail   string          `json:"voicemail,omitempty"`
}

// openLine gives a stored line with its password in clear.
func (s *Service) openLine(id string, number int, data string, sealed []byte) (phone.Line, error) {
	var d lineData
	if err := json.Unmarshal([]byte(data), &d); err != nil {
		return phone.Line{}, err
	}
	l := d.line(number)
	if sealed != nil {
		word, err := s.box.Open(sealed, lineSealedAs(id))
		if err != nil {
			return phone.Line{}, err
		}
		l.Password = string(word)
	}
	return l, nil
}

func (d lineData) line(number int) phone.Line {
	return phone.Line{Number: number, Label: d.Label, DisplayName: d.DisplayName, User: d.User, AuthUser: d.AuthUser, Registrars: d.Registrars,
		Proxies: d.Proxies, Transport: d.Transport, Expires: d.Expires, SharedWith: d.SharedWith, Voicemail: d.Voicemail}
}

func lineSealedAs(id string) string { return "device_lines/password/" + id }
