-- The trace that asked for a delivery: it ends where the mail is sent.
ALTER TABLE delivery ADD COLUMN traceparent text NOT NULL DEFAULT '';
