//! A subscription to a service of the organisation (R41).

use askama::Template;
use jiff::civil::Date;
use proto::dossier::v1::content;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    example::long_text,
    i18n::filters,
    sections::records::{
        kind::{Kind, Lasting, day},
        period::Preset::{self, All, Current, Custom, Expired},
    },
};

/// A subscription.
#[derive(Clone, Debug, Serialize, Template, ToSchema)]
#[template(path = "records/subscription.html")]
pub struct SubscriptionView {
    /// The name.
    pub name: String,
    /// What the subscription is for; empty: not described.
    pub description: String,
    /// The price in words; empty: not told.
    pub price: String,
    /// The first day.
    pub starts_on: Option<Date>,
    /// The last day; null: no end is known.
    pub ends_on: Option<Date>,
}

impl Kind for SubscriptionView {
    const PRESETS: &'static [Preset] = &[All, Current, Expired, Custom];

    fn of(kind: content::Kind) -> Option<Self> {
        let content::Kind::Subscription(it) = kind else { return None };
        Some(Self {
            starts_on: day(&it.starts_on),
            ends_on: day(&it.ends_on),
            name: it.name,
            description: it.description,
            price: it.price,
        })
    }

    fn row(&self) -> (String, String) {
        (self.name.clone(), self.price.clone())
    }

    fn examples() -> Vec<Self> {
        vec![Self {
            name: "Maaltijdservice".to_owned(),
            description: long_text(),
            price: "€ 12,50 per maand".to_owned(),
            starts_on: day("2027-01-01"),
            ends_on: day("2027-12-31"),
        }]
    }

    fn label(&self, lasting: Lasting) -> Option<String> {
        Some(lasting.word())
    }
}
