-- +goose Up
-- The SIP registrar of an organisation; for a line the nearest one above its customer counts. database_url and secret are sealed;
-- settings are JSON. read_at: registrations were last read; swept_at: all of them.
CREATE TABLE registrar_platforms (
  id           {{key}} PRIMARY KEY,
  tenant_id    {{key}} NOT NULL REFERENCES tenant_tenants (id),
  scope        {{key}} NOT NULL,
  kind         {{key}} NOT NULL CHECK (kind IN ('kamailio', 'freeswitch')),
  name         TEXT NOT NULL,
  address      TEXT NOT NULL,
  domain       {{key}} NOT NULL,
  database_url {{bytes}},
  secret       {{bytes}},
  settings     TEXT NOT NULL,
  enabled      BOOLEAN NOT NULL,
  last_ok      BIGINT,
  fault        TEXT NOT NULL,
  fault_at     BIGINT,
  read_at      BIGINT,
  swept_at     BIGINT,
  checked      BIGINT,
  drifted      BIGINT NOT NULL,
  strangers    BIGINT NOT NULL,
  created      BIGINT NOT NULL,
  updated      BIGINT NOT NULL,
  version      BIGINT NOT NULL
);
CREATE UNIQUE INDEX registrar_platforms_tenant_id ON registrar_platforms (tenant_id);
CREATE UNIQUE INDEX registrar_platforms_scope ON registrar_platforms (scope);

-- Which line shall stand in which registrar, and how far that is. A row outlives its line until the registrar has forgotten it.
-- generation grows with every change, so that an answer about an older state does not count for a newer one. leaving: the line
-- belongs to another registrar now, and stays here until it was seen there. The rest is about a rotation (decision 20): the new
-- name that registers here, since when, and whether that takes too long.
CREATE TABLE registrar_publications (
  id           {{key}} PRIMARY KEY,
  platform_id  {{key}} NOT NULL REFERENCES registrar_platforms (id) ON DELETE CASCADE,
  line_id      {{key}} NOT NULL,
  customer_id  {{key}} NOT NULL,
  scope        {{key}} NOT NULL,
  user_part    {{key}} NOT NULL,
  wanted       BOOLEAN NOT NULL,
  leaving      BOOLEAN NOT NULL,
  generation   BIGINT NOT NULL,
  state        {{key}} NOT NULL CHECK (state IN ('pending', 'published')),
  published    BIGINT,
  next_auth_id {{key}} NOT NULL,
  offered      BIGINT,
  overdue      BOOLEAN NOT NULL,
  updated      BIGINT NOT NULL
);
CREATE UNIQUE INDEX registrar_publications_platform_id_line_id ON registrar_publications (platform_id, line_id);
CREATE UNIQUE INDEX registrar_publications_platform_id_user_part ON registrar_publications (platform_id, user_part);
CREATE INDEX registrar_publications_line ON registrar_publications (line_id);
CREATE INDEX registrar_publications_pending ON registrar_publications (platform_id, id) WHERE state = 'pending';
CREATE INDEX registrar_publications_rotating ON registrar_publications (platform_id, line_id) WHERE next_auth_id <> '';

-- What is registered, as the registrars say. auth_id is '' when a registrar does not tell with which credentials; until is NULL when it
-- does not tell for how long.
CREATE TABLE registrar_registrations (
  id          {{key}} PRIMARY KEY,
  platform_id {{key}} NOT NULL REFERENCES registrar_platforms (id) ON DELETE CASCADE,
  line_id     {{key}} NOT NULL,
  customer_id {{key}} NOT NULL,
  remote_id   {{key}} NOT NULL,
  phone       TEXT NOT NULL,
  auth_id     {{key}} NOT NULL,
  address     TEXT NOT NULL,
  user_agent  TEXT NOT NULL,
  registered  BIGINT NOT NULL,
  until       BIGINT,
  sweep       BIGINT NOT NULL
);
CREATE UNIQUE INDEX registrar_registrations_platform_id_remote_id ON registrar_registrations (platform_id, remote_id);
CREATE INDEX registrar_registrations_line ON registrar_registrations (line_id);
CREATE INDEX registrar_registrations_until ON registrar_registrations (until);
