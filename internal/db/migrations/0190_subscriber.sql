-- +goose Up
-- What this room keeps of a customer as a whole. founded: the first user was looked at, and became administrator if there was none
-- (WS-112). calling: registrars, proxies and transport of its lines. automatic: what new users of a directory get (WS-137).
CREATE TABLE subscriber_customers (
  id        {{key}} PRIMARY KEY REFERENCES tenant_tenants (id),
  scope     {{key}} NOT NULL,
  founded   BOOLEAN NOT NULL,
  calling   TEXT NOT NULL,
  automatic TEXT NOT NULL,
  version   BIGINT NOT NULL
);

-- A postal and calling place (WS-109).
CREATE TABLE subscriber_locations (
  id           {{key}} PRIMARY KEY,
  customer_id  {{key}} NOT NULL REFERENCES tenant_tenants (id),
  scope        {{key}} NOT NULL,
  name         TEXT NOT NULL,
  name_fold    {{key}} NOT NULL,
  headquarters BOOLEAN NOT NULL,
  address      TEXT NOT NULL,
  country      {{key}} NOT NULL,
  time_zone    TEXT NOT NULL,
  language     TEXT NOT NULL,
  emergency_id TEXT NOT NULL,
  pstn         TEXT NOT NULL,
  external_id  {{key}} NOT NULL,
  created      BIGINT NOT NULL,
  updated      BIGINT NOT NULL,
  version      BIGINT NOT NULL
);
CREATE UNIQUE INDEX subscriber_locations_customer_id_name_fold ON subscriber_locations (customer_id, name_fold);
CREATE UNIQUE INDEX subscriber_locations_customer_id_external_id ON subscriber_locations (customer_id, external_id) WHERE external_id <> '';
CREATE UNIQUE INDEX subscriber_locations_customer_id ON subscriber_locations (customer_id) WHERE headquarters;

-- Who or what has a package: a person or a place (WS-10, WS-148). The base package is a column, so everybody has exactly one from
-- beginning to end. place is the location, or the customer for who has none: extensions are unique there. The first name of a place
-- is ''; its name is display_name.
CREATE TABLE subscriber_holders (
  id             {{key}} PRIMARY KEY,
  customer_id    {{key}} NOT NULL REFERENCES tenant_tenants (id),
  scope          {{key}} NOT NULL,
  kind           {{key}} NOT NULL CHECK (kind IN ('user', 'workspace')),
  email          TEXT NOT NULL,
  email_fold     {{key}} NOT NULL,
  first_name     TEXT NOT NULL,
  last_name      TEXT NOT NULL,
  display_name   TEXT NOT NULL,
  name_fold      {{key}} NOT NULL,
  external_id    {{key}} NOT NULL,
  package        {{key}} NOT NULL REFERENCES catalog_items (id),
  location_id    {{key}} REFERENCES subscriber_locations (id),
  place          {{key}} NOT NULL,
  extension      {{key}} NOT NULL,
  status         {{key}} NOT NULL CHECK (status IN ('provisioned', 'pending_user_migration')),
  active         BOOLEAN NOT NULL,
  account_id     {{key}},
  created        BIGINT NOT NULL,
  updated        BIGINT NOT NULL,
  status_changed BIGINT NOT NULL,
  version        BIGINT NOT NULL,
  CHECK (kind = 'workspace' OR email_fold <> '')
);
CREATE UNIQUE INDEX subscriber_holders_email_fold ON subscriber_holders (email_fold) WHERE kind = 'user' AND status = 'provisioned';
CREATE UNIQUE INDEX subscriber_holders_customer_id_email_fold ON subscriber_holders (customer_id, email_fold) WHERE kind = 'user';
CREATE UNIQUE INDEX subscriber_holders_customer_id_external_id ON subscriber_holders (customer_id, external_id) WHERE external_id <> '';
CREATE UNIQUE INDEX subscriber_holders_place_extension ON subscriber_holders (place, extension) WHERE extension <> '';
CREATE UNIQUE INDEX subscriber_holders_place_name_fold ON subscriber_holders (place, name_fold) WHERE kind = 'workspace';
CREATE INDEX subscriber_holders_list ON subscriber_holders (customer_id, kind, id);
CREATE INDEX subscriber_holders_names ON subscriber_holders (customer_id, kind, name_fold, id);
CREATE INDEX subscriber_holders_scope ON subscriber_holders (scope, id);
CREATE INDEX subscriber_holders_location ON subscriber_holders (location_id) WHERE location_id IS NOT NULL;

CREATE TABLE subscriber_add_ons (
  holder_id {{key}} NOT NULL REFERENCES subscriber_holders (id) ON DELETE CASCADE,
  item_id   {{key}} NOT NULL REFERENCES catalog_items (id),
  PRIMARY KEY (holder_id, item_id)
);

-- The inventory of numbers (WS-110): E.164, each once on the whole platform. Without a location a number lies in the customer's pool.
CREATE TABLE subscriber_numbers (
  id          {{key}} PRIMARY KEY,
  number      {{key}} NOT NULL,
  customer_id {{key}} NOT NULL REFERENCES tenant_tenants (id),
  scope       {{key}} NOT NULL,
  location_id {{key}} REFERENCES subscriber_locations (id),
  holder_id   {{key}} REFERENCES subscriber_holders (id),
  main        BOOLEAN NOT NULL,
  created     BIGINT NOT NULL,
  updated     BIGINT NOT NULL,
  version     BIGINT NOT NULL,
  CHECK (holder_id IS NULL OR location_id IS NOT NULL)
);
CREATE UNIQUE INDEX subscriber_numbers_number ON subscriber_numbers (number);
CREATE UNIQUE INDEX subscriber_numbers_holder_id ON subscriber_numbers (holder_id) WHERE holder_id IS NOT NULL;
CREATE UNIQUE INDEX subscriber_numbers_location_id ON subscriber_numbers (location_id) WHERE main;
CREATE INDEX subscriber_numbers_list ON subscriber_numbers (customer_id, number);

-- Managed lines (decision 19): ours to create, publish and rotate. data is what people may set. While a line is rotated both credentials
-- count; the phone gets the next ones (decision 20).
CREATE TABLE subscriber_lines (
  id            {{key}} PRIMARY KEY,
  customer_id   {{key}} NOT NULL REFERENCES tenant_tenants (id),
  scope         {{key}} NOT NULL,
  holder_id     {{key}} NOT NULL REFERENCES subscriber_holders (id),
  user_part     {{key}} NOT NULL,
  auth_id       {{key}} NOT NULL,
  password      {{bytes}} NOT NULL,
  next_auth_id  {{key}},
  next_password {{bytes}},
  rotated       BIGINT,
  data          TEXT NOT NULL,
  created       BIGINT NOT NULL,
  updated       BIGINT NOT NULL,
  version       BIGINT NOT NULL
);
CREATE UNIQUE INDEX subscriber_lines_user_part ON subscriber_lines (user_part);
CREATE UNIQUE INDEX subscriber_lines_auth_id ON subscriber_lines (auth_id);
CREATE UNIQUE INDEX subscriber_lines_next_auth_id ON subscriber_lines (next_auth_id);
CREATE INDEX subscriber_lines_holder ON subscriber_lines (holder_id);
CREATE INDEX subscriber_lines_list ON subscriber_lines (customer_id, id);
CREATE INDEX subscriber_lines_rotated ON subscriber_lines (rotated) WHERE rotated IS NOT NULL;

-- On which phones a line is, and which registration of the phone it is there. A phone that goes takes its appearances along.
CREATE TABLE subscriber_appearances (
  device_id   {{key}} NOT NULL REFERENCES device_devices (id) ON DELETE CASCADE,
  number      BIGINT NOT NULL CHECK (number BETWEEN 1 AND 100),
  line_id     {{key}} NOT NULL REFERENCES subscriber_lines (id) ON DELETE CASCADE,
  customer_id {{key}} NOT NULL,
  PRIMARY KEY (device_id, number)
);
CREATE UNIQUE INDEX subscriber_appearances_line_id_device_id ON subscriber_appearances (line_id, device_id);
CREATE INDEX subscriber_appearances_customer ON subscriber_appearances (customer_id, device_id);

-- The highest registration that a phone ever had from here, which must be switched off when lines go (decision 14).
CREATE TABLE subscriber_phones (
  id   {{key}} PRIMARY KEY REFERENCES device_devices (id) ON DELETE CASCADE,
  ever BIGINT NOT NULL
);

-- Files of users that are being imported in the background, as in network_imports. The row goes when the operation ends.
CREATE TABLE subscriber_imports (
  id          {{key}} PRIMARY KEY,
  customer_id {{key}} NOT NULL REFERENCES tenant_tenants (id),
  actor       TEXT NOT NULL,
  options     TEXT NOT NULL,
  data        {{bytes}} NOT NULL,
  done        BIGINT NOT NULL,
  created     BIGINT NOT NULL
);
CREATE TABLE subscriber_import_rows (
  import_id {{key}} NOT NULL REFERENCES subscriber_imports (id) ON DELETE CASCADE,
  first     BIGINT NOT NULL,
  rows      TEXT NOT NULL,
  PRIMARY KEY (import_id, first)
);
