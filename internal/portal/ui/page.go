package ui

import "github.com/a-h/templ"

// Audience is whose portal a page belongs to (CH-10).
type Audience string

// The three audiences.
const (
	Operator Audience = "operator"
	Partner  Audience = "partner"
	Customer Audience = "customer"
)

// Shell is everything around the content of a signed-in page. Empty parts are left out.
type Shell struct {
	Title      string // of the document and of the page header
	Lead       string // one paragraph of help below the title
	Audience   Audience
	Tenant     string // whose data this is
	Home       string // address of the start page
	Nav        []NavGroup
	Person     Person
	Search     *Search // estate search in the top bar
	Acting     *Acting
	Notices    []Notice // restricted mode, expiring certificates …
	Crumbs     []Crumb  // without the page itself
	Actions    []Action // of the page header; the first is the main one
	Flashes    []Flash
	AccountURL string
	SignOutURL string // POST
	SessionURL string // asked now and then by scripts: 401 tells that the session is over; "" is not asked
	LiveURL    string // where scripts are told of changes; "" is not listened to
	GuideURL   string // where the manual speaks of this page; "" leaves it out
	HelpURL    string // in the account menu; "" leaves it out
	Feedback   string // address of the feedback form, beside the account menu (CH-92); "" leaves it out
	Badge      *Badge // state of the page's object, beside the title
}

// Person is who is signed in.
type Person struct{ Name, Email string }

// NavGroup is a titled part of the side navigation; "" is the untitled first part.
type NavGroup struct {
	Title string
	Items []NavItem
}

// NavItem is one way in the side navigation.
type NavItem struct {
	Label, URL string
	Icon       Icon
	Current    bool
	Count      int // shown when above 0: things that wait
}

// Acting says that this is a delegated session in another tenant (section 4.3, invariant 4).
type Acting struct {
	Tenant   string // for whom
	Person   string // who
	Home     string // of which tenant
	Until    string // when it ends, already written for the person; "" leaves it out
	ReadOnly bool
	LeaveURL string // POST
}

// Crumb is one step above this page.
type Crumb struct{ Label, URL string }

// Search is a search box that is sent with GET as q.
type Search struct {
	URL, Value, Label string
	Keep              []Hidden // other parameters of the list that must survive
}

// Hidden is a form value that is not shown.
type Hidden struct{ Name, Value string }

// SignInShell is a page for somebody who is not signed in: one card, one task.
type SignInShell struct {
	Audience Audience
	Title    string
	Lead     string
	Flashes  []Flash
	Wide     bool    // room for running text
	Others   []Crumb // the other audiences' sign-in pages, or the way back
}

// sessionAttrs tells the script where to ask whether the session still lives, and where it is told of changes.
func sessionAttrs(s Shell) templ.Attributes {
	a := templ.Attributes{}
	if s.SessionURL != "" {
		a["data-session"] = s.SessionURL
	}
	if s.LiveURL != "" {
		a["data-live"] = s.LiveURL
	}
	return a
}

func product(name string) string {
	if name == "" {
		return "Linecard"
	}
	return name
}

// initials gives up to two letters for the round badge of a person; one character of a Han name says enough.
func initials(name string) string {
	var out []rune
	start := true
	for _, r := range name {
		if r == ' ' || r == '-' || r == '.' || r == '@' {
			start = true
			continue
		}
		if start {
			out = append(out, r)
			if r >= 0x2E80 {
				return string(out[:1])
			}
		}
		if start = false; len(out) == 2 {
			break
		}
	}
	return string(out)
}
