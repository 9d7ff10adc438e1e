-- +goose Up
-- Nothing looks for accounts by their scope, and keeping the index costs every new account a page of its own, because scopes are random.
DROP INDEX account_accounts_by_scope;
