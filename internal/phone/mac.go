package phone

import (
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"linecard/internal/errs"
)

// MAC is the hardware address of a phone, its identity (DM-4).
type MAC [6]byte

var (
	errMAC      = errs.BadField("mac", "bad_mac", "A MAC address has 12 hexadecimal digits, for example 0004f2abcdef.")
	errReserved = errs.BadField("mac", "reserved_mac", "This MAC address belongs to no phone.")
)

// ParseMAC reads the spellings in use: 12 digits in a row, or in equal groups of two, four or six divided by ':', '-' or '.';
// upper or lower case. All zeros and all ones are refused, since no phone has them (DM-242). The error names the field "mac".
func ParseMAC(s string) (MAC, error) {
	s = strings.TrimSpace(s)
	if len(s) > 17 {
		return MAC{}, errMAC
	}
	if i := strings.IndexAny(s, ":-."); i == 2 || i == 4 || i == 6 {
		groups := strings.Split(s, s[i:i+1])
		if len(groups) != 12/i {
			return MAC{}, errMAC
		}
		for _, g := range groups {
			if len(g) != i {
				return MAC{}, errMAC
			}
		}
		s = strings.Join(groups, "")
	}
	m, ok := HexMAC(s)
	if !ok {
		return MAC{}, errMAC
	}
	if m == (MAC{}) || m == (MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}) {
		return MAC{}, errReserved
	}
	return m, nil
}

// HexMAC reads exactly 12 hexadecimal digits, as they stand in file names; also all zeros. false for anything else.
func HexMAC(s string) (MAC, bool) {
	var m MAC
	if len(s) != 12 {
		return MAC{}, false
	}
	if _, err := hex.Decode(m[:], []byte(s)); err != nil {
		return MAC{}, false
	}
	return m, true
}

// String is 12 lower-case digits: the one form that is stored, compared and shown (DM-4).
func (m MAC) String() string { return hex.EncodeToString(m[:]) }

// IsZero says whether there is none.
func (m MAC) IsZero() bool { return m == MAC{} }

// MarshalText writes the stored form, "" when there is none.
func (m MAC) MarshalText() ([]byte, error) {
	if m.IsZero() {
		return nil, nil
	}
	return []byte(m.String()), nil
}

// UnmarshalText reads any spelling of ParseMAC.
func (m *MAC) UnmarshalText(b []byte) (err error) {
	*m, err = ParseMAC(string(b))
	return err
}

// Value stores the 12 digits.
func (m MAC) Value() (driver.Value, error) { return m.String(), nil }

// Scan reads the 12 digits.
func (m *MAC) Scan(src any) error {
	var text string
	switch v := src.(type) {
	case string:
		text = v
	case []byte:
		text = string(v)
	default:
		return fmt.Errorf("phone: a %T is not a MAC address", src)
	}
	got, ok := HexMAC(text)
	if !ok {
		return errors.New("phone: a stored MAC address is damaged")
	}
	*m = got
	return nil
}
