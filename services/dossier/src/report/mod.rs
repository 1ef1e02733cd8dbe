//! A report of care that was given, and the periods by which reports are read.

mod convert;
pub mod rpc;
pub mod table;

use chassis::{calendar::zone, id, id::ClientId};
use jiff::{Timestamp, civil::Date};
use proto::dossier::v1::{ErrorReason, ReportKind};

pub use convert::read;

use crate::{client::Origin, error::Error};

id!(
    /// A report.
    ReportId
);

/// A report whose fields hold; whose dossier it goes into is found by the client's external id.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// The id, kept where the record is known already.
    pub id: ReportId,
    /// Where it comes from.
    pub origin: Origin,
    /// The client's external id in the same source.
    pub client_external_id: String,
    /// What it says.
    pub content: Content,
}

/// What a report says.
#[derive(Clone, Debug)]
pub struct Content {
    /// The text.
    pub text: String,
    /// The author's name.
    pub author: String,
    /// The author's role.
    pub author_role: String,
    /// When it was written.
    pub written_at: Timestamp,
    /// What kind of report.
    pub kind: ReportKind,
}

/// A report as it is read.
#[derive(Clone, Debug)]
pub struct Report {
    /// The id.
    pub id: ReportId,
    /// Whose dossier it is in.
    pub client: ClientId,
    /// What it says.
    pub content: Content,
}

/// A stretch of time: from the first moment, up to but not including the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The first moment; `None`: from the beginning.
    pub from: Option<Timestamp>,
    /// The first moment after; `None`: no end.
    pub before: Option<Timestamp>,
}

impl Period {
    /// The days from one up to and including another, in Dutch time (TIME-01); days as ISO 8601, empty for open.
    ///
    /// # Errors
    /// When a day is none, or the last lies before the first.
    pub fn of_days(from: &str, until: &str) -> Result<Self, Error> {
        let (from, until) = (day("from", from)?, day("until", until)?);
        if let (Some(from), Some(until)) = (from, until)
            && until < from
        {
            return Err(Error::field("until", ErrorReason::PeriodReversed));
        }
        Ok(Self {
            from: from.and_then(midnight),
            before: until.and_then(|until| until.tomorrow().ok()).and_then(midnight),
        })
    }
}

fn day(name: &str, text: &str) -> Result<Option<Date>, Error> {
    if text.is_empty() {
        return Ok(None);
    }
    let malformed = || Error::field(name, ErrorReason::FieldMalformed);
    let day: Date = text.parse().map_err(|_| malformed())?;
    // What the contract takes as an instant (chassis::fields).
    (1900..2200).contains(&day.year()).then_some(Some(day)).ok_or_else(malformed)
}

/// The first moment of a day in the Netherlands.
fn midnight(day: Date) -> Option<Timestamp> {
    Some(day.to_zoned(zone()).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(from: &str, until: &str) -> i64 {
        let period = Period::of_days(from, until).unwrap();
        period.before.unwrap().duration_since(period.from.unwrap()).as_hours()
    }

    #[test]
    fn a_day_is_as_long_as_it_is_in_the_netherlands() {
        assert_eq!(hours("2027-05-03", "2027-05-03"), 24);
        assert_eq!(hours("2027-03-28", "2027-03-28"), 23, "the day on which the clock goes forward");
        assert_eq!(hours("2027-10-31", "2027-10-31"), 25, "the day on which it goes back");
        assert_eq!(hours("2027-05-03", "2027-05-09"), 7 * 24);
    }

    #[test]
    fn an_open_end_is_open_and_a_reversed_period_is_refused() {
        assert_eq!(Period::of_days("", "").unwrap(), Period { from: None, before: None });
        assert!(
            matches!(Period::of_days("2027-05-03", "2027-05-02"), Err(Error::Fields(faults)) if faults[0].reason == ErrorReason::PeriodReversed)
        );
        for wrong in ["2027-13-01", "3 mei", "2027-02-30", "-009999-01-01", "'; DROP TABLE report"] {
            assert!(matches!(Period::of_days(wrong, ""), Err(Error::Fields(_))), "{wrong}");
        }
    }
}
