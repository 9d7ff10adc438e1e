package sim

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"linecard/internal/phone"
)

// maxListed bounds a list of phones.
const maxListed = 1_000_000

// ReadIdentities reads a list of phones: a line each, its MAC and, when they are known, maker, model and version, divided by
// comma, semicolon or tab. A first line that names the columns may change their order. Which maker an address belongs to is
// asked from of where the list does not say; it may be nil.
func ReadIdentities(r io.Reader, of func(phone.MAC) string) ([]Identity, error) {
	text := bufio.NewReader(r)
	if mark, err := text.Peek(3); err == nil && string(mark) == "\xef\xbb\xbf" {
		_, _ = text.Discard(3)
	}
	first, _ := text.Peek(1024)
	line := ""
	for line = range strings.SplitSeq(string(first), "\n") {
		if line != "" && line[0] != '#' {
			break
		}
	}
	in := csv.NewReader(text)
	in.FieldsPerRecord, in.LazyQuotes, in.TrimLeadingSpace, in.Comment, in.ReuseRecord = -1, true, true, '#', true
	for _, c := range ";\t" {
		if strings.ContainsRune(line, c) && !strings.Contains(line, ",") {
			in.Comma = c
		}
	}
	columns := map[string]int{"mac": 0, "maker": 1, "model": 2, "version": 3}
	var out []Identity
	seen := map[phone.MAC]bool{}
	for n := 1; ; n++ {
		record, err := in.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		if n == 1 {
			if named := header(record); named != nil {
				columns = named
				continue
			}
		}
		at, _ := in.FieldPos(0)
		get := func(column string) string {
			if i, ok := columns[column]; ok && i < len(record) {
				return strings.TrimSpace(record[i])
			}
			return ""
		}
		if get("mac") == "" && len(record) <= 1 {
			continue
		}
		mac, err := phone.ParseMAC(get("mac"))
		if err != nil {
			return nil, fmt.Errorf("line %d: %q is no MAC address", at, get("mac"))
		}
		if seen[mac] {
			continue
		}
		if seen[mac] = true; len(out) >= maxListed {
			return nil, fmt.Errorf("more than %d phones", maxListed)
		}
		maker := strings.ToLower(get("maker"))
		if maker == "" && of != nil {
			maker = of(mac)
		}
		id, err := identify(mac, maker, get("model"), get("version"))
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", at, err)
		}
		out = append(out, id)
	}
}

// header says which column is what; nil when the line is no header.
func header(record []string) map[string]int {
	names := map[string]string{"mac": "mac", "mac address": "mac", "mac_address": "mac", "device_mac_address": "mac", "device_address": "mac", "macaddress": "mac",
		"maker": "maker", "vendor": "maker", "device_vendor": "maker", "brand": "maker", "model": "model", "device_model": "model",
		"version": "version", "firmware": "version", "device_firmware_version": "version"}
	columns := map[string]int{}
	for i, c := range record {
		if name, known := names[strings.ToLower(strings.TrimSpace(c))]; known {
			if _, twice := columns[name]; !twice {
				columns[name] = i
			}
		}
	}
	if _, ok := columns["mac"]; !ok {
		return nil
	}
	return columns
}

// identify finds the model that the list names. Of a model that is not simulated the maker's first asks in its place under its
// name where the maker's file names depend on it; without a maker nobody knows what such a phone asks for.
func identify(mac phone.MAC, maker, model, version string) (Identity, error) {
	if maker == "polycom" {
		maker = string(Poly)
	}
	models := Of(Maker(maker))
	if maker == "" || len(models) == 0 {
		return Identity{}, fmt.Errorf("whose phone %s is does not show; name poly, yealink, cisco, grandstream or snom in a column maker", mac)
	}
	plain := strings.NewReplacer(" ", "", "-", "", "_", "")
	fold := func(s string) string {
		return strings.TrimPrefix(strings.TrimPrefix(strings.ToLower(plain.Replace(s)), "sip"), "cp")
	}
	m := models[0]
	i := slices.IndexFunc(models, func(m Model) bool {
		return model != "" && (fold(m.Name) == fold(model) || fold(m.Known()) == fold(model))
	})
	switch {
	case i >= 0:
		m = models[i]
	case model != "":
		m.Name, m.Part, m.Common, m.Log = model, "", m.commonOf(model), false
		if m.Maker == Cisco && !strings.HasPrefix(m.Name, "CP-") {
			m.Name = "CP-" + m.Name
		}
		if m.Maker == Cisco {
			m.Rule = "$MA.xml"
		}
	}
	if version != "" {
		m.Version = version
	}
	return Identity{MAC: mac, Model: m}, nil
}

// commonOf is the file of all phones of a model that is not simulated; Yealink's numbers do not follow from the name, so the
// first's is asked for.
func (m Model) commonOf(model string) string {
	switch m.Maker {
	case Grandstream:
		return "cfg" + strings.ToLower(model) + ".xml"
	case Snom:
		return "snom" + model + ".htm"
	}
	return m.Common
}
