package portal_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"linecard/internal/portal"
	"linecard/internal/portal/browsertest"
	"linecard/internal/portal/portaltest"
)

func TestMain(m *testing.M) { browsertest.Main(m) }

// scene is a page to look at: who opens it, and what is done there before the look.
type scene struct {
	name string // of the picture
	as   string // operator, partner, sub-partner, customer; "" is a stranger
	path func(s *stage) string
	then func(s *stage) // e.g. sends a form with faults
}

// stage is the portal, the tab and the people of one look.
type stage struct {
	*portaltest.World
	*browsertest.Tab
	t      *testing.T
	tokens map[string]string
}

func at(path string) func(*stage) string { return func(*stage) string { return path } }

// looks are all combinations; the first two cover both languages, schemes and widths and are enough for everyday.
var looks = []struct {
	name string
	look browsertest.Look
}{
	{"en-light-1280", browsertest.Look{Locale: "en", Width: 1280, Height: 900}},
	{"zh-CN-dark-390", browsertest.Look{Locale: "zh-CN", Dark: true, Width: 390, Height: 844}},
	{"en-light-390", browsertest.Look{Locale: "en", Width: 390, Height: 844}},
	{"en-dark-1280", browsertest.Look{Locale: "en", Dark: true, Width: 1280, Height: 900}},
	{"en-dark-390", browsertest.Look{Locale: "en", Dark: true, Width: 390, Height: 844}},
	{"zh-CN-light-1280", browsertest.Look{Locale: "zh-CN", Width: 1280, Height: 900}},
	{"zh-CN-light-390", browsertest.Look{Locale: "zh-CN", Width: 390, Height: 844}},
	{"zh-CN-dark-1280", browsertest.Look{Locale: "zh-CN", Dark: true, Width: 1280, Height: 900}},
}

// Every page: nothing in the console, nothing wider than the screen, no serious finding of axe-core. With LINECARD_SCREENS
// it is looked at in every look and its pictures go there.
func TestEveryPageIsCleanInEveryLook(t *testing.T) {
	dir := os.Getenv("LINECARD_SCREENS")
	chosen := looks[:2]
	if dir != "" {
		chosen = looks
	}
	w := portaltest.Start(t, func(d *portal.Deps) { d.Mailbox = true })
	furnish(t, w)
	only := os.Getenv("LINECARD_SCENE") // part of a name, while working on a page
	for _, l := range chosen {
		t.Run(l.name, func(t *testing.T) {
			s := &stage{World: w, Tab: browsertest.Open(t, l.look), t: t, tokens: map[string]string{}}
			for _, c := range scenes {
				if !strings.Contains(c.name, only) {
					continue
				}
				s.enterAs(c.as)
				s.Goto(w.URL + c.path(s))
				if c.then != nil {
					c.then(s)
				}
				s.check(c.name)
				if dir != "" {
					s.Picture(filepath.Join(dir, c.name+"-"+l.name+".png"))
				}
			}
		})
	}
}

// enterAs gives the tab the session of somebody, or of nobody.
func (s *stage) enterAs(who string) {
	s.t.Helper()
	people := map[string]portaltest.Person{"operator": s.Operator, "partner": s.Partner, "sub-partner": s.SubPartner, "customer": s.Customer}
	p, known := people[who]
	if !known {
		s.SetCookie(s.World.URL, "lc_session", "")
		return
	}
	if s.tokens[who] == "" {
		s.tokens[who] = s.SignedIn(s.t, p).Cookie("lc_session")
	}
	s.SetCookie(s.World.URL, "lc_session", s.tokens[who])
}

func (s *stage) check(name string) {
	s.t.Helper()
	for _, complaint := range s.ConsoleErrors() {
		if !strings.Contains(complaint, "the server responded with a status of 4") { // what the scene is about
			s.t.Errorf("%s: %s", name, complaint)
		}
	}
	if wide := s.Overflow(); wide != "" {
		s.t.Errorf("%s: wider than the screen: %s", name, wide)
	}
	for _, finding := range s.Axe() {
		s.t.Errorf("%s: %s", name, finding)
	}
}
