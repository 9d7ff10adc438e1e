-- +goose Up
-- How the phones of a customer get in beside the account that they share. auto_add is what happens with phones that nobody announced
-- ('' follows the account, DM-228); until open_until phones that never claimed an account of their own get secrets although the shared
-- account is the well-known one; offline_hours is after how long without a word a phone counts as offline, 0 follows its poll window
-- (DM-279).
ALTER TABLE device_customers ADD COLUMN auto_add TEXT NOT NULL DEFAULT '' CHECK (auto_add IN ('', 'off', 'quarantine', 'on'));
ALTER TABLE device_customers ADD COLUMN open_until BIGINT;
ALTER TABLE device_customers ADD COLUMN legacy_secrets BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE device_customers ADD COLUMN call_lists BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE device_customers ADD COLUMN offline_hours BIGINT NOT NULL DEFAULT 0 CHECK (offline_hours BETWEEN 0 AND 8760);
ALTER TABLE device_sightings ADD COLUMN provision_result TEXT NOT NULL DEFAULT '';
ALTER TABLE device_sightings ADD COLUMN provision_time BIGINT;

-- The account of one phone alone (decision 15). Its user is the MAC address. used is when the present password was first used: until
-- then the previous one is valid too. claimed is when any of them was first used: from then on the phone's secrets need one. Until
-- open_until they can be fetched with the customer's account all the same.
CREATE TABLE device_owns (
  device_id  {{key}} PRIMARY KEY REFERENCES device_devices (id) ON DELETE CASCADE,
  revision   BIGINT NOT NULL,
  password   {{bytes}} NOT NULL,
  used       BIGINT,
  previous   {{bytes}},
  claimed    BIGINT,
  open_until BIGINT
);

-- Authorities whose certificates prove a phone's MAC address (decision 18); the operator uploads them.
CREATE TABLE device_maker_roots (
  id            {{key}} PRIMARY KEY,
  name          TEXT NOT NULL,
  pem           TEXT NOT NULL,
  sha256        {{key}} NOT NULL UNIQUE,
  subject       TEXT NOT NULL,
  not_after     BIGINT NOT NULL,
  allow_expired BOOLEAN NOT NULL,
  allow_sha1    BOOLEAN NOT NULL,
  created       BIGINT NOT NULL,
  version       BIGINT NOT NULL
);

-- What phones asked, some requests of one phone in a row, so that a start of a thousand phones is a thousand rows and not twelve
-- thousand. The last 200 of each are kept.
CREATE TABLE device_requests (
  id        {{key}} PRIMARY KEY,
  device_id {{key}} NOT NULL REFERENCES device_devices (id) ON DELETE CASCADE,
  time      BIGINT NOT NULL,
  n         BIGINT NOT NULL,
  requests  TEXT NOT NULL
);
CREATE INDEX device_requests_device ON device_requests (device_id, time, id);

-- Who asked in vain: phones that the customer does not have, wrong passwords, failed handshakes. One row for each phone, kind and
-- address, with how often.
CREATE TABLE device_knocks (
  id          {{key}} PRIMARY KEY,
  customer_id {{key}} NOT NULL,
  mac         {{key}} NOT NULL,
  kind        {{key}} NOT NULL,
  address     {{key}} NOT NULL,
  maker       {{key}} NOT NULL,
  model       TEXT NOT NULL,
  software    TEXT NOT NULL,
  detail      TEXT NOT NULL,
  times       BIGINT NOT NULL,
  first       BIGINT NOT NULL,
  last        BIGINT NOT NULL
);
CREATE UNIQUE INDEX device_knocks_folded ON device_knocks (customer_id, kind, mac, address);
CREATE INDEX device_knocks_last ON device_knocks (customer_id, last, id);

-- What phones uploaded. A log is many pieces: those of one part, in order, are what the phone sees as its file, which starts anew
-- when it is full. Anything else is one piece with part 0 and seq 0. Small pieces stand here, large ones in the file store.
CREATE TABLE device_uploads (
  id        {{key}} PRIMARY KEY,
  device_id {{key}} NOT NULL REFERENCES device_devices (id) ON DELETE CASCADE,
  name      {{key}} NOT NULL,
  kind      {{key}} NOT NULL,
  part      BIGINT NOT NULL,
  seq       BIGINT NOT NULL,
  size      BIGINT NOT NULL,
  upto      BIGINT NOT NULL,
  time      BIGINT NOT NULL,
  sha256    TEXT NOT NULL,
  body      {{bytes}},
  blob      TEXT NOT NULL
);
CREATE UNIQUE INDEX device_uploads_piece ON device_uploads (device_id, name, part, seq);
CREATE INDEX device_uploads_age ON device_uploads (kind, time);

-- Files of the store that no row names any more; a job deletes them.
CREATE TABLE device_blobs_gone (
  blob TEXT NOT NULL
);
