-- What the organisation records about the client.

-- People who receive care.
CREATE TABLE client (
    organisation_id uuid NOT NULL,
    client_id uuid NOT NULL,
    source text NOT NULL,
    external_id text NOT NULL,
    version bigint NOT NULL,
    name text NOT NULL,
    birth_date date,
    PRIMARY KEY (organisation_id, client_id)
);
SELECT zp_tenant_client('client');
CREATE UNIQUE INDEX client_origin ON client (organisation_id, source, external_id);

-- Reports of care that was given.
CREATE TABLE report (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    client_id uuid NOT NULL,
    source text NOT NULL,
    external_id text NOT NULL,
    version bigint NOT NULL,
    text text NOT NULL,
    author text NOT NULL,
    author_role text NOT NULL,
    written_at timestamptz NOT NULL,
    kind integer NOT NULL,
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (organisation_id, client_id) REFERENCES client (organisation_id, client_id)
);
SELECT zp_tenant_client('report');
CREATE UNIQUE INDEX report_origin ON report (organisation_id, source, external_id);
CREATE INDEX report_newest ON report (organisation_id, client_id, written_at DESC, id DESC);
