//! A subscription to a service of the organisation (R41).

use chassis::fields::Fields;
use proto::{
    access::v1::Section,
    dossier::v1::{ErrorReason, Subscription},
};

use super::{Facts, Kind};

impl Kind for Subscription {
    const SECTION: Section = Section::Subscriptions;

    fn judge(&mut self, fields: &mut Fields<ErrorReason>) -> Option<Facts> {
        fields.line("name", &mut self.name, 200);
        fields.optional_lines("description", &mut self.description, 2_000);
        fields.optional_line("price", &mut self.price, 100);
        Facts::of_days(fields, &self.starts_on, &self.ends_on)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::{NO_END, tests::judged};

    #[test]
    fn a_subscription_may_have_no_end() {
        let (name, starts_on) = ("Maaltijden".to_owned(), "2027-01-01".to_owned());
        let (faults, facts) = judged(&mut Subscription { name, starts_on, ..Subscription::default() });
        assert_eq!((faults.len(), facts.unwrap().ends_at), (0, NO_END));
    }
}
