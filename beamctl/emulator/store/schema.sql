-- Timestamps are UTC strings of fixed width. `folded` is an e-mail address normalized for comparison.

CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE workspace (
  id             INTEGER PRIMARY KEY,
  public_id      TEXT NOT NULL UNIQUE,
  name           TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 49),
  display_name   TEXT,
  labels         TEXT NOT NULL DEFAULT '{}' CHECK (json_type(labels) = 'object'),
  region         TEXT,
  group_mappings TEXT NOT NULL DEFAULT '[]' CHECK (json_type(group_mappings) = 'array'),
  runtime        TEXT NOT NULL DEFAULT '{}' CHECK (json_type(runtime) = 'object'),
  features       TEXT NOT NULL DEFAULT '{}' CHECK (json_type(features) = 'object'),
  status         TEXT NOT NULL DEFAULT 'ready' CHECK (status <> ''),
  status_reason  TEXT,
  hipaa_info     TEXT NOT NULL DEFAULT '{}' CHECK (json_type(hipaa_info) = 'object'),
  baseten_team   TEXT, -- the Baseten team that manages the membership, if any
  created_at     TEXT NOT NULL,
  updated_at     TEXT NOT NULL,
  created_by     TEXT NOT NULL,
  updated_by     TEXT NOT NULL
) STRICT;

CREATE TABLE person (
  sub            TEXT PRIMARY KEY,
  email          TEXT NOT NULL,
  folded         TEXT NOT NULL UNIQUE CHECK (folded LIKE '%_@_%'),
  email_verified INTEGER NOT NULL DEFAULT 1 CHECK (email_verified IN (0, 1)),
  given_name     TEXT,
  family_name    TEXT,
  mfa_enabled    INTEGER NOT NULL DEFAULT 0 CHECK (mfa_enabled IN (0, 1)),
  billing        INTEGER NOT NULL DEFAULT 1 CHECK (billing IN (0, 1)), -- whether a billing account is linked
  created_at     TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE membership (
  workspace_id INTEGER NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
  sub          TEXT NOT NULL REFERENCES person (sub) ON DELETE CASCADE,
  role         TEXT NOT NULL CHECK (role <> ''),
  source       TEXT CHECK (source IN ('invitation', 'directory_sync', 'domain_capture')),
  created_at   TEXT NOT NULL,
  updated_at   TEXT NOT NULL,
  invitation   TEXT UNIQUE, -- ID of the accepted, deleted invitation
  PRIMARY KEY (workspace_id, sub)
) STRICT, WITHOUT ROWID;

CREATE INDEX membership_of_person ON membership (sub);
CREATE INDEX membership_by_role ON membership (workspace_id, role);

-- Members from the organization's directory; a synchronization re-adds those that are missing.
CREATE TABLE directory (
  workspace_id INTEGER NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
  sub          TEXT NOT NULL REFERENCES person (sub) ON DELETE CASCADE,
  role         TEXT NOT NULL CHECK (role <> ''),
  PRIMARY KEY (workspace_id, sub)
) STRICT, WITHOUT ROWID;

CREATE INDEX directory_of_person ON directory (sub);

CREATE TABLE invitation (
  id           TEXT PRIMARY KEY,
  workspace_id INTEGER NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
  email        TEXT NOT NULL,
  folded       TEXT NOT NULL CHECK (folded LIKE '%_@_%'),
  role         TEXT NOT NULL CHECK (role <> ''),
  invited_by   TEXT NOT NULL,
  expires_at   TEXT NOT NULL,
  created_at   TEXT NOT NULL,
  updated_at   TEXT NOT NULL,
  updated_by   TEXT NOT NULL,
  UNIQUE (workspace_id, folded)
) STRICT, WITHOUT ROWID;

CREATE INDEX invitation_of_person ON invitation (folded);

-- A member of a workspace cannot have an invitation to it at the same time.
CREATE TRIGGER no_invitation_for_a_member BEFORE INSERT ON invitation
WHEN EXISTS (
  SELECT 1 FROM membership JOIN person USING (sub)
  WHERE membership.workspace_id = NEW.workspace_id AND person.folded = NEW.folded
)
BEGIN SELECT RAISE (ABORT, 'the invitee is a member already'); END;

CREATE TRIGGER no_membership_beside_an_invitation BEFORE INSERT ON membership
WHEN EXISTS (
  SELECT 1 FROM invitation JOIN person USING (folded)
  WHERE invitation.workspace_id = NEW.workspace_id AND person.sub = NEW.sub
)
BEGIN SELECT RAISE (ABORT, 'the new member has an invitation left'); END;

CREATE TABLE service_account (
  client_id    TEXT PRIMARY KEY,
  workspace_id INTEGER NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
  name         TEXT NOT NULL CHECK (name <> ''),
  description  TEXT,
  role         TEXT NOT NULL CHECK (role <> ''),
  secret       TEXT NOT NULL CHECK (length(secret) = 64),
  created_at   TEXT NOT NULL,
  updated_at   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX service_account_of_workspace ON service_account (workspace_id);

-- Keys are stored as SHA-256 only. Each belongs to a person or to a service account.
CREATE TABLE api_key (
  digest     TEXT PRIMARY KEY CHECK (length(digest) = 64),
  id         TEXT NOT NULL UNIQUE,
  sub        TEXT REFERENCES person (sub) ON DELETE CASCADE,
  client_id  TEXT REFERENCES service_account (client_id) ON DELETE CASCADE,
  name       TEXT NOT NULL,
  expires_in TEXT,
  expires_at TEXT,
  created_at TEXT NOT NULL,
  created_by TEXT NOT NULL,
  CHECK ((sub IS NULL) <> (client_id IS NULL)),
  CHECK ((expires_in IS NULL) = (expires_at IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX api_key_of_person ON api_key (sub);
CREATE INDEX api_key_of_service_account ON api_key (client_id);

-- Logins started by a device and approved by a person (`sub`). Both codes are stored as SHA-256 only. Used logins are
-- kept until the expired ones are deleted, so that their codes are reported as used.
CREATE TABLE device_login (
  device_code TEXT PRIMARY KEY CHECK (length(device_code) = 64),
  user_code   TEXT NOT NULL UNIQUE CHECK (length(user_code) = 64),
  client_id   TEXT NOT NULL CHECK (client_id <> ''),
  state       TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'approved', 'denied', 'used')),
  sub         TEXT REFERENCES person (sub) ON DELETE CASCADE,
  interval    INTEGER NOT NULL CHECK (interval > 0),
  polled_at   TEXT,
  created_at  TEXT NOT NULL,
  expires_at  TEXT NOT NULL,
  CHECK ((sub IS NULL) = (state IN ('pending', 'denied')))
) STRICT, WITHOUT ROWID;

CREATE INDEX device_login_of_person ON device_login (sub);
CREATE INDEX device_login_by_end ON device_login (expires_at);

-- All objects with a name, metadata and a spec, and the names of secrets. `searched` is the text that `q` is searched in.
CREATE TABLE resource (
  id           INTEGER PRIMARY KEY,
  workspace_id INTEGER NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
  kind         TEXT NOT NULL CHECK (kind <> ''),
  name         TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 253),
  display_name TEXT,
  external_id  TEXT,
  labels       TEXT NOT NULL DEFAULT '{}' CHECK (json_type(labels) = 'object'),
  spec         TEXT NOT NULL DEFAULT '{}' CHECK (json_type(spec) = 'object'),
  searched     TEXT NOT NULL,
  created_at   TEXT NOT NULL,
  updated_at   TEXT NOT NULL,
  created_by   TEXT NOT NULL,
  updated_by   TEXT NOT NULL,
  UNIQUE (workspace_id, kind, name)
) STRICT;

CREATE INDEX resource_by_age ON resource (workspace_id, kind, created_at, id);

-- Images and custom domains that another workspace sees; a share without a target is for every workspace.
CREATE TABLE share (
  id          INTEGER PRIMARY KEY,
  resource_id INTEGER NOT NULL REFERENCES resource (id) ON DELETE CASCADE,
  target_id   INTEGER REFERENCES workspace (id) ON DELETE CASCADE
) STRICT;

CREATE UNIQUE INDEX share_once ON share (resource_id, coalesce(target_id, 0));
CREATE INDEX share_of_target ON share (target_id);

-- The tokens that queries of a model used.
CREATE TABLE token_usage (
  id           INTEGER PRIMARY KEY,
  workspace_id INTEGER NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
  model        TEXT NOT NULL CHECK (model <> ''),
  input        INTEGER NOT NULL CHECK (input >= 0),
  output       INTEGER NOT NULL CHECK (output >= 0),
  used_at      TEXT NOT NULL
) STRICT;

CREATE INDEX token_usage_by_time ON token_usage (workspace_id, model, used_at);

-- The deployments and the usage of a model are deleted with it.
CREATE TRIGGER deployments_of_a_model AFTER DELETE ON resource WHEN OLD.kind = 'models'
BEGIN
  DELETE FROM resource WHERE workspace_id = OLD.workspace_id AND kind = 'models/' || OLD.name || '/deployments';
  DELETE FROM token_usage WHERE workspace_id = OLD.workspace_id AND model = OLD.name;
END;

-- The two environments of every Beamlit workspace; hidden outside the Beamlit era.
CREATE TRIGGER built_in_environments AFTER INSERT ON workspace
BEGIN
  INSERT INTO resource (workspace_id, kind, name, searched, created_at, updated_at, created_by, updated_by)
  SELECT NEW.id, 'environments', value, value, NEW.created_at, NEW.updated_at, NEW.created_by, NEW.updated_by
  FROM json_each('["development", "production"]');
END;
