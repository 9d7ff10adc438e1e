-- +goose Up
-- What a customer's phones have in common: the provisioning account (DM-111), the poll window (DM-108) and how many there are.
-- The row appears with the first of them. Passwords are sealed; account_revision moves whenever one of them changes.
CREATE TABLE device_customers (
  customer_id       {{key}} PRIMARY KEY REFERENCES tenant_tenants (id),
  scope             {{key}} NOT NULL,
  devices           BIGINT NOT NULL CHECK (devices >= 0),
  account_user      TEXT NOT NULL,
  account_password  {{bytes}},
  account_factory   BOOLEAN NOT NULL,
  account_changed   BIGINT,
  account_revision  BIGINT NOT NULL,
  previous_user     TEXT NOT NULL,
  previous_password {{bytes}},
  previous_until    BIGINT,
  poll_start        BIGINT NOT NULL,
  poll_end          BIGINT NOT NULL,
  poll_days         BIGINT NOT NULL,
  version           BIGINT NOT NULL,
  CHECK ((account_user = '') = (account_password IS NULL)),
  CHECK ((previous_user = '') = (previous_password IS NULL) AND (previous_until IS NULL) = (previous_password IS NULL)),
  CHECK (poll_start BETWEEN 0 AND 1439 AND poll_end BETWEEN 0 AND 1439 AND poll_start <> poll_end AND poll_days BETWEEN 1 AND 31)
);

CREATE TABLE device_devices (
  id          {{key}} PRIMARY KEY,
  customer_id {{key}} NOT NULL REFERENCES device_customers (customer_id),
  scope       {{key}} NOT NULL,
  mac         {{key}} NOT NULL CHECK (length(mac) = 12),
  maker       {{key}} NOT NULL,
  model       TEXT NOT NULL,
  name        TEXT NOT NULL,
  name_fold   {{key}} NOT NULL,
  description TEXT NOT NULL,
  search_fold TEXT NOT NULL,
  created     BIGINT NOT NULL,
  updated     BIGINT NOT NULL,
  version     BIGINT NOT NULL
);
-- A MAC belongs to one customer of the whole platform (DM-4; unified tenant model, invariant 6).
CREATE UNIQUE INDEX device_devices_mac ON device_devices (mac);
CREATE INDEX device_devices_customer_name ON device_devices (customer_id, name_fold, id);

-- What a device told when it last asked. Apart from device_devices, because it is written in batches all the time and must
-- neither move a version nor wait for an edit.
CREATE TABLE device_sightings (
  device_id        {{key}} PRIMARY KEY REFERENCES device_devices (id) ON DELETE CASCADE,
  last_seen        BIGINT,
  last_ip          TEXT NOT NULL,
  model            TEXT NOT NULL,
  software_version TEXT NOT NULL
);
