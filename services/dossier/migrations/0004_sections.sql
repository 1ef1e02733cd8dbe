-- The timeline shows several sections; the history may begin with the access to the dossier.
SELECT zp_section('record');
CREATE INDEX record_timeline ON record (organisation_id, client_id, at DESC, id DESC);
CREATE INDEX record_code ON record (organisation_id, client_id, section, code, at DESC, id DESC) WHERE code <> '';
