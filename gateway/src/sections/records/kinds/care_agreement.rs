//! A care agreement (P85–P89).

use askama::Template;
use jiff::civil::Date;
use proto::dossier::v1::content;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    example::long_name,
    i18n::filters,
    sections::records::kind::{Kind, Lasting, day},
};

/// A care agreement.
#[derive(Clone, Debug, Serialize, Template, ToSchema)]
#[template(path = "records/care_agreement.html")]
pub struct CareAgreementView {
    /// The title.
    pub title: String,
    /// The first day.
    pub starts_on: Option<Date>,
    /// The last day; null: no end is known.
    pub ends_on: Option<Date>,
    /// The day on which the client signed.
    pub signed_on: Option<Date>,
    /// The care that was agreed.
    pub services: Vec<String>,
}

impl Kind for CareAgreementView {
    const PANEL_ROWS: usize = 1;

    fn of(kind: content::Kind) -> Option<Self> {
        let content::Kind::CareAgreement(it) = kind else { return None };
        Some(Self {
            title: it.title,
            starts_on: day(&it.starts_on),
            ends_on: day(&it.ends_on),
            signed_on: day(&it.signed_on),
            services: it.services,
        })
    }

    fn row(&self) -> (String, String) {
        (self.title.clone(), self.services.join(", "))
    }

    fn examples() -> Vec<Self> {
        vec![Self {
            title: "Zorgovereenkomst".to_owned(),
            starts_on: day("2027-01-01"),
            ends_on: None,
            signed_on: day("2026-12-20"),
            services: vec!["Persoonlijke verzorging, 3 uur per week".to_owned(), long_name()],
        }]
    }

    fn label(&self, lasting: Lasting) -> Option<String> {
        Some(lasting.word())
    }
}
