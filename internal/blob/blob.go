// Package blob owns files: it streams them to a folder or to S3-compatible storage, whole or not at all, and gives them back
// from any offset.
//
// The package must not know what a file means or who may read it; access is the caller's matter, and so is a limit on size
// (hand in a reader that refuses). It keeps no file in memory: a folder takes a small buffer, S3 one part of 8 MiB.
package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"net/url"
	"strings"
	"time"

	"linecard/internal/errs"
)

// Store keeps files by key. A key is one or more segments of A–Z a–z 0–9 . _ = - joined by "/", at most 512 bytes; a segment
// does not begin with a dot and has at most 200 bytes. Other keys are Invalid. A key must not lie beneath another ("a" and
// "a/b"): a folder cannot hold both and answers Conflict.
//
// A missing file is NotFound. Full storage is Unavailable with code storage_full, every other failure of the storage
// Unavailable with code storage_unavailable, both with RetryAfter. Safe for concurrent use, also by several processes.
type Store interface {
	// Put stores what r gives under key and replaces a file that was there. When it returns without error the file is
	// durable; when it fails nothing has changed. An error of r itself is returned as it is.
	Put(ctx context.Context, key string, r io.Reader) (Info, error)
	// PutIfAbsent is Put that leaves an existing file alone and returns ErrExists. Of several at once one wins.
	PutIfAbsent(ctx context.Context, key string, r io.Reader) (Info, error)
	// Open reads from offset (0 ≤ offset ≤ size, else Invalid) to the end. The reader sees the file as it was when opened,
	// also when it is replaced meanwhile, and fails rather than end early. The caller closes it; ctx must live until then.
	Open(ctx context.Context, key string, offset int64) (io.ReadCloser, Info, error)
	// Stat tells size and time of a file.
	Stat(ctx context.Context, key string) (Info, error)
	// Delete removes a file. Deleting what is not there is no error.
	Delete(ctx context.Context, key string) error
	// List gives files whose key begins with prefix (any text of key characters, or "") and comes after the key after, in
	// byte order of the keys, at most limit (1 to 1000; other values mean 1000). Fewer than limit means there are no more.
	List(ctx context.Context, prefix, after string, limit int) ([]Info, error)
	// Check says whether the storage answers and takes writes, for readiness.
	Check(ctx context.Context) error
}

// Info tells about a file.
type Info struct {
	Key      string
	Size     int64     // bytes, of the whole file
	Modified time.Time // by the clock of the storage; zero after Put and PutIfAbsent
	SHA256   string    // lower-case hex; only Put and PutIfAbsent know it, elsewhere it is empty
}

const (
	maxKey     = 512
	maxSegment = 200
	maxList    = 1000
)

// What stores answer besides errs.Missing.
var (
	ErrExists = errs.New(errs.Conflict, "file_exists", "A file with this key is already there.")

	errKey    = errs.New(errs.Invalid, "file_key_invalid", "This is not a valid file key.")
	errBelow  = errs.New(errs.Conflict, "file_key_taken", "A file cannot lie beneath another file.")
	errOffset = errs.New(errs.Invalid, "file_offset_invalid", "The offset lies outside of the file.")
	errFull   = errs.New(errs.Unavailable, "storage_full", "The file storage is full. Try again later.").Retry(time.Minute)
	errAway   = errs.New(errs.Unavailable, "storage_unavailable", "The file storage does not work at the moment. Try again later.").Retry(10 * time.Second)
	errURL    = errs.New(errs.Invalid, "storage_url_invalid",
		"The storage must be file:///folder or s3://bucket?endpoint=https://host&region=name&prefix=folder.")
)

// Open gives the store that a URL names: file:///folder, which is created when it is missing, or
// s3://bucket?endpoint=http(s)://host[:port]&region=name&prefix=folder with credentials from AWS_ACCESS_KEY_ID,
// AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN or the files that the same names with _FILE point to. It does not talk to S3
// yet, so a server starts while its storage is away; ask Check. A URL that is wrong is Invalid and is not quoted.
func Open(ctx context.Context, rawURL string) (Store, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, errURL // the parser's error would quote a URL that may hold a password
	}
	switch u.Scheme {
	case "file":
		if u.Host != "" || u.RawQuery != "" || !strings.HasPrefix(u.Path, "/") {
			return nil, errURL
		}
		return openFolder(u.Path)
	case "s3":
		return openS3(u)
	}
	return nil, errURL
}

// checkKey is the gate that every key passes before a store looks at it.
func checkKey(key string) error {
	if key == "" || len(key) > maxKey {
		return errKey
	}
	for segment := range strings.SplitSeq(key, "/") {
		if segment == "" || len(segment) > maxSegment || segment[0] == '.' || !keyText(segment) {
			return errKey
		}
	}
	return nil
}

func checkListing(prefix, after string) error {
	if len(prefix) > maxKey || len(after) > maxKey || !keyText(strings.ReplaceAll(prefix, "/", "")) || !keyText(strings.ReplaceAll(after, "/", "")) {
		return errKey
	}
	return nil
}

func keyText(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '_' || c == '=' || c == '-') {
			return false
		}
	}
	return true
}

func listLimit(n int) int {
	if n < 1 || n > maxList {
		return maxList
	}
	return n
}

// source reads for a Put: it counts and hashes, ends when ctx ends, and remembers a failure of the caller's reader, so that
// this is not taken for one of the storage.
type source struct {
	ctx  context.Context
	r    io.Reader
	size int64
	sum  hash.Hash
	err  error
}

func newSource(ctx context.Context, r io.Reader) *source {
	return &source{ctx: ctx, r: r, sum: sha256.New()}
}

func (s *source) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		s.err = errAway.Because(err)
		return 0, s.err
	}
	n, err := s.r.Read(p)
	s.size += int64(n)
	s.sum.Write(p[:n])
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

func (s *source) info(key string) Info {
	return Info{Key: key, Size: s.size, SHA256: hex.EncodeToString(s.sum.Sum(nil))}
}
