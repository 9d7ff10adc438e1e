-- +goose Up
-- One record of operation-log rows and events. Rows arrive without a position; the sequencer gives position and hash.
CREATE TABLE journal_entries (
  id                {{key}} PRIMARY KEY,
  position          BIGINT,
  time              BIGINT NOT NULL,
  type              {{key}} NOT NULL,
  action            {{key}} NOT NULL,
  scope             {{key}} NOT NULL,
  tenant_id         TEXT NOT NULL,
  actor_id          TEXT NOT NULL,
  actor_kind        TEXT NOT NULL,
  actor_name        TEXT NOT NULL,
  actor_fold        TEXT NOT NULL,
  actor_tenant_id   TEXT NOT NULL,
  actor_tenant_name TEXT NOT NULL,
  acting            BOOLEAN NOT NULL,
  target_kind       TEXT NOT NULL,
  target_id         TEXT NOT NULL,
  target_name       TEXT NOT NULL,
  ip                TEXT NOT NULL,
  request_id        TEXT NOT NULL,
  result            TEXT NOT NULL,
  reason            TEXT NOT NULL,
  data              TEXT NOT NULL,
  in_log            BOOLEAN NOT NULL,
  is_event          BOOLEAN NOT NULL,
  hash              TEXT
);
CREATE UNIQUE INDEX journal_entries_position ON journal_entries (position);
CREATE INDEX journal_entries_waiting ON journal_entries (id) WHERE position IS NULL;
CREATE INDEX journal_entries_log ON journal_entries (tenant_id, time, id) WHERE in_log;
CREATE INDEX journal_entries_actions ON journal_entries (tenant_id, action) WHERE in_log;

-- Where the chain ends; the copy outside the database is what proves it.
CREATE TABLE journal_head (
  id       TEXT PRIMARY KEY,
  position BIGINT NOT NULL,
  hash     TEXT NOT NULL
);
INSERT INTO journal_head (id, position, hash) VALUES ('head', 0, '');

-- Where the chain begins: the last entry that retention removed, signed.
CREATE TABLE journal_anchor (
  id       TEXT PRIMARY KEY,
  position BIGINT NOT NULL,
  hash     TEXT NOT NULL,
  mac      TEXT NOT NULL
);
INSERT INTO journal_anchor (id, position, hash, mac) VALUES ('anchor', 0, '', '');
