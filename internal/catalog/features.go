package catalog

import (
	"database/sql/driver"
	_ "embed"
	"encoding/json"
	"strings"
	"sync"

	"linecard/internal/db"
)

// Feature is something a user, a workspace or a location can use when the package includes it (WS-15, WS-16).
type Feature struct {
	Number   string    `json:"number"` // of the catalogue: S1 … S52, L1 … L15
	Key      string    `json:"key"`
	Level    string    `json:"level"` // subscriber or location
	Group    string    `json:"group"`
	Name     string    `json:"name"`
	Default  bool      `json:"default"` // on for whoever is entitled to it and has chosen nothing
	Settings []Setting `json:"settings"`
}

// Setting is one value that a feature takes.
type Setting struct {
	Name    string   `json:"name"`
	Type    string   `json:"type"` // flag, count, number (a phone number), text, choice, list
	Min     int      `json:"min,omitempty"`
	Max     int      `json:"max,omitempty"` // of a count; entries of a list
	Choices []string `json:"choices,omitempty"`
}

//go:embed features.json
var featuresJSON []byte

var features = sync.OnceValue(func() []Feature {
	var all []Feature
	if err := json.Unmarshal(featuresJSON, &all); err != nil {
		panic("catalog: features.json: " + err.Error())
	}
	return all
})

// AllFeatures gives the 52 features of subscribers and the 15 of locations, in the order of their numbers. Nobody may change it.
func AllFeatures() []Feature { return features() }

func knownFeature(key string) bool {
	for _, f := range features() {
		if f.Key == key {
			return true
		}
	}
	return false
}

// Features is what a package includes: key of a feature → "" or the text of its limit. Nobody may change one that was read.
type Features map[string]string

// remembered keeps what a JSON text means, because every assignment reads packages and there are few different ones.
var remembered struct {
	sync.Mutex
	features map[string]Features
}

// Scan reads JSON text.
func (f *Features) Scan(src any) error {
	text, isText := src.(string)
	remembered.Lock()
	defer remembered.Unlock()
	if have, ok := remembered.features[text]; isText && ok {
		*f = have
		return nil
	}
	var j db.JSON[map[string]string]
	if err := j.Scan(src); err != nil {
		return err
	}
	*f = j.V
	if isText {
		if len(remembered.features) >= 256 || remembered.features == nil {
			remembered.features = map[string]Features{}
		}
		remembered.features[text] = *f
	}
	return nil
}

// Value stores JSON text.
func (f Features) Value() (driver.Value, error) {
	if f == nil {
		f = Features{}
	}
	return db.AsJSON(map[string]string(f)).Value()
}

func join(s []string) string { return strings.Join(s, ", ") }
