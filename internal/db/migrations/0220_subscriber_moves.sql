-- +goose Up
-- The question whether a user of another organisation wants to move, asked by mail (WS-116): one open question a user, which a new one
-- replaces. It goes with the user.
CREATE TABLE subscriber_moves (
  id         {{key}} PRIMARY KEY REFERENCES subscriber_holders (id) ON DELETE CASCADE,
  token_hash {{bytes}} NOT NULL,
  asked      BIGINT NOT NULL,
  expires    BIGINT NOT NULL
);
CREATE UNIQUE INDEX subscriber_moves_token_hash ON subscriber_moves (token_hash);
