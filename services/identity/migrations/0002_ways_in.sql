-- The ways to log in, and who may see what.

ALTER TABLE account
    ADD COLUMN phone text NOT NULL DEFAULT '',
    ADD COLUMN text_size text NOT NULL DEFAULT 'normal',
    -- Whose terms count for the person; empty: the organisation's first.
    ADD COLUMN legal_entity text NOT NULL DEFAULT '',
    -- The version of them that was accepted; 0: none.
    ADD COLUMN terms_version integer NOT NULL DEFAULT 0,
    ADD COLUMN password_set_at timestamptz,
    ADD COLUMN last_login_at timestamptz,
    -- A link to choose a new password, hashed; null once used or replaced.
    ADD COLUMN reset_hash bytea,
    ADD COLUMN reset_expires_at timestamptz,
    -- A registration is about one client: its hash stands at the grant.
    DROP COLUMN registration_hash;
CREATE INDEX account_reset ON account (organisation_id, reset_hash) WHERE reset_hash IS NOT NULL;
CREATE INDEX account_email ON account (organisation_id, lower(email));

ALTER TABLE access_grant
    -- As those know it who may give and end access: it tells nothing of the account.
    ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid(),
    ADD COLUMN representative integer NOT NULL DEFAULT 0,
    -- Of the registration's content: a repeat is told from another registration. Null where it was an invitation.
    ADD COLUMN registration_hash bytea,
    -- It counts: accepted where it was an invitation, and not ended.
    ADD COLUMN active boolean NOT NULL DEFAULT true;
CREATE UNIQUE INDEX access_grant_id ON access_grant (organisation_id, id);
CREATE INDEX access_grant_client ON access_grant (organisation_id, client_id);
CREATE INDEX access_grant_end ON access_grant (organisation_id, valid_until) WHERE active;

-- Invitations to a client's dossier: beside the grant that they are about.
CREATE TABLE invitation (
    organisation_id uuid NOT NULL,
    account_id uuid NOT NULL,
    client_id uuid NOT NULL,
    state integer NOT NULL,
    -- As the inviter wrote it: it tells nothing of the account.
    name text NOT NULL,
    invited_by text NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, account_id, client_id),
    FOREIGN KEY (organisation_id, account_id, client_id)
        REFERENCES access_grant (organisation_id, account_id, client_id) ON DELETE CASCADE
);
SELECT zp_tenant_client('invitation');

-- Codes that were sent: of a login, a step-up or a change of address, whose id they have.
CREATE TABLE code (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    hash bytea NOT NULL,
    shown_digits text NOT NULL,
    by_sms boolean NOT NULL,
    expires_at timestamptz NOT NULL,
    sent integer NOT NULL,
    sent_at timestamptz NOT NULL,
    tries integer NOT NULL,
    -- Until when new ones can be asked for.
    ends_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (organisation_id, account_id) REFERENCES account (organisation_id, id) ON DELETE CASCADE
);
SELECT zp_tenant('code');
CREATE INDEX code_account ON code (organisation_id, account_id);
CREATE INDEX code_end ON code (organisation_id, ends_at);

ALTER TABLE login
    DROP COLUMN code_hash,
    DROP COLUMN code_expires_at,
    DROP COLUMN codes_sent,
    -- It began with a password that was sent.
    ADD COLUMN one_time boolean NOT NULL DEFAULT false,
    -- It came from a browser that had logged in before.
    ADD COLUMN known_device boolean NOT NULL DEFAULT false,
    -- What was proven so far (RFC 8176).
    ADD COLUMN amr text[] NOT NULL DEFAULT '{}',
    ADD COLUMN device_name text NOT NULL DEFAULT '';

-- Browsers that logged in with a code.
CREATE TABLE device (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    token_hash bytea NOT NULL,
    name text NOT NULL,
    -- No code is asked there; else it is only told from a stranger's when passwords are guessed.
    remembered boolean NOT NULL,
    added_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (organisation_id, account_id) REFERENCES account (organisation_id, id) ON DELETE CASCADE
);
SELECT zp_tenant('device');
CREATE UNIQUE INDEX device_token ON device (organisation_id, token_hash);
CREATE INDEX device_account ON device (organisation_id, account_id);
CREATE INDEX device_end ON device (organisation_id, expires_at);

-- Counts that make guessing slow and sending dear.
CREATE TABLE throttle (
    organisation_id uuid NOT NULL,
    kind integer NOT NULL,
    key bytea NOT NULL,
    count integer NOT NULL,
    since timestamptz NOT NULL,
    until timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, kind, key)
);
SELECT zp_tenant('throttle');
CREATE INDEX throttle_since ON throttle (organisation_id, since);

ALTER TABLE session
    -- Whose dossier it is about, where that was chosen.
    ADD COLUMN chosen_client uuid,
    -- Who acts in the account's name; empty: the person itself.
    ADD COLUMN impersonator text NOT NULL DEFAULT '',
    ADD COLUMN device_name text NOT NULL DEFAULT '',
    ADD COLUMN last_login_at timestamptz;

-- Proving more surely who is there: one at a time for each session.
CREATE TABLE step_up (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    session_id uuid NOT NULL,
    purpose integer NOT NULL,
    -- The contract's `StepUpSubject`.
    subject bytea NOT NULL,
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (organisation_id, session_id) REFERENCES session (organisation_id, id) ON DELETE CASCADE
);
SELECT zp_tenant('step_up');
CREATE UNIQUE INDEX step_up_session ON step_up (organisation_id, session_id);

-- New addresses and numbers that wait for their code: one of each kind for each account.
CREATE TABLE contact_change (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    is_phone boolean NOT NULL,
    value text NOT NULL,
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (organisation_id, account_id) REFERENCES account (organisation_id, id) ON DELETE CASCADE
);
SELECT zp_tenant('contact_change');
CREATE UNIQUE INDEX contact_change_account ON contact_change (organisation_id, account_id, is_phone);

-- Requests for a new password, known name or not: what is sent is decided later, so that the answer's time does not tell.
CREATE TABLE reset_request (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    username text NOT NULL,
    email text NOT NULL,
    PRIMARY KEY (organisation_id, id)
);
SELECT zp_tenant('reset_request');

-- Sessions in an account's name that a system asked for and nobody opened yet.
CREATE TABLE impersonation (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    token_hash bytea NOT NULL,
    impersonator text NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (organisation_id, account_id) REFERENCES account (organisation_id, id) ON DELETE CASCADE
);
SELECT zp_tenant('impersonation');
CREATE UNIQUE INDEX impersonation_token ON impersonation (organisation_id, token_hash);
CREATE INDEX impersonation_account ON impersonation (organisation_id, account_id);

-- Clients whose care has ended: access to them ends too.
CREATE TABLE end_of_access (
    organisation_id uuid NOT NULL,
    client_id uuid NOT NULL,
    -- Null: care goes on.
    ends_at timestamptz,
    is_told boolean NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (organisation_id, client_id)
);
SELECT zp_tenant_client('end_of_access');
CREATE INDEX end_of_access_end ON end_of_access (organisation_id, ends_at);

-- People who are gone and whom the event log is still to forget.
CREATE TABLE erasure (
    organisation_id uuid NOT NULL,
    account_id uuid NOT NULL,
    PRIMARY KEY (organisation_id, account_id)
);
SELECT zp_tenant('erasure');
