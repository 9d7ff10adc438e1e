-- +goose Up
-- Where a customer's phones are sent (CH-35). The password is sealed; certificate_url is where a phone finds the certificate
-- that it shall trust there.
CREATE TABLE redirect_servers (
  id               {{key}} PRIMARY KEY,
  customer_id      {{key}} NOT NULL REFERENCES tenant_tenants (id),
  scope            {{key}} NOT NULL,
  name             TEXT NOT NULL,
  name_fold        {{key}} NOT NULL,
  url              TEXT NOT NULL,
  account_user     TEXT NOT NULL,
  account_password {{bytes}},
  certificate_url  TEXT NOT NULL,
  created          BIGINT NOT NULL,
  updated          BIGINT NOT NULL,
  version          BIGINT NOT NULL,
  CHECK ((account_user = '') = (account_password IS NULL))
);
CREATE UNIQUE INDEX redirect_servers_customer_id_name_fold ON redirect_servers (customer_id, name_fold);

-- Which phone is sent where (CH-36). A MAC belongs to one customer of the whole platform (invariant 6); proof says what that
-- claim rests on: nothing but the word of who came first, the maker's certificate, or a decision of the operator (decision 13).
CREATE TABLE redirect_entries (
  id               {{key}} PRIMARY KEY,
  customer_id      {{key}} NOT NULL REFERENCES tenant_tenants (id),
  scope            {{key}} NOT NULL,
  mac              {{key}} NOT NULL CHECK (length(mac) = 12),
  maker            {{key}} NOT NULL,
  model            TEXT NOT NULL,
  serial           TEXT NOT NULL,
  server_id        {{key}} REFERENCES redirect_servers (id),
  unique_url       TEXT NOT NULL,
  account_user     TEXT NOT NULL,
  account_password {{bytes}},
  remark           TEXT NOT NULL,
  search_fold      TEXT NOT NULL,
  enabled          BOOLEAN NOT NULL,
  proof            {{key}} NOT NULL CHECK (proof IN ('', 'certificate', 'operator')),
  window_until     BIGINT,
  created          BIGINT NOT NULL,
  updated          BIGINT NOT NULL,
  version          BIGINT NOT NULL,
  CHECK (server_id IS NOT NULL OR unique_url <> ''),
  CHECK ((account_user = '') = (account_password IS NULL))
);
CREATE UNIQUE INDEX redirect_entries_mac ON redirect_entries (mac);
CREATE INDEX redirect_entries_customer ON redirect_entries (customer_id, mac, id);
CREATE INDEX redirect_entries_scope ON redirect_entries (scope, mac, id);
CREATE INDEX redirect_entries_server ON redirect_entries (server_id);

-- When and from where a phone last asked, and each time it did (CH-39). Apart from the entries, because it is written in batches
-- and must neither move a version nor wait for an edit.
CREATE TABLE redirect_contacts (
  id          {{key}} PRIMARY KEY REFERENCES redirect_entries (id) ON DELETE CASCADE,
  last_at     BIGINT NOT NULL,
  last_ip     TEXT NOT NULL,
  last_result BIGINT NOT NULL,
  times       BIGINT NOT NULL
);
CREATE TABLE redirect_log (
  id          {{key}} PRIMARY KEY,
  entry_id    {{key}} NOT NULL REFERENCES redirect_entries (id) ON DELETE CASCADE,
  at          BIGINT NOT NULL,
  ip          TEXT NOT NULL,
  file        TEXT NOT NULL,
  result      BIGINT NOT NULL,
  proven      BOOLEAN NOT NULL
);
CREATE INDEX redirect_log_entry ON redirect_log (entry_id, at, id);
CREATE INDEX redirect_log_at ON redirect_log (at);

-- A customer that wants a MAC which another one has (CH-41). holder_id is for whoever decides and is never shown to the other.
CREATE TABLE redirect_claims (
  id           {{key}} PRIMARY KEY,
  customer_id  {{key}} NOT NULL REFERENCES tenant_tenants (id),
  scope        {{key}} NOT NULL,
  mac          {{key}} NOT NULL CHECK (length(mac) = 12),
  holder_id    {{key}} NOT NULL REFERENCES tenant_tenants (id),
  serial       TEXT NOT NULL,
  reason       TEXT NOT NULL,
  state        {{key}} NOT NULL CHECK (state IN ('requested', 'released', 'refused', 'withdrawn')),
  decided_by   {{key}} NOT NULL CHECK (decided_by IN ('', 'holder', 'operator', 'certificate', 'claimant')),
  note         TEXT NOT NULL,
  created      BIGINT NOT NULL,
  updated      BIGINT NOT NULL,
  version      BIGINT NOT NULL
);
CREATE UNIQUE INDEX redirect_claims_customer_id_mac ON redirect_claims (customer_id, mac) WHERE state = 'requested';
CREATE INDEX redirect_claims_holder ON redirect_claims (holder_id, mac);
CREATE INDEX redirect_claims_customer ON redirect_claims (customer_id, created, id);

-- An account of the operator, a partner or a sub-partner at a maker's redirect cloud (CH-40). The secret is sealed; settings
-- are JSON: paces and sizes, because makers change them.
CREATE TABLE redirect_connectors (
  id          {{key}} PRIMARY KEY,
  tenant_id   {{key}} NOT NULL REFERENCES tenant_tenants (id),
  scope       {{key}} NOT NULL,
  maker       {{key}} NOT NULL,
  name        TEXT NOT NULL,
  endpoint    TEXT NOT NULL,
  key_id      TEXT NOT NULL,
  secret      {{bytes}} NOT NULL,
  settings    TEXT NOT NULL,
  enabled     BOOLEAN NOT NULL,
  dry_run     BOOLEAN NOT NULL,
  last_ok     BIGINT,
  fault       TEXT NOT NULL,
  fault_at    BIGINT,
  pause_until BIGINT,
  reconciled  BIGINT,
  drifted     BIGINT NOT NULL,
  strangers   BIGINT NOT NULL,
  created     BIGINT NOT NULL,
  updated     BIGINT NOT NULL,
  version     BIGINT NOT NULL
);
CREATE UNIQUE INDEX redirect_connectors_tenant_id_maker ON redirect_connectors (tenant_id, maker);
CREATE INDEX redirect_connectors_scope ON redirect_connectors (maker, scope);

-- What shall stand in a maker's cloud, and how far that is. A row outlives its entry until the cloud has forgotten the MAC.
-- generation grows with every change, so that an answer about an older state does not count for a newer one.
CREATE TABLE redirect_pushes (
  id           {{key}} PRIMARY KEY,
  connector_id {{key}} NOT NULL REFERENCES redirect_connectors (id) ON DELETE CASCADE,
  mac          {{key}} NOT NULL CHECK (length(mac) = 12),
  entry_id     {{key}},
  scope        {{key}} NOT NULL,
  wanted       BOOLEAN NOT NULL,
  generation   BIGINT NOT NULL,
  state        {{key}} NOT NULL CHECK (state IN ('pending', 'pushed', 'refused', 'not_pushed')),
  code         TEXT NOT NULL,
  reason       TEXT NOT NULL,
  remote_id    TEXT NOT NULL,
  drift        TEXT NOT NULL,
  tried        BIGINT,
  updated      BIGINT NOT NULL
);
CREATE UNIQUE INDEX redirect_pushes_connector_id_mac ON redirect_pushes (connector_id, mac);
CREATE INDEX redirect_pushes_state ON redirect_pushes (connector_id, state, id);
CREATE INDEX redirect_pushes_entry ON redirect_pushes (entry_id);

-- Our servers as a maker's cloud knows them.
CREATE TABLE redirect_remotes (
  id           {{key}} PRIMARY KEY,
  connector_id {{key}} NOT NULL REFERENCES redirect_connectors (id) ON DELETE CASCADE,
  server_id    {{key}} NOT NULL,
  remote_id    TEXT NOT NULL,
  digest       TEXT NOT NULL
);
CREATE UNIQUE INDEX redirect_remotes_connector_id_server_id ON redirect_remotes (connector_id, server_id);

-- Files of entries that are being imported in the background; the row goes when the operation ends.
CREATE TABLE redirect_imports (
  id          {{key}} PRIMARY KEY,
  customer_id {{key}} NOT NULL REFERENCES tenant_tenants (id),
  actor       TEXT NOT NULL,
  separator   TEXT NOT NULL,
  overwrite   BOOLEAN NOT NULL,
  data        {{bytes}} NOT NULL,
  report      TEXT NOT NULL,
  created     BIGINT NOT NULL
);
