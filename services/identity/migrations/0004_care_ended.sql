-- When care ended, also after access has ended: an account that is registered later must end too. NULL: care goes on, or
-- the end was handled before this column existed.
ALTER TABLE end_of_access ADD COLUMN care_ended_at timestamptz;
