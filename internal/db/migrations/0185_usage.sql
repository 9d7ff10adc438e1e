-- +goose Up
-- The ledger: one row for each stretch of time in which somebody or something held an item, in whole seconds, with partner and
-- subscription as of then (decision 6). ended is NULL while it lasts. A row is never changed but to end it; what was wrong is put
-- right by rows that name it in corrects.
CREATE TABLE usage_spans (
  id              {{key}} PRIMARY KEY,
  item            {{key}} NOT NULL,
  sku             {{key}} NOT NULL,
  rule            TEXT NOT NULL CHECK (rule IN ('prorated', 'count_on_day', 'peak', 'full_month', 'once')),
  partner_id      {{key}} NOT NULL,
  sub_partner_id  {{key}} NOT NULL,
  subscription_id {{key}} NOT NULL,
  customer_id     {{key}} NOT NULL,
  scope           {{key}} NOT NULL,
  holder_kind     {{key}} NOT NULL CHECK (holder_kind IN ('user', 'workspace', 'number', 'device', 'location', 'customer')),
  holder_id       {{key}} NOT NULL,
  external_id     TEXT NOT NULL,
  units           BIGINT NOT NULL CHECK (units <> 0),
  started         BIGINT NOT NULL,
  ended           BIGINT,
  corrects        {{key}} NOT NULL,
  note            TEXT NOT NULL,
  created         BIGINT NOT NULL,
  CHECK (ended IS NULL OR ended >= started),
  CHECK (units > 0 OR corrects <> ''),
  CHECK (rule <> 'once' OR ended = started)
);
-- At most one open stretch of an item for a holder; the walk in the order of a report, with what it needs to skip old rows.
CREATE UNIQUE INDEX usage_spans_holder_kind_holder_id_item ON usage_spans (holder_kind, holder_id, item) WHERE ended IS NULL;
CREATE INDEX usage_spans_report ON usage_spans (partner_id, item, customer_id, holder_kind, holder_id, started);

-- The watermark, in seconds, sixteen times, so that those who write the ledger do not meet on one row: each holds one of them
-- shared, who settles a day takes all of them. No row of the ledger gets an instant below it any more, and all that have one are
-- visible.
CREATE TABLE usage_marks (
  id      {{key}} PRIMARY KEY,
  instant BIGINT NOT NULL,
  seen    BIGINT NOT NULL
);
INSERT INTO usage_marks (id, instant, seen) VALUES ('0', 0, 0), ('1', 0, 0), ('2', 0, 0), ('3', 0, 0), ('4', 0, 0), ('5', 0, 0), ('6', 0, 0), ('7', 0, 0),
  ('8', 0, 0), ('9', 0, 0), ('a', 0, 0), ('b', 0, 0), ('c', 0, 0), ('d', 0, 0), ('e', 0, 0), ('f', 0, 0);
