-- The work of a person may be about several sections (the timeline), and may be held to what lasts until a moment or
-- after it: the history from the day on which access began (R24). `zorgportaal.section` is `all` for systems and services;
-- else it holds the numbers of sections, with commas between them. Without a value, no row of a table of sections is there.
CREATE FUNCTION zp_enter(organisation uuid, client uuid, sections integer[], since timestamptz) RETURNS uuid
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM set_config('zorgportaal.organisation_id', organisation::text, true),
        set_config('zorgportaal.client_id', coalesce(client::text, ''), true),
        set_config('zorgportaal.section', coalesce(array_to_string(sections, ','), 'all'), true),
        set_config('zorgportaal.since', coalesce(since::text, ''), true);
    RETURN organisation;
END $$;
REVOKE EXECUTE ON FUNCTION zp_enter(uuid, uuid, integer[], timestamptz) FROM PUBLIC;
DO $$ BEGIN
    EXECUTE format('GRANT EXECUTE ON FUNCTION zp_enter(uuid, uuid, integer[], timestamptz) TO %I', zp_role('app'));
END $$;
DROP FUNCTION zp_enter(uuid, uuid, integer);

CREATE OR REPLACE FUNCTION zp_enter(organisation uuid, client uuid) RETURNS uuid LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM set_config('zorgportaal.organisation_id', organisation::text, true),
        set_config('zorgportaal.client_id', coalesce(client::text, ''), true),
        set_config('zorgportaal.section', CASE WHEN client IS NULL THEN 'all' ELSE '' END, true),
        set_config('zorgportaal.since', '', true);
    RETURN organisation;
END $$;

-- The sections of the work; empty: none, or all.
CREATE FUNCTION zp_sections() RETURNS integer[] LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN setting IN ('', 'all') THEN '{}' ELSE string_to_array(setting, ',')::integer[] END
    FROM coalesce(current_setting('zorgportaal.section', true), '') AS setting
$$;

-- Holds a person's work to its sections, and to rows that lasted until `zorgportaal.since` or after it. Each setting is
-- read once for a statement, not once for a row.
CREATE FUNCTION zp_section(target regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('DROP POLICY IF EXISTS section ON %s', target);
    EXECUTE format(
        'CREATE POLICY section ON %s AS RESTRICTIVE USING (
            ((SELECT current_setting(''zorgportaal.section'', true) = ''all'')
                OR section = ANY ((SELECT zp_sections())::integer[]))
            AND ends_at >= (SELECT coalesce(
                nullif(current_setting(''zorgportaal.since'', true), ''''), ''-infinity'')::timestamptz))',
        target);
END $$;

-- A table whose rows are about one client, belong to a section and have an end.
CREATE OR REPLACE FUNCTION zp_tenant_section(target regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM zp_tenant_client(target), zp_section(target);
END $$;
