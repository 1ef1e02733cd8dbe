-- Deliveries are found by whom they were for, when that account is gone.
CREATE INDEX delivery_account ON delivery (organisation_id, account_id);
