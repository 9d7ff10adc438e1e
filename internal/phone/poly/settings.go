package poly

import (
	"strings"

	"linecard/internal/phone"
)

// factory are the passwords that every phone has; setting the administrator's to it is refused by the phone itself [S].
var factory = map[string]string{"device.auth.localAdminPassword": "456", "device.auth.localUserPassword": "123"}

// Check refuses what cannot stand in an attribute, a list of files that phones cannot read, and passwords of the factory.
func (maker) Check(s phone.Setting) error {
	switch {
	case !attributeName(s.Name):
		return phone.ErrName
	case !phone.ValidText(s.Value):
		return phone.ErrText
	case s.Value != "" && s.Value == factory[s.Name]:
		return phone.ErrFactory
	case s.Name == configFiles:
		_, err := fileList([]string{strings.Repeat("0", 12) + parametersSuffix}, s.Value)
		return err
	case s.Name == appFilePath && (len(s.Value) > maxFileName || strings.ContainsAny(s.Value, " \\\t\r\n")):
		return errFileList
	}
	return nil
}

// Gone: a parameter that no file has any more is at its default again [S precedence of files over defaults; I that a restart is
// enough], and so for attributes of the master file. What is called device. stands in flash and stays until it is set to
// something else [S].
func (maker) Gone(parameter string) (phone.Setting, bool) {
	return phone.Setting{}, !strings.HasPrefix(parameter, "device.")
}

// Account sets user, password and server in flash, each with the companions without which a phone does not take them [S].
func (maker) Account(a phone.Account) []phone.Setting {
	set := []phone.Setting{{Name: "device.set", Value: "1"}}
	flash := func(name, value string) {
		set = append(set, phone.Setting{Name: name, Value: value}, phone.Setting{Name: name + ".set", Value: "1"})
	}
	flash("device.prov.user", a.User)
	flash("device.prov.password", a.Password)
	if a.Server != "" {
		flash("device.prov.serverName", a.Server)
		switch {
		case strings.HasPrefix(a.Server, "https://"):
			flash("device.prov.serverType", "3") // [S]
		case strings.HasPrefix(a.Server, "http://"):
			flash("device.prov.serverType", "2") // [S]
		}
	}
	return phone.ByName(set)
}

// Accounts is how many lines a model has.
func (maker) Accounts(model string) int {
	m, _ := phone.Find(models, model)
	return m.Lines
}

// Models are those of models.go.
func (maker) Models() []phone.Model { return models }

// Upload is what these phones send with PUT [S logs]: logs, what was changed on them, directories and call lists.
func (m maker) Upload(path string) (phone.FileKind, bool) {
	id, ok := m.Recognise(path, "")
	switch id.Kind {
	case phone.Log, phone.Overrides, phone.Directory, phone.CallList:
		return id.Kind, ok && !id.MAC.IsZero()
	}
	return "", false
}
