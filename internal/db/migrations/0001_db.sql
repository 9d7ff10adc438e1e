-- +goose Up
CREATE TABLE db_settings (
  name  {{key}} PRIMARY KEY,
  value TEXT NOT NULL
);
