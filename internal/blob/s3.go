package blob

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"

	"linecard/internal/errs"
)

const (
	partSize = 8 << 20 // of a multipart upload; all but the last alike, as some S3 look-alikes demand
	maxParts = 10_000  // of S3, so a file has at most 80 GB
)

var errTooLarge = errs.New(errs.TooLarge, "file_too_large", "The file is too large to be stored.")

// s3 keeps files in a bucket, each key behind prefix.
type s3 struct {
	api    minio.Core
	bucket string
	prefix string // empty, or ends in "/"
}

func (s *s3) Put(ctx context.Context, key string, r io.Reader) (Info, error) {
	return s.put(ctx, key, r, minio.PutObjectOptions{})
}

// PutIfAbsent relies on conditional writes (If-None-Match). A look-alike that ignores them still refuses a file that was there
// before, but of two writers at once both may think they won.
func (s *s3) PutIfAbsent(ctx context.Context, key string, r io.Reader) (Info, error) {
	switch _, err := s.Stat(ctx, key); {
	case err == nil:
		return Info{}, ErrExists
	case errs.KindOf(err) != errs.NotFound:
		return Info{}, err
	}
	var o minio.PutObjectOptions
	o.SetMatchETagExcept("*")
	return s.put(ctx, key, r, o)
}

// put sends a file that fits one part in one request, and a larger one as a multipart upload that is given up on any failure.
func (s *s3) put(ctx context.Context, key string, r io.Reader, o minio.PutObjectOptions) (Info, error) {
	if err := checkKey(key); err != nil {
		return Info{}, err
	}
	src := newSource(ctx, r)
	var part bytes.Buffer
	more, err := fill(&part, src)
	switch {
	case err != nil:
	case !more:
		_, err = s.api.PutObject(ctx, s.bucket, s.prefix+key, bytes.NewReader(part.Bytes()), int64(part.Len()), "", hexSum(part.Bytes()), o)
	default:
		err = s.multipart(ctx, key, src, &part, o)
	}
	if src.err != nil {
		return Info{}, src.err
	}
	if err != nil {
		return Info{}, translateS3(err)
	}
	return src.info(key), nil
}

// fill reads one part; more says that it is full, so that another may follow.
func fill(part *bytes.Buffer, src io.Reader) (more bool, err error) {
	part.Reset()
	n, err := io.CopyN(part, src, partSize)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return n == partSize, err
}

func (s *s3) multipart(ctx context.Context, key string, src io.Reader, part *bytes.Buffer, o minio.PutObjectOptions) error {
	upload, err := s.api.NewMultipartUpload(ctx, s.bucket, s.prefix+key, o)
	if err != nil {
		return err
	}
	parts, err := s.parts(ctx, key, upload, src, part)
	if err == nil {
		_, err = s.api.CompleteMultipartUpload(ctx, s.bucket, s.prefix+key, upload, parts, o)
	}
	if err != nil {
		// Parts of an upload that is never finished cost money; the caller's context may be what failed.
		clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		if aerr := s.api.AbortMultipartUpload(clean, s.bucket, s.prefix+key, upload); aerr != nil {
			err = errors.Join(err, aerr)
		}
	}
	return err
}

func (s *s3) parts(ctx context.Context, key, upload string, src io.Reader, part *bytes.Buffer) ([]minio.CompletePart, error) {
	var parts []minio.CompletePart
	for number, more := 1, true; more; number++ {
		if number > maxParts {
			return nil, errTooLarge
		}
		if number > 1 {
			var err error
			if more, err = fill(part, src); err != nil || part.Len() == 0 {
				return parts, err
			}
		}
		done, err := s.api.PutObjectPart(ctx, s.bucket, s.prefix+key, upload, number, bytes.NewReader(part.Bytes()), int64(part.Len()),
			minio.PutObjectPartOptions{Sha256Hex: hexSum(part.Bytes())})
		if err != nil {
			return nil, err
		}
		parts = append(parts, minio.CompletePart{PartNumber: number, ETag: done.ETag})
	}
	return parts, nil
}

func (s *s3) Open(ctx context.Context, key string, offset int64) (io.ReadCloser, Info, error) {
	if err := checkKey(key); err != nil {
		return nil, Info{}, err
	}
	var o minio.GetObjectOptions
	if offset < 0 {
		return nil, Info{}, errOffset
	}
	if offset > 0 {
		if err := o.SetRange(offset, 0); err != nil {
			return nil, Info{}, errOffset.Because(err)
		}
	}
	body, got, header, err := s.api.GetObject(ctx, s.bucket, s.prefix+key, o)
	if minio.ToErrorResponse(err).StatusCode == http.StatusRequestedRangeNotSatisfiable {
		return s.openAtEnd(ctx, key, offset)
	}
	if err != nil {
		return nil, Info{}, translateS3(err)
	}
	info := Info{Key: key, Size: got.Size, Modified: got.LastModified.UTC()}
	if offset > info.Size && header.Get("Content-Range") == "" {
		body.Close() // some servers answer a range beyond an empty file with the file
		return nil, Info{}, errOffset
	}
	if offset > 0 {
		if info.Size, err = sizeOfRange(header.Get("Content-Range"), offset); err != nil {
			body.Close()
			return nil, Info{}, errAway.Because(err)
		}
	}
	return &reader{ctx: ctx, rest: info.Size - offset, from: body}, info, nil
}

// openAtEnd answers an offset that S3 refuses: it is right when the file ends there.
func (s *s3) openAtEnd(ctx context.Context, key string, offset int64) (io.ReadCloser, Info, error) {
	info, err := s.Stat(ctx, key)
	if err != nil {
		return nil, Info{}, err
	}
	if offset != info.Size {
		return nil, Info{}, errOffset
	}
	return io.NopCloser(strings.NewReader("")), info, nil
}

// sizeOfRange reads the whole size from "bytes 5-9/10", and refuses an answer that does not begin at offset: a server that
// ignores ranges would otherwise hand out wrong bytes.
func sizeOfRange(contentRange string, offset int64) (int64, error) {
	rest, ok := strings.CutPrefix(contentRange, fmt.Sprintf("bytes %d-", offset))
	_, total, slash := strings.Cut(rest, "/")
	size, err := strconv.ParseInt(total, 10, 64)
	if !ok || !slash || err != nil || size < offset {
		return 0, fmt.Errorf("asked from %d, got range %q", offset, contentRange)
	}
	return size, nil
}

func (s *s3) Stat(ctx context.Context, key string) (Info, error) {
	if err := checkKey(key); err != nil {
		return Info{}, err
	}
	got, err := s.api.StatObject(ctx, s.bucket, s.prefix+key, minio.StatObjectOptions{})
	if err != nil {
		return Info{}, translateS3(err)
	}
	return Info{Key: key, Size: got.Size, Modified: got.LastModified.UTC()}, nil
}

func (s *s3) Delete(ctx context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	err := translateS3(s.api.RemoveObject(ctx, s.bucket, s.prefix+key, minio.RemoveObjectOptions{}))
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return err
	}
	return nil
}

func (s *s3) List(ctx context.Context, prefix, after string, limit int) ([]Info, error) {
	if err := checkListing(prefix, after); err != nil {
		return nil, err
	}
	limit = listLimit(limit)
	o := minio.ListObjectsOptions{Prefix: s.prefix + prefix, Recursive: true, MaxKeys: limit, FetchOwner: new(bool)}
	if after != "" {
		o.StartAfter = s.prefix + after
	}
	var found []Info
	for object := range s.api.ListObjectsIter(ctx, s.bucket, o) {
		if object.Err != nil {
			return nil, translateS3(object.Err)
		}
		key := strings.TrimPrefix(object.Key, s.prefix)
		if checkKey(key) != nil {
			continue // somebody else's, or the mark of a folder
		}
		if found = append(found, Info{Key: key, Size: object.Size, Modified: object.LastModified.UTC()}); len(found) == limit {
			break
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, errAway.Because(err) // the iterator just ends then, which would look like a complete list
	}
	return found, nil
}

// Check asks for the bucket. It does not write: that would cost a request and money on every look.
func (s *s3) Check(ctx context.Context) error {
	there, err := s.api.BucketExists(ctx, s.bucket)
	if err != nil {
		return translateS3(err)
	}
	if !there {
		return errAway.Because(fmt.Errorf("there is no bucket %q", s.bucket))
	}
	return nil
}

func translateS3(err error) error {
	var ours *errs.Error
	if err == nil || errors.As(err, &ours) {
		return err
	}
	var answer minio.ErrorResponse
	errors.As(err, &answer)
	switch {
	case answer.Code == minio.NoSuchKey:
		return errs.Missing("file").Because(err)
	case answer.StatusCode == http.StatusPreconditionFailed, answer.Code == minio.PreconditionFailed,
		answer.Code == "ConditionalRequestConflict": // another conditional write of the same key is under way
		return ErrExists
	case answer.StatusCode == http.StatusInsufficientStorage, strings.Contains(answer.Code, "StorageFull"), strings.Contains(answer.Code, "QuotaExceeded"):
		return errFull.Because(err)
	}
	return errAway.Because(err)
}

func hexSum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
