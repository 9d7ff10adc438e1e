package deliver

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/mail"
	"strings"
	"time"

	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/queue"
	"linecard/internal/secret"
)

// Letter is a mail to one person: a Template with its Values, or Subject and Text.
type Letter struct {
	To       string // address without a name
	Locale   string // "zh-CN"; English for what there is no catalogue for
	Template Template
	Values   map[string]string
	Subject  string // without a Template
	Text     string
	Brand    string // name of the offer: display name of the sender, and in the text (WS-95); "": Linecard
	ReplyTo  string
	TenantID string
	Kind     string    // for people who look at the outbox; "": the template's name
	Expires  time.Time // when it is pointless to deliver it (end of the link); zero: after three days
}

// MailState says how far a mail is, as far as SMTP tells (CH-19, CH-20).
type MailState string

// The states.
const (
	MailQueued    MailState = "queued"
	MailSent      MailState = "sent"               // the mail server took it
	MailTemporary MailState = "failed_temporarily" // it will be tried again
	MailFailed    MailState = "failed"             // it will not; LastResponse says why
)

// DefaultBrand is the sender's name where no provider's offer has one.
const DefaultBrand = "Linecard"

const (
	letterKind    = "deliver.letter"
	mailKind      = "deliver.mail" // of release 0.1.0, which wrote letters out before it stored them
	mailPurgeKind = "deliver.mail_purge"
	mailColumns   = `id, tenant_id, kind, recipient, locale, subject, state, attempts, last_response, created, changed`
	mailsKept     = 90 * 24 * time.Hour
	mailExpires   = 72 * time.Hour // for a letter that names no end
	responseMost  = 300            // characters of the mail server's text
)

// Own words in LastResponse where there is none of a mail server, which would begin with three digits.
const (
	ResponseExpired   = "expired"        // the link in it ended before it could be delivered
	ResponseNoServer  = "no_answer"      // the mail server cannot be reached
	ResponseNoSetting = "not_configured" // no mail server is set
	ResponseRefused   = "refused"        // the letter could not be handed over
	ResponseKept      = "kept"           // the demo keeps it instead of sending it
)

// MailStatus is what can be shown of a mail. Its text is not kept once it was delivered.
type MailStatus struct {
	ID           string    `db:"id"`
	TenantID     string    `db:"tenant_id"`
	Kind         string    `db:"kind"`
	To           string    `db:"recipient"`
	Locale       string    `db:"locale"`
	Subject      string    `db:"subject"`
	State        MailState `db:"state"`
	Attempts     int       `db:"attempts"`
	LastResponse string    `db:"last_response"` // text of the mail server, cleaned and cut, or one of the Response words
	Created      db.Time   `db:"created"`
	Changed      db.Time   `db:"changed"`
}

// Mailer is the outbox: letters are rows that are written with the change they tell of. Make it with NewMailer.
type Mailer struct {
	d      *db.DB
	box    *secret.Box
	sender Sender
	log    *slog.Logger
	watch  func(state MailState)
	dress  Dresser
}

// Dresser says how letters about a tenant look. It is asked in the transaction that writes one.
type Dresser func(ctx context.Context, q db.Q, tenantID string) (Dress, error)

// Dress is the look of a provider's offer in its letters; empty fields are the platform's own (WS-23, WS-92).
type Dress struct {
	Brand   string `json:"-"` // name of the offer, where the letter itself names none
	From    string `json:"-"` // name beside the sender's address; "": the offer's
	Support string `json:"support,omitempty"`
	Accent  string `json:"accent,omitempty"`  // "#rrggbb" on which white can be read
	Logo    string `json:"logo,omitempty"`    // address
	LogoOn  string `json:"logo_on,omitempty"` // "#rrggbb" of the plate it stands on
	Main    string `json:"-"`                 // links that begin so …
	Home    string `json:"-"`                 // … lead here: the offer's own host
}

// Sender hands a mail over. *SMTP does; *Outbox keeps it to be looked at.
type Sender interface {
	// Send gives the server's answer. A refusal for good is an error for which Permanent says true.
	Send(ctx context.Context, m Message) (response string, err error)
	// Keeps says whether the text stays readable after it was sent, which only a demo may.
	Keeps() bool
}

// Message is a mail as it goes out.
type Message struct {
	ID       string
	To       string
	FromName string
	ReplyTo  string
	Locale   string
	Subject  string
	Text     string
	HTML     string
	Date     time.Time
}

// MailerOptions of NewMailer.
type MailerOptions struct {
	Box     *secret.Box
	Sender  Sender // nil: mails wait until one is configured
	Log     *slog.Logger
	Observe func(state MailState) // told of every attempt, for metrics
	Dress   Dresser               // nil: the platform's own look
}

// NewMailer gives the outbox of d.
func NewMailer(d *db.DB, o MailerOptions) *Mailer {
	m := &Mailer{d: d, box: o.Box, sender: o.Sender, log: o.Log, watch: o.Observe, dress: o.Dress}
	if m.log == nil {
		m.log = slog.Default()
	}
	if m.watch == nil {
		m.watch = func(MailState) {}
	}
	return m
}

// CheckAddress gives the address with its domain in lower case, or a fault of the field: a bare e-mail address of at most 254
// bytes is asked for.
func CheckAddress(field, address string) (string, error) {
	a, err := mail.ParseAddress(address)
	if err != nil || a.Name != "" || a.Address != address || len(address) > 254 || printable(address, 254) != address || strings.ContainsAny(address, "<>\"\\ ") {
		return "", errs.BadField(field, "bad_email", "This is not a valid e-mail address.")
	}
	at := strings.LastIndexByte(address, '@')
	return address[:at] + strings.ToLower(address[at:]), nil
}

func mailContext(id string) string { return "deliver_mails/body/" + id }

// Mail writes a letter in the caller's transaction; it goes out when that commits, and never when it rolls back. It gives the
// id under which MailStates tells how it went. A bad address is Invalid.
func (m *Mailer) Mail(ctx context.Context, tx *db.Tx, l Letter) (id string, err error) {
	to, err := CheckAddress("email", l.To)
	if err != nil {
		return "", err
	}
	if l.ReplyTo != "" {
		if l.ReplyTo, err = CheckAddress("reply_to", l.ReplyTo); err != nil {
			return "", err
		}
	}
	var look Dress
	if m.dress != nil && l.TenantID != "" {
		if look, err = m.dress(ctx, tx, l.TenantID); err != nil {
			return "", err
		}
	}
	for _, brand := range []string{look.Brand, DefaultBrand} {
		if l.Brand = printable(l.Brand, 64); l.Brand == "" {
			l.Brand = brand
		}
	}
	from := printable(look.From, 64)
	if from == "" {
		from = l.Brand
	}
	if l.Kind == "" {
		l.Kind = string(l.Template)
	}
	if link := l.Values["link"]; look.Home != "" && strings.HasPrefix(link, look.Main+"/") {
		l.Values = maps.Clone(l.Values)
		l.Values["link"] = look.Home + strings.TrimPrefix(link, look.Main)
	}
	what, err := draftOf(l)
	if err != nil {
		return "", err
	}
	what.Brand, what.Dress = l.Brand, look
	subject, err := what.subject(l.Locale, l.Brand)
	if err != nil {
		return "", err
	}
	plain, err := json.Marshal(content{draft: what})
	if err != nil {
		return "", err
	}
	id = db.NewID()
	sealed, err := m.box.Seal(plain, mailContext(id))
	if err != nil {
		return "", err
	}
	now := tx.Now()
	expires := db.At(l.Expires)
	if expires.IsZero() {
		expires = db.At(now.Add(mailExpires))
	}
	if _, err := tx.Exec(ctx, `INSERT INTO deliver_mails (id, tenant_id, kind, recipient, sender, reply_to, locale, subject, body, state, attempts, last_response,
		expires, created, changed) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,0,'',$11,$12,$12)`,
		id, l.TenantID, l.Kind, to, from, l.ReplyTo, language(l.Locale), subject, sealed, MailQueued, expires, now); err != nil {
		return "", err
	}
	// A lane for each receiving domain: where one answers slowly, mails to others pass it.
	domain := to[strings.LastIndexByte(to, '@')+1:]
	return id, queue.Insert(ctx, tx, letterKind, mailArgs{id}, queue.Opts{Lane: domain})
}

type mailArgs struct {
	Mail string `json:"mail"`
}

// MailStates tells how mails are, by id; an unknown id, or one that is past its time, is absent from the answer.
func (m *Mailer) MailStates(ctx context.Context, q db.Q, ids ...string) (map[string]MailStatus, error) {
	a := q.Args()
	var rows []MailStatus
	if err := q.Select(ctx, &rows, `SELECT `+mailColumns+` FROM deliver_mails WHERE `+a.In("id", ids), a.List()...); err != nil {
		return nil, err
	}
	all := make(map[string]MailStatus, len(rows))
	for _, r := range rows {
		all[r.ID] = r
	}
	return all, nil
}

// Kept is a mail that the demo kept.
type Kept struct {
	MailStatus
	Text string
	HTML string
}

// Mailbox lists the kept mails with their texts, the newest first, and the cursor of the next page. Where mails are really sent
// it is NotFound: their texts are not for anybody but the receiver.
func (m *Mailer) Mailbox(ctx context.Context, page db.Page) ([]Kept, string, error) {
	if m.sender == nil || !m.sender.Keeps() {
		return nil, "", errs.Missing("mailbox")
	}
	a := m.d.Args()
	k, err := page.Keyset(a, "id", db.Sort{Name: "created", Column: "created", Number: true, Desc: true})
	if err != nil {
		return nil, "", err
	}
	var rows []struct {
		MailStatus
		Sender string `db:"sender"`
		Body   []byte `db:"body"`
	}
	if err := m.d.Select(ctx, &rows, `SELECT `+mailColumns+`, sender, body FROM deliver_mails WHERE `+k.Where+` ORDER BY `+k.OrderBy+` LIMIT `+a.Add(k.Limit), a.List()...); err != nil {
		return nil, "", err
	}
	all := make([]Kept, 0, len(rows))
	for _, r := range rows {
		w, err := m.open(r.MailStatus, r.Sender, r.Body)
		if err != nil && !errors.Is(err, errNoBody) {
			return nil, "", err
		}
		all = append(all, Kept{r.MailStatus, w.Text, w.HTML})
	}
	all, next := db.Cut(k, all, func(r Kept) (any, string) { return r.Created.UnixMilli(), r.ID })
	return all, next, nil
}

var errNoBody = errs.New(errs.Gone, "mail_text_gone", "The text of this mail is not kept.")

// content is what the body of a mail seals: a draft; or, in a mail that release 0.1.0 has left in the outbox, the letter written out.
type content struct {
	draft
	written
}

// open gives the letter of a mail as it is sent.
func (m *Mailer) open(s MailStatus, brand string, sealed []byte) (written, error) {
	if len(sealed) == 0 {
		return written{}, errNoBody
	}
	plain, err := m.box.Open(sealed, mailContext(s.ID))
	if err != nil {
		return written{}, err
	}
	var c content
	if err := json.Unmarshal(plain, &c); err != nil {
		return written{}, err
	}
	if c.Values == nil {
		return c.written, nil
	}
	if c.Brand != "" {
		brand = c.Brand // since senders can have a name of their own
	}
	return c.compose(s.Locale, brand)
}
