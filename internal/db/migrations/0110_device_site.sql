-- +goose Up
-- Where a phone is: what its address says, or a site to which somebody pinned it (DM-34, DM-46; decision 12). Apart from
-- device_devices, because it follows what phones tell and subnets that people edit, and must not move a device's version.
-- public_key is the address from where it last asked as 32 hexadecimal digits (IPv4 mapped into IPv6), so that a subnet is a range;
-- '' before it was ever seen.
CREATE TABLE device_places (
  device_id   {{key}} PRIMARY KEY REFERENCES device_devices (id) ON DELETE CASCADE,
  customer_id {{key}} NOT NULL,
  site_id     {{key}} NOT NULL REFERENCES network_sites (id),
  pinned      BOOLEAN NOT NULL,
  public_key  {{key}} NOT NULL,
  private_ip  TEXT NOT NULL
);
CREATE INDEX device_places_site ON device_places (site_id);
CREATE INDEX device_places_public ON device_places (customer_id, public_key);

INSERT INTO device_places (device_id, customer_id, site_id, pinned, public_key, private_ip)
  SELECT d.id, d.customer_id, n.id, FALSE, '', '' FROM device_devices d JOIN network_sites n ON n.customer_id = d.customer_id AND n.fixed;
