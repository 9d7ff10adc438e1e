-- +goose Up
-- What can be sold: base packages, of which everybody has exactly one, and add-ons (WS-4 … WS-11). The id is the code. features
-- holds what the package is entitled to: a feature's key, with '' or the text of its limit.
CREATE TABLE catalog_items (
  id          {{key}} PRIMARY KEY,
  kind        TEXT NOT NULL CHECK (kind IN ('base', 'add_on')),
  sku         {{key}} NOT NULL,
  name        TEXT NOT NULL,
  description TEXT NOT NULL,
  rank        BIGINT NOT NULL,
  calling     TEXT NOT NULL CHECK (calling IN ('none', 'basic', 'subset', 'advanced', 'full')),
  messaging   BOOLEAN NOT NULL,
  meetings    TEXT NOT NULL CHECK (meetings IN ('none', 'basic', 'full')),
  assign_to   TEXT NOT NULL CHECK (assign_to IN ('user', 'workspace', 'both')),
  depends_on  TEXT NOT NULL,
  features    TEXT NOT NULL,
  rule        TEXT NOT NULL CHECK (rule IN ('prorated', 'count_on_day', 'peak', 'full_month', 'once')),
  state       TEXT NOT NULL CHECK (state IN ('active', 'retired')),
  created     BIGINT NOT NULL,
  updated     BIGINT NOT NULL,
  version     BIGINT NOT NULL
);
CREATE UNIQUE INDEX catalog_items_sku ON catalog_items (sku);

-- Every name that is accepted for an item, its code among them, so that no name means two.
CREATE TABLE catalog_names (
  id      {{key}} PRIMARY KEY,
  item_id {{key}} NOT NULL REFERENCES catalog_items (id)
);
CREATE INDEX catalog_names_item ON catalog_names (item_id);

-- The blank order of a partner: what it may sell, at which transfer prices; all usage below it is charged here (WS-54, WS-79).
CREATE TABLE catalog_subscriptions (
  id          {{key}} PRIMARY KEY,
  partner_id  {{key}} NOT NULL REFERENCES tenant_tenants (id),
  scope       {{key}} NOT NULL,
  currency    TEXT NOT NULL,
  start_date  TEXT NOT NULL,
  billing_day BIGINT NOT NULL CHECK (billing_day BETWEEN 1 AND 28),
  state       TEXT NOT NULL CHECK (state IN ('draft', 'active', 'suspended', 'closed')),
  created     BIGINT NOT NULL,
  updated     BIGINT NOT NULL,
  version     BIGINT NOT NULL
);
CREATE UNIQUE INDEX catalog_subscriptions_partner_id ON catalog_subscriptions (partner_id) WHERE state <> 'closed';
CREATE INDEX catalog_subscriptions_history ON catalog_subscriptions (partner_id, id);

CREATE TABLE catalog_subscription_items (
  subscription_id {{key}} NOT NULL REFERENCES catalog_subscriptions (id),
  item_id         {{key}} NOT NULL REFERENCES catalog_items (id),
  PRIMARY KEY (subscription_id, item_id)
);

-- Prices per unit and month in ten-thousandths of the currency's unit, from a day on (WS-2).
CREATE TABLE catalog_prices (
  subscription_id {{key}} NOT NULL REFERENCES catalog_subscriptions (id),
  item_id         {{key}} NOT NULL REFERENCES catalog_items (id),
  valid_from      {{key}} NOT NULL,
  price           BIGINT NOT NULL CHECK (price >= 0),
  PRIMARY KEY (subscription_id, item_id, valid_from)
);

-- What a provider asks of its own customers; customer_id is '' for all of them (WS-2, WS-59).
CREATE TABLE catalog_retail_prices (
  provider_id {{key}} NOT NULL REFERENCES tenant_tenants (id),
  customer_id {{key}} NOT NULL,
  item_id     {{key}} NOT NULL REFERENCES catalog_items (id),
  valid_from  {{key}} NOT NULL,
  price       BIGINT NOT NULL CHECK (price >= 0),
  PRIMARY KEY (provider_id, customer_id, item_id, valid_from)
);
CREATE TABLE catalog_retail_lists (
  id       {{key}} PRIMARY KEY REFERENCES tenant_tenants (id),
  currency TEXT NOT NULL,
  version  BIGINT NOT NULL
);

-- The packages of a customer, each with the most that may be assigned, and how many are (WS-12, WS-13).
CREATE TABLE catalog_customer_packages (
  customer_id {{key}} NOT NULL REFERENCES tenant_tenants (id),
  item_id     {{key}} NOT NULL REFERENCES catalog_items (id),
  most        BIGINT,
  used        BIGINT NOT NULL CHECK (used >= 0),
  PRIMARY KEY (customer_id, item_id),
  CHECK (most IS NULL OR used <= most)
);
CREATE TABLE catalog_customers (
  id      {{key}} PRIMARY KEY REFERENCES tenant_tenants (id),
  version BIGINT NOT NULL
);

INSERT INTO catalog_items (id, kind, sku, name, description, rank, calling, messaging, meetings, assign_to, depends_on, features, rule, state, created, updated, version) VALUES
  ('common_area', 'base', 'LC-COMMON-AREA', 'Common area', 'Basic calling for places without a person', 1, 'basic', FALSE, 'none', 'workspace', '[]',
  '{"busy_lamp_field":"","call_forwarding":"","call_hold":"","call_park_group":"","call_pickup":"","call_transfer":"","call_waiting":"","call_waiting_id":"","extension_dialling":"","external_line_id":"","feature_access_codes":"","group_paging":"","inbound_caller_id":"","intercept_group":"","internal_line_id":"","music_on_hold":"","t38_fax":""}',
  'prorated', 'active', 0, 0, 1);
INSERT INTO catalog_items (id, kind, sku, name, description, rank, calling, messaging, meetings, assign_to, depends_on, features, rule, state, created, updated, version) VALUES
  ('enhanced_calling', 'base', 'LC-ENHANCED-CALLING', 'Enhanced calling', 'Calling with a soft phone or a device, without messaging and meetings', 2, 'subset', FALSE, 'none', 'user', '[]',
  '{"alternate_numbers":"","anonymous_call_rejection":"","auto_attendant":"","barge_in_exempt":"","business_continuity":"","busy_lamp_field":"","call_forwarding":"","call_history":"","call_hold":"","call_logs":"","call_notify":"","call_park_authentication":"","call_park_group":"","call_pickup":"","call_recording":"","call_redial":"","call_return":"","call_transfer":"","call_waiting":"","call_waiting_id":"","caller_id_blocking":"","connected_line_restriction":"","directed_pickup":"","directed_pickup_barge_in":"","do_not_disturb":"","enterprise_directory":"","extension_dialling":"","external_line_id":"","fax_to_email":"","feature_access_codes":"","group_paging":"","hoteling":"","inbound_caller_id":"","intercept_group":"","intercept_user":"","internal_line_id":"","mobility":"","multiple_lines":"","music_on_hold":"","n_way_calling":"","office_anywhere":"","personal_directory":"","priority_alert":"","privacy":"","push_to_talk":"","remote_office":"","selective_acceptance":"","selective_rejection":"","sequential_ring":"","shared_call_appearance":"","simultaneous_ring":"","speed_dial_100":"","t38_fax":"","teams_integration":"","three_way_call":"","unified_messaging":"","user_intercept":"","user_portal":"","video":"","visual_voicemail":"","voice_portal":"","voicemail":""}',
  'prorated', 'active', 0, 0, 1);
INSERT INTO catalog_items (id, kind, sku, name, description, rank, calling, messaging, meetings, assign_to, depends_on, features, rule, state, created, updated, version) VALUES
  ('calling', 'base', 'LC-CALLING', 'Calling', 'Advanced calling, messaging and basic meetings', 3, 'advanced', TRUE, 'basic', 'user', '[]',
  '{"alternate_numbers":"","anonymous_call_rejection":"","auto_attendant":"","barge_in_exempt":"","business_continuity":"","busy_lamp_field":"","call_forwarding":"","call_history":"","call_hold":"","call_logs":"","call_notify":"","call_park_authentication":"","call_park_group":"","call_pickup":"","call_queue":"","call_queue_agent":"","call_recording":"","call_redial":"","call_return":"","call_transfer":"","call_waiting":"","call_waiting_id":"","caller_id_blocking":"","connected_line_restriction":"","directed_pickup":"","directed_pickup_barge_in":"","do_not_disturb":"","enterprise_directory":"","executive_assistant":"","extension_dialling":"","external_line_id":"","fax_to_email":"","feature_access_codes":"","group_paging":"","hoteling":"","hunt_group":"","inbound_caller_id":"","intercept_group":"","intercept_user":"","internal_line_id":"","mobility":"","multiple_lines":"","music_on_hold":"","n_way_calling":"","office_anywhere":"","personal_directory":"","priority_alert":"","privacy":"","push_to_talk":"","receptionist":"","remote_office":"","selective_acceptance":"","selective_rejection":"","sequential_ring":"","shared_call_appearance":"","simultaneous_ring":"","speed_dial_100":"","t38_fax":"","teams_integration":"","three_way_call":"","unified_messaging":"","user_intercept":"","user_portal":"","video":"","visual_voicemail":"","voice_portal":"","voicemail":""}',
  'prorated', 'active', 0, 0, 1);
INSERT INTO catalog_items (id, kind, sku, name, description, rank, calling, messaging, meetings, assign_to, depends_on, features, rule, state, created, updated, version) VALUES
  ('suite', 'base', 'LC-SUITE', 'Suite', 'All of calling, messaging and full meetings with up to 1000 participants', 4, 'full', TRUE, 'full', 'user', '[]',
  '{"alternate_numbers":"","anonymous_call_rejection":"","auto_attendant":"","barge_in_exempt":"","business_continuity":"","busy_lamp_field":"","call_forwarding":"","call_history":"","call_hold":"","call_logs":"","call_notify":"","call_park_authentication":"","call_park_group":"","call_pickup":"","call_queue":"","call_queue_agent":"","call_recording":"","call_redial":"","call_return":"","call_transfer":"","call_waiting":"","call_waiting_id":"","caller_id_blocking":"","connected_line_restriction":"","directed_pickup":"","directed_pickup_barge_in":"","do_not_disturb":"","enterprise_directory":"","executive_assistant":"","extension_dialling":"","external_line_id":"","fax_to_email":"","feature_access_codes":"","group_paging":"","hoteling":"","hunt_group":"","inbound_caller_id":"","intercept_group":"","intercept_user":"","internal_line_id":"","mobility":"","multiple_lines":"","music_on_hold":"","n_way_calling":"","office_anywhere":"","personal_directory":"","priority_alert":"","privacy":"","push_to_talk":"","receptionist":"","remote_office":"","selective_acceptance":"","selective_rejection":"","sequential_ring":"","shared_call_appearance":"","simultaneous_ring":"","speed_dial_100":"","t38_fax":"","teams_integration":"","three_way_call":"","unified_messaging":"","user_intercept":"","user_portal":"","video":"","visual_voicemail":"","voice_portal":"","voicemail":""}',
  'prorated', 'active', 0, 0, 1);
INSERT INTO catalog_items (id, kind, sku, name, description, rank, calling, messaging, meetings, assign_to, depends_on, features, rule, state, created, updated, version) VALUES
  ('meetings', 'base', 'LC-MEETINGS', 'Meetings', 'Meetings with up to 1000 participants and messaging, without a calling seat', 0, 'none', TRUE, 'full', 'user', '[]',
  '{}',
  'prorated', 'active', 0, 0, 1);
INSERT INTO catalog_items (id, kind, sku, name, description, rank, calling, messaging, meetings, assign_to, depends_on, features, rule, state, created, updated, version) VALUES
  ('attendant_console', 'add_on', 'LC-ATTENDANT', 'Attendant console', 'Console for receptionists', 0, 'none', FALSE, 'none', 'user', '["calling", "suite"]',
  '{}',
  'prorated', 'active', 0, 0, 1);
INSERT INTO catalog_items (id, kind, sku, name, description, rank, calling, messaging, meetings, assign_to, depends_on, features, rule, state, created, updated, version) VALUES
  ('calling_plan', 'add_on', 'LC-CALLING-PLAN', 'Calling plan', 'Outbound minutes of the platform''s carrier', 0, 'none', FALSE, 'none', 'both', '["common_area", "enhanced_calling", "calling", "suite"]',
  '{}',
  'prorated', 'active', 0, 0, 1);
INSERT INTO catalog_names (id, item_id) VALUES ('common_area', 'common_area'), ('common_area_calling', 'common_area'), ('enhanced_calling', 'enhanced_calling'), ('webex_voice', 'enhanced_calling'), ('voice', 'enhanced_calling'), ('calling', 'calling'), ('webex_calling', 'calling'), ('suite', 'suite'), ('webex_suite', 'suite'), ('meetings', 'meetings'), ('webex_meetings', 'meetings'), ('attendant_console', 'attendant_console'), ('calling_plan', 'calling_plan'), ('cisco_calling_plan', 'calling_plan');
