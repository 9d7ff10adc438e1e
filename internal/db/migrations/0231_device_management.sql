-- +goose Up
-- Devices that are not configured from here (WS-145, WS-146): who does it instead, and when that one last fetched what it needs.
CREATE TABLE device_external (
  id          {{key}} PRIMARY KEY REFERENCES device_devices (id) ON DELETE CASCADE,
  customer_id {{key}} NOT NULL,
  manager     {{key}} NOT NULL CHECK (manager IN ('customer', 'partner')),
  fetched     BIGINT
);
CREATE INDEX device_external_customer ON device_external (customer_id, id);
-- Customers that do not get phones of makers which are served by template only (WS-144).
CREATE TABLE device_policies (
  customer_id {{key}} PRIMARY KEY REFERENCES tenant_tenants (id),
  third_party BOOLEAN NOT NULL
);
