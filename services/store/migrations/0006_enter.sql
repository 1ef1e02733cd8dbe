-- Sets organisation and client for the statement that calls it, so that a read is one statement and one round trip:
--     SELECT r.* FROM zp_enter($1, $2) AS tenant
--     CROSS JOIN LATERAL (SELECT … FROM … WHERE organisation_id = tenant … LIMIT …) AS r
-- The reference to `tenant` and the LIMIT make Postgres call the function before it reads a row. A read that comes
-- before the call fails: the policies then find no organisation. The settings end with the statement.
CREATE FUNCTION zp_enter(organisation uuid, client uuid) RETURNS uuid LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM set_config('zorgportaal.organisation_id', organisation::text, true),
        set_config('zorgportaal.client_id', coalesce(client::text, ''), true);
    RETURN organisation;
END $$;
REVOKE EXECUTE ON FUNCTION zp_enter FROM PUBLIC;
DO $$ BEGIN
    EXECUTE format('GRANT EXECUTE ON FUNCTION zp_enter TO %I', zp_role('app'));
END $$;
