//! A measurement (R26–R27).

use askama::Template;
use jiff::Timestamp;
use proto::dossier::v1::content;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    example::{long_name, long_text},
    i18n::filters,
    sections::records::{
        chart::{Chart, Point, ValueView},
        kind::Kind,
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

impl Kind for MeasurementView {
    const HAS_CHART: bool = true;

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

    fn examples() -> Vec<Self> {
        let value = |name: &str, value: f64, unit: &str| ValueView {
            name: name.to_owned(),
            value,
            unit: unit.to_owned(),
        };
        let measurement = |name: &str, values: Vec<ValueView>, remark: String| Self {
            r#type: name.to_lowercase(),
            name: name.to_owned(),
            values,
            remark,
        };
        let pressure =
            |upper: f64| vec![value("bovendruk", upper, "mmHg"), value("onderdruk", upper - 50.0, "mmHg")];
        vec![
            measurement("Bloeddruk", pressure(135.0), String::new()),
            measurement("Bloeddruk", pressure(128.0), long_name()),
            measurement("Bloeddruk", pressure(141.0), String::new()),
            measurement("Gewicht", vec![value("", 72.5, "kg")], long_text()),
        ]
    }

    fn chart(records: &[(Timestamp, &Self)]) -> Option<Chart> {
        let point = |(at, measurement): &(Timestamp, &Self)| Point {
            at: *at,
            values: measurement.values.clone(),
            remark: measurement.remark.clone(),
        };
        let (_, newest) = records.first()?;
        Some(Chart::new(newest.name.clone(), records.iter().map(point).collect()))
    }
}
