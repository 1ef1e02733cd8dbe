//! A measurement, such as a blood pressure with two values (R26).

use chassis::fields::Fields;
use proto::{
    access::v1::Section,
    dossier::v1::{ErrorReason, Measurement},
};

use super::{Facts, Kind};

/// The largest number of a measurement: larger ones are faults of a source.
const LARGEST: f64 = 1e9;

impl Kind for Measurement {
    const SECTION: Section = Section::Measurements;

    fn judge(&mut self, fields: &mut Fields<ErrorReason>) -> Option<Facts> {
        fields.line("type", &mut self.r#type, 64);
        fields.line("name", &mut self.name, 100);
        fields.optional_lines("remark", &mut self.remark, 2_000);
        fields.count("values", self.values.len(), 1..=10);
        for (index, value) in self.values.iter_mut().enumerate().take(10) {
            fields.optional_line(&format!("values.{index}.name"), &mut value.name, 100);
            fields.optional_line(&format!("values.{index}.unit"), &mut value.unit, 30);
            if !(-LARGEST..=LARGEST).contains(&value.value) {
                fields.fault(&format!("values.{index}.value"), ErrorReason::FieldMalformed);
            }
        }
        let at = fields.instant("measured_at", self.measured_at.as_ref())?;
        Some(Facts::of_moment(at).with_code(&self.r#type))
    }

    fn code_name(&self) -> Option<&str> {
        Some(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use proto::dossier::v1::MeasuredValue;

    use super::*;
    use crate::kinds::tests::judged;

    #[test]
    fn a_measurement_needs_a_type_and_finite_values() {
        let value = |value| MeasuredValue { value, ..MeasuredValue::default() };
        let mut measurement = Measurement {
            values: vec![value(f64::NAN), value(-0.0), value(f64::INFINITY)],
            ..Measurement::default()
        };
        let (faults, _) = judged(&mut measurement);
        assert_eq!(
            faults,
            [
                "type FIELD_MISSING",
                "name FIELD_MISSING",
                "values.0.value FIELD_MALFORMED",
                "values.2.value FIELD_MALFORMED",
                "measured_at FIELD_MISSING"
            ]
        );
        measurement.values = Vec::new();
        assert!(judged(&mut measurement).0.contains(&"values FIELD_MISSING".to_owned()));
        measurement.values = vec![value(1.0); 11];
        assert!(judged(&mut measurement).0.contains(&"values FIELD_TOO_LONG".to_owned()));
    }
}
