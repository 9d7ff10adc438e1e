package deliver

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/queue"
)

const (
	callLimit   = 10 * time.Second
	answerMost  = 4 << 10 // bytes of an answer that are read, so that the connection can be used again
	disableTime = 5 * 24 * time.Hour
	deadAge     = 90 * time.Hour // a delivery that got no attempt because its webhook paused dies at this age
)

// schedule is the pause after the n-th failure, as the Standard Webhooks convention proposes; after the last one it is dead.
var schedule = []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour,
	14 * time.Hour, 20 * time.Hour, 24 * time.Hour}

// breather is the pause of the whole webhook after n failures in a row: one probe at a time goes out, not all that waits.
func breather(n int) time.Duration { return min(5*time.Second<<min(n-1, 10), 5*time.Minute) }

// spread adds up to a tenth, so that what failed together does not come back together.
func spread(d time.Duration) time.Duration { return d + rand.N(d/10+1) }

// outcome is what one call came to.
type outcome struct {
	status int           // 0 without an answer
	fault  string        // "" is success; else a code from the list below
	after  time.Duration // Retry-After, 0 when there was none
}

// The codes of failed attempts, as shown in the dead-letter view.
const (
	FaultStatus  = "status"          // an answer that is not 2xx; see the status
	FaultTimeout = "timed_out"       // no answer within 10 s
	FaultAddress = "address_refused" // the guard does not allow the address
	FaultName    = "unknown_host"    // the name has no address
	FaultTLS     = "tls_failed"      // the certificate is not valid for the name, or no TLS at all
	FaultConnect = "connection_failed"
	FaultGone    = "event_gone"       // the event is past its retention time
	FaultOff     = "webhook_disabled" // the webhook was switched off
	FaultSecret  = "secret_unreadable"
)

// send is the handler of one delivery. Its own failures are the delivery's, not the job's: those only come from the database.
func (w *Webhooks) send(ctx context.Context, j queue.Job[sendArgs]) error {
	d, h, err := w.load(ctx, j.Args.Delivery)
	if err != nil {
		if errs.KindOf(err) == errs.NotFound {
			return nil // deleted meanwhile
		}
		return err
	}
	if d.State != Pending {
		return nil
	}
	now := w.d.Now()
	switch {
	case !h.Enabled:
		return w.settle(ctx, j, d, h, outcome{fault: FaultOff})
	case h.NotBefore.After(now.Time) && !j.Args.Probe:
		_, err := w.d.Exec(ctx, `UPDATE deliver_deliveries SET next_at = $2 WHERE id = $1 AND state = 'pending'`, d.ID, h.NotBefore)
		return err // drain takes it from here
	}
	body, err := w.body(ctx, d, h)
	if err != nil {
		if errs.KindOf(err) == errs.NotFound {
			return w.settle(ctx, j, d, h, outcome{fault: FaultGone})
		}
		return err
	}
	out := w.call(ctx, h, d.EventID, body)
	if ctx.Err() != nil {
		return ctx.Err() // this node stops; another one sends it again
	}
	return w.settle(ctx, j, d, h, out)
}

func (w *Webhooks) load(ctx context.Context, id string) (Delivery, Webhook, error) {
	var d Delivery
	if err := w.d.Get(ctx, &d, `SELECT `+deliveryColumns+` FROM deliver_deliveries WHERE id = $1`, id); err != nil {
		return Delivery{}, Webhook{}, err
	}
	var h Webhook
	err := w.d.Get(ctx, &h, `SELECT `+hookColumns+` FROM deliver_webhooks WHERE id = $1`, d.WebhookID)
	return d, h, err
}

// payload is the body of a delivery (Standard Webhooks: type, timestamp, data; the rest is metadata).
type payload struct {
	Type      string         `json:"type"`
	Timestamp db.Time        `json:"timestamp"`
	ID        string         `json:"id"`
	Scope     string         `json:"scope"`
	Target    payloadTarget  `json:"target"`
	Data      map[string]any `json:"data"`
}

type payloadTarget struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
	Name string `json:"name"`
}

// TestType is the type of the event that Test sends.
const TestType = "webhook.test"

// body makes the bytes of a delivery from the journal, so nothing is stored twice.
func (w *Webhooks) body(ctx context.Context, d Delivery, h Webhook) ([]byte, error) {
	p := payload{Type: TestType, Timestamp: d.Created, ID: d.EventID, Scope: h.Scope, Target: payloadTarget{Kind: "webhook", ID: h.ID, Name: h.Description},
		Data: map[string]any{"webhook_id": h.ID}}
	if d.Position > 0 {
		e, err := w.j.Event(ctx, w.d, h.Filter.V, d.EventID)
		if err != nil {
			return nil, err
		}
		may, err := w.consents(ctx, []journal.Entry{e}, target{Scope: h.Scope, Types: db.AsJSON([]string{e.Type})})
		if err != nil {
			return nil, err
		}
		if !may.told(h.Scope, e) {
			return nil, errs.Missing("event") // the authorisation was withdrawn while it waited
		}
		p = payload{Type: e.Type, Timestamp: e.Time, ID: e.ID, Scope: e.Scope, Target: payloadTarget(e.Target), Data: e.Data}
		if p.Data == nil {
			p.Data = map[string]any{}
		}
	}
	return json.Marshal(p)
}

// call posts the body once and says what came of it. Nothing of the answer but its status is kept.
func (w *Webhooks) call(ctx context.Context, h Webhook, event string, body []byte) outcome {
	if _, err := w.guard.CheckURL("url", h.URL); err != nil {
		return outcome{fault: FaultAddress}
	}
	now := w.d.Now()
	signature, err := w.signature(h, event, now, body)
	if err != nil {
		return outcome{fault: FaultSecret}
	}
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, bytes.NewReader(body))
	if err != nil {
		return outcome{fault: FaultAddress}
	}
	r.Header = http.Header{"Content-Type": {"application/json"}, "User-Agent": {w.agent}, "Webhook-Id": {event},
		"Webhook-Timestamp": {strconv.FormatInt(now.Unix(), 10)}, "Webhook-Signature": {signature}}
	res, err := w.http.Do(r)
	if err != nil {
		return outcome{fault: faultOf(err)}
	}
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, answerMost)
	if res.StatusCode >= 200 && res.StatusCode < 300 {
		return outcome{status: res.StatusCode}
	}
	return outcome{status: res.StatusCode, fault: FaultStatus, after: retryAfter(res.Header.Get("Retry-After"), now)}
}

// signature is the header's value: one signature for each secret in force, the newest first.
func (w *Webhooks) signature(h Webhook, event string, now db.Time, body []byte) (string, error) {
	sealed := [][]byte{h.Secret}
	if len(h.OldSecret) > 0 && now.Before(h.OldSecretUntil.Time) {
		sealed = append(sealed, h.OldSecret)
	}
	var all []string
	for _, s := range sealed {
		plain, err := w.box.Open(s, secretContext(h.ID))
		if err != nil {
			return "", err
		}
		one, err := Sign(string(plain), event, now.Time, body)
		if err != nil {
			return "", err
		}
		all = append(all, one)
	}
	return strings.Join(all, " "), nil
}

// Sign gives the Standard Webhooks signature "v1,…" of a delivery under a secret "whsec_…".
func Sign(secret, id string, at time.Time, body []byte) (string, error) {
	text, ok := strings.CutPrefix(secret, "whsec_")
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil || !ok {
		return "", errors.New("deliver: the secret is not in the form whsec_<base64>")
	}
	m := hmac.New(sha256.New, key)
	m.Write([]byte(id + "." + strconv.FormatInt(at.Unix(), 10) + "."))
	m.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(m.Sum(nil)), nil
}

func faultOf(err error) string {
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var timeout net.Error
	switch {
	case errors.Is(err, ErrRefusedAddress):
		return FaultAddress
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return FaultTimeout
	case errors.As(err, &dns):
		return FaultName
	case errors.As(err, &cert), errors.As(err, &record), errors.As(err, &alert):
		return FaultTLS
	}
	return FaultConnect
}

// retryAfter reads seconds or a date, at most a day (RFC 9110 section 10.2.3).
func retryAfter(s string, now db.Time) time.Duration {
	var d time.Duration
	if n, err := strconv.ParseUint(s, 10, 31); err == nil {
		d = time.Duration(n) * time.Second
	} else if at, err := http.ParseTime(s); err == nil {
		d = at.Sub(now.Time)
	}
	return min(max(d, 0), 24*time.Hour)
}

// settle records what came of an attempt and decides what is next, together with the end of the job.
func (w *Webhooks) settle(ctx context.Context, j queue.Job[sendArgs], d Delivery, h Webhook, out outcome) error {
	state := ""
	err := w.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := j.Complete(ctx, tx); err != nil {
			return err
		}
		if err := tx.LockRow(ctx, "deliver_webhooks", h.ID); err != nil {
			return err
		}
		var now Webhook
		if err := tx.Get(ctx, &now, `SELECT `+hookColumns+` FROM deliver_webhooks WHERE id = $1`, h.ID); err != nil {
			return err
		}
		var err error
		switch {
		case out.fault == "":
			state = "delivered"
			err = w.succeeded(ctx, tx, d, now, out)
		case out.fault == FaultOff || out.fault == FaultGone:
			state = "dead"
			err = w.record(ctx, tx, d, Dead, db.Time{}, out)
		default:
			state, err = w.failed(ctx, tx, d, now, out)
		}
		return err
	})
	if err == nil {
		w.watch(state)
	}
	if err != nil && errs.KindOf(err) == errs.NotFound {
		return nil // the webhook was deleted meanwhile
	}
	return err
}

func (w *Webhooks) succeeded(ctx context.Context, tx *db.Tx, d Delivery, h Webhook, out outcome) error {
	if err := w.record(ctx, tx, d, Delivered, db.Time{}, out); err != nil {
		return err
	}
	if h.Fails == 0 && !h.LastSuccess.IsZero() && tx.Now().Sub(h.LastSuccess.Time) < time.Minute {
		return nil // nothing new: spare a write for each delivery of a busy webhook
	}
	if _, err := tx.Exec(ctx, `UPDATE deliver_webhooks SET fails = 0, failing_since = NULL, not_before = NULL, last_success = $2 WHERE id = $1`, h.ID, tx.Now()); err != nil {
		return err
	}
	if h.Fails == 0 {
		return nil
	}
	// It works again: whatever waits may go now.
	if _, err := tx.Exec(ctx, `UPDATE deliver_deliveries SET next_at = $2 WHERE webhook_id = $1 AND state = 'pending' AND next_at > $2 AND attempts = 0`, h.ID, tx.Now()); err != nil {
		return err
	}
	return w.drainAt(ctx, tx, h.ID, tx.Now())
}

func (w *Webhooks) failed(ctx context.Context, tx *db.Tx, d Delivery, h Webhook, out outcome) (string, error) {
	now := tx.Now()
	state, next := "failed", db.Time{}
	if n := d.Attempts; h.Enabled && n < len(schedule) && out.status != http.StatusGone && now.Sub(d.Since.Time) < deadAge {
		next = db.At(now.Add(max(spread(schedule[n]), out.after)))
		if err := w.record(ctx, tx, d, Pending, next, out); err != nil {
			return "", err
		}
	} else {
		state = "dead"
		if err := w.record(ctx, tx, d, Dead, next, out); err != nil {
			return "", err
		}
	}
	h.Fails++
	if h.FailingSince.IsZero() {
		h.FailingSince = now
	}
	var reason DisabledReason
	switch {
	case out.status == http.StatusGone:
		reason = EndpointGo
	case now.Sub(h.FailingSince.Time) >= disableTime:
		reason = Failing
	}
	pause := db.At(now.Add(max(breather(h.Fails), min(out.after, time.Hour))))
	if _, err := tx.Exec(ctx, `UPDATE deliver_webhooks SET fails = $2, failing_since = $3, not_before = $4 WHERE id = $1`, h.ID, h.Fails, h.FailingSince, pause); err != nil {
		return "", err
	}
	if reason != "" && h.Enabled {
		return state, w.disable(ctx, tx, h, reason, out)
	}
	return state, w.drainAt(ctx, tx, h.ID, pause)
}

// disable switches a webhook off that has shown that nobody listens, and says so in the journal.
func (w *Webhooks) disable(ctx context.Context, tx *db.Tx, h Webhook, reason DisabledReason, out outcome) error {
	if _, err := tx.Exec(ctx, `UPDATE deliver_webhooks SET enabled = $2, disabled_reason = $3, version = version + 1 WHERE id = $1`, h.ID, false, reason); err != nil {
		return err
	}
	if err := w.bury(ctx, tx, h.ID); err != nil {
		return err
	}
	tenant := access.Tenant{ID: h.TenantID, Scope: h.Scope}
	return w.j.Append(ctx, tx, access.SystemActor("webhooks"), journal.News{Type: "webhook.disabled", Action: "webhook/disable", Tenant: tenant,
		Target: journal.Target{Kind: "webhook", ID: h.ID, Name: h.Description}, Data: map[string]any{"reason": reason, "status": out.status, "error": out.fault}})
}

// bury makes everything that waits for a webhook a dead letter.
func (w *Webhooks) bury(ctx context.Context, tx *db.Tx, hook string) error {
	_, err := tx.Exec(ctx, `UPDATE deliver_deliveries SET state = 'dead', next_at = NULL, last_error = $2 WHERE webhook_id = $1 AND state = 'pending'`, hook, FaultOff)
	return err
}

// record writes the result of an attempt.
func (w *Webhooks) record(ctx context.Context, tx *db.Tx, d Delivery, state DeliveryState, next db.Time, out outcome) error {
	attempts := d.Attempts
	if out.fault != FaultOff && out.fault != FaultGone {
		attempts++
	}
	_, err := tx.Exec(ctx, `UPDATE deliver_deliveries SET state = $2, attempts = $3, last_status = $4, last_error = $5, next_at = $6, last_at = $7 WHERE id = $1`,
		d.ID, state, attempts, out.status, out.fault, next, tx.Now())
	return err
}

func (w *Webhooks) drainAt(ctx context.Context, tx *db.Tx, hook string, at db.Time) error {
	return queue.Insert(ctx, tx, drainKind, hookArgs{Webhook: hook}, queue.Opts{Unique: hook, RunAt: at.Time})
}
