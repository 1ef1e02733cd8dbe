-- Everything that is sent out.

-- E-mails and SMS, sealed until the moment they are sent, blank after it.
CREATE TABLE delivery (
    organisation_id uuid NOT NULL,
    -- The event that brought it.
    id uuid NOT NULL,
    -- The type name of what is to be sent.
    kind text NOT NULL,
    account_id uuid NOT NULL,
    -- The message as it came in; its content is sealed to messaging. Blank once it is sent or has failed.
    payload bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    -- 1 waiting, 2 sent, 3 failed
    state integer NOT NULL,
    attempts integer NOT NULL,
    next_attempt_at timestamptz NOT NULL,
    ended_at timestamptz,
    PRIMARY KEY (organisation_id, id)
);
SELECT zp_tenant('delivery');
CREATE INDEX delivery_waiting ON delivery (organisation_id, next_attempt_at) WHERE state = 1;
