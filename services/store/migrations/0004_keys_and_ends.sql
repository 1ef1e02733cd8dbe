-- The audit trail is keyed, is compared with what was told, and leaves month by month; the event log is authenticated,
-- has a counter of its own and an end; what may be told again has an end.

-- Each event of the log carries a keyed hash (`mac`) of its position and content. The next position comes from a counter,
-- so that a deleted event shows as a gap; `first` is the lowest position that is kept, with its own keyed hash.
ALTER TABLE event_log ADD COLUMN logged_at timestamptz, ADD COLUMN mac bytea NOT NULL DEFAULT '';
-- The id of an event (UUIDv7) begins with its time in milliseconds.
UPDATE event_log SET logged_at =
    to_timestamp(('x' || translate(left(event_id::text, 13), '-', ''))::bit(48)::bigint / 1000.0);
ALTER TABLE event_log ALTER COLUMN logged_at SET NOT NULL;
SELECT zp_grant('DELETE', 'event_log', 'relay');

CREATE TABLE event_position (
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    last bigint NOT NULL,
    first bigint NOT NULL,
    first_mac bytea NOT NULL DEFAULT '',
    -- When the bus made the streams into which this service publishes; null: not seen yet.
    events_made_at timestamptz,
    deliveries_made_at timestamptz
);
INSERT INTO event_position (last, first) SELECT coalesce(max(position), 0), coalesce(min(position), 1) FROM event_log;
SELECT zp_grant('SELECT, UPDATE', 'event_position', 'relay');

SELECT zp_grant('DELETE', 'inbox', 'relay');
SELECT zp_grant('SELECT', 'inbox', 'relay');

-- A dead delivery is of no use after `expires_at`: its payload is blanked.
ALTER TABLE dead_letter ADD COLUMN expires_at timestamptz;

-- Blanks the dead letters about an account that was removed. The app may do this alone, not read dead letters.
CREATE FUNCTION zp_blank_dead_letters(account uuid) RETURNS void LANGUAGE sql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
    UPDATE dead_letter SET payload = '', expires_at = NULL
    WHERE position(convert_to(account::text, 'UTF8') IN payload) > 0
$$;
REVOKE EXECUTE ON FUNCTION zp_blank_dead_letters FROM PUBLIC;

-- Systems whose tokens from before a time no longer open or keep a stream.
CREATE TABLE revocation (
    organisation_id uuid NOT NULL,
    system_id uuid NOT NULL,
    revoked_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, system_id)
);
SELECT zp_tenant('revocation');

-- The trail, one partition for each month. `event_id` names the event that tells of the record.
ALTER TABLE audit_record RENAME TO audit_record_before;
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
    person_impersonator text NOT NULL,
    section integer NOT NULL,
    method text NOT NULL,
    outcome integer NOT NULL,
    correlation_id text NOT NULL,
    object_kind text NOT NULL,
    object_id text NOT NULL,
    event_id uuid NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT audit_record_chain PRIMARY KEY (organisation_id, writer_id, day, sequence)
) PARTITION BY RANGE (day);
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

-- Makes the partition for a day's month, unless it is there. No role may reach a partition directly.
CREATE FUNCTION zp_audit_month(day date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
DECLARE
    first_day date := make_date(extract(year FROM day)::integer, extract(month FROM day)::integer, 1);
    next_month date := (first_day + interval '1 month')::date;
    month text := 'audit_record_' || to_char(first_day, 'YYYYMM');
BEGIN
    IF to_regclass(month) IS NOT NULL THEN
        RETURN;
    END IF;
    -- One process at a time; the others find the partition.
    PERFORM pg_advisory_xact_lock(1096111185);
    IF to_regclass(month) IS NOT NULL THEN
        RETURN;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE audit_record INCLUDING ALL)', month);
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', month);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', month);
    -- With this check, the table is attached without a scan, and readers of other months do not wait.
    EXECUTE format('ALTER TABLE %I ADD CHECK (day >= %L AND day < %L)', month, first_day, next_month);
    EXECUTE format('ALTER TABLE audit_record ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
        month, first_day, next_month);
END $$;
REVOKE EXECUTE ON FUNCTION zp_audit_month FROM PUBLIC;
DO $$ BEGIN
    EXECUTE format('GRANT EXECUTE ON FUNCTION zp_audit_month TO %I', zp_role('audit'));
    EXECUTE format('GRANT EXECUTE ON FUNCTION zp_blank_dead_letters TO %I', zp_role('app'));
END $$;

-- Records of before have no key in their hash and no event: VerifyAudit reports them.
ALTER TABLE audit_record_before NO FORCE ROW LEVEL SECURITY;
SELECT zp_audit_month(day) FROM (SELECT DISTINCT day FROM audit_record_before) AS days;
ALTER TABLE audit_record NO FORCE ROW LEVEL SECURITY;
INSERT INTO audit_record (organisation_id, writer_id, day, sequence, record_id, client_id, recorded_at, actor_kind,
    actor_id, person_name, person_relation, person_ground, person_impersonator, section, method, outcome,
    correlation_id, object_kind, object_id, event_id, hash)
SELECT organisation_id, writer_id, day, sequence, record_id, client_id, recorded_at, actor_kind, actor_id, person_name,
    person_relation, person_ground, person_impersonator, section, method, outcome, correlation_id, object_kind,
    object_id, '00000000-0000-0000-0000-000000000000', hash
FROM audit_record_before;
ALTER TABLE audit_record FORCE ROW LEVEL SECURITY;
DROP TABLE audit_record_before;

-- The months that an operator exported and removed, with a digest of the heads of their chains.
CREATE TABLE audit_left (
    organisation_id uuid NOT NULL,
    month date NOT NULL,
    records bigint NOT NULL,
    chains bigint NOT NULL,
    heads_sha256 bytea NOT NULL,
    left_at timestamptz NOT NULL,
    mac bytea NOT NULL,
    PRIMARY KEY (organisation_id, month)
);
ALTER TABLE audit_left ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_left FORCE ROW LEVEL SECURITY;
DO $$ BEGIN
    EXECUTE format('CREATE POLICY export ON audit_left FOR INSERT TO %I WITH CHECK (true)', zp_role('owner'));
    EXECUTE format(
        'CREATE POLICY organisation ON audit_left FOR SELECT TO %I
            USING (organisation_id = current_setting(''zorgportaal.organisation_id'')::uuid)', zp_role('app'));
END $$;
SELECT zp_grant('SELECT', 'audit_left', 'app');
