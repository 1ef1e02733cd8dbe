-- When a client's care ended; null while it goes on. The version rises with every change of it.
ALTER TABLE client
    ADD COLUMN care_ended_at timestamptz,
    ADD COLUMN care_version bigint NOT NULL DEFAULT 0;
