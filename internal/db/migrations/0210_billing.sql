-- +goose Up
-- Reports over usage (WS-60 … WS-72). The file lies in the blob store under blob; period is what may exist once: who ordered it,
-- about which sub-partner, kind and days together (WS-67).
CREATE TABLE billing_reports (
  id             {{key}} PRIMARY KEY,
  period         {{key}} NOT NULL,
  partner_id     {{key}} NOT NULL,
  sub_partner_id {{key}} NOT NULL,
  with_subs      BOOLEAN NOT NULL,
  tenant_id      {{key}} NOT NULL,
  scope          {{key}} NOT NULL,
  start_date     {{key}} NOT NULL,
  end_date       {{key}} NOT NULL,
  type           {{key}} NOT NULL CHECK (type IN ('PARTNER', 'CUSTOMER', 'USER')),
  category       {{key}} NOT NULL CHECK (category IN ('RECONCILIATION', 'POINT_IN_TIME')),
  status         {{key}} NOT NULL CHECK (status IN ('IN_PROGRESS', 'COMPLETED', 'FAILED')),
  blob           TEXT NOT NULL,
  row_count      BIGINT NOT NULL,
  fault          TEXT NOT NULL,
  operation_id   {{key}} NOT NULL,
  created_by     TEXT NOT NULL,
  created        BIGINT NOT NULL,
  finished       BIGINT,
  version        BIGINT NOT NULL
);
CREATE UNIQUE INDEX billing_reports_period ON billing_reports (period);
CREATE INDEX billing_reports_list ON billing_reports (tenant_id, sub_partner_id, start_date, id);

-- Statements and credit notes. Amounts are whole minor units of the currency; lines are JSON, because nobody asks for one alone.
CREATE TABLE billing_invoices (
  id              {{key}} PRIMARY KEY,
  number          {{key}} NOT NULL,
  kind            TEXT NOT NULL CHECK (kind IN ('invoice', 'credit_note')),
  partner_id      {{key}} NOT NULL REFERENCES tenant_tenants (id),
  scope           {{key}} NOT NULL,
  subscription_id {{key}} NOT NULL,
  currency        TEXT NOT NULL,
  start_date      {{key}} NOT NULL,
  end_date        {{key}} NOT NULL,
  state           TEXT NOT NULL CHECK (state IN ('draft', 'issued', 'paid', 'void')),
  corrects        {{key}} NOT NULL,
  lines           TEXT NOT NULL,
  total           BIGINT NOT NULL,
  created         BIGINT NOT NULL,
  updated         BIGINT NOT NULL,
  issued          BIGINT,
  version         BIGINT NOT NULL
);
CREATE UNIQUE INDEX billing_invoices_subscription_id_start_date ON billing_invoices (subscription_id, start_date) WHERE kind = 'invoice' AND state <> 'void';
CREATE UNIQUE INDEX billing_invoices_number ON billing_invoices (number) WHERE number <> '';
CREATE INDEX billing_invoices_list ON billing_invoices (partner_id, start_date, id);

-- Numbers of issued statements have no gaps: the row is the lock.
CREATE TABLE billing_numbers (
  id   {{key}} PRIMARY KEY,
  next BIGINT NOT NULL
);
INSERT INTO billing_numbers (id, next) VALUES ('invoice', 1);
