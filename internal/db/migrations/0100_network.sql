-- +goose Up
-- One row for each customer: what a change of its sites waits for, and a token that is new after every change of a subnet, so
-- that a node knows whether the map that it keeps in memory is still the present one. A token never comes back, not even when
-- a transaction is rolled back.
CREATE TABLE network_customers (
  id  {{key}} PRIMARY KEY REFERENCES tenant_tenants (id),
  map {{key}} NOT NULL
);

-- A NetworkSite: a named set of networks, usually one office (DM-33). The fixed one is Internet, which has no subnets and
-- takes every device that no other site matches (DM-37).
CREATE TABLE network_sites (
  id            {{key}} PRIMARY KEY,
  customer_id   {{key}} NOT NULL REFERENCES network_customers (id),
  scope         {{key}} NOT NULL,
  name          TEXT NOT NULL,
  name_fold     {{key}} NOT NULL,
  description   TEXT NOT NULL,
  location_name TEXT NOT NULL,
  search_fold   TEXT NOT NULL,
  download_path TEXT NOT NULL,
  fixed         BOOLEAN NOT NULL,
  created       BIGINT NOT NULL,
  updated       BIGINT NOT NULL,
  version       BIGINT NOT NULL,
  CHECK (fixed = (name_fold = 'internet')),
  CHECK (NOT fixed OR download_path = '')
);
CREATE UNIQUE INDEX network_sites_name ON network_sites (customer_id, name_fold);

-- The subnets of a site, a row for each pair of a public subnet and a private one below it; private is '' for a public subnet
-- without private ones. The key is the rule that no two sites have the same pair, because nothing could decide between them
-- (DM-45).
CREATE TABLE network_subnets (
  customer_id {{key}} NOT NULL REFERENCES network_customers (id),
  public      {{key}} NOT NULL,
  private     {{key}} NOT NULL,
  site_id     {{key}} NOT NULL REFERENCES network_sites (id) ON DELETE CASCADE,
  place       BIGINT NOT NULL,
  PRIMARY KEY (customer_id, public, private)
);
CREATE INDEX network_subnets_site ON network_subnets (site_id);

-- Files of sites that are being imported in the background: the rows that are done stand in the report, so that a server that
-- dies in between does not begin anew. The row goes when the operation ends.
CREATE TABLE network_imports (
  id          {{key}} PRIMARY KEY,
  customer_id {{key}} NOT NULL REFERENCES network_customers (id),
  actor       TEXT NOT NULL,
  separator   TEXT NOT NULL,
  data        {{bytes}} NOT NULL,
  report      TEXT NOT NULL,
  created     BIGINT NOT NULL
);

-- Customers that are older than this room get the two sites of the system too (DM-35).
INSERT INTO network_customers (id, map) SELECT id, id FROM tenant_tenants WHERE kind = 'customer';
INSERT INTO network_sites (id, customer_id, scope, name, name_fold, description, location_name, search_fold, download_path, fixed, created, updated, version)
  SELECT id || '-internet', id, scope, 'Internet', 'internet', '', '', 'internet', '', TRUE, created, created, 1 FROM tenant_tenants WHERE kind = 'customer';
INSERT INTO network_sites (id, customer_id, scope, name, name_fold, description, location_name, search_fold, download_path, fixed, created, updated, version)
  SELECT id || '-intranet', id, scope, 'Intranet', 'intranet', '', '', 'intranet', '', FALSE, created, created, 1 FROM tenant_tenants WHERE kind = 'customer';
INSERT INTO network_subnets (customer_id, public, private, site_id, place)
  SELECT id, '0.0.0.0/32', '', id || '-intranet', 0 FROM tenant_tenants WHERE kind = 'customer';
