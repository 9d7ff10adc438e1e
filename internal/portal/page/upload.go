package page

import (
	"errors"
	"io"
	"net/http"

	"linecard/internal/errs"
	"linecard/internal/httpx"
)

// Upload is a file that came with a form.
type Upload struct {
	Name string // as the browser calls it; for people and for its extension only
	Data []byte
}

// MaxUpload bounds a form with a file, as the listener does.
const MaxUpload = 8 << 20

var errNoUpload = errs.BadField("file", "required", "This field must not be empty.")

// ReadUpload reads a form that may bring a file: its other fields are found by PostFormValue afterwards. A form without the file gives
// the zero Upload. One that was made for another organisation than the one the session works in now is refused, as readForm's are.
func (r *Request) ReadUpload(field string) (Upload, error) {
	if err := r.ParseMultipartForm(MaxUpload); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		if e := httpx.Refusal(err); e.Kind == errs.TooLarge {
			return Upload{}, e
		}
		return Upload{}, errs.BadField(field, "bad_upload", "The file did not arrive whole. Choose it again.").Because(err)
	}
	if r.elsewhere() {
		return Upload{}, errElsewhere
	}
	f, head, err := r.FormFile(field)
	if errors.Is(err, http.ErrMissingFile) || errors.Is(err, http.ErrNotMultipart) {
		return Upload{}, nil
	}
	if err != nil {
		return Upload{}, err
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	return Upload{Name: head.Filename, Data: data}, err
}

// NoUpload is the fault of a form whose file is missing.
func NoUpload() error { return errNoUpload }
