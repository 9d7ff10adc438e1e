package blob

import (
	"bufio"
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// fakeS3 is a small S3 server with one bucket, path style: enough of the protocol for what a store does, strict about it.
type fakeS3 struct {
	*httptest.Server
	mu       sync.Mutex
	objects  map[string][]byte
	uploads  map[string]map[int][]byte
	requests []string // "PUT key", in order
	largest  int      // bytes of the largest body
	refuse   func(r *http.Request) (status int, code string)
	cutAfter int // bytes of a download after which the connection breaks; 0 never
}

const fakeBucket, fakeKeyID = "linecard-files", "AKIAEXAMPLE"

func newFakeS3(t testing.TB) *fakeS3 {
	f := &fakeS3{objects: map[string][]byte{}, uploads: map[string]map[int][]byte{}}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

func (f *fakeS3) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := f.body(r)
	f.mu.Lock()
	defer f.mu.Unlock()
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	f.requests = append(f.requests, r.Method+" "+key)
	f.largest = max(f.largest, len(body))
	if !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential="+fakeKeyID+"/") || r.Header.Get("X-Amz-Date") == "" {
		f.fail(w, r, http.StatusForbidden, "AccessDenied")
		return
	}
	if f.refuse != nil {
		if status, code := f.refuse(r); status != 0 {
			f.fail(w, r, status, code)
			return
		}
	}
	switch {
	case err != nil:
		f.fail(w, r, http.StatusBadRequest, "IncompleteBody")
	case bucket != fakeBucket:
		f.fail(w, r, http.StatusNotFound, "NoSuchBucket")
	case key == "":
		f.bucket(w, r)
	case r.URL.Query().Has("uploads") || r.URL.Query().Has("uploadId"):
		f.multipart(w, r, key, body)
	default:
		f.object(w, r, key, body)
	}
}

func (f *fakeS3) fail(w http.ResponseWriter, r *http.Request, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		fmt.Fprintf(w, `<Error><Code>%s</Code><Message>refused</Message></Error>`, code)
	}
}

// body reads a request, plain with its checksum or as the signed chunks of "aws-chunked".
func (f *fakeS3) body(r *http.Request) ([]byte, error) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	sum := r.Header.Get("X-Amz-Content-Sha256")
	if !strings.HasPrefix(sum, "STREAMING-") {
		if is := sha256.Sum256(raw); sum != "UNSIGNED-PAYLOAD" && sum != hex.EncodeToString(is[:]) {
			return nil, fmt.Errorf("checksum %s", sum)
		}
		return raw, nil
	}
	var out bytes.Buffer
	in := bufio.NewReader(bytes.NewReader(raw))
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return nil, err
		}
		size, signature, _ := strings.Cut(strings.TrimSpace(line), ";")
		n, err := strconv.ParseInt(size, 16, 64)
		if err != nil || len(strings.TrimPrefix(signature, "chunk-signature=")) != 64 {
			return nil, fmt.Errorf("chunk %q", line)
		}
		if n == 0 {
			break
		}
		if _, err := io.CopyN(&out, in, n); err != nil {
			return nil, err
		}
		if _, err := in.Discard(len("\r\n")); err != nil {
			return nil, err
		}
	}
	if want := r.Header.Get("X-Amz-Decoded-Content-Length"); want != strconv.Itoa(out.Len()) {
		return nil, fmt.Errorf("%d bytes, announced %s", out.Len(), want)
	}
	return out.Bytes(), nil
}

func (f *fakeS3) object(w http.ResponseWriter, r *http.Request, key string, body []byte) {
	data, there := f.objects[key]
	switch r.Method {
	case http.MethodPut:
		if there && r.Header.Get("If-None-Match") == "*" {
			f.fail(w, r, http.StatusPreconditionFailed, "PreconditionFailed")
			return
		}
		f.objects[key] = body
		w.Header().Set("ETag", etag(body))
	case http.MethodDelete:
		delete(f.objects, key)
		w.WriteHeader(http.StatusNoContent)
	case http.MethodGet, http.MethodHead:
		if !there {
			f.fail(w, r, http.StatusNotFound, "NoSuchKey")
			return
		}
		w.Header().Set("ETag", etag(data))
		w.Header().Set("Content-Type", "application/octet-stream")
		if f.cutAfter > 0 && r.Method == http.MethodGet {
			w.Header().Set("Last-Modified", time.Now().UTC().Format(http.TimeFormat))
			w.Header().Set("Content-Length", strconv.Itoa(len(data)))
			w.Write(data[:f.cutAfter])
			panic(http.ErrAbortHandler)
		}
		http.ServeContent(w, r, "", time.Now(), bytes.NewReader(data))
	default:
		f.fail(w, r, http.StatusMethodNotAllowed, "MethodNotAllowed")
	}
}

func (f *fakeS3) multipart(w http.ResponseWriter, r *http.Request, key string, body []byte) {
	q := r.URL.Query()
	id := q.Get("uploadId")
	parts, there := f.uploads[id]
	switch {
	case q.Has("uploads") && r.Method == http.MethodPost:
		id = fmt.Sprintf("upload-%d", len(f.requests))
		f.uploads[id] = map[int][]byte{}
		fmt.Fprintf(w, `<InitiateMultipartUploadResult><Bucket>%s</Bucket><Key>%s</Key><UploadId>%s</UploadId></InitiateMultipartUploadResult>`, fakeBucket, key, id)
	case !there:
		f.fail(w, r, http.StatusNotFound, "NoSuchUpload")
	case r.Method == http.MethodPut:
		n, _ := strconv.Atoi(q.Get("partNumber"))
		parts[n] = body
		w.Header().Set("ETag", etag(body))
	case r.Method == http.MethodDelete:
		delete(f.uploads, id)
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodPost:
		f.complete(w, r, key, id, body)
	}
}

func (f *fakeS3) complete(w http.ResponseWriter, r *http.Request, key, id string, body []byte) {
	var asked struct {
		Part []struct {
			PartNumber int
			ETag       string
		}
	}
	if err := xml.Unmarshal(body, &asked); err != nil || len(asked.Part) == 0 {
		f.fail(w, r, http.StatusBadRequest, "MalformedXML")
		return
	}
	var whole []byte
	for i, p := range asked.Part {
		part, ok := f.uploads[id][p.PartNumber]
		if !ok || strings.Trim(p.ETag, `"`) != strings.Trim(etag(part), `"`) || (len(part) < 5<<20 && i < len(asked.Part)-1) {
			f.fail(w, r, http.StatusBadRequest, "InvalidPart")
			return
		}
		whole = append(whole, part...)
	}
	if _, there := f.objects[key]; there && r.Header.Get("If-None-Match") == "*" {
		f.fail(w, r, http.StatusPreconditionFailed, "PreconditionFailed")
		return
	}
	f.objects[key] = whole
	delete(f.uploads, id)
	fmt.Fprintf(w, `<CompleteMultipartUploadResult><Bucket>%s</Bucket><Key>%s</Key><ETag>%s</ETag></CompleteMultipartUploadResult>`, fakeBucket, key, etag(whole))
}

func (f *fakeS3) bucket(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if r.Method == http.MethodHead {
		return
	}
	if r.Method != http.MethodGet || q.Get("list-type") != "2" || q.Get("delimiter") != "" {
		f.fail(w, r, http.StatusNotImplemented, "NotImplemented")
		return
	}
	limit, err := strconv.Atoi(q.Get("max-keys"))
	if err != nil || limit > 1000 {
		limit = 1000
	}
	limit = min(limit, 7) // short pages, so that a store must ask again
	after := max(q.Get("start-after"), q.Get("continuation-token"))
	type content struct {
		Key          string
		LastModified time.Time
		Size         int
		ETag         string
	}
	var answer struct {
		XMLName               xml.Name `xml:"ListBucketResult"`
		IsTruncated           bool
		NextContinuationToken string `xml:",omitempty"`
		Contents              []content
	}
	for _, key := range slices.Sorted(maps.Keys(f.objects)) {
		if key <= after || !strings.HasPrefix(key, q.Get("prefix")) {
			continue
		}
		if len(answer.Contents) == limit {
			answer.IsTruncated, answer.NextContinuationToken = true, answer.Contents[limit-1].Key
			break
		}
		answer.Contents = append(answer.Contents, content{key, time.Now().UTC(), len(f.objects[key]), etag(f.objects[key])})
	}
	w.Header().Set("Content-Type", "application/xml")
	xml.NewEncoder(w).Encode(answer)
}

func etag(b []byte) string { return fmt.Sprintf("\"%x\"", md5.Sum(b)) }
