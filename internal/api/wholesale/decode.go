package wholesale

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"linecard/internal/errs"
	"linecard/internal/httpx"
)

// largest is how long a body may be; the longest that the API describes has about two thousand bytes.
const largest = 1 << 20

var (
	errTooLarge  = errs.New(errs.TooLarge, "body_too_large", "The request body is larger than this address accepts.")
	errNoBody    = errs.New(errs.Invalid, "body_required", "This operation needs a body.")
	errMediaType = errs.New(errs.Unsupported, "json_required", "Send the body as application/json.")
	errNotJSON   = errs.New(errs.Invalid, "bad_json", "The body is not well-formed JSON.")
	errDeep      = errs.New(errs.Invalid, "json_too_deep", "The body is nested too deeply.")
	badEncoding  = errs.Field{Code: "bad_encoding", Message: "The text is not valid UTF-8."}
	forbidden    = errs.Field{Code: "forbidden_character", Message: "The text holds a control character or an invisible mark. Type it again."}
)

// BodyLimits lets bodies of these addresses reach the handler whatever they announce: it reads no more than it takes, and refuses the
// rest in the words of this API. The zero value for other addresses.
func BodyLimits(r *http.Request) httpx.BodyLimits {
	if r.URL.Path == Prefix || strings.HasPrefix(r.URL.Path, Prefix+"/wholesale/") || strings.HasPrefix(r.URL.Path, Prefix+"/subscribers/") {
		return httpx.BodyLimits{MaxBytes: 1 << 40}
	}
	return httpx.BodyLimits{}
}

// readBody gives the body of an operation that takes one. A media type is asked for only where there is a body: clients of this API
// send it with every request.
func readBody(r *http.Request) ([]byte, error) {
	if r.ContentLength > largest {
		return nil, errTooLarge
	}
	if r.Body == nil || r.Body == http.NoBody {
		return nil, errNoBody
	}
	part := *r
	part.Body = io.NopCloser(io.LimitReader(r.Body, largest+1))
	b, err := httpx.ReadBody(&part)
	switch {
	case err != nil:
		return nil, err
	case len(b) > largest:
		return nil, errTooLarge
	case len(bytes.TrimSpace(b)) == 0:
		return nil, errNoBody
	}
	if given := r.Header.Get("Content-Type"); given != "" {
		media, p, err := mime.ParseMediaType(given)
		if charset := p["charset"]; err != nil || media != "application/json" || charset != "" && !strings.EqualFold(charset, "utf-8") {
			return nil, errMediaType
		}
	}
	return b, nil
}

// into decodes a body. Fields that the API does not know are left out of account and null is the same as nothing, as the public
// description has it; a value of another type is a fault of its field.
func into(b []byte, v any) error {
	if !utf8.Valid(b) {
		return errs.BadField("body", badEncoding.Code, badEncoding.Message)
	}
	var all any
	if err := json.Unmarshal(b, &all); err != nil {
		return errNotJSON.Because(err)
	}
	if _, object := all.(map[string]any); !object {
		return errNotJSON
	}
	if path, bad, deep := zeroIn(all, "", 0); deep {
		return errDeep
	} else if bad {
		return errs.BadField(path, forbidden.Code, forbidden.Message)
	}
	err := json.Unmarshal(b, v)
	var typed *json.UnmarshalTypeError
	if errors.As(err, &typed) {
		name := typed.Field
		if name == "" {
			name = "body"
		}
		return errs.BadField(name, "wrong_type", "The value has the wrong type.")
	}
	if err != nil {
		return errNotJSON.Because(err)
	}
	return nil
}

// zeroIn finds a text with a zero character, which not every database takes, or more levels than any body of ours has.
func zeroIn(v any, path string, level int) (at string, bad, deep bool) {
	if level > 16 {
		return path, false, true
	}
	switch v := v.(type) {
	case string:
		return path, strings.ContainsRune(v, 0), false
	case []any:
		for _, x := range v {
			if at, bad, deep = zeroIn(x, path, level+1); bad || deep {
				return at, bad, deep
			}
		}
	case map[string]any:
		for name, x := range v {
			if at, bad, deep = zeroIn(x, strings.TrimPrefix(path+"."+name, "."), level+1); bad || deep {
				return at, bad, deep
			}
		}
	}
	return "", false, false
}
