package api

import (
	"context"
	"net/http"
	"time"

	"linecard/internal/access"
	"linecard/internal/deliver"
)

// Webhook is an address that is told of events, signed after the Standard Webhooks convention.
type Webhook struct {
	ID             string     `json:"id"`
	URL            string     `json:"url"`
	Description    string     `json:"description"`
	Types          []string   `json:"types" doc:"Exact types or customer.*; empty: all"`
	Enabled        bool       `json:"enabled"`
	DisabledReason string     `json:"disabled_reason" doc:"switched_off, gone or failing; empty while enabled"`
	Fails          int        `json:"fails" doc:"Failed attempts in a row"`
	FailingSince   *time.Time `json:"failing_since"`
	LastSuccess    *time.Time `json:"last_success"`
	OldSecretUntil *time.Time `json:"old_secret_until" doc:"Until then the secret before the last rotation signs as well"`
	Created        time.Time  `json:"created"`
}

func webhookOf(h deliver.Webhook) Webhook {
	return Webhook{ID: h.ID, URL: h.URL, Description: h.Description, Types: orEmpty(h.Types.V), Enabled: h.Enabled, DisabledReason: string(h.DisabledReason),
		Fails: h.Fails, FailingSince: when(h.FailingSince), LastSuccess: when(h.LastSuccess), OldSecretUntil: when(h.OldSecretUntil), Created: h.Created.Time}
}

// CreatedWebhook carries the signing secret, which is shown this once.
type CreatedWebhook struct {
	Webhook
	Secret string `json:"secret" doc:"whsec_…; it cannot be shown again"`
}

// WebhookRef names the webhook in a path.
type WebhookRef struct {
	Webhook string `path:"webhook" doc:"Id of the webhook"`
}

// own gives the target of the organisation in which the actor works: webhooks belong to it.
func (a *API) own(ctx context.Context, c *call) (access.Target, error) {
	_, target, err := a.d.Tenants.Target(ctx, a.d.DB, c.actor, c.actor.Place().ID)
	return target, err
}

type listWebhooksIn struct {
	Paged
	Sort string `query:"sort" enum:"created,-created"`
}

func (a *API) listWebhooks(ctx context.Context, c *call, in *listWebhooksIn) (List[Webhook], error) {
	target, err := a.own(ctx, c)
	if err != nil {
		return List[Webhook]{}, err
	}
	all, next, err := a.d.Webhooks.List(ctx, c.actor, target, in.page(in.Sort))
	return listOf(all, next, webhookOf), err
}

// NewWebhook is a webhook to make.
type NewWebhook struct {
	URL         string   `json:"url" minLength:"1" maxLength:"2048" example:"https://example.com/hook"`
	Description string   `json:"description,omitempty" maxLength:"200"`
	Types       []string `json:"types,omitempty" maxItems:"50"`
}

type createWebhookIn struct{ Body NewWebhook }

func (a *API) createWebhook(ctx context.Context, c *call, in *createWebhookIn) (CreatedWebhook, error) {
	target, err := a.own(ctx, c)
	if err != nil {
		return CreatedWebhook{}, err
	}
	h, secret, err := a.d.Webhooks.Create(ctx, c.actor, target, deliver.WebhookInput{URL: in.Body.URL, Description: in.Body.Description, Types: orEmpty(in.Body.Types)})
	if err != nil {
		return CreatedWebhook{}, err
	}
	c.created("/webhooks/"+h.ID, h.Version)
	return CreatedWebhook{Webhook: webhookOf(h), Secret: secret.Reveal()}, nil
}

func (a *API) getWebhook(ctx context.Context, c *call, in *WebhookRef) (Webhook, error) {
	target, err := a.own(ctx, c)
	if err != nil {
		return Webhook{}, err
	}
	h, err := a.d.Webhooks.Get(ctx, c.actor, target, in.Webhook)
	c.taggedLoosely(h.Version)
	return webhookOf(h), err
}

// WebhookChanges are the fields of a webhook that can be changed.
type WebhookChanges struct {
	URL         *string   `json:"url,omitempty" minLength:"1" maxLength:"2048"`
	Description *string   `json:"description,omitempty" maxLength:"200"`
	Types       *[]string `json:"types,omitempty" maxItems:"50"`
	Enabled     *bool     `json:"enabled,omitempty"`
}

type editWebhookIn struct {
	WebhookRef
	Body WebhookChanges
}

func (a *API) editWebhook(ctx context.Context, c *call, in *editWebhookIn) (Webhook, error) {
	target, err := a.own(ctx, c)
	if err != nil {
		return Webhook{}, err
	}
	b := in.Body
	h, err := a.d.Webhooks.Edit(ctx, c.actor, target, in.Webhook, deliver.WebhookPatch{URL: b.URL, Description: b.Description, Types: b.Types,
		Enabled: b.Enabled, IfVersion: c.ifVersion()})
	c.taggedLoosely(h.Version)
	return webhookOf(h), err
}

func (a *API) deleteWebhook(ctx context.Context, c *call, in *WebhookRef) (none, error) {
	target, err := a.own(ctx, c)
	if err != nil {
		return none{}, err
	}
	return none{}, a.d.Webhooks.Delete(ctx, c.actor, target, in.Webhook)
}

// Rotation says for how long the old secret stays valid.
type Rotation struct {
	OverlapSeconds int64 `json:"overlap_seconds,omitempty" minimum:"0" maximum:"604800" doc:"For how long both secrets sign, at most 7 days"`
}

type rotateIn struct {
	WebhookRef
	Body *Rotation
}

// NewSecret is a secret, shown this once.
type NewSecret struct {
	Secret string `json:"secret"`
}

func (a *API) rotateWebhookSecret(ctx context.Context, c *call, in *rotateIn) (NewSecret, error) {
	target, err := a.own(ctx, c)
	if err != nil {
		return NewSecret{}, err
	}
	var overlap time.Duration
	if in.Body != nil {
		overlap = time.Duration(in.Body.OverlapSeconds) * time.Second
	}
	secret, err := a.d.Webhooks.RotateSecret(ctx, c.actor, target, in.Webhook, overlap)
	if err != nil {
		return NewSecret{}, err
	}
	return NewSecret{Secret: secret.Reveal()}, nil
}

// Delivery is one event on its way to a webhook.
type Delivery struct {
	ID         string     `json:"id"`
	EventID    string     `json:"event_id" doc:"webhook-id of the request"`
	Type       string     `json:"type"`
	State      string     `json:"state" enum:"pending,delivered,dead"`
	Attempts   int        `json:"attempts"`
	LastStatus int        `json:"last_status" doc:"HTTP status of the last attempt; 0: no answer"`
	LastError  string     `json:"last_error"`
	NextAt     *time.Time `json:"next_at"`
	LastAt     *time.Time `json:"last_at"`
	Created    time.Time  `json:"created"`
}

func deliveryOf(d deliver.Delivery) Delivery {
	return Delivery{ID: d.ID, EventID: d.EventID, Type: d.Type, State: string(d.State), Attempts: d.Attempts, LastStatus: d.LastStatus,
		LastError: d.LastError, NextAt: when(d.NextAt), LastAt: when(d.LastAt), Created: d.Created.Time}
}

type listDeliveriesIn struct {
	WebhookRef
	Paged
	Sort  string `query:"sort" enum:"created,-created"`
	State string `query:"state" enum:"pending,delivered,dead" doc:"dead: what was given up"`
}

func (a *API) listDeliveries(ctx context.Context, c *call, in *listDeliveriesIn) (List[Delivery], error) {
	target, err := a.own(ctx, c)
	if err != nil {
		return List[Delivery]{}, err
	}
	all, next, err := a.d.Webhooks.Deliveries(ctx, c.actor, target, in.Webhook, deliver.DeliveryState(in.State), in.page(in.Sort))
	return listOf(all, next, deliveryOf), err
}

// DeliveryRef names the delivery in a path.
type DeliveryRef struct {
	WebhookRef
	Delivery string `path:"delivery" doc:"Id of the delivery"`
}

func (a *API) retryDelivery(ctx context.Context, c *call, in *DeliveryRef) (none, error) {
	target, err := a.own(ctx, c)
	if err != nil {
		return none{}, err
	}
	return none{}, a.d.Webhooks.Retry(ctx, c.actor, target, in.Webhook, in.Delivery)
}

// Retried says how many dead letters go out again.
type Retried struct {
	Deliveries int64 `json:"deliveries"`
}

func (a *API) retryDeliveries(ctx context.Context, c *call, in *WebhookRef) (Retried, error) {
	target, err := a.own(ctx, c)
	if err != nil {
		return Retried{}, err
	}
	n, err := a.d.Webhooks.RetryAll(ctx, c.actor, target, in.Webhook)
	return Retried{n}, err
}

// Replay says from where on events are sent again.
type Replay struct {
	After string `json:"after,omitempty" doc:"Cursor of the event log; absent: from the oldest event that is kept"`
}

type replayIn struct {
	WebhookRef
	Body *Replay
}

func (a *API) replayWebhook(ctx context.Context, c *call, in *replayIn) (none, error) {
	target, err := a.own(ctx, c)
	if err != nil {
		return none{}, err
	}
	after := ""
	if in.Body != nil {
		after = in.Body.After
	}
	c.status = http.StatusAccepted
	return none{}, a.d.Webhooks.Replay(ctx, c.actor, target, in.Webhook, after)
}

func (a *API) testWebhook(ctx context.Context, c *call, in *WebhookRef) (Delivery, error) {
	target, err := a.own(ctx, c)
	if err != nil {
		return Delivery{}, err
	}
	d, err := a.d.Webhooks.Test(ctx, c.actor, target, in.Webhook)
	return deliveryOf(d), err
}
