//! What is known about a document in the dossier.

use askama::Template;
use proto::dossier::v1::content;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    example::long_name,
    sections::records::{
        kind::Kind,
        period::Preset::{self, All, Custom, Year},
    },
};

/// What is known about a document.
#[derive(Clone, Debug, Serialize, Template, ToSchema)]
#[template(path = "records/document.html")]
pub struct DocumentView {
    /// The title.
    pub title: String,
    /// The kind of document in words; empty: not told.
    pub category: String,
    /// The name of the file.
    pub file_name: String,
    /// The media type of the file (RFC 6838).
    pub media_type: String,
    /// The size of the file in bytes.
    pub size_bytes: i64,
}

impl Kind for DocumentView {
    const PRESETS: &'static [Preset] = &[All, Year, Custom];

    fn of(kind: content::Kind) -> Option<Self> {
        let content::Kind::Document(it) = kind else { return None };
        Some(Self {
            title: it.title,
            category: it.category,
            file_name: it.file_name,
            media_type: it.media_type,
            size_bytes: it.size_bytes,
        })
    }

    fn row(&self) -> (String, String) {
        (self.title.clone(), self.category.clone())
    }

    fn examples() -> Vec<Self> {
        vec![Self {
            title: long_name(),
            category: "brief".to_owned(),
            file_name: format!("{}.pdf", long_name()),
            media_type: "application/pdf".to_owned(),
            size_bytes: 123_456,
        }]
    }
}

impl DocumentView {
    /// The size in kilobytes, rounded up.
    fn kilobytes(&self) -> i64 {
        self.size_bytes.div_euclid(1000) + i64::from(self.size_bytes.rem_euclid(1000) > 0)
    }
}
