//! Access to a client ends some time after care has ended, usually six weeks (R54, R55). People get a warning
//! a week before, and accounts without another client are removed. If care resumes, access does not end. Accounts
//! whose access ended in another way are removed after a longer time.

mod due;
mod remove;
pub mod table;
mod unused;

use chassis::id::ClientId;
use jiff::{SignedDuration, Timestamp};
use proto::identity::v1::AccountSettings;
use store::{StoreError, Tx};

pub use due::EndAccess;
pub use unused::RemoveUnused;

/// How long before the end of access people get the warning.
pub const NOTICE_PERIOD: SignedDuration = SignedDuration::from_hours(7 * 24);

/// When access ends after the end of care. If the end of care is reported late, people still get their week
/// of warning.
#[must_use]
pub fn ends_at(settings: AccountSettings, care_ended_at: Timestamp, now: Timestamp) -> Timestamp {
    let end = care_ended_at + SignedDuration::from_hours(24 * i64::from(settings.days_after_care));
    end.max(now + NOTICE_PERIOD)
}

/// Plans the end of access again where a client's care and all access to the client had ended: who gets access now keeps
/// it as long as the rules give after the end of care, and a week at least.
///
/// # Errors
/// When the database cannot be reached.
pub async fn plan_for_late_access(
    tx: &mut Tx,
    client: ClientId,
    settings: AccountSettings,
) -> Result<(), StoreError> {
    let now = tx.ctx().now;
    match table::care_ended_before(tx, client).await? {
        Some(ended) => table::set_end(tx, client, ends_at(settings, ended, now), false).await,
        None => Ok(()),
    }
}

/// Whether the warning is to be sent now.
#[must_use]
pub fn is_notice_due(ends_at: Timestamp, now: Timestamp) -> bool {
    ends_at - NOTICE_PERIOD <= now && now < ends_at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn access_ends_on_day_42_with_a_warning_on_day_35() {
        let settings = AccountSettings { days_after_care: 42, ..AccountSettings::default() };
        let ended = Timestamp::from_second(1_800_000_000).unwrap();
        let day = |number: i64| ended + SignedDuration::from_hours(24 * number);
        let end = ends_at(settings, ended, day(0));
        assert_eq!(end, day(42));
        assert_eq!(ends_at(settings, ended, day(100)), day(107));
        assert!(!is_notice_due(end, day(35) - SignedDuration::from_secs(1)));
        assert!(is_notice_due(end, day(35)));
        assert!(!is_notice_due(end, day(42)));
    }
}
