package ui

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAFlashIsShownOnce(t *testing.T) {
	first, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", nil)
	PutFlash(first, r, Flash{Tone: OK, Text: "青禾 is saved."})
	next := httptest.NewRequest(http.MethodGet, "/", nil)
	for _, c := range first.Result().Cookies() {
		next.AddCookie(c)
	}
	w := httptest.NewRecorder()
	if diff := cmp.Diff([]Flash{{Tone: OK, Text: "青禾 is saved."}}, TakeFlash(w, next)); diff != "" {
		t.Error(diff)
	}
	if cookies := w.Result().Cookies(); len(cookies) != 1 || cookies[0].MaxAge >= 0 {
		t.Errorf("not forgotten: %v", cookies)
	}
}

func TestAForgedFlashDoesNoHarm(t *testing.T) {
	for _, value := range []string{"", "%%%", "e30", "bm90IGpzb24", strings.Repeat("A", 8000)} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.AddCookie(&http.Cookie{Name: flashCookie, Value: value})
		if got := TakeFlash(httptest.NewRecorder(), r); got != nil {
			t.Errorf("%.20q gave %v", value, got)
		}
	}
}

func TestAFlashThatIsTooLongIsDropped(t *testing.T) {
	w := httptest.NewRecorder()
	PutFlash(w, httptest.NewRequest(http.MethodPost, "/", nil), Flash{Text: strings.Repeat("x", 5000)})
	if len(w.Result().Cookies()) != 0 {
		t.Error("it was put into a cookie")
	}
}
