-- +goose Up
CREATE TABLE operation_operations (
  id        {{key}} PRIMARY KEY,
  kind      {{key}} NOT NULL,
  scope     {{key}} NOT NULL,
  tenant_id {{key}} NOT NULL,
  actor_id  {{key}} NOT NULL,
  state     TEXT NOT NULL CHECK (state IN ('pending', 'running', 'succeeded', 'failed', 'cancelled')),
  done      BIGINT NOT NULL,
  total     BIGINT NOT NULL,
  result    TEXT NOT NULL, -- JSON, '' while there is none
  fault     TEXT NOT NULL, -- JSON, '' while there is none
  created   BIGINT NOT NULL,
  started   BIGINT,
  touched   BIGINT NOT NULL,
  finished  BIGINT,
  version   BIGINT NOT NULL
);
CREATE INDEX operation_operations_scope ON operation_operations (scope, created, id);
CREATE INDEX operation_operations_actor ON operation_operations (actor_id, created, id);
CREATE INDEX operation_operations_open ON operation_operations (touched) WHERE state IN ('pending', 'running');
CREATE INDEX operation_operations_finished ON operation_operations (finished) WHERE finished IS NOT NULL;

CREATE TABLE operation_keys (
  id        {{key}} PRIMARY KEY, -- SHA-256 over actor, method, path and key, since a path may be longer than an index takes
  actor_id  {{key}} NOT NULL,
  body_hash {{bytes}} NOT NULL,
  answer    {{bytes}},           -- sealed status, headers and body
  created   BIGINT NOT NULL,
  expires   BIGINT NOT NULL
);
CREATE INDEX operation_keys_expires ON operation_keys (expires);
