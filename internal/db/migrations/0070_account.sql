-- +goose Up
CREATE TABLE account_accounts (
  id               {{key}} PRIMARY KEY,
  realm            {{key}} NOT NULL,               -- operator | partner | customer: one sign-in page each (CH-10)
  tenant_id        {{key}} NOT NULL,
  scope            {{key}} NOT NULL,
  email            TEXT NOT NULL,
  email_fold       {{key}} NOT NULL,
  name             TEXT NOT NULL,
  name_fold        {{key}} NOT NULL,
  phone            TEXT NOT NULL DEFAULT '',
  locale           TEXT NOT NULL DEFAULT '',
  time_zone        TEXT NOT NULL DEFAULT '',
  roles            TEXT NOT NULL DEFAULT '[]',
  functions        TEXT NOT NULL DEFAULT '[]',
  all_customers    BOOLEAN NOT NULL DEFAULT FALSE,
  state            {{key}} NOT NULL,               -- invited | active | disabled | deleted
  first            BOOLEAN NOT NULL DEFAULT FALSE, -- the first administrator of its tenant
  must_change      BOOLEAN NOT NULL DEFAULT FALSE,
  password_hash    TEXT NOT NULL DEFAULT '',
  password_changed BIGINT,
  totp_secret      {{bytes}},
  totp_enabled     BOOLEAN NOT NULL DEFAULT FALSE,
  totp_step        BIGINT NOT NULL DEFAULT 0,
  last_sign_in     BIGINT,
  created          BIGINT NOT NULL,
  updated          BIGINT NOT NULL,
  version          BIGINT NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX account_accounts_realm_email_fold ON account_accounts (realm, email_fold) WHERE state <> 'deleted';
CREATE UNIQUE INDEX account_accounts_tenant_id_first ON account_accounts (tenant_id, first) WHERE first AND state <> 'deleted';
CREATE INDEX account_accounts_by_tenant ON account_accounts (tenant_id, name_fold, id);
CREATE INDEX account_accounts_by_scope ON account_accounts (scope, name_fold, id);

CREATE TABLE account_customers (
  account_id {{key}} NOT NULL REFERENCES account_accounts (id),
  tenant_id  {{key}} NOT NULL,
  PRIMARY KEY (account_id, tenant_id)
);

CREATE TABLE account_passwords (
  account_id {{key}} NOT NULL REFERENCES account_accounts (id),
  at         BIGINT NOT NULL,
  hash       TEXT NOT NULL,
  PRIMARY KEY (account_id, at)
);

CREATE TABLE account_recovery_codes (
  account_id {{key}} NOT NULL REFERENCES account_accounts (id),
  hash       {{bytes}} NOT NULL,
  PRIMARY KEY (account_id, hash)
);

-- Failed sign-ins per typed address, known or not, so that a lock does not tell which addresses exist (CH-4).
CREATE TABLE account_attempts (
  id       {{key}} PRIMARY KEY,
  failures BIGINT NOT NULL,
  locked   BIGINT,
  at       BIGINT NOT NULL
);
CREATE INDEX account_attempts_by_age ON account_attempts (at);

CREATE TABLE account_sessions (
  id          {{key}} PRIMARY KEY,
  token_hash  {{bytes}} NOT NULL,
  account_id  {{key}} NOT NULL REFERENCES account_accounts (id),
  stage       {{key}} NOT NULL,                     -- second_factor | active
  created     BIGINT NOT NULL,
  seen        BIGINT NOT NULL,                      -- last request by the person, not by polling
  expires     BIGINT NOT NULL,
  ip          TEXT NOT NULL,
  user_agent  TEXT NOT NULL,
  acting      {{key}} NOT NULL DEFAULT '',          -- tenant that was entered
  acting_door {{key}} NOT NULL DEFAULT '',
  acting_ro   BOOLEAN NOT NULL DEFAULT FALSE,
  acting_till BIGINT
);
CREATE UNIQUE INDEX account_sessions_token_hash ON account_sessions (token_hash);
CREATE INDEX account_sessions_by_account ON account_sessions (account_id);
CREATE INDEX account_sessions_by_expiry ON account_sessions (expires);

CREATE TABLE account_links (
  id         {{key}} PRIMARY KEY,
  account_id {{key}} NOT NULL REFERENCES account_accounts (id),
  purpose    {{key}} NOT NULL,                      -- invite | reset | email
  token_hash {{bytes}} NOT NULL,
  email      TEXT NOT NULL DEFAULT '',              -- the new address that an e-mail link proves
  created    BIGINT NOT NULL,
  expires    BIGINT NOT NULL,
  used       BIGINT,
  revoked    BIGINT
);
CREATE UNIQUE INDEX account_links_token_hash ON account_links (token_hash);
CREATE INDEX account_links_by_account ON account_links (account_id, purpose);

CREATE TABLE account_captchas (
  id      {{key}} PRIMARY KEY,
  answer  TEXT NOT NULL,
  drawn   BIGINT NOT NULL DEFAULT 0,                -- pictures and recordings made of it so far
  expires BIGINT NOT NULL
);
CREATE INDEX account_captchas_by_expiry ON account_captchas (expires);

-- Bearer tokens and OAuth 2 clients: machines act with the rights of the account that made them, narrowed by limits.
CREATE TABLE account_tokens (
  id          {{key}} PRIMARY KEY,
  kind        {{key}} NOT NULL,                     -- token | client
  account_id  {{key}} NOT NULL REFERENCES account_accounts (id),
  tenant_id   {{key}} NOT NULL,
  scope       {{key}} NOT NULL,
  name        TEXT NOT NULL,
  secret_hash {{bytes}} NOT NULL,
  limits      TEXT NOT NULL DEFAULT '',             -- '' is all rights of the account, else a list of actions
  created     BIGINT NOT NULL,
  expires     BIGINT,
  last_used   BIGINT,
  revoked     BIGINT,
  version     BIGINT NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX account_tokens_secret_hash ON account_tokens (secret_hash);
CREATE INDEX account_tokens_by_tenant ON account_tokens (tenant_id, id);
CREATE INDEX account_tokens_by_account ON account_tokens (account_id);

-- Short-lived access tokens that a client got for its credentials (RFC 6749 section 4.4).
CREATE TABLE account_access_tokens (
  token_hash {{bytes}} PRIMARY KEY,
  client_id  {{key}} NOT NULL REFERENCES account_tokens (id),
  limits     TEXT NOT NULL DEFAULT '',
  expires    BIGINT NOT NULL
);
CREATE INDEX account_access_tokens_by_expiry ON account_access_tokens (expires);
