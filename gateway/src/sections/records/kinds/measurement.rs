//! A measurement (R26–R27).

use askama::Template;
use proto::dossier::v1::content;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    i18n::filters,
    sections::records::{
        chart::{Chart, Point},
        entry::RecordView,
        kind::Kind,
        period::Preset::{self, All, Custom, Month, Week, Year},
    },
};

/// A measurement.
#[derive(Clone, Debug, Serialize, Template, ToSchema)]
#[template(path = "records/measurement.html")]
pub struct MeasurementView {
    /// What was measured, as a code, such as `gewicht`.
    pub r#type: String,
    /// What was measured, in words.
    pub name: String,
    /// The values; a blood pressure has two.
    pub values: Vec<ValueView>,
    /// A remark; empty: none.
    pub remark: String,
}

/// One value of a measurement.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ValueView {
    /// Which value; empty: the measurement has one value.
    pub name: String,
    /// The number.
    pub value: f64,
    /// The unit in words; empty: none.
    pub unit: String,
}

impl Kind for MeasurementView {
    const PRESETS: &'static [Preset] = &[All, Week, Month, Year, Custom];

    fn of(kind: content::Kind) -> Option<Self> {
        let content::Kind::Measurement(measurement) = kind else { return None };
        let value = |it: proto::dossier::v1::MeasuredValue| ValueView {
            name: it.name,
            value: it.value,
            unit: it.unit,
        };
        Some(Self {
            r#type: measurement.r#type,
            name: measurement.name,
            values: measurement.values.into_iter().map(value).collect(),
            remark: measurement.remark,
        })
    }

    fn row(&self) -> (String, String) {
        // The numbers of the start page are those of the Netherlands, whose texts stand beside them.
        let values = self.values.iter().map(|it| {
            let number = crate::i18n::decimal_in_words(crate::i18n::Language::Nl, it.value);
            [it.name.as_str(), &number, &it.unit].join(" ").trim().to_owned()
        });
        (format!("{}: {}", self.name, values.collect::<Vec<_>>().join(", ")), self.remark.clone())
    }

    fn chart(records: &[RecordView<Self>]) -> Option<Chart> {
        let standing = records.iter().filter_map(|record| Some((record, record.content.as_ref()?)));
        let points = standing.map(|(record, measurement)| Point {
            at: record.at,
            values: measurement.values.clone(),
            remark: measurement.remark.clone(),
        });
        let name = records.iter().find_map(|record| record.content.as_ref())?.name.clone();
        Some(Chart::new(name, points.collect()))
    }
}
