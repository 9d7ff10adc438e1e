-- +goose Up
-- Plans: a change to phones that can be looked at before it happens, and what it was made on (architecture, section 5). The change and
-- its inverse are sealed, because they may hold passwords.
CREATE TABLE config_plans (
  id          {{key}} PRIMARY KEY,
  tenant_id   {{key}} NOT NULL REFERENCES tenant_tenants (id),
  tenant_kind TEXT NOT NULL,
  scope       {{key}} NOT NULL,
  kind        TEXT NOT NULL,
  state       TEXT NOT NULL CHECK (state IN ('working', 'ready', 'scheduled', 'staged', 'applied', 'undone', 'withdrawn', 'failed')),
  change      {{bytes}} NOT NULL,
  inverse     {{bytes}} NOT NULL,
  made_on     TEXT NOT NULL, -- revision vector
  applied_on  TEXT NOT NULL, -- '' while it is not applied
  digest      TEXT NOT NULL, -- of all that differs on all phones
  looked_at   BIGINT NOT NULL,
  affected    BIGINT NOT NULL,
  summary     TEXT NOT NULL, -- JSON
  actor       TEXT NOT NULL, -- JSON: who made it
  applier     TEXT NOT NULL, -- JSON: who said that it shall happen; '' while nobody did
  fault       TEXT NOT NULL, -- JSON, why it failed
  operation_id {{key}} NOT NULL, -- of a long one
  created     BIGINT NOT NULL,
  not_before  BIGINT,
  time_window TEXT NOT NULL, -- JSON; '' when any time is right
  applied     BIGINT,
  ended       BIGINT,
  version     BIGINT NOT NULL
);
CREATE INDEX config_plans_tenant ON config_plans (tenant_id, created, id);

-- The phones that a plan concerns. No foreign key to the phone: what a plan was to do is kept when a phone goes.
CREATE TABLE config_plan_devices (
  plan_id     {{key}} NOT NULL REFERENCES config_plans (id) ON DELETE CASCADE,
  device_id   {{key}} NOT NULL,
  customer_id {{key}} NOT NULL,
  digest      {{key}} NOT NULL,
  PRIMARY KEY (plan_id, device_id)
);

-- Phones that get a plan's change before the others do (decision 14). A phone is in one such trial at a time.
CREATE TABLE config_overlays (
  plan_id     {{key}} NOT NULL REFERENCES config_plans (id) ON DELETE CASCADE,
  device_id   {{key}} NOT NULL REFERENCES device_devices (id) ON DELETE CASCADE,
  customer_id {{key}} NOT NULL,
  since       BIGINT NOT NULL,
  PRIMARY KEY (plan_id, device_id)
);
CREATE UNIQUE INDEX config_overlays_device_id ON config_overlays (device_id);
