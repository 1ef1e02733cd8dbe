-- The section of the work: where a person calls a method of a section, that section's rows alone are there. Systems see
-- every section. A read of a person that names no section sees no row of a table of sections.
CREATE FUNCTION zp_enter(organisation uuid, client uuid, section integer) RETURNS uuid LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM set_config('zorgportaal.organisation_id', organisation::text, true),
        set_config('zorgportaal.client_id', coalesce(client::text, ''), true),
        set_config('zorgportaal.section', coalesce(section::text, ''), true);
    RETURN organisation;
END $$;
REVOKE EXECUTE ON FUNCTION zp_enter(uuid, uuid, integer) FROM PUBLIC;
DO $$ BEGIN
    EXECUTE format('GRANT EXECUTE ON FUNCTION zp_enter(uuid, uuid, integer) TO %I', zp_role('app'));
END $$;

CREATE OR REPLACE FUNCTION zp_enter(organisation uuid, client uuid) RETURNS uuid LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM set_config('zorgportaal.organisation_id', organisation::text, true),
        set_config('zorgportaal.client_id', coalesce(client::text, ''), true),
        set_config('zorgportaal.section', CASE WHEN client IS NULL THEN '' ELSE '0' END, true);
    RETURN organisation;
END $$;

-- A table whose rows are about one client and belong to a section.
CREATE FUNCTION zp_tenant_section(target regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM zp_tenant_client(target);
    EXECUTE format(
        'CREATE POLICY section ON %s AS RESTRICTIVE USING (
            CASE current_setting(''zorgportaal.section'')
                WHEN '''' THEN true
                ELSE section = current_setting(''zorgportaal.section'')::integer
            END)',
        target);
END $$;
