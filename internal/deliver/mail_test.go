package deliver_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/deliver"
	"linecard/internal/errs"
	"linecard/internal/queue"
)

const link = "https://linecard.example/customer/invitation/s3cr3t-token"

func invitation(to string) deliver.Letter {
	return deliver.Letter{To: to, Template: deliver.AccountInvitation, Brand: "Blue Voice", TenantID: customer.ID,
		Values: map[string]string{"name": "Ada", "organisation": "Café <b>Noir</b>", "email": to, "hours": "72", "link": link}}
}

// mailer gives an outbox that the queue of w works on.
func (w *world) mailer(t *testing.T, s deliver.Sender) *deliver.Mailer {
	t.Helper()
	m := deliver.NewMailer(w.d, deliver.MailerOptions{Box: w.box, Sender: s, Log: slog.New(slog.DiscardHandler)})
	m.Register(w.q)
	w.run(t)
	return m
}

func (s *smtpServer) sender(t *testing.T, user, query string, o deliver.SMTPOptions) *deliver.SMTP {
	t.Helper()
	if user != "" {
		user += "@"
	}
	o.From, o.Roots = "noreply@linecard.example", s.roots
	sender, err := deliver.ParseSMTP("smtp://"+user+s.Addr().String()+"?"+query, o)
	if err != nil {
		t.Fatal(err)
	}
	return sender
}

func mailIt(t *testing.T, w *world, m *deliver.Mailer, l deliver.Letter) string {
	t.Helper()
	var id string
	if err := w.d.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) (err error) {
		id, err = m.Mail(ctx, tx, l)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return id
}

func stateOf(t *testing.T, w *world, m *deliver.Mailer, id string) deliver.MailStatus {
	t.Helper()
	all, err := m.MailStates(context.Background(), w.d, id, "unknown")
	if err != nil || len(all) != 1 {
		t.Fatalf("%+v %v", all, err)
	}
	return all[id]
}

func waitState(t *testing.T, w *world, m *deliver.Mailer, id string, want deliver.MailState) deliver.MailStatus {
	t.Helper()
	dbtest.Eventually(t, "the mail is "+string(want), func() bool { return stateOf(t, w, m, id).State == want })
	return stateOf(t, w, m, id)
}

// CH-19, WS-95: the registered address gets the account information under the provider's brand.
func TestALetterArrivesAsTextAndHTMLAndIsNotKept(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := newWorld(t, d, clock)
		s := newSMTPServer(t, false)
		m := w.mailer(t, s.sender(t, "", "tls=none", deliver.SMTPOptions{HELO: "node.linecard.example"}))
		id := mailIt(t, w, m, invitation("ada@CAFE.example"))
		if x := waitState(t, w, m, id, deliver.MailSent); x.LastResponse != "250 2.0.0 queued as 12345" || x.To != "ada@cafe.example" || x.Attempts != 1 {
			t.Errorf("%+v", x)
		}
		header, parts := readMail(t, s.mails()[0])
		for name, want := range map[string]string{"From": `"Blue Voice" <noreply@linecard.example>`, "To": "<ada@cafe.example>", "Subject": "Your Blue Voice account for Café <b>Noir</b>",
			"Auto-Submitted": "auto-generated", "Content-Language": "en", "Message-Id": "<" + id + "@linecard.example>", "Date": "Mon, 02 Mar 2026 09:00:00 +0000"} {
			if got := decoded(t, header.Get(name)); got != want {
				t.Errorf("%s: %s, want %s", name, got, want)
			}
		}
		text, html := parts["text/plain"], parts["text/html"]
		if !strings.Contains(text, link) || !strings.Contains(html, `href="`+link+`"`) || !strings.Contains(html, "Café &lt;b&gt;Noir&lt;/b&gt;") ||
			strings.Contains(text+html+header.Get("Subject"), "Linecard") {
			t.Errorf("%s\n%s", text, html)
		}
		var kept *[]byte
		if err := d.Get(context.Background(), &kept, `SELECT body FROM deliver_mails WHERE id = $1`, id); err != nil || kept != nil && len(*kept) > 0 {
			t.Errorf("the text is kept: %v", err)
		}
		if _, _, err := m.Mailbox(context.Background(), db.Page{}); errs.KindOf(err) != errs.NotFound {
			t.Errorf("the mailbox of a real installation: %v", err)
		}
	})
}

// CH-20: the row shows a permanent failure with the server's text, a passing one that is tried again, and sent after repair.
func TestTheMailServersAnswerIsShownAndAPassingFailureIsTriedAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := newWorld(t, d, clock)
		s := newSMTPServer(t, false)
		s.say("gone", "550 5.1.1 No such\tuser \x1b[31mhere"+strings.Repeat(" x", 900))
		s.say("later", "450 4.2.0 Greylisted, come back")
		m := w.mailer(t, s.sender(t, "", "tls=none", deliver.SMTPOptions{}))
		gone := mailIt(t, w, m, invitation("gone@cafe.example"))
		if x := waitState(t, w, m, gone, deliver.MailFailed); !strings.HasPrefix(x.LastResponse, "550 5.1.1 No such user [31mhere x") || len(x.LastResponse) > 300 {
			t.Errorf("%q", x.LastResponse)
		}
		later := mailIt(t, w, m, invitation("later@cafe.example"))
		if x := waitState(t, w, m, later, deliver.MailTemporary); x.LastResponse != "450 4.2.0 Greylisted, come back" {
			t.Errorf("%q", x.LastResponse)
		}
		s.say("later", "")
		s.say("gone", "")
		dbtest.Eventually(t, "sent after the pause", func() bool {
			clock.Advance(30 * time.Second)
			return stateOf(t, w, m, later).State == deliver.MailSent
		})
		again := mailIt(t, w, m, invitation("gone@cafe.example")) // "Send again" is a new letter
		waitState(t, w, m, again, deliver.MailSent)
	})
}

func TestALetterWhoseLinkHasEndedIsNotSentAnyMore(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := newWorld(t, d, clock)
		s := newSMTPServer(t, false)
		s.say("ada", "451 4.0.0 not now")
		m := w.mailer(t, s.sender(t, "", "tls=none", deliver.SMTPOptions{}))
		l := invitation("ada@cafe.example")
		l.Expires = clock.Now().Add(10 * time.Minute)
		id := mailIt(t, w, m, l)
		waitState(t, w, m, id, deliver.MailTemporary)
		dbtest.Eventually(t, "given up", func() bool { clock.Advance(time.Minute); return stateOf(t, w, m, id).State == deliver.MailFailed })
		if x := stateOf(t, w, m, id); x.LastResponse != deliver.ResponseExpired || len(s.mails()) != 0 {
			t.Errorf("%+v", x)
		}
	})
}

func TestAReceivingServerThatHangsDelaysNoOtherDomain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := newWorld(t, d, clock)
		s := newSMTPServer(t, false)
		s.say("slow", "hang")
		m := w.mailer(t, s.sender(t, "", "tls=none&timeout=20s", deliver.SMTPOptions{}))
		for range 15 {
			mailIt(t, w, m, invitation("slow@slow.example"))
		}
		begin := time.Now()
		for _, domain := range []string{"a.example", "b.example", "c.example"} {
			waitState(t, w, m, mailIt(t, w, m, invitation("ada@"+domain)), deliver.MailSent)
		}
		if took := time.Since(begin); took > 8*time.Second {
			t.Errorf("others waited %v", took)
		}
	})
}

func TestAMailServerThatDoesNotAnswerIsAPassingFailure(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	dead := &smtpServer{Listener: closed}
	hanging := newSMTPServer(t, false)
	hanging.say("ada", "hang")
	for name, s := range map[string]*smtpServer{"closed": dead, "hanging": hanging} {
		response, err := s.sender(t, "", "tls=none&timeout=300ms", deliver.SMTPOptions{}).Send(context.Background(), deliver.Message{ID: "1", To: "ada@cafe.example", Text: "x", HTML: "x"})
		if err == nil || deliver.Permanent(err) || response != deliver.ResponseNoServer {
			t.Errorf("%s: %q %v", name, response, err)
		}
	}
}

func TestThePasswordIsOnlySentOverTLSAndCertificatesAreChecked(t *testing.T) {
	letter := deliver.Message{ID: "1", To: "ada@cafe.example", FromName: "A", Subject: "s", Text: "x", HTML: "x"}
	plain, secured := newSMTPServerFor(t, false, "user:pass word"), newSMTPServerFor(t, true, "user:pass word")
	if _, err := plain.sender(t, "user:pass%20word", "", deliver.SMTPOptions{}).Send(context.Background(), letter); err == nil || strings.Contains(plain.commands(), "AUTH") {
		t.Errorf("without TLS: %v, %s", err, plain.commands())
	}
	good := secured.sender(t, "user:pass%20word", "", deliver.SMTPOptions{})
	if response, err := good.Send(context.Background(), letter); err != nil || !strings.Contains(secured.commands(), "STARTTLS EHLO AUTH MAIL") {
		t.Errorf("%q %v, %s", response, err, secured.commands())
	}
	response, err := secured.sender(t, "user:wrong", "", deliver.SMTPOptions{}).Send(context.Background(), letter)
	if err == nil || deliver.Permanent(err) || !strings.HasPrefix(response, "535") || strings.Contains(err.Error(), "wrong") {
		t.Errorf("a wrong password is the operator's fault, not the letter's: %q %v", response, err)
	}
	secured.roots = nil
	if _, err := secured.sender(t, "user:pass%20word", "", deliver.SMTPOptions{}).Send(context.Background(), letter); err == nil || deliver.Permanent(err) || len(secured.mails()) != 1 {
		t.Errorf("an unknown certificate: %v", err)
	}
}

func TestTheDemoKeepsItsMailsToBeLookedAt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := newWorld(t, d, clock)
		m := w.mailer(t, deliver.Outbox{})
		for _, to := range []string{"one@a.example", "two@a.example", "three@a.example"} {
			mailIt(t, w, m, invitation(to))
			clock.Advance(time.Second)
		}
		first, next, err := m.Mailbox(context.Background(), db.Page{Limit: 2})
		if err != nil || len(first) != 2 || first[0].To != "three@a.example" || !strings.Contains(first[0].Text, link) || !strings.Contains(first[0].HTML, link) {
			t.Fatalf("%+v %v", first, err)
		}
		rest, next, err := m.Mailbox(context.Background(), db.Page{Limit: 2, Cursor: next})
		if err != nil || len(rest) != 1 || next != "" {
			t.Errorf("%+v %v", rest, err)
		}
		if x := waitState(t, w, m, first[0].ID, deliver.MailSent); x.LastResponse != deliver.ResponseKept {
			t.Errorf("%+v", x)
		}
		var stored string
		if err := d.Get(context.Background(), &stored, `SELECT CAST(body AS TEXT) FROM deliver_mails LIMIT 1`); err == nil && strings.Contains(stored, "s3cr3t") {
			t.Error("a link stands in the database in the clear")
		}
	})
}

// Release 0.1.0 wrote letters out before it stored them. What it left in the outbox is delivered after an upgrade, by the job that it
// left behind; while nodes of both run side by side, they leave the new kind of job to the new ones.
func TestAMailThatRelease010LeftInTheOutboxIsDelivered(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := newWorld(t, d, clock)
		s := newSMTPServer(t, false)
		id := db.NewID()
		body, err := w.box.Seal([]byte(`{"text":"Your link: `+link+`\n","html":"<p>`+link+`</p>"}`), "deliver_mails/body/"+id)
		if err != nil {
			t.Fatal(err)
		}
		err = d.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			if _, err := tx.Exec(ctx, `INSERT INTO deliver_mails (id, tenant_id, kind, recipient, sender, reply_to, locale, subject, body, state, attempts,
				last_response, expires, created, changed) VALUES ($1,$2,'account_invitation','ada@cafe.example','Blue Voice','','en','Welcome',$3,'queued',0,'',$4,$5,$5)`,
				id, customer.ID, body, db.At(clock.Now().Add(time.Hour)), tx.Now()); err != nil {
				return err
			}
			return queue.Insert(ctx, tx, "deliver.mail", map[string]string{"mail": id}, queue.Opts{Lane: "cafe.example"})
		})
		if err != nil {
			t.Fatal(err)
		}
		kept, _, err := deliver.NewMailer(d, deliver.MailerOptions{Box: w.box, Sender: deliver.Outbox{}}).Mailbox(context.Background(), db.Page{})
		if err != nil || len(kept) != 1 || kept[0].Text != "Your link: "+link+"\n" {
			t.Errorf("%+v %v", kept, err)
		}
		m := w.mailer(t, s.sender(t, "", "tls=none", deliver.SMTPOptions{}))
		waitState(t, w, m, id, deliver.MailSent)
		header, parts := readMail(t, s.mails()[0])
		if parts["text/plain"] != "Your link: "+link+"\r\n" && parts["text/plain"] != "Your link: "+link+"\n" || parts["text/html"] == "" || header.Get("Subject") != "Welcome" {
			t.Errorf("%v %q", header, parts)
		}
	})
}

func TestALetterOfAChangeThatWasUndoneIsNeverSent(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := newWorld(t, d, clock)
		m := w.mailer(t, deliver.Outbox{})
		undo := errors.New("undo")
		err := d.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			if _, err := m.Mail(ctx, tx, invitation("ada@a.example")); err != nil {
				t.Error(err)
			}
			return undo
		})
		if all, _, err2 := m.Mailbox(context.Background(), db.Page{}); !errors.Is(err, undo) || err2 != nil || len(all) != 0 {
			t.Errorf("%+v %v %v", all, err, err2)
		}
	})
}

func TestABadAddressOrAnIncompleteLetterIsRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := newWorld(t, d, clock)
		m := deliver.NewMailer(d, deliver.MailerOptions{Box: w.box})
		try := func(l deliver.Letter) error {
			return d.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error { _, err := m.Mail(ctx, tx, l); return err })
		}
		for _, to := range []string{"", "ada", "@a.example", "Ada <ada@a.example>", "ada@a.example\r\nBcc: x@y.example", "ada@a.example, b@a.example", "a b@a.example", strings.Repeat("a", 250) + "@a.example", "\"x\"@a.example"} {
			if err := try(invitation(to)); errs.KindOf(err) != errs.Invalid || errs.As(err).Fields[0].Name != "email" {
				t.Errorf("%q: %v", to, err)
			}
		}
		broken := map[string]func(*deliver.Letter){
			"unknown letter": func(l *deliver.Letter) { l.Template = "nothing" }, "missing value": func(l *deliver.Letter) { delete(l.Values, "name") },
			"empty value": func(l *deliver.Letter) { l.Values["name"] = " " }, "unknown value": func(l *deliver.Letter) { l.Values["more"] = "x" },
			"script link": func(l *deliver.Letter) { l.Values["link"] = "javascript:alert(1)" }, "no text": func(l *deliver.Letter) { l.Template, l.Values = "", nil },
		}
		for name, breakIt := range broken {
			l := invitation("ada@a.example")
			breakIt(&l)
			if err := try(l); errs.CodeOf(err) != "letter_incomplete" {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestTheMailServersAddressIsReadOrRefusedWithoutQuotingIt(t *testing.T) {
	from := deliver.SMTPOptions{From: "noreply@linecard.example"}
	for _, good := range []string{"smtp://mail.example", "smtp://u:p%40ss@mail.example:2525?tls=opportunistic", "smtps://mail.example/?from=a@b.example&timeout=5s"} {
		if _, err := deliver.ParseSMTP(good, from); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "mail.example", "http://mail.example", "smtp://u:hush@", "smtp://u:hush@mail.example:0", "smtp://u:hush@mail.example/path", "smtp://u:hush@mail.example?tls=maybe",
		"smtp://u:hush@mail.example?colour=red", "smtp://u:hush@mail.example?timeout=1h", "smtp://u:hush@mail.example?from=nobody", "smtp://u:hush%@mail.example"} {
		_, err := deliver.ParseSMTP(bad, from)
		if errs.KindOf(err) != errs.Invalid || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", bad, err)
		}
	}
	if _, err := deliver.ParseSMTP("smtp://mail.example", deliver.SMTPOptions{}); errs.KindOf(err) != errs.Invalid {
		t.Errorf("no sender: %v", err)
	}
}
