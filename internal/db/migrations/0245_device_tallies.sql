-- +goose Up
-- How many devices of a customer have a property, for dashboards above customers: nobody counts a million devices while a page waits.
-- kind is family, model, version, status, result, total or knocks; value '' is a device of which it is not known. A duty counts the
-- customers again one after the other; counted says when.
CREATE TABLE device_tallies (
  customer_id {{key}} NOT NULL REFERENCES device_customers (customer_id),
  kind        {{key}} NOT NULL,
  value       {{key}} NOT NULL,
  devices     BIGINT NOT NULL CHECK (devices > 0),
  PRIMARY KEY (customer_id, kind, value)
);
CREATE INDEX device_tallies_value ON device_tallies (kind, value, customer_id, devices);
CREATE TABLE device_counted (
  customer_id {{key}} PRIMARY KEY REFERENCES device_customers (customer_id),
  counted     BIGINT NOT NULL
);
CREATE INDEX device_counted_counted ON device_counted (counted, customer_id);
