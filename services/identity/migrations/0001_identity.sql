-- Who is who, and who may see what.

-- People who log in.
CREATE TABLE account (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    -- Compared as NFKC, in lower case.
    username text NOT NULL,
    display_name text NOT NULL,
    email text NOT NULL,
    language text NOT NULL,
    -- Argon2id in PHC form; null until the person chose one.
    password_hash text,
    -- A welcome password, as a keyed hash; null once used or replaced.
    one_time_hash bytea,
    one_time_expires_at timestamptz,
    -- Of the registration's content: a repeat is told from another registration under the same id.
    registration_hash bytea NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (organisation_id, id)
);
SELECT zp_tenant('account');
CREATE UNIQUE INDEX account_username ON account (organisation_id, username);

-- What an account may do with one client's dossier, and the consent that it rests on.
CREATE TABLE access_grant (
    organisation_id uuid NOT NULL,
    account_id uuid NOT NULL,
    client_id uuid NOT NULL,
    relation integer NOT NULL,
    -- The contract's `Grant`s, one after another, as section and action numbers.
    sections integer[] NOT NULL,
    actions integer[] NOT NULL,
    given_by text NOT NULL,
    ground text NOT NULL,
    given_at timestamptz NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_until timestamptz,
    version bigint NOT NULL,
    PRIMARY KEY (organisation_id, account_id, client_id),
    FOREIGN KEY (organisation_id, account_id) REFERENCES account (organisation_id, id) ON DELETE CASCADE
);
SELECT zp_tenant_client('access_grant');

-- What identity keeps of clients: the name for chooser and banner.
CREATE TABLE client (
    organisation_id uuid NOT NULL,
    client_id uuid NOT NULL,
    name text NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (organisation_id, client_id)
);
SELECT zp_tenant_client('client');

-- Attempts to log in.
CREATE TABLE login (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    token_hash bytea NOT NULL,
    state integer NOT NULL,
    code_hash bytea NOT NULL,
    code_expires_at timestamptz NOT NULL,
    codes_sent integer NOT NULL,
    tries integer NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (organisation_id, account_id) REFERENCES account (organisation_id, id) ON DELETE CASCADE
);
SELECT zp_tenant('login');
CREATE UNIQUE INDEX login_token ON login (organisation_id, token_hash);
CREATE INDEX login_account ON login (organisation_id, account_id);
CREATE INDEX login_expiry ON login (organisation_id, expires_at);

-- Logins that last.
CREATE TABLE session (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    token_hash bytea NOT NULL,
    -- How the person was authenticated (RFC 8176), and the level that follows.
    amr text[] NOT NULL,
    level integer NOT NULL,
    started_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (organisation_id, account_id) REFERENCES account (organisation_id, id) ON DELETE CASCADE
);
SELECT zp_tenant('session');
CREATE UNIQUE INDEX session_token ON session (organisation_id, token_hash);
CREATE INDEX session_account ON session (organisation_id, account_id);
CREATE INDEX session_end ON session (organisation_id, ends_at);

-- Systems of an organisation, such as the ECD.
CREATE TABLE system_account (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    secret_hash bytea NOT NULL,
    scopes text[] NOT NULL,
    PRIMARY KEY (organisation_id, id)
);
SELECT zp_tenant('system_account');
CREATE UNIQUE INDEX system_account_name ON system_account (organisation_id, name);
