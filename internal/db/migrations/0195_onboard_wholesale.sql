-- +goose Up
-- A customer of an older offer is moved by the migration tool and by nothing else (WS-40, A-36).
ALTER TABLE tenant_tenants ADD COLUMN legacy BOOLEAN NOT NULL DEFAULT FALSE;

-- The carriers of the operator: what a template connects calls with, and the numbers by which meetings are reached (WS-49, WS-100).
CREATE TABLE onboard_carriers (
  id        {{key}} PRIMARY KEY,
  name      TEXT NOT NULL,
  name_fold {{key}} NOT NULL,
  region    TEXT NOT NULL CHECK (region IN ('', 'AMER', 'APAC', 'ANZ', 'EMEA', 'EURO')),
  numbers   TEXT NOT NULL,
  state     {{key}} NOT NULL CHECK (state IN ('active', 'retired')),
  created   BIGINT NOT NULL,
  updated   BIGINT NOT NULL,
  version   BIGINT NOT NULL
);
CREATE UNIQUE INDEX onboard_carriers_name_fold ON onboard_carriers (name_fold);

-- What customers have in common that are made alike (WS-96 … WS-104).
CREATE TABLE onboard_templates (
  id               {{key}} PRIMARY KEY,
  provisioning_id  {{key}} NOT NULL,
  owner_id         {{key}} NOT NULL REFERENCES tenant_tenants (id),
  scope            {{key}} NOT NULL,
  name             TEXT NOT NULL,
  name_fold        {{key}} NOT NULL,
  country          TEXT NOT NULL,
  language         TEXT NOT NULL,
  admin_id         {{key}} NOT NULL,
  subscription_id  {{key}} NOT NULL,
  auth             TEXT NOT NULL CHECK (auth IN ('platform', 'partner_idp')),
  entity_id        TEXT NOT NULL,
  carrier_id       {{key}} REFERENCES onboard_carriers (id),
  restrict_invites BOOLEAN NOT NULL,
  brand_name       TEXT NOT NULL,
  disable_calls    BOOLEAN NOT NULL,
  state            {{key}} NOT NULL CHECK (state IN ('active', 'archived')),
  created          BIGINT NOT NULL,
  updated          BIGINT NOT NULL,
  version          BIGINT NOT NULL,
  CHECK ((auth = 'partner_idp') = (entity_id <> ''))
);
CREATE UNIQUE INDEX onboard_templates_provisioning_id ON onboard_templates (provisioning_id);
CREATE UNIQUE INDEX onboard_templates_owner_id_name_fold ON onboard_templates (owner_id, name_fold) WHERE state = 'active';
CREATE INDEX onboard_templates_scope ON onboard_templates (scope, id);

-- The wholesale service of a customer: where its provisioning stands. settings is the template as it was then, so that later edits
-- change nothing (WS-104); want is what the present run is to bring about. A row outlives the service as its history.
CREATE TABLE onboard_customers (
  id            {{key}} PRIMARY KEY REFERENCES tenant_tenants (id),
  scope         {{key}} NOT NULL,
  owner_id      {{key}} NOT NULL,
  template_id   {{key}} NOT NULL REFERENCES onboard_templates (id),
  settings      TEXT NOT NULL,
  address       TEXT NOT NULL,
  want          TEXT NOT NULL,
  kind          {{key}} NOT NULL CHECK (kind IN ('create', 'attach', 'update', 'delete')),
  run           BIGINT NOT NULL,
  status        {{key}} NOT NULL CHECK (status IN ('provisioning', 'provisioned', 'provisioned_with_errors', 'updating', 'deleting', 'error', 'pending_rpl_review', 'gone')),
  consent       {{key}} NOT NULL CHECK (consent IN ('none', 'requested', 'approved', 'denied')),
  operation_id  {{key}} NOT NULL,
  compliance    {{key}} NOT NULL CHECK (compliance IN ('clear', 'pending', 'escalated', 'approved', 'denied')),
  pending_since BIGINT,
  checked       BIGINT,
  checks        BIGINT NOT NULL,
  hits          TEXT NOT NULL,
  lists         TEXT NOT NULL,
  decided       BIGINT,
  decided_by    TEXT NOT NULL,
  reason        TEXT NOT NULL,
  created       BIGINT NOT NULL,
  updated       BIGINT NOT NULL,
  status_since  BIGINT NOT NULL,
  version       BIGINT NOT NULL
);
CREATE INDEX onboard_customers_scope ON onboard_customers (scope, id);
CREATE INDEX onboard_customers_template ON onboard_customers (template_id);
CREATE INDEX onboard_customers_compliance ON onboard_customers (pending_since, id) WHERE compliance IN ('pending', 'escalated');

-- What each run did, step by step. A step is done once: its effect and this row commit together.
CREATE TABLE onboard_steps (
  customer_id {{key}} NOT NULL REFERENCES onboard_customers (id),
  run         BIGINT NOT NULL,
  position    BIGINT NOT NULL,
  step        {{key}} NOT NULL,
  subject     TEXT NOT NULL,
  state       {{key}} NOT NULL CHECK (state IN ('pending', 'waiting', 'done', 'skipped', 'failed')),
  code        TEXT NOT NULL,
  message     TEXT NOT NULL,
  detail      TEXT NOT NULL,
  tries       BIGINT NOT NULL,
  started     BIGINT,
  ended       BIGINT,
  PRIMARY KEY (customer_id, run, position)
);

-- The packages of a customer with how far they are (spec 4.5, package_status).
CREATE TABLE onboard_packages (
  customer_id {{key}} NOT NULL REFERENCES onboard_customers (id),
  item_id     {{key}} NOT NULL,
  status      {{key}} NOT NULL CHECK (status IN ('provisioning', 'provisioned', 'deleting', 'error')),
  code        TEXT NOT NULL,
  message     TEXT NOT NULL,
  since       BIGINT NOT NULL,
  PRIMARY KEY (customer_id, item_id)
);

-- The meeting site of a customer: at most one (WS-49, WS-52).
CREATE TABLE onboard_meeting_sites (
  id        {{key}} PRIMARY KEY REFERENCES onboard_customers (id),
  locale    TEXT NOT NULL,
  time_zone TEXT NOT NULL,
  dial_in   TEXT NOT NULL,
  warnings  TEXT NOT NULL,
  created   BIGINT NOT NULL
);

-- The lists of restricted parties that were loaded. Only the newest of a name is in force; of the others the row stays, because
-- decisions name it, and the entries go.
CREATE TABLE onboard_lists (
  id        {{key}} PRIMARY KEY,
  name      {{key}} NOT NULL,
  sha256    TEXT NOT NULL,
  entries   BIGINT NOT NULL,
  data      {{bytes}} NOT NULL,
  in_force  BOOLEAN NOT NULL,
  loaded    BIGINT NOT NULL,
  loaded_by TEXT NOT NULL,
  ended     BIGINT
);
CREATE UNIQUE INDEX onboard_lists_name ON onboard_lists (name) WHERE in_force;
CREATE INDEX onboard_lists_loaded ON onboard_lists (loaded, id);

-- A partner asks for a sub-partner, the operator executes (WS-74).
CREATE TABLE onboard_requests (
  id              {{key}} PRIMARY KEY,
  partner_id      {{key}} NOT NULL REFERENCES tenant_tenants (id),
  scope           {{key}} NOT NULL,
  name            TEXT NOT NULL,
  email           TEXT NOT NULL,
  first_name      TEXT NOT NULL,
  last_name       TEXT NOT NULL,
  subscription_id {{key}} NOT NULL,
  state           {{key}} NOT NULL CHECK (state IN ('requested', 'created', 'rejected')),
  requested_by    TEXT NOT NULL,
  decided_by      TEXT NOT NULL,
  reason          TEXT NOT NULL,
  sub_partner_id  {{key}},
  created         BIGINT NOT NULL,
  decided         BIGINT,
  version         BIGINT NOT NULL,
  CHECK ((state = 'created') = (sub_partner_id IS NOT NULL))
);
CREATE INDEX onboard_requests_scope ON onboard_requests (scope, created);
