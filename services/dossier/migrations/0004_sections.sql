-- The timeline shows several sections; the history may begin with the access to the dossier.
SELECT zp_section('record');
-- `section > 0` holds for every record. The timeline's statement says so and the list of one section does not, so that a
-- generic plan of the list cannot choose this index and read a whole dossier for a rare section.
CREATE INDEX record_timeline ON record (organisation_id, client_id, at DESC, id DESC) WHERE section > 0;
CREATE INDEX record_code ON record (organisation_id, client_id, section, code, at DESC, id DESC) WHERE code <> '';
