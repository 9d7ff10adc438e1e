-- +goose Up
-- One row per tenant that has webhooks; locked while their number is checked.
CREATE TABLE deliver_tenants (
  id {{key}} PRIMARY KEY
);

CREATE TABLE deliver_webhooks (
  id              {{key}} PRIMARY KEY,
  tenant_id       {{key}} NOT NULL,
  scope           {{key}} NOT NULL,
  filter          TEXT NOT NULL,    -- JSON: scopes whose events it gets, as its creator saw them
  url             TEXT NOT NULL,
  description     TEXT NOT NULL,
  types           TEXT NOT NULL,    -- JSON list; empty: all
  enabled         BOOLEAN NOT NULL,
  disabled_reason TEXT NOT NULL,    -- '', 'switched_off', 'gone', 'failing'
  secret          {{bytes}} NOT NULL,
  old_secret      {{bytes}},
  old_until       BIGINT,
  from_position   BIGINT NOT NULL,  -- events behind this one
  fails           BIGINT NOT NULL,  -- in a row
  failing_since   BIGINT,
  not_before      BIGINT,           -- pause after failures
  last_success    BIGINT,
  version         BIGINT NOT NULL,
  created         BIGINT NOT NULL
);
CREATE INDEX deliver_webhooks_tenant ON deliver_webhooks (tenant_id, created, id);

CREATE TABLE deliver_deliveries (
  id          {{key}} PRIMARY KEY,
  webhook_id  {{key}} NOT NULL,
  event_id    {{key}} NOT NULL,
  position    BIGINT NOT NULL,   -- of the event; 0 for a test
  type        TEXT NOT NULL,
  state       TEXT NOT NULL,     -- pending, delivered, dead
  attempts    BIGINT NOT NULL,
  last_status BIGINT NOT NULL,   -- HTTP status, 0 without an answer
  last_error  TEXT NOT NULL,     -- a code, '' after success
  next_at     BIGINT,            -- when it is looked at again while pending
  last_at     BIGINT,
  created     BIGINT NOT NULL,
  since       BIGINT NOT NULL    -- begin of the attempts; a retry by hand begins anew
);
CREATE UNIQUE INDEX deliver_deliveries_webhook_id_event_id ON deliver_deliveries (webhook_id, event_id);
CREATE INDEX deliver_deliveries_due ON deliver_deliveries (webhook_id, next_at) WHERE state = 'pending';
CREATE INDEX deliver_deliveries_list ON deliver_deliveries (webhook_id, state, created, id);
CREATE INDEX deliver_deliveries_old ON deliver_deliveries (created) WHERE state <> 'pending';

CREATE TABLE deliver_cursor (
  id       TEXT PRIMARY KEY,
  position BIGINT NOT NULL
);
INSERT INTO deliver_cursor (id, position) VALUES ('fanout', 0);

CREATE TABLE deliver_mails (
  id            {{key}} PRIMARY KEY,
  tenant_id     {{key}} NOT NULL,
  kind          TEXT NOT NULL,
  recipient     TEXT NOT NULL,
  sender        TEXT NOT NULL,    -- display name (brand)
  reply_to      TEXT NOT NULL,
  locale        TEXT NOT NULL,
  subject       TEXT NOT NULL,
  body          {{bytes}},        -- sealed; gone when it was delivered or given up
  state         TEXT NOT NULL,    -- queued, sent, failed_temporarily, failed
  attempts      BIGINT NOT NULL,
  last_response TEXT NOT NULL,
  expires       BIGINT,
  created       BIGINT NOT NULL,
  changed       BIGINT NOT NULL
);
CREATE INDEX deliver_mails_created ON deliver_mails (created, id);
