-- Deliveries that ended long ago are deleted.
CREATE INDEX delivery_ended ON delivery (organisation_id, ended_at) WHERE ended_at IS NOT NULL;
