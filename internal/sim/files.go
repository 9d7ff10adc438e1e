package sim

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// master is what a phone takes out of its master configuration file.
type master struct {
	appFile     string
	configFiles []string
	misc        []string

	logs, overrides, contacts, licence, calls string
}

var errRoot = errors.New("the root element is not APPLICATION")

// readMaster reads a master file with the phone's tokens replaced.
func readMaster(body []byte, who Identity) (master, error) {
	root, values, err := readAttributes(body)
	if err != nil {
		return master{}, err
	}
	if root != "APPLICATION" {
		return master{}, errRoot
	}
	token := strings.NewReplacer("[PHONE_MAC_ADDRESS]", who.MAC.String(), "[PHONE_MODEL]", strings.ReplaceAll(who.Name, "_", ""),
		"[PHONE_PART_NUMBER]", who.Part)
	model := strings.ReplaceAll(who.Name, "_", "")
	get := func(name string) string {
		v, have := values[name+"_"+model] // of APPLICATION_<MODEL>
		if !have {
			v = values[name]
		}
		return strings.TrimSpace(token.Replace(v))
	}
	list := func(name string) (names []string) {
		for n := range strings.SplitSeq(get(name), ",") {
			if n = strings.TrimSpace(n); n != "" {
				names = append(names, n)
			}
		}
		return names
	}
	m := master{appFile: get("APP_FILE_PATH"), logs: get("LOG_FILE_DIRECTORY"), overrides: get("OVERRIDES_DIRECTORY"),
		contacts: get("CONTACTS_DIRECTORY"), licence: get("LICENSE_DIRECTORY"), calls: get("CALL_LISTS_DIRECTORY")}
	m.configFiles, m.misc = list("CONFIG_FILES"), list("MISC_FILES")
	return m, nil
}

// readParameters reads a parameter file: every attribute of every element is one; elements nest as they like.
func readParameters(body []byte) (map[string]string, error) {
	_, values, err := readAttributes(body)
	return values, err
}

var (
	errEmpty = errors.New("the file is empty")
	errTwice = errors.New("an attribute stands twice")
)

// readAttributes reads a file as strictly as a phone: what is not well-formed is dropped as a whole.
func readAttributes(body []byte) (root string, values map[string]string, err error) {
	values = map[string]string{}
	d := xml.NewDecoder(bytes.NewReader(body))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", nil, err
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if root == "" {
			root = start.Name.Local
		}
		here := map[string]bool{}
		for _, a := range start.Attr {
			if here[a.Name.Local] {
				return "", nil, errTwice
			}
			here[a.Name.Local] = true
			if _, have := values[a.Name.Local]; !have {
				values[a.Name.Local] = a.Value
			}
		}
	}
	if root == "" {
		return "", nil, errEmpty
	}
	return root, values, nil
}
