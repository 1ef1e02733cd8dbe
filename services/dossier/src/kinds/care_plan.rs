//! A version of a care plan (T79).

use chassis::fields::Fields;
use proto::{
    access::v1::Section,
    dossier::v1::{CareArea, CareGoalState, CarePlan, CarePlanState, ErrorReason},
};

use super::{Facts, Kind};

impl Kind for CarePlan {
    const SECTION: Section = Section::CarePlans;

    fn judge(&mut self, fields: &mut Fields<ErrorReason>) -> Option<Facts> {
        fields.line("plan_id", &mut self.plan_id, 128);
        fields.line("title", &mut self.title, 200);
        fields.choice::<CarePlanState>("state", self.state);
        fields.optional_day("agreed_on", &self.agreed_on);
        if self.state() == CarePlanState::Earlier && self.ends_on.is_empty() {
            // Without its end, a replaced version would count as one that holds.
            fields.fault("ends_on", ErrorReason::FieldMissing);
        }
        fields.count("areas", self.areas.len(), 0..=50);
        for (index, area) in self.areas.iter_mut().enumerate().take(50) {
            judge_area(area, &format!("areas.{index}"), fields);
        }
        Some(Facts::of_days(fields, &self.starts_on, &self.ends_on)?.with_code(&self.plan_id))
    }
}

fn judge_area(area: &mut CareArea, path: &str, fields: &mut Fields<ErrorReason>) {
    fields.line(&format!("{path}.name"), &mut area.name, 200);
    fields.optional_lines(&format!("{path}.situation"), &mut area.situation, 5_000);
    fields.count(&format!("{path}.goals"), area.goals.len(), 0..=50);
    for (index, goal) in area.goals.iter_mut().enumerate().take(50) {
        let path = format!("{path}.goals.{index}");
        fields.lines(&format!("{path}.text"), &mut goal.text, 2_000);
        fields.choice::<CareGoalState>(&format!("{path}.state"), goal.state);
        fields.count(&format!("{path}.actions"), goal.actions.len(), 0..=20);
        for (index, action) in goal.actions.iter_mut().enumerate().take(20) {
            fields.lines(&format!("{path}.actions.{index}"), action, 2_000);
        }
    }
}

#[cfg(test)]
mod tests {
    use proto::dossier::v1::CareGoal;

    use super::*;
    use crate::kinds::tests::judged;

    #[test]
    fn a_version_that_was_replaced_has_an_end() {
        let mut plan = CarePlan {
            plan_id: "P1".to_owned(),
            title: "Zorgplan".to_owned(),
            state: CarePlanState::Earlier.into(),
            starts_on: "2019-01-01".to_owned(),
            ..CarePlan::default()
        };
        assert_eq!(judged(&mut plan).0, ["ends_on FIELD_MISSING"]);
    }

    #[test]
    fn faults_deep_in_a_plan_are_named_by_their_path() {
        let goal = CareGoal { text: "Zelf koffie zetten".to_owned(), state: 7, actions: vec![String::new()] };
        let mut plan = CarePlan {
            plan_id: "P1".to_owned(),
            title: "Zorgplan".to_owned(),
            state: CarePlanState::Current.into(),
            starts_on: "2027-01-01".to_owned(),
            ends_on: "2026-12-31".to_owned(),
            areas: vec![CareArea { goals: vec![goal], ..CareArea::default() }],
            ..CarePlan::default()
        };
        let (faults, facts) = judged(&mut plan);
        assert_eq!(
            faults,
            [
                "areas.0.name FIELD_MISSING",
                "areas.0.goals.0.state FIELD_MALFORMED",
                "areas.0.goals.0.actions.0 FIELD_MISSING",
                "ends_on PERIOD_REVERSED"
            ]
        );
        assert_eq!(facts, None);
    }
}
