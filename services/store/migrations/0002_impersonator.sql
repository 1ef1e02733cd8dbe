-- Who acted in a person's name: hashed into the chain where it is not empty, so that older records keep their hashes.
ALTER TABLE audit_record ADD COLUMN person_impersonator text NOT NULL DEFAULT '';
