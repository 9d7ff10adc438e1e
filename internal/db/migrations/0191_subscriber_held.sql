-- +goose Up
-- While a line is rotated: its next credentials do not stand in the registrar yet, so its phones still get the old ones (decision 20).
ALTER TABLE subscriber_lines ADD COLUMN held BOOLEAN NOT NULL DEFAULT FALSE;
