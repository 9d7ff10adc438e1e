-- +goose Up
-- What happened to one object, for its own page.
CREATE INDEX journal_entries_target ON journal_entries (target_id, tenant_id, time, id) WHERE in_log;
