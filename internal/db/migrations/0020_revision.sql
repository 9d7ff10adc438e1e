-- +goose Up
CREATE TABLE revision_counters (
  id   {{key}} PRIMARY KEY, -- of the tenant or device
  kind {{key}} NOT NULL,
  n    BIGINT NOT NULL
);
