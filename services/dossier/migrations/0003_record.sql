-- All that is dated about a client: one table for every kind of record. The kind is the section.
CREATE TABLE record (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    client_id uuid NOT NULL,
    section integer NOT NULL,
    source text NOT NULL,
    external_id text NOT NULL,
    version bigint NOT NULL,
    -- The moment, or the beginning; `ends_at` is the same for a moment.
    at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    -- What belongs together within the section; empty: nothing does.
    code text NOT NULL DEFAULT '',
    changed_at timestamptz NOT NULL,
    retracted_at timestamptz,
    -- The content as the contract encodes it (`Content`); blanked when the source takes the record back.
    content bytea,
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (organisation_id, client_id) REFERENCES client (organisation_id, client_id),
    CHECK ((content IS NULL) = (retracted_at IS NOT NULL))
);
SELECT zp_tenant_section('record');
CREATE UNIQUE INDEX record_origin ON record (organisation_id, section, source, external_id);
CREATE INDEX record_newest ON record (organisation_id, client_id, section, at DESC, id DESC);

-- When each source last sent something.
CREATE TABLE source_seen (
    organisation_id uuid NOT NULL,
    source text NOT NULL,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, source)
);
SELECT zp_tenant('source_seen');

-- The reports move in, with their ids. Protobuf: a number is a varint, and a text stands behind its length.
CREATE FUNCTION pg_temp.varint(number numeric) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
    rest numeric := CASE WHEN number < 0 THEN number + 18446744073709551616 ELSE number END;
    bytes bytea := '';
BEGIN
    LOOP
        EXIT WHEN rest < 128;
        bytes := bytes || set_byte('\x00'::bytea, 0, (rest % 128)::int + 128);
        rest := div(rest, 128);
    END LOOP;
    RETURN bytes || set_byte('\x00'::bytea, 0, rest::int);
END $$;
CREATE FUNCTION pg_temp.field(number int, value bytea) RETURNS bytea LANGUAGE sql AS $$
    SELECT pg_temp.varint(number * 8 + 2) || pg_temp.varint(length(value)) || value
$$;
CREATE FUNCTION pg_temp.moment(at timestamptz) RETURNS bytea LANGUAGE sql AS $$
    SELECT '\x08'::bytea || pg_temp.varint(floor(extract(epoch FROM at)))
        || CASE WHEN extract(epoch FROM at) % 1 = 0 THEN ''::bytea
           ELSE '\x10'::bytea || pg_temp.varint((extract(epoch FROM at) - floor(extract(epoch FROM at))) * 1000000000) END
$$;
-- The owner moves the rows of all organisations.
ALTER TABLE report NO FORCE ROW LEVEL SECURITY;
ALTER TABLE record NO FORCE ROW LEVEL SECURITY;
INSERT INTO record (organisation_id, id, client_id, section, source, external_id, version, at, ends_at, changed_at,
    content)
SELECT organisation_id, id, client_id, 1, source, external_id, version, written_at, written_at, written_at,
    pg_temp.field(1, pg_temp.field(1, convert_to(text, 'UTF8')) || pg_temp.field(2, convert_to(author, 'UTF8'))
        || pg_temp.field(3, convert_to(author_role, 'UTF8')) || pg_temp.field(4, pg_temp.moment(written_at))
        || '\x28'::bytea || pg_temp.varint(kind))
FROM report;
ALTER TABLE record FORCE ROW LEVEL SECURITY;
DROP TABLE report;
