package deliver

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"time"
	"unicode/utf8"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/secret"
)

// Webhook is an address of a tenant that is told of events.
type Webhook struct {
	ID             string            `db:"id"`
	TenantID       string            `db:"tenant_id"`
	URL            string            `db:"url"`
	Description    string            `db:"description"`
	Types          db.JSON[[]string] `db:"types"` // exact or "customer.*"; empty: all
	Enabled        bool              `db:"enabled"`
	DisabledReason DisabledReason    `db:"disabled_reason"`
	Fails          int               `db:"fails"`         // failed attempts in a row
	FailingSince   db.Time           `db:"failing_since"` // zero: the last attempt succeeded
	LastSuccess    db.Time           `db:"last_success"`
	OldSecretUntil db.Time           `db:"old_until"` // until then the secret before the last rotation signs as well
	Version        int64             `db:"version"`
	Created        db.Time           `db:"created"`

	Scope     string             `db:"scope"`
	Filter    db.JSON[db.Filter] `db:"filter"` // whose events it gets: what its creator could see
	Secret    []byte             `db:"secret"` // sealed
	OldSecret []byte             `db:"old_secret"`
	From      int64              `db:"from_position"`
	NotBefore db.Time            `db:"not_before"`
}

// DisabledReason says why a webhook gets nothing.
type DisabledReason string

// The reasons.
const (
	SwitchedOff DisabledReason = "switched_off"
	EndpointGo  DisabledReason = "gone"    // it answered 410
	Failing     DisabledReason = "failing" // nothing but failures for five days
)

const hookColumns = `id, tenant_id, url, description, types, enabled, disabled_reason, fails, failing_since, last_success, old_until,
	version, created, scope, filter, secret, old_secret, from_position, not_before`

// WebhookInput is what a new webhook needs.
type WebhookInput struct {
	URL         string
	Description string
	Types       []string
}

// WebhookPatch changes what is not nil.
type WebhookPatch struct {
	URL         *string
	Description *string
	Types       *[]string
	Enabled     *bool
	IfVersion   int64 // 0: whatever version is there; else Stale when another one is
}

// Limits of webhooks.
const (
	WebhooksPerTenant = 20
	typesMost         = 50
	descriptionMost   = 200
	// OverlapMost is the longest time for which the old secret may stay valid beside the new one.
	OverlapMost = 7 * 24 * time.Hour
)

// Refusals.
var (
	errTooManyHooks = errs.New(errs.Conflict, "too_many_webhooks", "There are as many webhooks as allowed. Delete one first.")
	errHookStale    = errs.New(errs.Stale, "version_changed", "Somebody changed it meanwhile. Load it again.")
	errHookOff      = errs.New(errs.Conflict, "webhook_disabled", "The webhook is switched off. Switch it on first.")
)

// Webhooks is the service for webhooks. Make it with NewWebhooks, and give it to the queue with Register.
type Webhooks struct {
	d     *db.DB
	j     *journal.Journal
	box   *secret.Box
	guard *Guard
	http  *http.Client
	log   *slog.Logger
	agent string
	watch func(state string)

	authorised func(ctx context.Context, q db.Q, provider string, need access.RelationScope, customers []string) (map[string]bool, error)
}

// WebhookOptions of NewWebhooks.
type WebhookOptions struct {
	Journal *journal.Journal
	Box     *secret.Box
	Guard   *Guard
	Log     *slog.Logger       // nil: slog.Default
	Agent   string             // User-Agent; "": Linecard-Webhooks
	Observe func(state string) // told of every attempt: "delivered", "failed" or "dead", for metrics
	// Authorised says which of these customers, by scope, have authorised the provider with this scope now. nil: none has.
	Authorised func(ctx context.Context, q db.Q, provider string, need access.RelationScope, customers []string) (map[string]bool, error)
}

// NewWebhooks gives the service.
func NewWebhooks(d *db.DB, o WebhookOptions) *Webhooks {
	w := &Webhooks{d: d, j: o.Journal, box: o.Box, guard: o.Guard, log: o.Log, agent: o.Agent, watch: o.Observe, authorised: o.Authorised, http: o.Guard.Client(callLimit)}
	if w.log == nil {
		w.log = slog.Default()
	}
	if w.agent == "" {
		w.agent = "Linecard-Webhooks"
	}
	if w.watch == nil {
		w.watch = func(string) {}
	}
	return w
}

var typeForm = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*(\.\*)?$`)

func (w *Webhooks) check(url, description string, types []string) error {
	var all []errs.Field
	if _, err := w.guard.CheckURL("url", url); err != nil {
		all = append(all, errs.As(err).Fields...)
	}
	if !utf8.ValidString(description) || utf8.RuneCountInString(description) > descriptionMost || printable(description, descriptionMost) != description {
		all = append(all, errs.Field{Name: "description", Code: "bad_text", Message: "Use at most 200 ordinary characters, without spaces at the ends."})
	}
	if len(types) > typesMost {
		all = append(all, errs.Field{Name: "types", Code: "too_many", Message: "Name at most 50 types, or none for all."})
	}
	for _, t := range types {
		if len(t) > 100 || !typeForm.MatchString(t) {
			all = append(all, errs.Field{Name: "types", Code: "bad_event_type", Message: "A type looks like customer.created or customer.*."})
			break
		}
	}
	return errs.BadFields(all)
}

// newSecret gives a secret as the Standard Webhooks convention writes it: whsec_ and 32 random bytes in base64.
func newSecret() secret.String {
	b := make([]byte, 32)
	rand.Read(b) // never fails: the program ends when the system has no randomness
	return secret.Hide("whsec_" + base64.StdEncoding.EncodeToString(b))
}

func secretContext(id string) string { return "deliver_webhooks/secret/" + id }

// visible is whose events a webhook of the target's tenant gets when this actor makes it: no more than the actor sees itself.
func visible(actor access.Actor, target access.Target) (db.Filter, error) {
	if actor.Kind == access.System {
		return db.Filter{Within: []string{target.Tenant.Scope}}, nil
	}
	f, err := access.Visible(actor, access.EventView, true)
	if err != nil {
		return db.Filter{}, err
	}
	if !f.Includes(target.Tenant.Scope) {
		return db.Filter{}, errs.Missing("object")
	}
	if slices.Contains(f.Exactly, target.Tenant.Scope) { // a narrowed actor: its chosen customers only
		return f, nil
	}
	return db.Filter{Within: []string{target.Tenant.Scope}, Except: f.Except}, nil
}

// get reads a webhook of a tenant. Another tenant's is NotFound.
func (w *Webhooks) get(ctx context.Context, q db.Q, tenantID, id string) (Webhook, error) {
	var h Webhook
	err := q.Get(ctx, &h, `SELECT `+hookColumns+` FROM deliver_webhooks WHERE id = $1 AND tenant_id = $2`, id, tenantID)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		return Webhook{}, errs.Missing("webhook")
	}
	return h, err
}

// news is an event webhook.<what> and a log row webhook/<action>.
func (h Webhook) news(what, action string, target access.Target, data map[string]any) journal.News {
	return journal.News{Type: "webhook." + what, Action: "webhook/" + action, Tenant: target.Tenant,
		Target: journal.Target{Kind: "webhook", ID: h.ID, Name: h.Description}, Data: data}
}
