//! The kinds of record. Each is a message of the contract with its own rules; all else is the same for every kind.

mod care_agreement;
mod care_plan;
mod document;
mod evaluation;
mod form;
mod measurement;
mod questionnaire;
mod report;
mod subscription;

use chassis::{calendar::midnight, fields::Fields};
use jiff::{SignedDuration, Timestamp, civil::Date};
use proto::{access::v1::Section, dossier::v1::ErrorReason};

/// Runs an expression with the content, whatever its kind.
macro_rules! with_kind {
    ($kind:expr, $content:ident => $run:expr) => {
        match $kind {
            proto::dossier::v1::content::Kind::Report($content) => $run,
            proto::dossier::v1::content::Kind::Measurement($content) => $run,
            proto::dossier::v1::content::Kind::Questionnaire($content) => $run,
            proto::dossier::v1::content::Kind::Form($content) => $run,
            proto::dossier::v1::content::Kind::CarePlan($content) => $run,
            proto::dossier::v1::content::Kind::Evaluation($content) => $run,
            proto::dossier::v1::content::Kind::CareAgreement($content) => $run,
            proto::dossier::v1::content::Kind::Subscription($content) => $run,
            proto::dossier::v1::content::Kind::Document($content) => $run,
        }
    };
}
pub(crate) use with_kind;

/// After every end that is known.
pub const NO_END: Timestamp = Timestamp::constant(7_258_118_400, 0);

/// The sections whose records people choose by code.
pub const CODED: [Section; 2] = [Section::Measurements, Section::Questionnaires];

/// The sections whose records last from day to day; on the timeline, too, some do.
pub const LASTING: [Section; 4] =
    [Section::CarePlans, Section::CareAgreements, Section::Subscriptions, Section::Timeline];

/// The content of one kind of record.
pub trait Kind {
    /// The section in which the kind is read.
    const SECTION: Section;

    /// Checks the content and tidies its texts. Faults are added to `fields`; `None` where the time is faulty.
    fn judge(&mut self, fields: &mut Fields<ErrorReason>) -> Option<Facts>;

    /// The words of the record's code, by which people choose; `None`: people do not choose by code.
    fn code_name(&self) -> Option<&str> {
        None
    }
}

/// What the table holds beside the content, to list records by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The moment, or the beginning.
    pub at: Timestamp,
    /// The end; equal to `at` for a moment.
    pub ends_at: Timestamp,
    /// What belongs together within the section; empty: nothing does.
    pub code: String,
}

impl Facts {
    /// The facts of a record about a moment.
    #[must_use]
    pub const fn of_moment(at: Timestamp) -> Self {
        Self { at, ends_at: at, code: String::new() }
    }

    /// The facts of a record that holds on these days, the last included, in Dutch time; without a last day, no end is
    /// known. An end before the beginning is a fault of the field `ends_on`.
    pub fn of_days(fields: &mut Fields<ErrorReason>, starts_on: &str, ends_on: &str) -> Option<Self> {
        let first = fields.day("starts_on", starts_on);
        let last = fields.optional_day("ends_on", ends_on);
        let first = first?;
        if last.is_some_and(|last| last < first) {
            fields.fault("ends_on", ErrorReason::PeriodReversed);
            return None;
        }
        let ends_at = last.map_or(Some(NO_END), last_second)?;
        Some(Self { at: midnight(first)?, ends_at, code: String::new() })
    }

    /// The same facts with a code.
    #[must_use]
    pub fn with_code(self, code: &str) -> Self {
        Self { code: code.to_owned(), ..self }
    }
}

/// The last second of a day in the Netherlands.
fn last_second(day: Date) -> Option<Timestamp> {
    Some(midnight(day.tomorrow().ok()?)? - SignedDuration::from_secs(1))
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// The faults that a kind finds, as `field REASON`, and the facts.
    pub fn judged(kind: &mut impl Kind) -> (Vec<String>, Option<Facts>) {
        let mut fields = Fields::new("");
        let facts = kind.judge(&mut fields);
        let faults = fields.faults().into_iter();
        let faults = faults.map(|fault| format!("{} {}", fault.name, fault.reason.as_str_name()));
        (faults.map(|fault| fault.replace("ERROR_REASON_", "")).collect(), facts)
    }

    #[test]
    fn days_follow_dutch_time_and_end_with_their_last_second() {
        let days = |from: &str, until: &str| {
            let mut fields = Fields::new("");
            let facts = Facts::of_days(&mut fields, from, until);
            (facts.map(|it| (it.at.to_string(), it.ends_at)), fields.faults().len())
        };
        let (facts, _) = days("2027-03-28", "2027-03-28");
        let (at, ends_at) = facts.unwrap();
        assert_eq!((&*at, ends_at.to_string()), ("2027-03-27T23:00:00Z", "2027-03-28T21:59:59Z".to_owned()));
        assert_eq!(days("2027-03-28", "").0.unwrap().1, NO_END);
        for (from, until) in [("2027-03-28", "2027-03-27"), ("", ""), ("0000-01-01", ""), ("2027-01-01", "x")]
        {
            assert_eq!(
                (days(from, until).0.is_some(), days(from, until).1),
                (until == "x", 1),
                "{from} {until}"
            );
        }
    }
}
