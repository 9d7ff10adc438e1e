-- +goose Up
-- Some devices have no MAC address that counts: they are known by their serial number, and a MAC, if there is one, is information
-- (DM-3, DM-243). Such a device without a MAC has zeros, which no phone can have. family is the type as people and files say it
-- ("VVX", "Poly Studio"); '' when nobody did.
ALTER TABLE device_devices ADD COLUMN serial {{key}} NOT NULL DEFAULT '';
ALTER TABLE device_devices ADD COLUMN family TEXT NOT NULL DEFAULT '';
ALTER TABLE device_devices ADD COLUMN by_serial BOOLEAN NOT NULL DEFAULT FALSE
  CHECK (by_serial AND serial <> '' OR NOT by_serial AND mac <> '000000000000');
DROP INDEX device_devices_mac;
CREATE UNIQUE INDEX device_devices_mac ON device_devices (mac) WHERE mac <> '000000000000';
CREATE UNIQUE INDEX device_devices_serial ON device_devices (serial) WHERE by_serial;
CREATE INDEX device_devices_customer_mac ON device_devices (customer_id, mac);

-- A device group (DM-127). standard is its place among the groups that automatically added devices get, 0 when it is none of them
-- (DM-132); keys is its template of keys.
CREATE TABLE device_groups (
  id          {{key}} PRIMARY KEY,
  customer_id {{key}} NOT NULL REFERENCES device_customers (customer_id),
  scope       {{key}} NOT NULL,
  name        TEXT NOT NULL,
  name_fold   {{key}} NOT NULL,
  description TEXT NOT NULL,
  search_fold TEXT NOT NULL,
  standard    BIGINT NOT NULL CHECK (standard >= 0),
  keys        TEXT NOT NULL,
  created     BIGINT NOT NULL,
  updated     BIGINT NOT NULL,
  version     BIGINT NOT NULL
);
CREATE UNIQUE INDEX device_groups_name ON device_groups (customer_id, name_fold);

-- Which groups a device is in; the lowest place is the highest priority (DM-131). Places need not follow each other.
CREATE TABLE device_members (
  device_id   {{key}} NOT NULL REFERENCES device_devices (id) ON DELETE CASCADE,
  group_id    {{key}} NOT NULL REFERENCES device_groups (id) ON DELETE CASCADE,
  customer_id {{key}} NOT NULL,
  place       BIGINT NOT NULL,
  PRIMARY KEY (device_id, group_id)
);
CREATE INDEX device_members_group ON device_members (group_id, device_id);
CREATE INDEX device_members_customer ON device_members (customer_id, device_id);

-- What people put on the keys of a device, and the highest line that it ever had, which is what must be switched off on the phone when
-- lines go (decision 14).
CREATE TABLE device_layouts (
  device_id   {{key}} PRIMARY KEY REFERENCES device_devices (id) ON DELETE CASCADE,
  customer_id {{key}} NOT NULL,
  keys        TEXT NOT NULL,
  ever        BIGINT NOT NULL,
  version     BIGINT NOT NULL
);
CREATE INDEX device_layouts_customer ON device_layouts (customer_id, device_id);

-- External lines: made by people and files, never rotated (decision 19). data is everything but the password, which is sealed.
CREATE TABLE device_lines (
  id          {{key}} PRIMARY KEY,
  device_id   {{key}} NOT NULL REFERENCES device_devices (id) ON DELETE CASCADE,
  customer_id {{key}} NOT NULL,
  number      BIGINT NOT NULL CHECK (number BETWEEN 1 AND 100),
  data        TEXT NOT NULL,
  password    {{bytes}},
  created     BIGINT NOT NULL,
  updated     BIGINT NOT NULL,
  version     BIGINT NOT NULL
);
CREATE UNIQUE INDEX device_lines_number ON device_lines (device_id, number);
CREATE INDEX device_lines_customer ON device_lines (customer_id, device_id);

-- What devices are found by over the whole platform (decision 3): a row for each text at whose beginning somebody may search. The
-- second index serves who sees everything, the third who sees some customers.
CREATE TABLE device_tokens (
  device_id   {{key}} NOT NULL REFERENCES device_devices (id) ON DELETE CASCADE,
  customer_id {{key}} NOT NULL,
  token       {{key}} NOT NULL,
  PRIMARY KEY (device_id, token)
);
CREATE INDEX device_tokens_token ON device_tokens (token, device_id);
CREATE INDEX device_tokens_customer ON device_tokens (customer_id, token, device_id);
CREATE INDEX device_places_address ON device_places (public_key, device_id);

-- Older devices: the address in full and from each digit of its second half, and the name from its beginning.
INSERT INTO device_tokens (device_id, customer_id, token) SELECT id, customer_id, mac FROM device_devices;
INSERT INTO device_tokens (device_id, customer_id, token) SELECT id, customer_id, substr(mac, 7) FROM device_devices;
INSERT INTO device_tokens (device_id, customer_id, token) SELECT id, customer_id, substr(mac, 8) FROM device_devices;
INSERT INTO device_tokens (device_id, customer_id, token) SELECT id, customer_id, substr(mac, 9) FROM device_devices;
INSERT INTO device_tokens (device_id, customer_id, token) SELECT id, customer_id, substr(mac, 10) FROM device_devices;
INSERT INTO device_tokens (device_id, customer_id, token) SELECT id, customer_id, name_fold FROM device_devices WHERE name_fold <> ''
  ON CONFLICT (device_id, token) DO NOTHING;

-- Files of devices that are being imported in the background: the rows that are done stand in the report, so that a server that
-- dies in between does not begin anew. The row goes when the operation ends. The file is sealed: it holds passwords.
CREATE TABLE device_imports (
  id          {{key}} PRIMARY KEY,
  customer_id {{key}} NOT NULL REFERENCES device_customers (customer_id),
  actor       TEXT NOT NULL,
  options     TEXT NOT NULL,
  data        {{bytes}} NOT NULL,
  done        BIGINT NOT NULL,
  created     BIGINT NOT NULL
);
CREATE TABLE device_import_rows (
  import_id {{key}} NOT NULL REFERENCES device_imports (id) ON DELETE CASCADE,
  first     BIGINT NOT NULL,
  rows      TEXT NOT NULL,
  PRIMARY KEY (import_id, first)
);
