package page

import (
	"mime"
	"net/http"
	"strconv"
)

// File answers with a file to keep. It is written whole, so that a fault before it is still a page.
func (r *Request) File(name, media string, body []byte) error {
	h := r.W.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	r.W.WriteHeader(http.StatusOK)
	_, _ = r.W.Write(body) // the client went away: nobody to tell
	return nil
}
