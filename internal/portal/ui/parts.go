package ui

import (
	"context"
	"io"
	"strconv"
	"time"

	"github.com/a-h/templ"
)

// Tone is what a state means. Every tone has its own shape beside its colour.
type Tone string

// The tones. The zero value is neutral.
const (
	Neutral Tone = ""
	OK      Tone = "ok"
	Info    Tone = "info"
	Warn    Tone = "warn"
	Bad     Tone = "bad"
	Off     Tone = "off"  // switched off, archived
	Busy    Tone = "busy" // on its way
)

func (t Tone) icon() Icon {
	switch t {
	case OK:
		return "circle-check"
	case Info:
		return "info-circle"
	case Warn:
		return "alert-triangle"
	case Bad:
		return "circle-x"
	case Off:
		return "circle-minus"
	case Busy:
		return "progress"
	}
	return "circle"
}

func (t Tone) class() string {
	if t == Neutral {
		return "tone-neutral"
	}
	return "tone-" + string(t)
}

// How an action is done.
const (
	Go      = ""        // a link
	Post    = "post"    // a form of its own, at once
	Confirm = "confirm" // a link to a page that asks; scripts show that page's question in a dialog
	Submit  = "submit"  // the submit button of the form around it
)

// Action is something a person can do: a button, a row action, an entry of a menu.
type Action struct {
	Label    string // says what happens; never only an icon
	About    string // the object, for screen readers in lists: "Freeze – Acme"
	URL      string
	How      string
	Icon     Icon
	Style    string // "primary", "danger", "quiet"; "" is the ordinary button
	Name     string // with Value: what a Submit button sends
	Value    string
	Hidden   []Hidden
	Disabled bool
	Why      string // of a Disabled one: the reason, told on the control
}

// manner is how the action is shown: one that is switched off is no form, whatever it would send.
func (a Action) manner() string {
	if a.Disabled && a.How == Post {
		return Go
	}
	return a.How
}

func (a Action) classes(base string) string {
	if a.Style != "" {
		base += " " + base + "-" + a.Style
	}
	return base
}

// Badge is a state in one or two words.
type Badge struct {
	Tone Tone
	Text string
}

// Flash is the result of what was just done. It is announced to screen readers.
type Flash struct {
	Tone Tone
	Text string
}

// Notice is a standing remark at the top of a page.
type Notice struct {
	Tone   Tone
	Title  string
	Text   string
	Action *Action
}

// Empty stands where a list has nothing to show.
type Empty struct {
	Icon        Icon
	Title, Text string
	Actions     []Action
}

// Tab is one of several views of an object; each is a page of its own.
type Tab struct {
	Label, URL string
	Current    bool
	Count      int // shown when above 0
}

// Def is one line of a definition list.
type Def struct {
	Term  string
	Value templ.Component
}

// Stat is one number with its name.
type Stat struct {
	Label, Value, Note string
	Tone               Tone // of the note
	URL                string
	Trend              []float64 // small curve, oldest first; fewer than two values draw nothing
}

// Event is one line of a timeline.
type Event struct {
	Tone  Tone
	Title string
	Text  string
	Actor string
	At    time.Time
}

// Secret is a value to copy. A value that is shown once only says so.
type Secret struct {
	ID, Label, Value string
	Once             bool
}

// Progress is a running operation. With a PollURL the part asks that address every two seconds and is replaced by the answer.
type Progress struct {
	ID, Label   string
	Done, Total int64 // Total 0: not known yet
	Tone        Tone  // OK or Bad when it has ended
	Text        string
	PollURL     string
}

// Skeleton holds the place of something that is being fetched.
type Skeleton struct{ Lines int }

// Question asks before something that cannot be taken back lightly. It is a whole page, and a dialog where scripts run.
type Question struct {
	Title, Text  string
	Consequences []string
	URL          string // POST
	Submit       string
	Danger       bool
	CancelURL    string
	Hidden       []Hidden
	Inputs       []templ.Component
}

// Pager walks a list by key; an empty address means there is nothing in that direction.
type Pager struct{ First, Prev, Next, Text string }

// Filters is a bar of GET fields above a list.
type Filters struct {
	URL      string
	Search   *Search
	Fields   []templ.Component
	ClearURL string // shown when a filter is set

	Submit     string // of another GET form than a filter; "" applies the filters
	SubmitIcon Icon
}

func (f Filters) submit(otherwise string) (string, Icon) {
	if f.Submit != "" {
		return f.Submit, f.SubmitIcon
	}
	return otherwise, "filter"
}

// Text is plain text as a component.
type Text string

// Render writes the text, escaped.
func (t Text) Render(_ context.Context, w io.Writer) error {
	_, err := io.WriteString(w, templ.EscapeString(string(t)))
	return err
}

// trendPath spreads values over a drawing of 100 by 28.
func trendPath(values []float64) string {
	lo, hi := values[0], values[0]
	for _, v := range values {
		lo, hi = min(lo, v), max(hi, v)
	}
	span := hi - lo
	if span == 0 {
		span = 1
	}
	path := "M"
	for i, v := range values {
		if i > 0 {
			path += " L"
		}
		path += coord(100*float64(i)/float64(len(values)-1)) + " " + coord(25-22*(v-lo)/span)
	}
	return path
}

// Int writes a number for an attribute, without grouping.
func Int(n int64) string { return strconv.FormatInt(n, 10) }

// PollHeader marks requests that a page makes by itself, so that they do not count as activity of the person (CH-6).
const PollHeader = "X-Poll"

// polling gives the attributes that make the part fetch its next state; none when the operation has ended.
func (p Progress) polling() templ.Attributes {
	if p.PollURL == "" {
		return nil
	}
	return templ.Attributes{"hx-get": p.PollURL, "hx-trigger": "every 2s", "hx-swap": "outerHTML", "hx-headers": `{"` + PollHeader + `":"1"}`}
}

// htmxConfig keeps htmx inside the content policy: no injected style, own server only, no history cache of pages with data.
const htmxConfig = `{"includeIndicatorCSS":false,"mode":"same-origin","history":false,"defaultTimeout":15000}`
