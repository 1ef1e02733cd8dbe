//! Checks of request fields, so that every service reports a faulty field in the same way.

use std::ops::RangeInclusive;

use jiff::{Timestamp, civil::Date};
use proto::{FieldReason, Reason};

use crate::typed;

/// A field of a request that is refused, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldFault<R = Reason> {
    /// The field's path in the request, such as `report.text`.
    pub name: String,
    /// Why the field is refused.
    pub reason: R,
}

/// Collects the faulty fields of a request, so that the caller gets all of them in one answer.
#[derive(Debug)]
pub struct Fields<R> {
    prefix: String,
    faults: Vec<FieldFault<R>>,
}

impl<R: FieldReason> Fields<R> {
    /// Starts a check. `prefix` is put before every field name, such as `report.`; empty: no prefix.
    #[must_use]
    pub fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned(), faults: Vec::new() }
    }

    /// Adds a fault of one field.
    pub fn fault(&mut self, name: &str, reason: R) {
        self.faults.push(FieldFault { name: format!("{}{name}", self.prefix), reason });
    }

    /// Checks a required text of at most `max` characters, of which at least one shows. A text with a NUL character is malformed, because
    /// Postgres cannot store it.
    pub fn text(&mut self, name: &str, value: &str, max: usize) {
        if typed::is_blank(value) {
            self.fault(name, R::MISSING);
        } else {
            self.optional_text(name, value, max);
        }
    }

    /// Checks a required name or title as [`Self::text`], and tidies it to one line.
    pub fn line(&mut self, name: &str, value: &mut String, max: usize) {
        self.text(name, value, max);
        *value = typed::name(value);
    }

    /// Checks an optional name or title, and tidies it to one line.
    pub fn optional_line(&mut self, name: &str, value: &mut String, max: usize) {
        self.optional_text(name, value, max);
        *value = typed::name(value);
    }

    /// Checks a required text as [`Self::text`], and tidies it; its lines stay.
    pub fn lines(&mut self, name: &str, value: &mut String, max: usize) {
        self.text(name, value, max);
        *value = typed::text(value);
    }

    /// Checks an optional text, and tidies it; its lines stay.
    pub fn optional_lines(&mut self, name: &str, value: &mut String, max: usize) {
        self.optional_text(name, value, max);
        *value = typed::text(value);
    }

    /// Checks the number of elements of a list.
    pub fn count(&mut self, name: &str, count: usize, allowed: RangeInclusive<usize>) {
        if count < *allowed.start() {
            self.fault(name, R::MISSING);
        } else if count > *allowed.end() {
            self.fault(name, R::TOO_LONG);
        }
    }

    /// Checks a required value of an enum of the contract, whose 0 says that the value is missing.
    pub fn choice<E: TryFrom<i32>>(&mut self, name: &str, value: i32) {
        if value == 0 {
            self.fault(name, R::MISSING);
        } else if E::try_from(value).is_err() {
            self.fault(name, R::MALFORMED);
        }
    }

    /// Reads a required day, as ISO 8601.
    pub fn day(&mut self, name: &str, value: &str) -> Option<Date> {
        self.parsed(name, value, parse_day)
    }

    /// Reads an optional day, as ISO 8601; `None` where the day is empty or refused.
    pub fn optional_day(&mut self, name: &str, value: &str) -> Option<Date> {
        if value.is_empty() { None } else { self.day(name, value) }
    }

    /// Checks an optional text of at most `max` characters.
    fn optional_text(&mut self, name: &str, value: &str, max: usize) {
        if value.contains('\0') {
            self.fault(name, R::MALFORMED);
        } else if typed::length(value) > max {
            self.fault(name, R::TOO_LONG);
        }
    }

    /// Parses a required value. Where the value is empty or `parse` refuses it, adds the fault and returns
    /// `None`.
    pub fn parsed<T>(&mut self, name: &str, value: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        if typed::is_blank(value) {
            self.fault(name, R::MISSING);
            return None;
        }
        let parsed = parse(value);
        if parsed.is_none() {
            self.fault(name, R::MALFORMED);
        }
        parsed
    }

    /// Reads a required instant in the years 1900 to 2199. Where the instant is refused, adds the fault and
    /// returns `None`.
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

    /// All faults that were found; empty where the request is accepted.
    #[must_use]
    pub fn faults(self) -> Vec<FieldFault<R>> {
        self.faults
    }
}

/// Reads a day of the years 1900 to 2199, as ISO 8601; `None` where the text is no such day.
#[must_use]
pub fn parse_day(text: &str) -> Option<Date> {
    let day: Date = text.parse().ok()?;
    (1900..2200).contains(&day.year()).then_some(day)
}

#[cfg(test)]
mod tests {
    use proto::dossier::v1::ErrorReason;

    use super::*;

    #[test]
    fn every_fault_names_its_field_and_reason() {
        let mut fields = Fields::<ErrorReason>::new("report.");
        fields.text("text", "\u{200b} ", 5);
        fields.text("author", "toolong", 5);
        fields.text("author_role", "a\0b", 5);
        fields.instant("written_at", None);
        fields.text("kind", "ëëëëë", 5);
        let faults: Vec<_> = fields.faults().into_iter().map(|field| (field.name, field.reason)).collect();
        assert_eq!(
            faults,
            [
                ("report.text".to_owned(), ErrorReason::FieldMissing),
                ("report.author".to_owned(), ErrorReason::FieldTooLong),
                ("report.author_role".to_owned(), ErrorReason::FieldMalformed),
                ("report.written_at".to_owned(), ErrorReason::FieldMissing),
            ]
        );
    }
}
