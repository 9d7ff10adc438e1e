package redirect

import (
	"context"
	"net/http"
	"net/netip"
	"strings"

	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/phone"
	"linecard/internal/secret"
)

// Ask is what a phone asks of /rps/.
type Ask struct {
	MAC      phone.MAC
	Maker    string // as phone.Makers recognises it; "" when nothing tells
	Verified bool   // a maker's certificate for this MAC was verified (decision 18)
	Path     string // below /rps/, as the phone spelt it
	From     netip.Addr
}

// File is the answer to a phone.
type File struct {
	Status      int // 200, or 302 with Location
	Location    string
	ContentType string
	Body        []byte
}

// Request is a request as it came in, for Serve.
type Request struct {
	Path        string // below /rps/, decoded, without a leading slash
	UserAgent   string
	Certificate phone.MAC // of a verified maker's certificate; zero without one
	From        netip.Addr
}

var (
	errNothing = errs.Missing("file")
	errStopped = errs.New(errs.Forbidden, "redirect_stopped", "The phone is not served at present.")
	errAsks    = errs.New(errs.TooMany, "too_many_requests", "Too many requests from this address. Please try again later.")
)

// Serve tells who asks and answers. The phone is identified by its certificate, else by the MAC in the path, else by the one in
// the User-Agent (CH-37). A certificate counts only for its own MAC.
func (s *Service) Serve(ctx context.Context, r Request) (File, error) {
	id, _ := s.makers.Recognise(r.Path, r.UserAgent)
	a := Ask{MAC: id.MAC, Maker: id.Maker, Path: r.Path, From: r.From}
	if m, ok := macIn(r.Path); ok {
		a.MAC = m
	}
	if !r.Certificate.IsZero() && (a.MAC.IsZero() || a.MAC == r.Certificate) {
		a.MAC, a.Verified = r.Certificate, true
	}
	if !id.Sure { // several makers have files of one name: the MAC's prefix knows better, and of the rest the entry
		a.Maker = s.makers.Of(a.MAC)
	}
	return s.Answer(ctx, a)
}

// Answer gives what a phone is told. One that proved itself, and one for whose entry somebody has opened a window, gets its own
// address with the account for it; NotFound when it has none, Forbidden when the entry or the customer's service is stopped. All
// others get one and the same answer, whether the MAC is known or not: the address of the platform's policy without any
// credential, or NotFound when there is no such policy (decision 17). The edge answers NotFound with 404 and an empty body.
func (s *Service) Answer(ctx context.Context, a Ask) (File, error) {
	if a.From.IsValid() && !a.Verified {
		if ok, wait := s.limit.Allow(a.From.Unmap().String()); !ok {
			return File{}, errAsks.Retry(wait)
		}
	}
	t, err := s.lookUp(ctx, a.MAC)
	if err != nil {
		return File{}, err
	}
	proven := a.Verified || t.Window.After(s.db.Now().Time)
	switch {
	case a.MAC.IsZero():
		return File{}, errNothing
	case !proven:
		f, err := general(a, t.Fallback)
		s.note(t.ID, a, f, err)
		return f, err
	case t.ID == "":
		return File{}, errNothing
	case !t.Enabled || t.Stopped:
		s.note(t.ID, a, File{}, errStopped)
		return File{}, errStopped
	}
	f, err := s.own(a, t)
	s.note(t.ID, a, f, err)
	return f, err
}

// general is the answer for everybody: nothing in it depends on what we know about the MAC.
func general(a Ask, fallback string) (File, error) {
	if fallback == "" {
		return File{}, errNothing
	}
	return answerTo(a, goal{url: fallback})
}

// own is the answer for the phone itself.
func (s *Service) own(a Ask, t target) (File, error) {
	if a.Maker == "" {
		a.Maker = t.Maker
	}
	g := goal{url: expand(t.UniqueURL, a.MAC, t.Model, t.Host), user: t.User}
	sealed, as := t.Password, sealedAs("redirect_entries", t.ID)
	if t.UniqueURL == "" {
		g.url, g.user, g.certificate = expand(t.ServerURL, a.MAC, t.Model, t.Host), t.ServerUser, t.CertificateURL
		sealed, as = t.ServerPassword, sealedAs("redirect_servers", t.ServerID)
	}
	word, err := s.open(g.user, sealed, as)
	if err != nil {
		return File{}, err
	}
	g.password = word
	return answerTo(a, g)
}

// goal is where a phone shall go.
type goal struct {
	url, user, certificate string
	password               secret.String
}

// target is what is known about a MAC: one row for every MAC, known or not.
type target struct {
	Fallback       string  `db:"fallback"`
	ID             string  `db:"id"`
	Maker          string  `db:"maker"`
	Model          string  `db:"model"`
	UniqueURL      string  `db:"unique_url"`
	User           string  `db:"account_user"`
	Password       []byte  `db:"account_password"`
	Enabled        bool    `db:"enabled"`
	Window         db.Time `db:"window_until"`
	ServerID       string  `db:"server_id"`
	ServerURL      string  `db:"server_url"`
	ServerUser     string  `db:"server_user"`
	ServerPassword []byte  `db:"server_password"`
	CertificateURL string  `db:"certificate_url"`
	Host           string  `db:"host"`
	Stopped        bool    `db:"stopped"`
}

const fallbackSetting = "redirect.fallback"

// lookUp is one statement that gives one row for every MAC, so that an unknown one costs what a known one does. An entry of a
// customer that is archived or no longer has the permission RPS is as good as none.
func (s *Service) lookUp(ctx context.Context, mac phone.MAC) (target, error) {
	var t target
	err := s.db.Get(ctx, &t, `SELECT COALESCE(f.value, '') AS fallback, COALESCE(e.id, '') AS id, COALESCE(e.maker, '') AS maker, COALESCE(e.model, '') AS model,
		COALESCE(e.unique_url, '') AS unique_url, COALESCE(e.account_user, '') AS account_user, e.account_password, COALESCE(e.enabled, FALSE) AS enabled,
		e.window_until, COALESCE(v.id, '') AS server_id, COALESCE(v.url, '') AS server_url, COALESCE(v.account_user, '') AS server_user,
		v.account_password AS server_password, COALESCE(v.certificate_url, '') AS certificate_url, COALESCE(t.host, '') AS host,
		COALESCE(t.frozen AND t.freeze_stops_service, FALSE) AS stopped
		FROM (SELECT 1 AS one) x
		LEFT JOIN db_settings f ON f.name = '`+fallbackSetting+`'
		LEFT JOIN (redirect_entries e JOIN tenant_tenants t ON t.id = e.customer_id AND t.state = 'active' AND t.permission_types LIKE '%"RPS"%') ON e.mac = $1
		LEFT JOIN redirect_servers v ON v.id = e.server_id`, mac)
	return t, err
}

// macIn finds the MAC in the name of a file: twelve hexadecimal digits that stand alone.
func macIn(path string) (phone.MAC, bool) {
	name := path[strings.LastIndexByte(path, '/')+1:]
	run := 0
	for i := 0; i <= len(name); i++ {
		if i < len(name) && hexDigit(name[i]) {
			run++
			continue
		}
		if run == 12 {
			if m, ok := phone.HexMAC(name[i-12 : i]); ok && !m.IsZero() {
				return m, true
			}
		}
		run = 0
	}
	return phone.MAC{}, false
}

func hexDigit(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// statusOf is what the log says about an answer.
func statusOf(f File, err error) int {
	switch {
	case err == nil:
		return f.Status
	case errs.KindOf(err) == errs.Forbidden:
		return http.StatusForbidden
	case errs.KindOf(err) == errs.NotFound:
		return http.StatusNotFound
	}
	return http.StatusServiceUnavailable
}
