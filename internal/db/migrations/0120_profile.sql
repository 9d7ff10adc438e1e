-- +goose Up
-- Configuration profiles (DM-135). attributes is a JSON list with the values that may be read; the values of secrets are in sealed, a
-- sealed JSON object by name, NULL when there is none. The operator's profiles are in every tenant.
CREATE TABLE profile_profiles (
  id            {{key}} PRIMARY KEY,
  tenant_id     {{key}} NOT NULL REFERENCES tenant_tenants (id),
  tenant_kind   {{key}} NOT NULL,
  scope         {{key}} NOT NULL,
  name          TEXT NOT NULL,
  name_fold     {{key}} NOT NULL,
  description   TEXT NOT NULL,
  search_fold   TEXT NOT NULL,
  mode          {{key}} NOT NULL,
  type          {{key}} NOT NULL,
  builtin       {{key}} NOT NULL,
  device_id     {{key}} NOT NULL,
  image_id      {{key}} NOT NULL,
  image_label   TEXT NOT NULL,
  attributes    TEXT NOT NULL,
  sealed        {{bytes}},
  modified_by   TEXT NOT NULL,
  modified_fold {{key}} NOT NULL,
  created       BIGINT NOT NULL,
  updated       BIGINT NOT NULL,
  version       BIGINT NOT NULL,
  CHECK ((device_id <> '') = (type = 'imported')),
  CHECK (type NOT IN ('platform', 'software') OR tenant_kind = 'operator'),
  CHECK (builtin = '' OR type = 'platform')
);
CREATE UNIQUE INDEX profile_profiles_tenant_id_name_fold ON profile_profiles (tenant_id, name_fold);
CREATE UNIQUE INDEX profile_profiles_device_id ON profile_profiles (device_id) WHERE device_id <> '';
CREATE INDEX profile_profiles_scope ON profile_profiles (scope, name_fold, id);
CREATE INDEX profile_profiles_name ON profile_profiles (name_fold);
CREATE INDEX profile_profiles_image ON profile_profiles (image_id) WHERE image_id <> '';

-- What changes of names wait for, so that a name of the platform and one of a tenant never become equal at the same moment (DM-142).
CREATE TABLE profile_names (
  id {{key}} PRIMARY KEY
);
INSERT INTO profile_names (id) VALUES ('all');

-- Which profiles a container holds (DM-158); the lowest place is the highest profile. tenant_id is whose container it is.
CREATE TABLE profile_associations (
  tenant_id  {{key}} NOT NULL,
  kind       {{key}} NOT NULL,
  key        {{key}} NOT NULL,
  profile_id {{key}} NOT NULL REFERENCES profile_profiles (id),
  place      BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, kind, key, profile_id)
);
CREATE INDEX profile_associations_profile ON profile_associations (profile_id);

-- The version of a container, so that nobody puts back an order that somebody else has changed meanwhile (DM-161).
CREATE TABLE profile_containers (
  tenant_id {{key}} NOT NULL,
  kind      {{key}} NOT NULL,
  key       {{key}} NOT NULL,
  version   BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, kind, key)
);

-- Every parameter that a profile in force has ever given to phones of a tenant: what is gone again must be taken back from phones
-- that keep what they once got (decision 14).
CREATE TABLE profile_used (
  tenant_id {{key}} NOT NULL,
  mode      {{key}} NOT NULL,
  name      {{key}} NOT NULL,
  PRIMARY KEY (tenant_id, mode, name)
);

-- Dictionaries that a tenant uploaded (DM-123), and those packed in software images, whose family is image:<id> (DM-144). data is
-- compressed JSON. A row never changes: an upload puts a new one in the place of the old.
CREATE TABLE profile_dictionaries (
  id         {{key}} PRIMARY KEY,
  tenant_id  {{key}} NOT NULL REFERENCES tenant_tenants (id),
  scope      {{key}} NOT NULL,
  mode       {{key}} NOT NULL,
  family     {{key}} NOT NULL,
  file_name  TEXT NOT NULL,
  edition    TEXT NOT NULL,
  parameters BIGINT NOT NULL,
  data       {{bytes}} NOT NULL,
  created_by TEXT NOT NULL,
  created    BIGINT NOT NULL
);
CREATE UNIQUE INDEX profile_dictionaries_tenant_id_mode_family ON profile_dictionaries (tenant_id, mode, family);
CREATE INDEX profile_dictionaries_scope ON profile_dictionaries (scope, mode);
