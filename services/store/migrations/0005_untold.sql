-- The trail is told by a timer: a row names an event that will tell of records which are in the trail already. The
-- writer adds the row with the first of these records and deletes the row with the event's insert into the outbox, so
-- that a crash between the two leaves the row: due work then tells of the records.
CREATE TABLE audit_untold (
    organisation_id uuid NOT NULL,
    event_id uuid NOT NULL,
    writer_id uuid NOT NULL,
    day date NOT NULL,
    -- The records that the event tells of have higher numbers in their chain.
    after_sequence bigint NOT NULL,
    PRIMARY KEY (organisation_id, event_id)
);
ALTER TABLE audit_untold ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_untold FORCE ROW LEVEL SECURITY;
DO $$ BEGIN
    EXECUTE format('CREATE POLICY writer ON audit_untold TO %I USING (true)', zp_role('audit'));
END $$;
SELECT zp_grant('SELECT, INSERT, DELETE', 'audit_untold', 'audit');
