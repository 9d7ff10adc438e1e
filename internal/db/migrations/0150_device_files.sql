-- +goose Up
-- Files of a customer and of its devices. area says where one belongs: 'resource' is the customer's own (DM-188); the directories of DM-199
-- are what people put there for one device. What devices send lies in device_uploads.
-- sealed: the content in the file storage is encrypted, because configuration holds secrets (decision 16).
CREATE TABLE device_files (
  id          {{key}} PRIMARY KEY,
  customer_id {{key}} NOT NULL,
  device_id   {{key}} REFERENCES device_devices (id) ON DELETE CASCADE,
  area        {{key}} NOT NULL,
  name        {{key}} NOT NULL,
  name_fold   {{key}} NOT NULL,
  description TEXT NOT NULL,
  blob        {{key}} NOT NULL,
  sealed      BOOLEAN NOT NULL,
  size        BIGINT NOT NULL,
  sha256      {{key}} NOT NULL,
  author      TEXT NOT NULL,
  created     BIGINT NOT NULL,
  updated     BIGINT NOT NULL,
  version     BIGINT NOT NULL,
  CHECK ((area = 'resource') = (device_id IS NULL))
);
CREATE UNIQUE INDEX device_files_resource ON device_files (customer_id, name_fold) WHERE device_id IS NULL;
CREATE UNIQUE INDEX device_files_name ON device_files (device_id, area, name_fold) WHERE device_id IS NOT NULL;
CREATE INDEX device_files_customer ON device_files (customer_id, area, name_fold, id);
CREATE UNIQUE INDEX device_files_blob ON device_files (blob);

-- Where phones of a customer get software when their site does not say (DM-175), and when they are told of a new version: minutes of the
-- day in the customer's time zone, days as bits from Sunday (1); days 0 is at any time.
ALTER TABLE device_customers ADD COLUMN path_internet TEXT NOT NULL DEFAULT '';
ALTER TABLE device_customers ADD COLUMN path_enterprise TEXT NOT NULL DEFAULT '';
ALTER TABLE device_customers ADD COLUMN software_start BIGINT NOT NULL DEFAULT 0 CHECK (software_start BETWEEN 0 AND 1439);
ALTER TABLE device_customers ADD COLUMN software_end BIGINT NOT NULL DEFAULT 0 CHECK (software_end BETWEEN 0 AND 1439);
ALTER TABLE device_customers ADD COLUMN software_days BIGINT NOT NULL DEFAULT 0 CHECK (software_days BETWEEN 0 AND 127);
