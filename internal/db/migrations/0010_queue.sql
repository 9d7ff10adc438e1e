-- +goose Up
CREATE TABLE queue_jobs (
  id          {{key}} PRIMARY KEY,
  kind        {{key}} NOT NULL,
  lane        {{key}} NOT NULL, -- kind, '/', lane as the caller named it
  args        TEXT NOT NULL,
  unique_key  {{key}},          -- in force only while the job is ready
  unique_name {{key}},          -- what the key was, to put it in force again after a failure
  state       TEXT NOT NULL,    -- ready, running, failed; a job that is done has no row
  priority    BIGINT NOT NULL,
  run_at      BIGINT NOT NULL,
  attempt     BIGINT NOT NULL,
  lost        BIGINT NOT NULL,  -- how often its node died under it
  worker      {{key}} NOT NULL,
  last_error  TEXT NOT NULL,
  scope       {{key}} NOT NULL,
  created     BIGINT NOT NULL,
  finished    BIGINT
);
CREATE UNIQUE INDEX queue_jobs_unique_key ON queue_jobs (unique_key) WHERE state = 'ready';
CREATE INDEX queue_jobs_due ON queue_jobs (kind, run_at) WHERE state = 'ready';
CREATE INDEX queue_jobs_order ON queue_jobs (lane, priority, run_at, id) WHERE state = 'ready';
CREATE INDEX queue_jobs_running ON queue_jobs (lane) WHERE state = 'running';
CREATE INDEX queue_jobs_worker ON queue_jobs (worker) WHERE state = 'running';
CREATE INDEX queue_jobs_failed ON queue_jobs (finished, id) WHERE state = 'failed';

CREATE TABLE queue_nodes (
  id   {{key}} PRIMARY KEY, -- a new one each time a process joins
  name TEXT NOT NULL,
  beat BIGINT NOT NULL
);

CREATE TABLE queue_leases (
  id     {{key}} PRIMARY KEY,
  holder {{key}} NOT NULL,  -- id of a node, '' when free
  epoch  BIGINT NOT NULL
);

CREATE TABLE queue_schedules (
  id          {{key}} PRIMARY KEY,
  spec        TEXT NOT NULL,
  next_run_at BIGINT NOT NULL
);
