-- What can be revoked and replaced, and when unused accounts end.

-- Rises when the person gets another password; a hash that is made anew of the same password leaves it.
ALTER TABLE account ADD COLUMN password_version bigint NOT NULL DEFAULT 0;
-- Since when the account has access to no client; null: it has access. Set by due work.
ALTER TABLE account ADD COLUMN without_access_since timestamptz;
CREATE INDEX account_without_access ON account (organisation_id, without_access_since)
    WHERE without_access_since IS NOT NULL;

-- While a system changes to its new secret, the old one works until `old_secret_ends_at`.
ALTER TABLE system_account
    ADD COLUMN old_secret_hash bytea,
    ADD COLUMN old_secret_ends_at timestamptz,
    ADD COLUMN disabled_at timestamptz;
