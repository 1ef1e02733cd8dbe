//! The kinds of record. Each is a message of the contract with its own rules; all else is the same for every kind.

mod report;

use chassis::fields::Fields;
use jiff::Timestamp;
use proto::{access::v1::Section, dossier::v1::ErrorReason};

/// The content of one kind of record.
pub trait Kind {
    /// The section in which the kind is read.
    const SECTION: Section;

    /// Checks the content and tidies its texts. Faults are added to `fields`; `None` where the time is faulty.
    fn judge(&mut self, fields: &mut Fields<ErrorReason>) -> Option<Facts>;
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
}
