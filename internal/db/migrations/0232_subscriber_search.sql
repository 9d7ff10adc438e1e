-- +goose Up
-- People are found by their last name and by their extension, within each customer that the searcher sees.
ALTER TABLE subscriber_holders ADD COLUMN last_fold {{key}} NOT NULL DEFAULT '';
CREATE INDEX subscriber_holders_last ON subscriber_holders (customer_id, last_fold) WHERE last_fold <> '';
CREATE INDEX subscriber_holders_extension ON subscriber_holders (customer_id, extension) WHERE extension <> '';
UPDATE subscriber_holders SET last_fold = lower(last_name);
