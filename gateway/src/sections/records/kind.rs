//! What a kind of record brings to the pages.

use std::fmt::Debug;

use askama::Template;
use chassis::channel::Channel;
use jiff::{Timestamp, civil::Date};
use proto::{
    access::v1::Section,
    dossier::v1::{
        Entry, Listing, Selection, Validity, content, dossier_service_client::DossierServiceClient,
    },
};
use serde::Serialize;
use tonic::Status;
use utoipa::ToSchema;

use super::{
    chart::Chart,
    period::Preset::{self, All, Custom, Month, Week, Year},
};

/// Whether what a record tells of holds today.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Lasting {
    /// Its first day comes later.
    Coming,
    /// It holds, or is about a moment.
    Current,
    /// Its last day is past.
    Over,
}

impl Lasting {
    /// The Fluent key of its words.
    #[must_use]
    pub fn word(self) -> String {
        let name = match self {
            Self::Coming => "coming",
            Self::Current => "current",
            Self::Over => "expired",
        };
        format!("record-{name}")
    }
}

/// The content of one kind of record. Its template is the inside of the record's card.
pub trait Kind: Template + Serialize + ToSchema + Clone + Debug + Send + Sync + 'static {
    /// The periods to choose from.
    const PRESETS: &'static [Preset] = &[All, Week, Month, Year, Custom];
    /// How many records the panel of the start page shows.
    const PANEL_ROWS: usize = 3;
    /// Which records the panel shows.
    const PANEL: Validity = Validity::Unspecified;
    /// Whether a card is short and leads to the page of its record (H27), and whether the page leads to each month (H28).
    const IS_TIMELINE: bool = false;

    /// Whether the records of one code are shown as a chart.
    const HAS_CHART: bool = false;

    /// From the contract's content; `None` for another kind's.
    fn of(kind: content::Kind) -> Option<Self>;

    /// The record in two texts for the start page and the timeline: what is said, and by whom or for when.
    fn row(&self) -> (String, String);

    /// The Fluent key of what kind or state of record it is; `None`: nothing is said.
    fn label(&self, _lasting: Lasting) -> Option<String> {
        None
    }

    /// Whether the start page shows the record.
    fn is_in_panel(&self) -> bool {
        true
    }

    /// Records with the hardest content, for the style guide.
    fn examples() -> Vec<Self>;

    /// The records of one code, newest first, as a chart; `None`: the kind has no charts.
    fn chart(_records: &[(Timestamp, &Self)]) -> Option<Chart> {
        None
    }
}

/// Where the records of a kind are found. Made by a line of the table.
pub trait Place: Kind {
    /// The section.
    const SECTION: Section;
    /// The path of the list.
    const PATH: &'static str;
    /// The Fluent key of the list's title.
    const TITLE: &'static str;

    /// The name of the section, as in addresses and Fluent keys.
    #[must_use]
    fn section_name() -> &'static str {
        chassis::section::name(Self::SECTION)
    }

    /// The names of the sections whose news changes the list.
    #[must_use]
    fn live() -> Vec<&'static str> {
        vec![Self::section_name()]
    }

    /// Lists the records.
    fn list(
        dossier: DossierServiceClient<Channel>,
        selection: Selection,
    ) -> impl Future<Output = Result<Listing, Status>> + Send;

    /// Gets one record.
    fn get(
        dossier: DossierServiceClient<Channel>,
        record_id: String,
    ) -> impl Future<Output = Result<Entry, Status>> + Send;
}

/// A day of the contract; `None` where it is empty.
#[must_use]
pub fn day(text: &str) -> Option<Date> {
    text.parse().ok()
}
