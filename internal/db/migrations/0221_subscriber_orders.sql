-- +goose Up
-- Pages of users in the order in which they came and by name: of one customer, and of all that somebody may see.
CREATE INDEX subscriber_holders_came ON subscriber_holders (customer_id, kind, created, id);
CREATE INDEX subscriber_holders_all_came ON subscriber_holders (kind, created, id);
CREATE INDEX subscriber_holders_all_names ON subscriber_holders (kind, name_fold, id);
