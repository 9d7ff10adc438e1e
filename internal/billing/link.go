package billing

import (
	"context"
	"crypto/hmac"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"time"

	"linecard/internal/errs"
)

// LinkFor is how long a link works after it was handed out (WS-64).
const LinkFor = 30 * time.Minute

// The forms of a report's file.
const (
	CSV       = "csv"
	JSONLines = "jsonl"
)

var (
	errLink    = errs.New(errs.NotFound, "not_found", "There is no such object.")
	errExpired = errs.New(errs.Gone, "link_expired", "This link has expired. Ask for the report again to get a new one.")
	errDeleted = errs.New(errs.Gone, "report_deleted", "This report was deleted.")
)

// Link gives the query of an address by which the finished report can be fetched without a session until the instant that is given too,
// and "" for one that is not finished. It holds no right but this one: id, form and end are signed.
func (s *Service) Link(r Report, form string) (query string, until time.Time) {
	if r.Status != Completed {
		return "", until
	}
	until = s.db.Now().Add(LinkFor)
	end := strconv.FormatInt(until.UnixMilli(), 10)
	return "until=" + end + "&key=" + base64.RawURLEncoding.EncodeToString(s.sign(r.ID, form, end)), until
}

func (s *Service) sign(id, form, until string) []byte {
	return s.box.MAC("billing.report.link", id, form, until)
}

// Fetch opens the file of a report for whoever has a link. A forged link is NotFound like an unknown one; one that was good is Gone
// (link_expired) after its time and Gone (report_deleted) after the report (WS-64, WS-66). The caller closes the reader.
func (s *Service) Fetch(ctx context.Context, id, form, until, key string) (io.ReadCloser, Report, error) {
	got, err := base64.RawURLEncoding.DecodeString(key)
	end, bad := strconv.ParseInt(until, 10, 64)
	if err != nil || bad != nil || form != CSV && form != JSONLines || !hmac.Equal(got, s.sign(id, form, until)) {
		return nil, Report{}, errLink
	}
	if s.db.Now().UnixMilli() > end {
		return nil, Report{}, errExpired
	}
	var r Report
	if err := s.db.Get(ctx, &r, reportColumns+` WHERE id = $1 AND status = 'COMPLETED'`, id); err != nil {
		if errs.KindOf(err) == errs.NotFound {
			err = errDeleted
		}
		return nil, r, err
	}
	body, _, err := s.files.Open(ctx, r.Blob, 0)
	if err != nil || form == CSV {
		return body, r, err
	}
	lines := pull(func(w io.Writer) error { return toLines(body, w) })
	return closing{lines, body}, r, nil
}

type closing struct {
	*puller
	under io.Closer
}

// Close ends both.
func (c closing) Close() error { c.Stop(); return c.under.Close() }

// toLines writes each row as a JSON object with the columns as names in small letters, so that the two forms cannot differ.
func toLines(in io.Reader, w io.Writer) error {
	r := csv.NewReader(in)
	r.ReuseRecord = true
	head, err := r.Read()
	if err != nil {
		return err
	}
	keys := make([][]byte, len(head))
	for i, h := range head {
		keys[i], _ = json.Marshal(lower(h))
	}
	var line []byte
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		line = append(line[:0], '{')
		for i, c := range cells {
			if i > 0 {
				line = append(line, ',')
			}
			value, err := json.Marshal(c)
			if err != nil {
				return err
			}
			line = append(append(append(line, keys[i]...), ':'), value...)
		}
		if _, err := w.Write(append(line, '}', '\n')); err != nil {
			return err
		}
	}
}

func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
