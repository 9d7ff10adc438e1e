package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"linecard/internal/errs"
)

// Cost of a password hash: argon2id with the parameters of the OWASP recommendation, about 30 ms and 19 MiB.
const (
	argonMemory  = 19 * 1024 // KiB
	argonTime    = 2
	argonThreads = 1
	argonSalt    = 16
	argonKey     = 32
)

// MaxPasswordLength is the most characters a password may have.
const MaxPasswordLength = 256

// No password that was set has more bytes than this, so a longer one is wrong without a look.
const maxPasswordBytes = MaxPasswordLength * utf8.UTFMax

var (
	errHashBusy   = errs.New(errs.Unavailable, "sign_in_busy", "Too many people are signing in at the moment. Try again in a few seconds.").Retry(3 * time.Second)
	errHashBroken = errs.New(errs.Internal, "password_hash_broken", "A stored password cannot be read.")
)

// Hasher makes and checks password hashes. It bounds how many run at once, because each takes 19 MiB, and how many wait.
type Hasher struct {
	running    chan struct{}
	waiting    atomic.Int64
	maxWaiting int64
	cost       phc // tests lower it
}

// NewHasher makes a Hasher that runs parallel hashes at once and lets waiting callers queue. Zero takes the defaults: one for
// each core, and 16 waiting for each of these, which is about half a second's work.
func NewHasher(parallel, waiting int) *Hasher {
	if parallel <= 0 {
		parallel = runtime.GOMAXPROCS(0)
	}
	if waiting <= 0 {
		waiting = 16 * parallel
	}
	return &Hasher{running: make(chan struct{}, parallel), maxWaiting: int64(waiting), cost: phc{memory: argonMemory, time: argonTime, threads: argonThreads}}
}

// blank is a hash with today's costs and nothing in it.
func (h *Hasher) blank() phc {
	p := h.cost
	p.salt, p.key = make([]byte, argonSalt), make([]byte, argonKey)
	return p
}

// Hash gives the PHC string of a password, "$argon2id$v=19$m=19456,t=2,p=1$salt$hash". With too many callers waiting, or when
// ctx ends first, it is Unavailable with RetryAfter.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if len(password) > maxPasswordBytes {
		return "", errs.BadField("password", "too_long", "The password is too long.")
	}
	p := h.blank()
	rand.Read(p.salt)
	key, err := h.derive(ctx, p, password)
	if err != nil {
		return "", err
	}
	p.key = key
	return p.String(), nil
}

// Verify says whether password is the one of the PHC string. An empty string stands for somebody who does not exist or has
// no password: the answer is no, after the same work, so that its time does not tell who exists. Errors as for Hash.
func (h *Hasher) Verify(ctx context.Context, stored, password string) (bool, error) {
	p, parseErr := parsePHC(stored)
	known := parseErr == nil
	if !known {
		p = h.blank()
	}
	if len(password) > maxPasswordBytes {
		password, known = "", false
	}
	key, err := h.derive(ctx, p, password)
	if err != nil {
		return false, err
	}
	if stored != "" && parseErr != nil {
		return false, errHashBroken.Because(parseErr)
	}
	return subtle.ConstantTimeCompare(key, p.key) == 1 && known, nil
}

// VerifyUnknown does the work of Verify for somebody who does not exist; the answer is always no.
func (h *Hasher) VerifyUnknown(ctx context.Context, password string) error {
	_, err := h.Verify(ctx, "", password)
	return err
}

// NeedsRehash says whether a PHC string was made with other costs than today's, so that the next right password should be
// hashed anew. An empty or unreadable one does not.
func (h *Hasher) NeedsRehash(stored string) bool {
	p, err := parsePHC(stored)
	return err == nil && (p.memory != h.cost.memory || p.time != h.cost.time || p.threads != h.cost.threads || len(p.salt) != argonSalt || len(p.key) != argonKey)
}

// derive waits for its turn and computes the key.
func (h *Hasher) derive(ctx context.Context, p phc, password string) ([]byte, error) {
	select {
	case h.running <- struct{}{}:
	default:
		if err := h.wait(ctx); err != nil {
			return nil, err
		}
	}
	defer func() { <-h.running }()
	// Keyboards disagree on how to compose an accent; the password is the same.
	return argon2.IDKey(norm.NFC.Bytes([]byte(password)), p.salt, p.time, p.memory, p.threads, uint32(len(p.key))), nil
}

// full says whether one more caller would be sent away at once.
func (h *Hasher) full() bool { return h.waiting.Load() >= h.maxWaiting }

func (h *Hasher) wait(ctx context.Context) error {
	if h.waiting.Add(1) > h.maxWaiting {
		h.waiting.Add(-1)
		return errHashBusy
	}
	defer h.waiting.Add(-1)
	select {
	case h.running <- struct{}{}:
		return nil
	case <-ctx.Done():
		return errHashBusy.Because(ctx.Err())
	}
}

// phc is a parsed hash in the PHC string format.
type phc struct {
	memory, time uint32
	threads      uint8
	salt, key    []byte
}

func (p phc) String() string {
	b := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.memory, p.time, p.threads, b.EncodeToString(p.salt), b.EncodeToString(p.key))
}

var errNotPHC = errors.New("not an argon2id PHC string within bounds")

// parsePHC refuses costs far above ours: a hash that was planted in the database must not take the memory away.
func parsePHC(s string) (phc, error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return phc{}, errNotPHC
	}
	var p phc
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.memory, &p.time, &p.threads); err != nil {
		return phc{}, errNotPHC
	}
	var err error
	if p.salt, err = base64.RawStdEncoding.Strict().DecodeString(parts[4]); err != nil {
		return phc{}, errNotPHC
	}
	if p.key, err = base64.RawStdEncoding.Strict().DecodeString(parts[5]); err != nil {
		return phc{}, errNotPHC
	}
	inBounds := p.memory >= 8 && p.memory <= 4*argonMemory && p.time >= 1 && p.time <= 10 && p.threads >= 1 && p.threads <= 4 &&
		len(p.salt) >= 8 && len(p.salt) <= 64 && len(p.key) >= 16 && len(p.key) <= 64
	if !inBounds || p.String() != s {
		return phc{}, errNotPHC
	}
	return p, nil
}
