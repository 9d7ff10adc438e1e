package yealink

import (
	"strings"

	"linecard/internal/phone"
)

const null = phone.Null

// Check refuses what could end its line, and passwords of the factory.
func (maker) Check(s phone.Setting) error {
	switch {
	case !phone.ValidName(s.Name):
		return phone.ErrName
	case !validValue(s.Value):
		return phone.ErrValue
	case strings.HasSuffix(s.Name, "security.user_password") && factory[s.Value]:
		return phone.ErrFactory
	}
	return nil
}

// factory are the passwords that every phone has, as they stand in static.security.user_password [K: admin, user and var with
// the name as password].
var factory = map[string]bool{"admin:admin": true, "user:user": true, "var:var": true}

// Gone is %NULL%: a parameter that is only left out keeps its value [S].
func (maker) Gone(parameter string) (phone.Setting, bool) {
	return phone.Setting{Name: parameter, Value: null}, true
}

// Account sets user, password and address of the provisioning server under both names [S: static. T5x template and fact sheet A1.3,
// without it an older template]: software before generation 81 knows only the old ones, and newer takes both for the same.
func (maker) Account(a phone.Account) []phone.Setting {
	var set []phone.Setting
	for _, prefix := range []string{"", "static."} {
		prefix += "auto_provision.server."
		set = append(set, phone.Setting{Name: prefix + "password", Value: a.Password}, phone.Setting{Name: prefix + "username", Value: a.User})
		if a.Server != "" {
			set = append(set, phone.Setting{Name: prefix + "url", Value: a.Server})
		}
	}
	return phone.ByName(set)
}

// Accounts is how many lines a model has.
func (maker) Accounts(model string) int {
	m, _ := phone.Find(catalogue, model)
	return m.Lines
}

// Models are those of models.go.
func (maker) Models() []phone.Model { return catalogue }

// Upload is what these phones send [S guides]: logs, what was changed on them, directories and call lists.
func (m maker) Upload(path string) (phone.FileKind, bool) {
	id, ok := m.Recognise(path, "")
	switch id.Kind {
	case phone.Log, phone.Overrides, phone.Directory, phone.CallList:
		return id.Kind, ok && !id.MAC.IsZero()
	}
	return "", false
}
