//! A care agreement (P85).

use chassis::fields::Fields;
use proto::{
    access::v1::Section,
    dossier::v1::{CareAgreement, ErrorReason},
};

use super::{Facts, Kind};

impl Kind for CareAgreement {
    const SECTION: Section = Section::CareAgreements;

    fn judge(&mut self, fields: &mut Fields<ErrorReason>) -> Option<Facts> {
        fields.line("title", &mut self.title, 200);
        fields.day("signed_on", &self.signed_on);
        fields.count("services", self.services.len(), 0..=50);
        for (index, service) in self.services.iter_mut().enumerate().take(50) {
            fields.line(&format!("services.{index}"), service, 500);
        }
        Facts::of_days(fields, &self.starts_on, &self.ends_on)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::tests::judged;

    #[test]
    fn an_agreement_needs_the_day_of_its_signature() {
        let mut agreement = CareAgreement {
            title: "Zorgovereenkomst".to_owned(),
            starts_on: "2027-01-01".to_owned(),
            ..CareAgreement::default()
        };
        assert_eq!(judged(&mut agreement).0, ["signed_on FIELD_MISSING"]);
    }
}
