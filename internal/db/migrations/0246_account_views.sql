-- +goose Up
-- The views of lists that somebody keeps: a name for an address within the portal. They are the account's own and say nothing about
-- anybody else; list is the path of the list, query what stands behind its question mark.
CREATE TABLE account_views (
  id         {{key}} PRIMARY KEY,
  account_id {{key}} NOT NULL REFERENCES account_accounts (id),
  tenant_id  {{key}} NOT NULL,
  list       {{key}} NOT NULL,
  name       TEXT NOT NULL,
  name_fold  {{key}} NOT NULL,
  query      TEXT NOT NULL,
  created    BIGINT NOT NULL
);
CREATE UNIQUE INDEX account_views_name ON account_views (account_id, tenant_id, list, name_fold);
