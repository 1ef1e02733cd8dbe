-- Mail and SMS are sent by loops of their own: 1 mail, 2 SMS. What arrived before this column existed counts as mail;
-- the mail loop hands an SMS over.
ALTER TABLE delivery ADD COLUMN channel integer NOT NULL DEFAULT 1;
CREATE INDEX delivery_due ON delivery (organisation_id, channel, next_attempt_at) WHERE state = 1;
DROP INDEX delivery_waiting;
