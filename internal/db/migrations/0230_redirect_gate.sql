-- +goose Up
-- A MAC belongs to one customer, as a device or as an entry (invariant 6), and those are two tables: who adds an entry locks this
-- row, who adds devices shares it, so that both cannot look at the same time and see nothing.
CREATE TABLE redirect_gate (
  id {{key}} PRIMARY KEY
);
INSERT INTO redirect_gate (id) VALUES ('-');
