package tenant

import (
	"crypto/rand"
	"strings"

	"linecard/internal/access"
)

// keyMarks begins the short key of each kind. Only sub-partners begin with access.SubPartnerMark, because scopes are read by it.
var keyMarks = map[access.TenantKind]string{
	access.Operator: "o", access.Partner: "p", access.SubPartner: access.SubPartnerMark, access.Customer: "c",
}

const keyAlphabet = "abcdefghijklmnopqrstuvwxyz234567"

// newKey gives a random key of 8 characters: the mark of the kind and 35 random bits. The database refuses a second one
// with the same scope.
func newKey(k access.TenantKind) string {
	b := make([]byte, 7)
	_, _ = rand.Read(b) // never fails
	var s strings.Builder
	s.WriteString(keyMarks[k])
	for _, x := range b {
		s.WriteByte(keyAlphabet[x&31])
	}
	return s.String()
}
