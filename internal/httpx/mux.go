package httpx

import (
	"net/http"
	"strings"

	"linecard/internal/errs"
)

// Mux is a http.ServeMux whose refusals are ours: an unknown path is a 404 problem, a known path with another method a 405 problem
// with Allow, even when a handler is registered for "/". It names the matched pattern for the access log and the metrics.
type Mux struct {
	// Refuse writes 404 and 405; nil writes problems. The portal and the wholesale API have bodies of their own.
	Refuse func(w http.ResponseWriter, r *http.Request, status int, err error)

	routes   http.ServeMux // with a "/" of our own behind everything
	probe    http.ServeMux // the same patterns without it: it alone still knows that a method was wrong
	fallback http.Handler
}

var (
	errNoPath   = errs.New(errs.NotFound, "no_such_address", "There is nothing at this address.")
	errNoMethod = errs.New(errs.Unsupported, "method_not_allowed", "This address does not accept that method.")
)

// NewMux gives an empty mux.
func NewMux() *Mux {
	m := &Mux{}
	m.routes.HandleFunc("/", m.miss)
	return m
}

// Handle registers a pattern of http.ServeMux; a faulty or doubled one panics. "/" becomes the handler for paths nothing else knows.
func (m *Mux) Handle(pattern string, h http.Handler) {
	if strings.TrimSpace(pattern) == "/" {
		if m.fallback != nil {
			panic("httpx: pattern / is registered twice")
		}
		m.fallback = h
		return
	}
	m.routes.Handle(pattern, h)
	m.probe.Handle(pattern, h)
}

// HandleFunc registers a function.
func (m *Mux) HandleFunc(pattern string, h func(http.ResponseWriter, *http.Request)) {
	m.Handle(pattern, http.HandlerFunc(h))
}

// ServeHTTP answers by the best pattern. Every answer tells browsers to show nothing but pages that say otherwise (see bare).
func (m *Mux) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	bare(w, r)
	defer func() { // also when the handler panics: the fault's route matters most
		if v := visitOf(r.Context()); v != nobody && v.route == "" && r.Pattern != "/" {
			v.route = r.Pattern
		}
	}()
	m.routes.ServeHTTP(w, r)
}

func (m *Mux) miss(w http.ResponseWriter, r *http.Request) {
	h, pattern := m.probe.Handler(r)
	if pattern == "" {
		said := verdict{header: http.Header{}}
		h.ServeHTTP(&said, r)
		if said.status == http.StatusMethodNotAllowed {
			w.Header()["Allow"] = said.header["Allow"]
			m.refuse(w, r, http.StatusMethodNotAllowed, errNoMethod)
			return
		}
	}
	if m.fallback != nil {
		m.fallback.ServeHTTP(w, r)
		return
	}
	m.refuse(w, r, http.StatusNotFound, errNoPath)
}

func (m *Mux) refuse(w http.ResponseWriter, r *http.Request, status int, err error) {
	if m.Refuse != nil {
		m.Refuse(w, r, status, err)
		return
	}
	LogCause(r.Context(), err)
	p := ProblemOf(r.Context(), err)
	p.Status, p.Title = status, http.StatusText(status)
	writeProblem(w, r, p)
}

// verdict takes what the standard mux would have answered.
type verdict struct {
	header http.Header
	status int
}

func (v *verdict) Header() http.Header { return v.header }
func (v *verdict) WriteHeader(s int)   { v.status = s }
func (v *verdict) Write(b []byte) (int, error) {
	return len(b), nil
}
