package boot

import (
	"encoding/base64"
	"encoding/binary"
	"strconv"
	"sync/atomic"
	"time"

	"linecard/internal/db"
	"linecard/internal/secret"
)

// How old a nonce may be, and how far a node's clock may be ahead of another's.
const (
	nonceAge  = 5 * time.Minute
	nonceSkew = time.Minute
)

// nonces makes and checks digest nonces without remembering any: the second in which one was made, signed with the key that
// all nodes share, so a phone may be sent to another node for its next file.
type nonces struct {
	box   *secret.Box
	clock db.Clock
	last  atomic.Pointer[challenges]
}

// challenges are the WWW-Authenticate values of one second, made once in a storm.
type challenges struct {
	at           int64
	plain, stale []string
}

// challenge gives the values of WWW-Authenticate, digest first. stale tells the phone that only its nonce was too old.
func (n *nonces) challenge(stale bool) []string {
	at := n.clock.Now().Unix()
	c := n.last.Load()
	if c == nil || c.at != at {
		nonce := n.sign(at)
		digest := `Digest realm="` + realm + `", qop="auth", algorithm=MD5, nonce="` + nonce + `"`
		basic := `Basic realm="` + realm + `", charset="UTF-8"`
		c = &challenges{at: at, plain: []string{digest, basic}, stale: []string{digest + ", stale=true", basic}}
		n.last.Store(c)
	}
	if stale {
		return c.stale
	}
	return c.plain
}

func (n *nonces) sign(at int64) string {
	var b [8 + 16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(at))
	copy(b[8:], n.box.MAC("boot nonce", strconv.FormatInt(at, 10)))
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// accepts says whether the nonce is one of ours and not too old. Basic credentials have none.
func (n *nonces) accepts(c credentials) bool {
	if c.scheme != digestScheme {
		return true
	}
	b, err := base64.RawURLEncoding.DecodeString(c.digest["nonce"])
	if err != nil || len(b) != 24 {
		return false
	}
	at := int64(binary.BigEndian.Uint64(b[:8]))
	if !secret.Equal([]byte(n.sign(at)), []byte(c.digest["nonce"])) {
		return false
	}
	age := n.clock.Now().Unix() - at
	return age <= int64(nonceAge/time.Second) && age >= -int64(nonceSkew/time.Second)
}
