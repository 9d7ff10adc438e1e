package network

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"linecard/internal/csvfile"
	"linecard/internal/errs"
)

// The keys of the JSON in the column subnets (DM-58). They are case-sensitive.
const (
	keyPublic  = "public-subnet-list"
	keyPrivate = "private-subnet-list"
	keyAddress = "ip-address"
	keyMask    = "mask-length"
)

var errCell = errs.New(errs.Invalid, "bad_subnets_cell", "The subnets are not JSON of the documented form.")

func badCell(where string) *errs.Error { return errCell.With("position", where) }

// readCell reads the subnets of a row: {"public-subnet-list":[{"ip-address":…,"mask-length":…,"private-subnet-list":[…]}]}.
// The mask length is text or a number. The fault says where.
func readCell(cell string) ([]Networks, error) {
	top, err := object(json.RawMessage(cell), "", keyPublic)
	if err != nil {
		return nil, err
	}
	publics, err := array(top[keyPublic], keyPublic)
	if err != nil {
		return nil, err
	}
	out := make([]Networks, 0, len(publics))
	for i, raw := range publics {
		at := keyPublic + "[" + strconv.Itoa(i) + "]"
		o, err := object(raw, at, keyAddress, keyMask, keyPrivate)
		if err != nil {
			return nil, err
		}
		n := Networks{}
		if n.Public, err = network(o, at); err != nil {
			return nil, err
		}
		privates, err := array(o[keyPrivate], at+"."+keyPrivate)
		if err != nil {
			return nil, err
		}
		for j, raw := range privates {
			at := at + "." + keyPrivate + "[" + strconv.Itoa(j) + "]"
			o, err := object(raw, at, keyAddress, keyMask)
			if err != nil {
				return nil, err
			}
			p, err := network(o, at)
			if err != nil {
				return nil, err
			}
			n.Private = append(n.Private, p)
		}
		out = append(out, n)
	}
	return out, nil
}

func network(o map[string]json.RawMessage, at string) (string, error) {
	var address string
	if json.Unmarshal(o[keyAddress], &address) != nil {
		return "", badCell(at + "." + keyAddress)
	}
	mask := string(o[keyMask])
	if strings.HasPrefix(mask, `"`) && json.Unmarshal(o[keyMask], &mask) != nil || strings.Trim(mask, "0123456789") != "" || strings.Contains(address, "/") {
		return "", badCell(at + "." + keyMask)
	}
	return address + "/" + mask, nil
}

// object reads an object that has no other keys than these, and none twice.
func object(raw json.RawMessage, at string, keys ...string) (map[string]json.RawMessage, error) {
	var o map[string]json.RawMessage
	if err := json.Unmarshal(raw, &o); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return nil, badCell("character " + strconv.FormatInt(syntax.Offset, 10))
		}
		return nil, badCell(at)
	}
	if o == nil {
		return nil, badCell(at)
	}
	for k := range o {
		if !slices.Contains(keys, k) {
			return nil, badCell(strings.TrimPrefix(at+"."+csvfile.Clip(k, 40), "."))
		}
	}
	return o, nil
}

// array reads a list; absent is an empty one.
func array(raw json.RawMessage, at string) ([]json.RawMessage, error) {
	var a []json.RawMessage
	if raw != nil && (json.Unmarshal(raw, &a) != nil || a == nil) {
		return nil, badCell(at)
	}
	return a, nil
}

type cellNetwork struct {
	Address string        `json:"ip-address"`
	Mask    string        `json:"mask-length"` // as text, like the vendor's own files
	Private []cellNetwork `json:"private-subnet-list,omitempty"`
}

// writeCell gives the subnets as readCell reads them.
func writeCell(subnets []Subnet) string {
	top := map[string][]cellNetwork{keyPublic: {}}
	for _, n := range subnets {
		c := cellNetwork{Address: n.Public.Addr().String(), Mask: strconv.Itoa(n.Public.Bits())}
		for _, p := range n.Private {
			c.Private = append(c.Private, cellNetwork{Address: p.Addr().String(), Mask: strconv.Itoa(p.Bits())})
		}
		top[keyPublic] = append(top[keyPublic], c)
	}
	b, _ := json.Marshal(top)
	return string(b)
}
