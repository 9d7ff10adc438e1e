package deliver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/mail"
	"net/textproto"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"linecard/internal/errs"
	"linecard/internal/secret"
)

// SMTP hands mails to a mail server.
type SMTP struct {
	host     string
	port     int
	implicit bool // TLS from the first byte (smtps)
	policy   gomail.TLSPolicy
	user     string
	password secret.String
	from     string
	helo     string
	limit    time.Duration
	roots    *x509.CertPool
}

// SMTPOptions are settings beside the address.
type SMTPOptions struct {
	From  string         // sender's address; the address's ?from= wins
	HELO  string         // name we greet with; "": the machine's
	Roots *x509.CertPool // nil: the system's
}

var errSMTP = errs.BadField("smtp", "bad_smtp_url",
	"The mail server must be smtp://user:password@host:587?tls=mandatory&from=name@example.com, or smtps:// for TLS from the start.")

// ParseSMTP reads smtp://[user:password@]host[:port][?tls=mandatory|opportunistic|none&from=address&timeout=20s] or smtps://….
// Without tls=, smtp takes STARTTLS when the server offers it, and demands it when there is a password. Faults do not quote
// the address, which may hold the password.
func ParseSMTP(raw string, o SMTPOptions) (*SMTP, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || u.Path != "" && u.Path != "/" || u.Fragment != "" {
		return nil, errSMTP
	}
	s := &SMTP{host: u.Hostname(), helo: o.HELO, from: o.From, roots: o.Roots, limit: 20 * time.Second, policy: gomail.TLSOpportunistic}
	switch u.Scheme {
	case "smtp":
		s.port = 587
	case "smtps":
		s.port, s.implicit = 465, true
	default:
		return nil, errSMTP
	}
	if p := u.Port(); p != "" {
		if s.port, err = strconv.Atoi(p); err != nil || s.port < 1 || s.port > 65535 {
			return nil, errSMTP
		}
	}
	if u.User != nil {
		password, _ := u.User.Password()
		s.user, s.password, s.policy = u.User.Username(), secret.Hide(password), gomail.TLSMandatory
	}
	if err := s.parameters(u.Query()); err != nil {
		return nil, err
	}
	if a, err := mail.ParseAddress(s.from); err != nil || a.Address != s.from {
		return nil, errs.BadField("smtp", "bad_sender", "The mail server's address needs from=, the e-mail address that letters come from.")
	}
	return s, nil
}

func (s *SMTP) parameters(q url.Values) error {
	for name, v := range q {
		var err error
		switch name {
		case "tls":
			policy, ok := map[string]gomail.TLSPolicy{"mandatory": gomail.TLSMandatory, "opportunistic": gomail.TLSOpportunistic, "none": gomail.NoTLS}[v[0]]
			if !ok {
				return errSMTP
			}
			s.policy = policy
		case "from":
			s.from = v[0]
		case "timeout":
			if s.limit, err = time.ParseDuration(v[0]); err != nil || s.limit < 100*time.Millisecond || s.limit > time.Minute {
				return errSMTP
			}
		default:
			return errSMTP
		}
	}
	return nil
}

// Keeps is false: what was sent is not readable afterwards.
func (*SMTP) Keeps() bool { return false }

// Send hands one mail over on a connection of its own. The response is the server's own text; an error is Permanent when the
// server said 5xx to this sender, recipient or text, and passing otherwise (wrong password, no connection, 4xx).
func (s *SMTP) Send(ctx context.Context, m Message) (string, error) {
	msg, err := s.message(m)
	if err != nil {
		return ResponseRefused, errPermanent{err}
	}
	ctx, done := context.WithCancel(ctx)
	defer done()
	dial := func(within context.Context, network, address string) (net.Conn, error) {
		conn, err := s.dial(within, network, address)
		if err == nil {
			// The library looks at ctx while it dials only; a server that stops must not wait for one that hangs.
			context.AfterFunc(ctx, func() { conn.Close() })
		}
		return conn, err
	}
	c, err := gomail.NewClient(s.host, append(s.options(), gomail.WithDialContextFunc(dial))...)
	if err != nil {
		return ResponseNoServer, err
	}
	err = c.DialAndSendWithContext(ctx, msg)
	if msg.IsDelivered() {
		return "250 " + msg.ServerResponse(), nil // whatever happened after the server took it
	}
	if err == nil {
		err = errors.New("deliver: the mail library says neither yes nor no")
	}
	response, code := answerOf(err)
	var sent *gomail.SendError
	if errors.As(err, &sent) && code >= 500 {
		return response, errPermanent{err}
	}
	return response, err
}

func (s *SMTP) security() *tls.Config {
	return &tls.Config{ServerName: s.host, MinVersion: tls.VersionTLS12, RootCAs: s.roots}
}

func (s *SMTP) dial(ctx context.Context, network, address string) (net.Conn, error) {
	d := &net.Dialer{Timeout: s.limit}
	if s.implicit {
		return (&tls.Dialer{NetDialer: d, Config: s.security()}).DialContext(ctx, network, address)
	}
	return d.DialContext(ctx, network, address)
}

func (s *SMTP) options() []gomail.Option {
	o := []gomail.Option{gomail.WithPort(s.port), gomail.WithTimeout(s.limit), gomail.WithoutNoop(), gomail.WithTLSPolicy(s.policy),
		gomail.WithTLSConfig(s.security())}
	if s.implicit {
		o = append(o, gomail.WithSSL())
	}
	if s.helo != "" {
		o = append(o, gomail.WithHELO(s.helo))
	}
	if s.user != "" {
		o = append(o, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(s.user), gomail.WithPassword(s.password.Reveal()))
	}
	return o
}

func (s *SMTP) message(m Message) (*gomail.Msg, error) {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := msg.FromFormat(m.FromName, s.from); err != nil {
		return nil, err
	}
	if err := msg.To(m.To); err != nil {
		return nil, err
	}
	if m.ReplyTo != "" {
		if err := msg.ReplyTo(m.ReplyTo); err != nil {
			return nil, err
		}
	}
	msg.Subject(m.Subject)
	msg.SetDateWithValue(m.Date)
	msg.SetMessageIDWithValue(m.ID + s.from[strings.LastIndexByte(s.from, '@'):])
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no answer by a machine
	msg.SetGenHeader("Content-Language", m.Locale)
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	return msg, nil
}

// answer finds what the server said inside the library's sentence.
var answer = regexp.MustCompile(`(?s)\b[45]\d\d[ -](.*)`)

// answerOf gives the server's own text and its code; ResponseNoServer and 0 when it said nothing.
func answerOf(err error) (string, int) {
	var p *textproto.Error
	if errors.As(err, &p) {
		return strconv.Itoa(p.Code) + " " + p.Msg, p.Code
	}
	var sent *gomail.SendError
	if !errors.As(err, &sent) || sent.ErrorCode() == 0 {
		return ResponseNoServer, 0
	}
	text, _, _ := strings.Cut(sent.Error(), ", affected ")
	code := strconv.Itoa(sent.ErrorCode())
	found := answer.FindStringSubmatch(text)
	if found == nil {
		return code, sent.ErrorCode()
	}
	if said, err := strconv.Unquote(found[1]); err == nil { // the library quotes what could harm a log
		return code + " " + said, sent.ErrorCode()
	}
	return code + " " + found[1], sent.ErrorCode()
}
