-- +goose Up
-- How a provider's offer looks (WS-92). Empty texts come from above; the scope finds all that hold in a place with one index.
CREATE TABLE branding_brands (
  tenant_id        {{key}} PRIMARY KEY REFERENCES tenant_tenants (id),
  scope            {{key}} NOT NULL,
  kind             {{key}} NOT NULL,
  product_name     TEXT NOT NULL,
  sender_name      TEXT NOT NULL,
  support_url      TEXT NOT NULL,
  accent_light     TEXT NOT NULL,
  accent_dark      TEXT NOT NULL,
  navigation_light TEXT NOT NULL,
  navigation_dark  TEXT NOT NULL,
  logo             {{key}} NOT NULL, -- hash, '' for none
  logo_width       BIGINT NOT NULL,
  logo_height      BIGINT NOT NULL,
  logo_on_dark     BOOLEAN NOT NULL,
  version          BIGINT NOT NULL
);
CREATE UNIQUE INDEX branding_brands_scope ON branding_brands (scope);
CREATE INDEX branding_brands_logo ON branding_brands (logo) WHERE logo <> '';
CREATE INDEX branding_brands_kind ON branding_brands (kind) WHERE kind = 'operator';

-- Pictures under the hash of their bytes, drawn anew by us.
CREATE TABLE branding_logos (
  hash    {{key}} PRIMARY KEY,
  picture {{bytes}} NOT NULL,
  created BIGINT NOT NULL
);

-- Names under which the portal shows the brand of one tenant.
CREATE TABLE branding_hosts (
  host      {{key}} PRIMARY KEY,
  tenant_id {{key}} NOT NULL REFERENCES tenant_tenants (id),
  scope     {{key}} NOT NULL,
  created   BIGINT NOT NULL
);
CREATE INDEX branding_hosts_tenant_id ON branding_hosts (tenant_id);
