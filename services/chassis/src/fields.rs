//! What a field of a request must be, said the same way by every service.

use jiff::Timestamp;
use proto::{FieldReason, Reason};

/// A field that cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field<R = Reason> {
    /// The field's path in the request, such as `report.text`.
    pub name: String,
    /// Why.
    pub reason: R,
}

/// Gathers everything that is wrong with a request, so that the caller hears of all faults at once.
#[derive(Debug)]
pub struct Fields<R> {
    prefix: String,
    faults: Vec<Field<R>>,
}

impl<R: FieldReason> Fields<R> {
    /// For a request whose fields' names begin with a prefix, such as `report.`; empty for none.
    #[must_use]
    pub fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned(), faults: Vec::new() }
    }

    /// Notes a fault.
    pub fn fault(&mut self, name: &str, reason: R) {
        self.faults.push(Field { name: format!("{}{name}", self.prefix), reason });
    }

    /// A text that must be there, of at most `max` characters. What Postgres cannot keep is malformed.
    pub fn text(&mut self, name: &str, value: &str, max: usize) {
        if value.trim().is_empty() {
            self.fault(name, R::MISSING);
        } else {
            self.optional_text(name, value, max);
        }
    }

    /// A text that may be empty, of at most `max` characters.
    pub(crate) fn optional_text(&mut self, name: &str, value: &str, max: usize) {
        if value.contains('\0') {
            self.fault(name, R::MALFORMED);
        } else if value.chars().count() > max {
            self.fault(name, R::TOO_LONG);
        }
    }

    /// A value that must be there and read as something; `None` is noted.
    pub fn parsed<T>(&mut self, name: &str, value: &str, read: impl Fn(&str) -> Option<T>) -> Option<T> {
        if value.trim().is_empty() {
            self.fault(name, R::MISSING);
            return None;
        }
        let read = read(value);
        if read.is_none() {
            self.fault(name, R::MALFORMED);
        }
        read
    }

    /// An instant that must be there, in the years 1900 to 2200.
    pub fn instant(&mut self, name: &str, value: Option<&prost_types::Timestamp>) -> Option<Timestamp> {
        let Some(value) = value else {
            self.fault(name, R::MISSING);
            return None;
        };
        let read = Timestamp::new(value.seconds, value.nanos)
            .ok()
            .filter(|at| (-2_208_988_800..7_258_118_400).contains(&at.as_second()));
        if read.is_none() {
            self.fault(name, R::MALFORMED);
        }
        read
    }

    /// All faults; empty where the request can be taken.
    #[must_use]
    pub fn faults(self) -> Vec<Field<R>> {
        self.faults
    }
}

#[cfg(test)]
mod tests {
    use proto::dossier::v1::ErrorReason;

    use super::*;

    #[test]
    fn every_fault_is_told_with_its_field() {
        let mut fields = Fields::<ErrorReason>::new("report.");
        fields.text("text", " ", 5);
        fields.text("author", "toolong", 5);
        fields.text("author_role", "a\0b", 5);
        fields.instant("written_at", None);
        fields.text("kind", "ëëëëë", 5);
        let told: Vec<_> = fields.faults().into_iter().map(|field| (field.name, field.reason)).collect();
        assert_eq!(
            told,
            [
                ("report.text".to_owned(), ErrorReason::FieldMissing),
                ("report.author".to_owned(), ErrorReason::FieldTooLong),
                ("report.author_role".to_owned(), ErrorReason::FieldMalformed),
                ("report.written_at".to_owned(), ErrorReason::FieldMissing),
            ]
        );
    }
}
