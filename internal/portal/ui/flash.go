package ui

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
)

const (
	flashCookie = "lc_flash"
	flashBytes  = 2048 // what a cookie may hold of it; a longer text is not worth a toast
)

// PutFlash keeps a message for the page that follows a redirect. A message that does not fit a cookie is dropped: the
// page shows the result anyway.
func PutFlash(w http.ResponseWriter, r *http.Request, f Flash) {
	raw, err := json.Marshal(f)
	if err != nil || len(raw) > flashBytes {
		return
	}
	http.SetCookie(w, &http.Cookie{Name: flashCookie, Value: base64.RawURLEncoding.EncodeToString(raw), Path: "/", MaxAge: 60,
		HttpOnly: true, Secure: secure(r), SameSite: http.SameSiteLaxMode})
}

// TakeFlash gives the kept message, at most one, and forgets it. It must be called before the page is written. What a
// browser sends is only ever shown to that browser, as text.
func TakeFlash(w http.ResponseWriter, r *http.Request) []Flash {
	c, err := r.Cookie(flashCookie)
	if err != nil {
		return nil
	}
	http.SetCookie(w, &http.Cookie{Name: flashCookie, Path: "/", MaxAge: -1, HttpOnly: true, Secure: secure(r), SameSite: http.SameSiteLaxMode})
	raw, err := base64.RawURLEncoding.DecodeString(c.Value)
	var f Flash
	if err != nil || len(raw) > flashBytes || json.Unmarshal(raw, &f) != nil || f.Text == "" {
		return nil
	}
	switch f.Tone {
	case OK, Info, Warn, Bad:
	default:
		f.Tone = Info
	}
	return []Flash{f}
}
