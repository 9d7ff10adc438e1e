package ui_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"linecard/internal/portal/browsertest"
	"linecard/internal/portal/ui"
)

func TestMain(m *testing.M) { browsertest.Main(m) }

func gallery(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle(ui.GalleryPath, ui.Gallery())
	mux.Handle(ui.GalleryPath+"/", ui.Gallery())
	mux.Handle("GET "+ui.StaticPath, ui.Static())
	mux.HandleFunc("POST "+ui.PreferencesPath, ui.SetPreferences)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", ui.ContentPolicy)
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL + ui.GalleryPath
}

// pictures is where the screenshots go: LINECARD_SCREENS when somebody wants to look at them, else a folder that is removed.
func pictures(t *testing.T) string {
	if dir := os.Getenv("LINECARD_SCREENS"); dir != "" {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	return t.TempDir()
}

func TestEveryPartIsCleanInEveryLook(t *testing.T) {
	base, dir := gallery(t), pictures(t)
	looks := map[string]browsertest.Look{}
	for _, locale := range []string{"en", "zh-CN"} {
		for scheme, dark := range map[string]bool{"light": false, "dark": true} {
			looks[locale+"-"+scheme+"-1280"] = browsertest.Look{Locale: locale, Dark: dark, Width: 1280, Height: 900}
			looks[locale+"-"+scheme+"-390"] = browsertest.Look{Locale: locale, Dark: dark, Width: 390, Height: 844}
		}
	}
	for name, look := range looks {
		t.Run(name, func(t *testing.T) {
			tab := browsertest.Open(t, look)
			for _, page := range []string{"", "/list", "/form", "/question", "/signin"} {
				tab.Goto(base + page)
				tab.Screenshot(filepath.Join(dir, "design"+strings.ReplaceAll(page, "/", "-")+"-"+name+".png"))
				check(t, tab, page)
			}
		})
	}
}

func TestNothingIsCutOffAtAnyWidth(t *testing.T) {
	base, dir := gallery(t), pictures(t)
	for _, width := range []int64{320, 600, 768, 1024, 1025, 1600} {
		tab := browsertest.Open(t, browsertest.Look{Width: width})
		for _, page := range []string{"", "/list", "/form", "/question", "/signin"} {
			tab.Goto(base + page)
			if wide := tab.Overflow(); wide != "" {
				t.Errorf("%s at %d: wider than the screen: %s", page, width, wide)
			}
			if page == "" {
				tab.Screenshot(filepath.Join(dir, "width-"+strconv.FormatInt(width, 10)+".png"))
			}
		}
	}
}

func check(t *testing.T, tab *browsertest.Tab, page string) {
	t.Helper()
	for _, complaint := range tab.ConsoleErrors() {
		t.Errorf("%s: %s", page, complaint)
	}
	if wide := tab.Overflow(); wide != "" {
		t.Errorf("%s: wider than the screen: %s", page, wide)
	}
	for _, finding := range tab.Axe() {
		t.Errorf("%s: %s", page, finding)
	}
}
