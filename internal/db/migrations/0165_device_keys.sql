-- +goose Up
-- Keys that a phone had at some time, by page and position: makers whose phones keep what they once got tell them to forget those that
-- are gone (decision 14).
ALTER TABLE device_layouts ADD COLUMN was TEXT NOT NULL DEFAULT '';
