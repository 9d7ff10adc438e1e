package boot

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"linecard/internal/device"
	"linecard/internal/phone"
	"linecard/internal/secret"
)

// realm is the same for every customer, so that it tells nothing; HA1 depends on it, and phones remember it.
const realm = "Linecard"

type scheme int

const (
	noScheme scheme = iota // none, or one that cannot be read: asked again
	basicScheme
	digestScheme
)

// credentials are what a request carries.
type credentials struct {
	scheme scheme
	basic  string // user:password
	digest map[string]string
}

// user gives the name of who asks, without looking whether it is right.
func (c credentials) user() string {
	switch c.scheme {
	case basicScheme:
		user, _, _ := strings.Cut(c.basic, ":")
		return user
	case digestScheme:
		return c.digest["username"]
	}
	return ""
}

// mac gives the phone whose own account this would be: its user is a MAC address.
func (c credentials) mac() (phone.MAC, bool) {
	m, ok := phone.HexMAC(c.user())
	return m, ok && !m.IsZero()
}

// maxAuthorization bounds what is parsed; phones send some 300 bytes.
const maxAuthorization = 4096

// readCredentials reads the Authorization header. One that cannot be read counts as none.
func readCredentials(r *http.Request) credentials {
	all := r.Header["Authorization"]
	if len(all) != 1 || len(all[0]) > maxAuthorization {
		return credentials{}
	}
	name, rest, _ := strings.Cut(all[0], " ")
	switch strings.ToLower(name) {
	case "basic":
		b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(rest))
		if err == nil && strings.Contains(string(b), ":") {
			return credentials{scheme: basicScheme, basic: string(b)}
		}
	case "digest":
		if d, ok := parseDigest(rest); ok {
			return credentials{scheme: digestScheme, digest: d}
		}
	}
	return credentials{}
}

// parseDigest reads the parameters of a Digest header (RFC 7616 §3.4). false when one of the needed ones is missing, stands
// twice, or the algorithm is another than the offered one.
func parseDigest(s string) (map[string]string, bool) {
	d := map[string]string{}
	for {
		s = strings.TrimLeft(s, " \t,")
		if s == "" {
			break
		}
		name, rest, ok := strings.Cut(s, "=")
		name = strings.ToLower(strings.TrimSpace(name))
		if _, twice := d[name]; !ok || twice || len(d) > 16 {
			return nil, false
		}
		if d[name], s, ok = digestValue(strings.TrimLeft(rest, " \t")); !ok {
			return nil, false
		}
	}
	for _, need := range []string{"username", "realm", "nonce", "uri", "response"} {
		if _, ok := d[need]; !ok {
			return nil, false
		}
	}
	if a, ok := d["algorithm"]; ok && !strings.EqualFold(a, "MD5") {
		return nil, false
	}
	if q, ok := d["qop"]; ok && q != "auth" {
		return nil, false
	}
	return d, true
}

// digestValue reads a token or a quoted string from the start of s.
func digestValue(s string) (value, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexByte(s, ',')
		if end < 0 {
			end = len(s)
		}
		return strings.TrimRight(s[:end], " \t"), s[end:], true
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), s[i+1:], true
		case '\\':
			if i++; i == len(s) {
				return "", "", false
			}
		}
		b.WriteByte(s[i])
	}
	return "", "", false
}

// keyring is what opens a customer's door, derived once for each revision of its account. It always has two places, so that
// customers with one password, two or none take the same work (decision 15).
type keyring struct {
	revision int64
	keys     [2]key
}

type key struct {
	basic [sha256.Size]byte // of user:password
	user  [sha256.Size]byte
	ha1   string
	until time.Time // zero: without an end
}

func newKeyring(revision int64, creds []device.Credential) *keyring {
	k := &keyring{revision: revision}
	for i := range k.keys {
		user, word, until := rand.Text(), rand.Text(), time.Time{} // an empty place: nobody knows its password
		if i < len(creds) {
			user, word, until = creds[i].User, creds[i].Password.Reveal(), creds[i].Until
		}
		k.keys[i] = key{basic: sha256.Sum256([]byte(user + ":" + word)), user: sha256.Sum256([]byte(user)), ha1: secret.HA1(user, realm, word),
			until: until}
	}
	return k
}

// ring gives the keyring of a door; nobody's when there is no customer.
func (h *Handler) ring(d device.Door) (*keyring, error) {
	if d.CustomerID == "" {
		return h.nobody, nil
	}
	if k, ok := h.keys.GetIfPresent(d.CustomerID); ok && k.revision == d.Revision {
		return k, nil
	}
	creds, err := h.devices.Credentials(d)
	if err != nil {
		return nil, err
	}
	k := newKeyring(d.Revision, creds)
	h.keys.Set(d.CustomerID, k)
	return k, nil
}

// opensOwn compares with the passwords that this phone alone was given: 0 for the present one, 1 for the one before it, -1 when it is
// neither. They are opened for each request, which takes microseconds, and takes as long for a phone that there is not.
func (h *Handler) opensOwn(c device.Claim, mac phone.MAC, given credentials, r *http.Request, now time.Time) (int, error) {
	present, previous, err := h.devices.OwnPasswords(c)
	if err != nil {
		return -1, err
	}
	user := mac.String()
	if strings.EqualFold(given.user(), user) {
		user = given.user() // phones may write their MAC address in capitals
	}
	which := newKeyring(0, []device.Credential{{User: user, Password: present}, {User: user, Password: previous}}).opens(given, r, now)
	return which, nil
}

// opens says which place the credentials fit, -1 for none. Every place is compared to its end, whatever the others said.
func (k *keyring) opens(c credentials, r *http.Request, now time.Time) int {
	var hash, user [sha256.Size]byte
	ha2 := ""
	if c.scheme == basicScheme {
		hash = sha256.Sum256([]byte(c.basic))
	} else {
		user, ha2 = sha256.Sum256([]byte(c.digest["username"])), hexMD5(r.Method+":"+c.digest["uri"])
	}
	right := -1
	if c.scheme == noScheme {
		return right
	}
	for i := range k.keys {
		p := &k.keys[i]
		same := false
		if c.scheme == basicScheme {
			same = secret.Equal(p.basic[:], hash[:])
		} else {
			response := secret.Equal([]byte(p.response(c.digest, ha2)), []byte(strings.ToLower(c.digest["response"])))
			same = secret.Equal(p.user[:], user[:]) && response
		}
		if same && (p.until.IsZero() || now.Before(p.until)) && right < 0 {
			right = i
		}
	}
	if c.scheme == digestScheme && (c.digest["realm"] != realm || !sameTarget(c.digest["uri"], r)) {
		return -1
	}
	return right
}

// response is what a phone with this key answers (RFC 2617 §3.2.2.1); without qop as old clients do it.
func (p *key) response(d map[string]string, ha2 string) string {
	if d["qop"] == "" {
		return hexMD5(p.ha1 + ":" + d["nonce"] + ":" + ha2)
	}
	return hexMD5(p.ha1 + ":" + d["nonce"] + ":" + d["nc"] + ":" + d["cnonce"] + ":" + d["qop"] + ":" + ha2)
}

// sameTarget says whether the digest was made for this request. Clients behind a proxy may name the whole address.
func sameTarget(uri string, r *http.Request) bool {
	if uri == r.RequestURI {
		return true
	}
	for _, s := range []string{"https://", "http://"} {
		if rest, ok := strings.CutPrefix(uri, s); ok {
			_, path, _ := strings.Cut(rest, "/")
			return "/"+path == r.RequestURI
		}
	}
	return false
}

func hexMD5(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}
