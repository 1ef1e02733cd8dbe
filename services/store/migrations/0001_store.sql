-- What every service's database has. Helper functions first: a migration says `zp_tenant('report')` and has all of it.

-- The role of this service with a suffix: the owner's name tells which service it is.
CREATE FUNCTION zp_role(suffix text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT regexp_replace(current_user::text, '_owner$', '') || '_' || suffix
$$;

-- Gives privileges on a table to one of the service's roles.
CREATE FUNCTION zp_grant(privileges text, target regclass, suffix text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('GRANT %s ON %s TO %I', privileges, target, zp_role(suffix));
END $$;

-- A table whose rows are of one organisation: forced row-level security, and the app's rights.
CREATE FUNCTION zp_tenant(target regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
    EXECUTE format(
        'CREATE POLICY organisation ON %s USING (organisation_id = current_setting(''zorgportaal.organisation_id'')::uuid)',
        target);
    PERFORM zp_grant('SELECT, INSERT, UPDATE, DELETE', target, 'app');
END $$;

-- A table whose rows are, moreover, about one client: where a client is chosen, only that client's rows are there.
CREATE FUNCTION zp_tenant_client(target regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM zp_tenant(target);
    EXECUTE format(
        'CREATE POLICY client ON %s AS RESTRICTIVE USING (
            CASE current_setting(''zorgportaal.client_id'')
                WHEN '''' THEN true
                ELSE client_id = current_setting(''zorgportaal.client_id'')::uuid
            END)',
        target);
END $$;

-- Events that wait to be published. Filled inside the transaction that they tell of.
CREATE TABLE outbox (
    sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id uuid NOT NULL UNIQUE,
    organisation_id uuid NOT NULL,
    subject text NOT NULL,
    payload bytea NOT NULL,
    traceparent text NOT NULL,
    expires_at timestamptz
);
SELECT zp_grant('INSERT', 'outbox', 'app');
SELECT zp_grant('INSERT', 'outbox', 'audit');
SELECT zp_grant('SELECT, INSERT, DELETE', 'outbox', 'relay');

-- Events that were published, in order: the record, and what the change feed reads.
CREATE TABLE event_log (
    position bigint PRIMARY KEY,
    event_id uuid NOT NULL UNIQUE,
    organisation_id uuid NOT NULL,
    subject text NOT NULL,
    payload bytea NOT NULL,
    traceparent text NOT NULL,
    -- A delivery's payload is blanked after this.
    expires_at timestamptz
);
CREATE INDEX event_log_feed ON event_log (organisation_id, position);
CREATE INDEX event_log_expiry ON event_log (expires_at) WHERE expires_at IS NOT NULL;
SELECT zp_grant('SELECT, INSERT, UPDATE', 'event_log', 'relay');

-- Events that were handled: the mark that commits together with a handler's effect.
CREATE TABLE inbox (
    consumer text NOT NULL,
    event_id uuid NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (consumer, event_id)
);
SELECT zp_grant('SELECT, INSERT', 'inbox', 'app');

-- Events that could not be handled, with the reason, for an operator to look at and replay.
CREATE TABLE dead_letter (
    consumer text NOT NULL,
    event_id uuid NOT NULL,
    subject text NOT NULL,
    payload bytea NOT NULL,
    reason text NOT NULL,
    attempts bigint NOT NULL,
    died_at timestamptz NOT NULL,
    PRIMARY KEY (consumer, event_id)
);
SELECT zp_grant('SELECT, INSERT, UPDATE, DELETE', 'dead_letter', 'relay');

-- The organisations, with their settings: who there is to do due work for.
CREATE TABLE organisation (
    organisation_id uuid PRIMARY KEY,
    key text NOT NULL UNIQUE,
    version bigint NOT NULL,
    settings bytea NOT NULL
);
SELECT zp_grant('SELECT, INSERT, UPDATE', 'organisation', 'app');

-- Who did what with whose data (NEN 7513). Append-only; every writer hashes its records of a day into a chain.
CREATE TABLE audit_record (
    organisation_id uuid NOT NULL,
    writer_id uuid NOT NULL,
    day date NOT NULL,
    sequence bigint NOT NULL,
    record_id uuid NOT NULL,
    client_id uuid,
    recorded_at timestamptz NOT NULL,
    actor_kind integer NOT NULL,
    actor_id text NOT NULL,
    person_name text NOT NULL,
    person_relation text NOT NULL,
    person_ground text NOT NULL,
    section integer NOT NULL,
    method text NOT NULL,
    outcome integer NOT NULL,
    correlation_id text NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (organisation_id, writer_id, day, sequence)
);
ALTER TABLE audit_record ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_record FORCE ROW LEVEL SECURITY;
DO $$ BEGIN
    EXECUTE format('CREATE POLICY writer ON audit_record FOR INSERT TO %I WITH CHECK (true)', zp_role('audit'));
    EXECUTE format(
        'CREATE POLICY organisation ON audit_record FOR SELECT TO %I
            USING (organisation_id = current_setting(''zorgportaal.organisation_id'')::uuid)', zp_role('app'));
    EXECUTE format(
        'CREATE POLICY client ON audit_record AS RESTRICTIVE FOR SELECT TO %I
            USING (CASE current_setting(''zorgportaal.client_id'')
                WHEN '''' THEN true
                ELSE client_id = current_setting(''zorgportaal.client_id'')::uuid
            END)', zp_role('app'));
END $$;
SELECT zp_grant('INSERT', 'audit_record', 'audit');
SELECT zp_grant('SELECT', 'audit_record', 'app');
