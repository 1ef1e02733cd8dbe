-- A write and its record are one: a transaction that changes something commits the intent of its audit record with the
-- change. The trail's writer records the access and deletes the intent in one statement; what a crash left is recorded
-- by due work. The service's own role can neither read nor delete an intent.
CREATE TABLE audit_intent (
    organisation_id uuid NOT NULL,
    record_id uuid NOT NULL,
    client_id uuid,
    recorded_at timestamptz NOT NULL,
    actor_kind integer NOT NULL,
    actor_id text NOT NULL,
    person_name text NOT NULL,
    person_relation text NOT NULL,
    person_ground text NOT NULL,
    person_impersonator text NOT NULL,
    section integer NOT NULL,
    method text NOT NULL,
    object_kind text NOT NULL,
    object_id text NOT NULL,
    correlation_id text NOT NULL,
    PRIMARY KEY (organisation_id, record_id)
);
CREATE INDEX audit_intent_age ON audit_intent (recorded_at);
ALTER TABLE audit_intent ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_intent FORCE ROW LEVEL SECURITY;
DO $$ BEGIN
    EXECUTE format(
        'CREATE POLICY organisation ON audit_intent FOR INSERT TO %I
            WITH CHECK (organisation_id = current_setting(''zorgportaal.organisation_id'')::uuid)', zp_role('app'));
    EXECUTE format('CREATE POLICY writer ON audit_intent TO %I USING (true)', zp_role('audit'));
END $$;
SELECT zp_grant('INSERT', 'audit_intent', 'app');
SELECT zp_grant('SELECT, DELETE', 'audit_intent', 'audit');

-- What a record is about. Hashed where not empty, so that older records keep their hashes.
ALTER TABLE audit_record
    ADD COLUMN object_kind text NOT NULL DEFAULT '',
    ADD COLUMN object_id text NOT NULL DEFAULT '';
