//! A record as pages and JSON show it.

use chassis::time;
use jiff::{Timestamp, civil::Date};
use proto::{access::v1::Section, dossier::v1::Entry};
use serde::Serialize;
use utoipa::ToSchema;

use super::kind::{Kind, Lasting};
use crate::i18n::zone;

/// A record.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RecordView<K: Kind> {
    /// Its id.
    pub id: String,
    /// The section, such as `reports`.
    pub section: &'static str,
    /// The moment of the record, or its beginning.
    pub at: Timestamp,
    /// The system that the record comes from; `portal`: a person wrote the record in the portal.
    pub source: String,
    /// When this version came in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<Timestamp>,
    /// When the organisation took the record back; the content is gone then. Absent: the record stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retracted_at: Option<Timestamp>,
    /// Whether what the record tells of holds today.
    pub lasting: Lasting,
    /// The content; absent: the record was retracted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<K>,
    /// Whether the record is about a moment, so that its time of day counts.
    #[serde(skip)]
    pub is_moment: bool,
}

impl<K: Kind> RecordView<K> {
    /// From the contract's entry; `None` where it has no time.
    #[must_use]
    pub fn new(entry: Entry, now: Timestamp) -> Option<Self> {
        let (at, ends_at) = (time::from_proto(entry.at.as_ref())?, time::from_proto(entry.ends_at.as_ref()));
        let is_coming = ends_at.is_some() && at > now;
        Some(Self {
            section: chassis::section::name(entry.section()),
            at,
            lasting: match ends_at {
                _ if is_coming => Lasting::Coming,
                Some(end) if end < now => Lasting::Over,
                _ => Lasting::Current,
            },
            changed_at: time::from_proto(entry.changed_at.as_ref()),
            retracted_at: time::from_proto(entry.retracted_at.as_ref()),
            is_moment: ends_at.is_none(),
            content: entry.content.and_then(|content| content.kind).and_then(K::of),
            id: entry.record_id,
            source: entry.source,
        })
    }

    /// An example for the style guide.
    #[must_use]
    pub fn example(section: Section, number: i64, at: Timestamp, content: Option<K>) -> Self {
        Self {
            id: number.to_string(),
            section: chassis::section::name(section),
            at,
            source: "ecd".to_owned(),
            changed_at: None,
            retracted_at: content.is_none().then_some(at),
            lasting: match number % 3 {
                0 => Lasting::Current,
                1 => Lasting::Over,
                _ => Lasting::Coming,
            },
            content,
            is_moment: true,
        }
    }

    /// The day of the record, in the Netherlands.
    #[must_use]
    pub fn day(&self) -> Date {
        self.at.to_zoned(zone()).date()
    }

    /// The Fluent key of what kind or state of record it is.
    #[must_use]
    pub fn label(&self) -> Option<String> {
        self.content.as_ref()?.label(self.lasting)
    }

    /// The Fluent key of the word for one record of the section.
    #[must_use]
    pub fn section_word(&self) -> String {
        format!("one-{}", self.section)
    }

    /// The record in two texts, where it stands.
    #[must_use]
    pub fn row(&self) -> Option<(String, String)> {
        Some(self.content.as_ref()?.row())
    }
}

/// The records of one day.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DayView<K: Kind> {
    /// The day.
    pub day: Date,
    /// Its records, newest first.
    pub records: Vec<RecordView<K>>,
}

impl<K: Kind> DayView<K> {
    /// Groups records by day; their order stays.
    #[must_use]
    pub fn list(records: impl IntoIterator<Item = RecordView<K>>) -> Vec<Self> {
        let mut days: Vec<Self> = Vec::new();
        for record in records {
            let day = record.day();
            match days.last_mut() {
                Some(last) if last.day == day => last.records.push(record),
                _ => days.push(Self { day, records: vec![record] }),
            }
        }
        days
    }
}
