-- +goose Up
-- A software image that phones can be told to run (DM-168). release is its version in the maker's spelling, short stands in the path that
-- phones fetch it by, asked is the name in that path. One that is gone keeps its row, because profiles still name it (DM-156, DM-170).
CREATE TABLE firmware_images (
  id        {{key}} PRIMARY KEY,
  short     {{key}} NOT NULL UNIQUE,
  maker     {{key}} NOT NULL,
  family    TEXT NOT NULL,
  models    TEXT NOT NULL,
  release   TEXT NOT NULL,
  kind      {{key}} NOT NULL CHECK (kind IN ('phone', 'paired')),
  asked     TEXT NOT NULL,
  needs     TEXT NOT NULL,
  file_name TEXT NOT NULL,
  size      BIGINT NOT NULL,
  sha256    {{key}} NOT NULL,
  gone      BOOLEAN NOT NULL,
  created   BIGINT NOT NULL,
  updated   BIGINT NOT NULL,
  version   BIGINT NOT NULL
);
-- The same file once.
CREATE UNIQUE INDEX firmware_images_sha256 ON firmware_images (sha256) WHERE NOT gone;

-- What phones fetch of an image.
CREATE TABLE firmware_files (
  image_id {{key}} NOT NULL REFERENCES firmware_images (id) ON DELETE CASCADE,
  name     {{key}} NOT NULL,
  blob     {{key}} NOT NULL,
  size     BIGINT NOT NULL,
  sha256   {{key}} NOT NULL,
  PRIMARY KEY (image_id, name)
);

-- An image on its way in. received counts the bytes that are durable; stated is what the sender says of the image.
CREATE TABLE firmware_uploads (
  id           {{key}} PRIMARY KEY,
  operation_id {{key}} NOT NULL,
  actor        TEXT NOT NULL,
  file_name    TEXT NOT NULL,
  size         BIGINT NOT NULL CHECK (size > 0),
  received     BIGINT NOT NULL CHECK (received BETWEEN 0 AND size),
  sha256       {{key}} NOT NULL,
  stated       TEXT NOT NULL,
  created      BIGINT NOT NULL,
  touched      BIGINT NOT NULL,
  version      BIGINT NOT NULL
);
CREATE TABLE firmware_parts (
  upload_id {{key}} NOT NULL REFERENCES firmware_uploads (id) ON DELETE CASCADE,
  start     BIGINT NOT NULL,
  size      BIGINT NOT NULL,
  blob      {{key}} NOT NULL,
  PRIMARY KEY (upload_id, start)
);
