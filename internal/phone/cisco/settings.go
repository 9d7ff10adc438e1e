package cisco

import (
	"linecard/internal/phone"
	"linecard/internal/phone/flatxml"
)

// Check refuses what cannot stand in an XML file.
func (maker) Check(s phone.Setting) error { return flatxml.Check(s) }

// Gone: an element that is absent leaves the phone as it is [S], so the default is said aloud where it is known.
func (maker) Gone(parameter string) (phone.Setting, bool) {
	if p, ok := dictionary().Find(parameter); ok && p.Default != nil {
		return phone.Setting{Name: parameter, Value: *p.Default}, true
	}
	return phone.Setting{}, false
}

// Account puts user and password where rules may use them and nobody else, and sets the rule [S fact sheet B2: macros, --uid,
// --pwd; I their use together]. Without an address there is no rule to set, so nothing can be done.
func (maker) Account(a phone.Account) []phone.Setting {
	if a.Server == "" {
		return nil
	}
	return phone.ByName([]phone.Setting{
		{Name: "GPP_SA", Value: a.User},
		{Name: "GPP_SB", Value: a.Password},
		{Name: "Profile_Rule", Value: "[--uid $SA --pwd $SB] " + a.Server + "/$MA.xml"},
	})
}

// Accounts is how many lines a model has.
func (maker) Accounts(model string) int {
	m, _ := phone.Find(models, model)
	return m.Lines
}

// Models are those of models.go.
func (maker) Models() []phone.Model { return models }
