package secret

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
)

// HA1 is the digest hash MD5(user:realm:password) in lower-case hex (RFC 2617 §3.2.2.2, RFC 8760 for SIP). It is as good
// as the password for whoever holds it, so it must be sealed or stay in memory. A user or realm with a colon would be
// ambiguous; callers refuse those when they are set.
func HA1(user, realm, password string) string {
	sum := md5.Sum([]byte(user + ":" + realm + ":" + password))
	return hex.EncodeToString(sum[:])
}

// Token mints a bearer secret of 130 random bits behind a prefix that lets people and scanners recognise its kind ("lct_").
// Only hash may be stored; plain is shown once. With that many random bits a plain SHA-256 needs no salt and no stretching.
func Token(prefix string) (plain string, hash []byte) {
	plain = prefix + rand.Text()
	return plain, TokenHash(plain)
}

// TokenHash is the SHA-256 under which Token's plain text is stored and found again.
func TokenHash(plain string) []byte {
	sum := sha256.Sum256([]byte(plain))
	return sum[:]
}

// Equal compares in a time that does not depend on where a and b differ. Different lengths are unequal at once.
func Equal(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }
