-- The work of a person may be about several sections (the timeline), and may be held to what lasts until a moment or
-- after it: the history from the day on which access began (R24). `zorgportaal.section` holds the sections' numbers with
-- commas between them.
CREATE FUNCTION zp_enter(organisation uuid, client uuid, sections integer[], since timestamptz) RETURNS uuid
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM set_config('zorgportaal.organisation_id', organisation::text, true),
        set_config('zorgportaal.client_id', coalesce(client::text, ''), true),
        set_config('zorgportaal.section',
            CASE WHEN sections IS NULL THEN '' WHEN sections = '{}' THEN '0' ELSE array_to_string(sections, ',') END, true),
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
        set_config('zorgportaal.section', CASE WHEN client IS NULL THEN '' ELSE '0' END, true),
        set_config('zorgportaal.since', '', true);
    RETURN organisation;
END $$;

-- Holds a person's work to its sections, and to rows that lasted until `zorgportaal.since` or after it.
CREATE FUNCTION zp_section(target regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('DROP POLICY IF EXISTS section ON %s', target);
    EXECUTE format(
        'CREATE POLICY section ON %s AS RESTRICTIVE USING (
            CASE current_setting(''zorgportaal.section'')
                WHEN '''' THEN true
                ELSE section = ANY (string_to_array(current_setting(''zorgportaal.section''), '','')::integer[])
            END
            AND CASE coalesce(current_setting(''zorgportaal.since'', true), '''')
                WHEN '''' THEN true
                ELSE ends_at >= current_setting(''zorgportaal.since'')::timestamptz
            END)',
        target);
END $$;

-- A table whose rows are about one client, belong to a section and have an end.
CREATE OR REPLACE FUNCTION zp_tenant_section(target regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM zp_tenant_client(target), zp_section(target);
END $$;
