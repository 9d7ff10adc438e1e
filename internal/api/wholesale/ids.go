package wholesale

import (
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// idType is the word in the address inside an id that says what it names.
type idType string

// What is emitted. Customer and organisation are two names of one tenant here, subscriber and person of one user.
const (
	customerID     idType = "ENTERPRISE"
	orgID          idType = "ORGANIZATION"
	subscriberID   idType = "SUBSCRIBER"
	personID       idType = "PEOPLE"
	locationID     idType = "LOCATION"
	reportID       idType = "BILLING_REPORT"
	licenseID      idType = "LICENSE"
	scheme                = "ciscospark://"
	region                = "us"
	longestID             = 300
	licensePrefix         = "LC_"
	spelledOldWays        = "CUSTOMER"
)

// accepted are all words that clients are known to send in any of these places: the examples of the public description mix them.
var accepted = []idType{customerID, orgID, subscriberID, personID, locationID, reportID, licenseID, spelledOldWays}

// encode gives the id that clients see: URL-safe base64 without padding of an address that names type and uuid.
func encode(t idType, id string) string {
	if id == "" {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString([]byte(scheme + region + "/" + string(t) + "/" + id))
}

// encodeBare gives the form of a provisioning id: base64 of nothing but the uuid.
func encodeBare(id string) string { return base64.RawURLEncoding.EncodeToString([]byte(id)) }

// decode gives the uuid of an id in any form that clients send: as encode makes it, with padding, in the other base64 alphabet, with
// any known type word in any case and any region, of the bare uuid, or the uuid itself. false: it is no id.
func decode(s string) (id string, ok bool) {
	if len(s) > longestID {
		return "", false
	}
	if id, ok = bareUUID(s); ok {
		return id, true
	}
	raw, err := base64.RawURLEncoding.DecodeString(alphabet.Replace(strings.TrimRight(s, "=")))
	if err != nil {
		return "", false
	}
	inside := string(raw)
	if id, ok = bareUUID(inside); ok {
		return id, true
	}
	if len(inside) < len(scheme) || !strings.EqualFold(inside[:len(scheme)], scheme) {
		return "", false
	}
	parts := strings.Split(inside[len(scheme):], "/")
	if len(parts) != 3 || parts[0] == "" || !slices.Contains(accepted, idType(strings.ToUpper(parts[1]))) {
		return "", false
	}
	return bareUUID(parts[2])
}

var alphabet = strings.NewReplacer("+", "-", "/", "_")

// bareUUID gives a uuid in its usual form in small letters.
func bareUUID(s string) (string, bool) {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return "", false
	}
	s = strings.ToLower(s)
	if _, err := hex.DecodeString(strings.ReplaceAll(s, "-", "")); err != nil {
		return "", false
	}
	return s, true
}

// license names the seats of a package at a customer. It is made of both, so it is the same in every answer.
func license(customer, code string) string {
	return encode(licenseID, customer+":"+licensePrefix+uuid.NewSHA1(uuid.NameSpaceOID, []byte(customer+"/"+code)).String())
}
