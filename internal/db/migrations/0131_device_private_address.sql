-- +goose Up
-- A device is found by its address inside its network too.
CREATE INDEX device_places_private ON device_places (private_ip, device_id) WHERE private_ip <> '';
