package deliver

import (
	"context"
	"errors"
	"time"

	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/queue"
)

// Register gives the queue the work of the outbox.
func (m *Mailer) Register(q *queue.Queue) {
	for _, kind := range []string{letterKind, mailKind} {
		queue.Handle(q, kind, m.post, queue.Policy{Timeout: 2 * time.Minute, Concurrency: 20, LaneConcurrency: 2})
	}
	queue.Handle(q, mailPurgeKind, func(ctx context.Context, _ queue.Job[struct{}]) error { return m.purge(ctx) }, queue.Policy{Concurrency: 1})
	q.Periodic(mailPurgeKind, "41 3 * * *", mailPurgeKind, struct{}{})
}

// mailPauses is the pause after the n-th failed attempt; the last one repeats until the letter expires.
var mailPauses = []time.Duration{time.Minute, 3 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour}

// errPermanent marks a refusal for good.
type errPermanent struct{ error }

// Permanent says whether a Sender's error is a refusal for good.
func Permanent(err error) bool {
	var p errPermanent
	return errors.As(err, &p)
}

type outgoing struct {
	MailStatus
	Sender  string  `db:"sender"`
	ReplyTo string  `db:"reply_to"`
	Body    []byte  `db:"body"`
	Expires db.Time `db:"expires"`
}

// post hands one mail over. It may be handed over twice when the server dies between the mail server's answer and our own
// note of it; its Message-ID is the same then.
func (m *Mailer) post(ctx context.Context, j queue.Job[mailArgs]) error {
	var o outgoing
	if err := m.d.Get(ctx, &o, `SELECT `+mailColumns+`, sender, reply_to, body, expires FROM deliver_mails WHERE id = $1`, j.Args.Mail); err != nil {
		if errs.KindOf(err) == errs.NotFound {
			return nil
		}
		return err
	}
	now := m.d.Now()
	switch {
	case o.State == MailSent || o.State == MailFailed:
		return nil
	case !now.Before(o.Expires.Time):
		return m.note(ctx, j, o, MailFailed, ResponseExpired)
	case m.sender == nil:
		return m.later(ctx, o, ResponseNoSetting)
	}
	w, err := m.open(o.MailStatus, o.Sender, o.Body)
	if err != nil {
		return err // the key file is not there yet, or for good: the queue keeps it for people to look at
	}
	response, err := m.sender.Send(ctx, Message{ID: o.ID, To: o.To, FromName: o.Sender, ReplyTo: o.ReplyTo, Locale: o.Locale, Subject: o.Subject,
		Text: w.Text, HTML: w.HTML, Date: o.Created.Time})
	response = printable(response, responseMost)
	switch {
	case err == nil:
		return m.note(ctx, j, o, MailSent, response)
	case Permanent(err):
		return m.note(ctx, j, o, MailFailed, response)
	}
	return m.later(ctx, o, response)
}

// note records the end of a mail and forgets its text, together with the end of the job.
func (m *Mailer) note(ctx context.Context, j queue.Job[mailArgs], o outgoing, state MailState, response string) error {
	body := o.Body
	if m.sender == nil || !m.sender.Keeps() {
		body = nil
	}
	err := m.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := j.Complete(ctx, tx); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE deliver_mails SET state = $2, last_response = $3, attempts = attempts + 1, body = $4, changed = $5 WHERE id = $1`,
			o.ID, state, response, body, tx.Now())
		return err
	})
	if err == nil {
		m.watch(state)
	}
	return err
}

// later records a failure that may pass and comes back; not later than the letter's end, so that its state becomes final then.
func (m *Mailer) later(ctx context.Context, o outgoing, response string) error {
	if _, err := m.d.Exec(ctx, `UPDATE deliver_mails SET state = $2, last_response = $3, attempts = attempts + 1, changed = $4 WHERE id = $1`,
		o.ID, MailTemporary, response, m.d.Now()); err != nil {
		return err
	}
	m.watch(MailTemporary)
	pause := spread(mailPauses[min(o.Attempts, len(mailPauses)-1)])
	return queue.Snooze(max(min(pause, o.Expires.Sub(m.d.Now().Time)), time.Second))
}

// purge removes old mails, some at a time.
func (m *Mailer) purge(ctx context.Context) error {
	for {
		n, err := m.d.Exec(ctx, `DELETE FROM deliver_mails WHERE id IN (SELECT id FROM deliver_mails WHERE created < $1 ORDER BY created LIMIT 500)`,
			db.At(m.d.Now().Add(-mailsKept)))
		if err != nil || n < 500 {
			return err
		}
	}
}

// Outbox is the sender of the demo: it sends nothing, and every mail can be looked at with Mailbox.
type Outbox struct{}

// Send takes everything.
func (Outbox) Send(context.Context, Message) (string, error) { return ResponseKept, nil }

// Keeps is true.
func (Outbox) Keeps() bool { return true }
