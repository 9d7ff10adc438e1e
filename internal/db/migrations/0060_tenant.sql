-- +goose Up
-- The tree. The compound reference makes parent_kind and parent_scope true, so that the checks below can rely on them:
-- depth, owner and path are facts of the schema and not habits of the program.
CREATE TABLE tenant_tenants (
  id                     {{key}} PRIMARY KEY,
  kind                   {{key}} NOT NULL CHECK (kind IN ('operator', 'partner', 'sub_partner', 'customer')),
  parent_id              {{key}},
  parent_kind            {{key}},
  parent_scope           {{key}},
  partner_id             {{key}} NOT NULL,
  realm                  {{key}} NOT NULL,
  key                    {{key}} NOT NULL,
  scope                  {{key}} NOT NULL,
  name                   TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 128),
  name_fold              {{key}} NOT NULL,
  email                  TEXT NOT NULL,
  email_fold             {{key}} NOT NULL,
  contact                TEXT NOT NULL,
  contact_fold           {{key}} NOT NULL,
  phone                  TEXT NOT NULL,
  country                TEXT NOT NULL,
  address                TEXT NOT NULL,
  remarks                TEXT NOT NULL,
  external_id            TEXT NOT NULL,
  external_id_fold       {{key}} NOT NULL,
  locale                 TEXT NOT NULL,
  time_zone              TEXT NOT NULL,
  host                   {{key}} NOT NULL,
  permission_types       TEXT NOT NULL,
  wholesale              BOOLEAN NOT NULL,
  state                  {{key}} NOT NULL CHECK (state IN ('active', 'archived')),
  frozen                 BOOLEAN NOT NULL,
  freeze_stops_service   BOOLEAN NOT NULL,
  freeze_reason          TEXT NOT NULL,
  provisioning_suspended BOOLEAN NOT NULL,
  restricted_by_partner  BOOLEAN NOT NULL,
  screening              TEXT NOT NULL CHECK (screening IN ('clear', 'pending', 'escalated', 'approved', 'denied')),
  mail_id                TEXT NOT NULL,
  version                BIGINT NOT NULL,
  created                BIGINT NOT NULL,
  updated                BIGINT NOT NULL,
  archived               BIGINT,
  UNIQUE (id, kind, scope),
  FOREIGN KEY (parent_id, parent_kind, parent_scope) REFERENCES tenant_tenants (id, kind, scope),
  CHECK (CASE kind
    WHEN 'operator' THEN parent_id IS NULL AND parent_kind IS NULL AND parent_scope IS NULL
    WHEN 'partner' THEN parent_id IS NOT NULL AND parent_scope IS NOT NULL AND parent_kind IS NOT NULL AND parent_kind = 'operator'
    WHEN 'sub_partner' THEN parent_id IS NOT NULL AND parent_scope IS NOT NULL AND parent_kind IS NOT NULL AND parent_kind = 'partner'
    ELSE parent_id IS NOT NULL AND parent_scope IS NOT NULL AND parent_kind IS NOT NULL AND parent_kind IN ('partner', 'sub_partner') END),
  CHECK (scope = COALESCE(parent_scope, '') || key || '.'),
  CHECK (substr(key, 1, 1) = CASE kind WHEN 'operator' THEN 'o' WHEN 'partner' THEN 'p' WHEN 'sub_partner' THEN 's' ELSE 'c' END),
  CHECK (realm = CASE kind WHEN 'operator' THEN 'operator' WHEN 'customer' THEN 'customer' ELSE 'partner' END),
  CHECK ((kind = 'customer') = (host <> '')),
  CHECK ((kind = 'customer') = (permission_types <> '[]')),
  CHECK (kind <> 'operator' OR (NOT frozen AND state = 'active')),
  CHECK (kind = 'customer' OR NOT (freeze_stops_service OR restricted_by_partner OR wholesale)),
  CHECK (kind = 'sub_partner' OR NOT provisioning_suspended),
  CHECK (frozen OR NOT freeze_stops_service)
);
CREATE UNIQUE INDEX tenant_tenants_scope ON tenant_tenants (scope);
CREATE UNIQUE INDEX tenant_tenants_host ON tenant_tenants (host) WHERE host <> '';
CREATE UNIQUE INDEX tenant_tenants_kind ON tenant_tenants (kind) WHERE kind = 'operator';
CREATE UNIQUE INDEX tenant_tenants_parent_id_kind_name_fold ON tenant_tenants (parent_id, kind, name_fold) WHERE state = 'active';
CREATE UNIQUE INDEX tenant_tenants_realm_email_fold ON tenant_tenants (realm, email_fold) WHERE state = 'active' AND email_fold <> '';
CREATE UNIQUE INDEX tenant_tenants_partner_id_external_id_fold ON tenant_tenants (partner_id, external_id_fold)
  WHERE state = 'active' AND kind = 'customer' AND external_id_fold <> '';
CREATE INDEX tenant_tenants_parent ON tenant_tenants (parent_id);
CREATE INDEX tenant_tenants_list ON tenant_tenants (kind, state, name_fold, id);

-- Who may act for whom. A relation that ended stays as history; at most one of a scope is open between two tenants.
CREATE TABLE tenant_relations (
  id           {{key}} PRIMARY KEY,
  manager_id   {{key}} NOT NULL REFERENCES tenant_tenants (id),
  managed_id   {{key}} NOT NULL REFERENCES tenant_tenants (id),
  scope        {{key}} NOT NULL CHECK (scope IN ('device_manage', 'redirect_manage', 'wholesale_manage')),
  state        {{key}} NOT NULL CHECK (state IN ('requested', 'granted', 'withdrawn', 'expired', 'ended')),
  read_only    BOOLEAN NOT NULL,
  until        BIGINT,
  requested_by TEXT NOT NULL,
  requested    BIGINT,
  granted_by   TEXT NOT NULL,
  since        BIGINT,
  ended        BIGINT,
  entered      BIGINT,
  entered_by   TEXT NOT NULL,
  CHECK (manager_id <> managed_id),
  CHECK (state <> 'granted' OR since IS NOT NULL)
);
CREATE UNIQUE INDEX tenant_relations_manager_id_managed_id_scope ON tenant_relations (manager_id, managed_id, scope)
  WHERE state IN ('requested', 'granted');
CREATE INDEX tenant_relations_managed ON tenant_relations (managed_id, manager_id);

-- What can be ordered until there is a catalogue, and what was (CH-28).
CREATE TABLE tenant_items (
  code {{key}} PRIMARY KEY,
  name TEXT NOT NULL,
  active BOOLEAN NOT NULL
);
INSERT INTO tenant_items (code, name, active) VALUES ('device_licence', 'Device licence', TRUE);

CREATE TABLE tenant_orders (
  id          {{key}} PRIMARY KEY,
  customer_id {{key}} NOT NULL REFERENCES tenant_tenants (id),
  scope       {{key}} NOT NULL,
  number      BIGINT NOT NULL,
  state       {{key}} NOT NULL CHECK (state IN ('draft', 'submitted', 'fulfilled', 'cancelled')),
  note        TEXT NOT NULL,
  history     TEXT NOT NULL,
  version     BIGINT NOT NULL,
  created     BIGINT NOT NULL,
  updated     BIGINT NOT NULL
);
CREATE UNIQUE INDEX tenant_orders_customer_id_number ON tenant_orders (customer_id, number);
CREATE INDEX tenant_orders_scope ON tenant_orders (scope, created);

CREATE TABLE tenant_order_lines (
  order_id {{key}} NOT NULL REFERENCES tenant_orders (id) ON DELETE CASCADE,
  position BIGINT NOT NULL,
  item     {{key}} NOT NULL REFERENCES tenant_items (code),
  quantity BIGINT NOT NULL CHECK (quantity > 0),
  wanted   TEXT NOT NULL,
  PRIMARY KEY (order_id, position)
);

CREATE TABLE tenant_limits (
  customer_id {{key}} NOT NULL REFERENCES tenant_tenants (id),
  item        {{key}} NOT NULL REFERENCES tenant_items (code),
  quantity    BIGINT NOT NULL CHECK (quantity >= 0),
  PRIMARY KEY (customer_id, item)
);

CREATE TABLE tenant_policies (
  tenant_id {{key}} PRIMARY KEY REFERENCES tenant_tenants (id),
  policy    TEXT NOT NULL,
  version   BIGINT NOT NULL,
  updated   BIGINT NOT NULL
);
