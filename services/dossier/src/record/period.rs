//! The days by which records are listed.

use chassis::{calendar::midnight, fields};
use jiff::{Timestamp, civil::Date};
use proto::dossier::v1::ErrorReason;

use crate::error::Error;

/// A period: `from` is included, `before` is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The first moment of the period; `None`: the period has no start.
    pub from: Option<Timestamp>,
    /// The first moment after the period; `None`: the period has no end.
    pub before: Option<Timestamp>,
}

impl Period {
    /// The period from the day `from` up to and including the day `until`, in Dutch time (TIME-01). Days are
    /// ISO 8601 dates; an empty text leaves that side open.
    ///
    /// # Errors
    /// When a text is no date, or `until` lies before `from`.
    pub fn of_days(from: &str, until: &str) -> Result<Self, Error> {
        let (from, until) = (parse_day("from", from)?, parse_day("until", until)?);
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

fn parse_day(name: &str, text: &str) -> Result<Option<Date>, Error> {
    if text.is_empty() {
        return Ok(None);
    }
    let day = fields::parse_day(text).ok_or_else(|| Error::field(name, ErrorReason::FieldMalformed))?;
    Ok(Some(day))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(from: &str, until: &str) -> i64 {
        let period = Period::of_days(from, until).unwrap();
        period.before.unwrap().duration_since(period.from.unwrap()).as_hours()
    }

    #[test]
    fn a_day_follows_dutch_summer_time() {
        assert_eq!(hours("2027-05-03", "2027-05-03"), 24);
        assert_eq!(hours("2027-03-28", "2027-03-28"), 23, "the day on which the clock goes forward");
        assert_eq!(hours("2027-10-31", "2027-10-31"), 25, "the day on which the clock goes back");
        assert_eq!(hours("2027-05-03", "2027-05-09"), 7 * 24);
    }

    #[test]
    fn open_periods_pass_and_reversed_or_malformed_ones_do_not() {
        assert_eq!(Period::of_days("", "").unwrap(), Period { from: None, before: None });
        assert!(
            matches!(Period::of_days("2027-05-03", "2027-05-02"), Err(Error::Fields(faults)) if faults[0].reason == ErrorReason::PeriodReversed)
        );
        for wrong in ["2027-13-01", "3 mei", "2027-02-30", "-009999-01-01", "'; DROP TABLE record"] {
            assert!(matches!(Period::of_days(wrong, ""), Err(Error::Fields(_))), "{wrong}");
        }
    }
}
