//! A version of a care plan (T78–T79, P65–P69, H29–H30).

use askama::Template;
use jiff::civil::Date;
use proto::dossier::v1::{CareArea, CareGoal, CareGoalState, CarePlanState, Validity, content};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    example::{long_name, long_text},
    i18n::filters,
    sections::records::{
        kind::{Kind, Lasting, day},
        period::Preset::{self, All, Custom, Expired, TwoYears, Year},
    },
};

/// A version of a care plan.
#[derive(Clone, Debug, Serialize, Template, ToSchema)]
#[template(path = "records/care_plan.html")]
pub struct CarePlanView {
    /// The id that the versions of one plan share.
    pub plan_id: String,
    /// The title.
    pub title: String,
    /// The first day.
    pub starts_on: Option<Date>,
    /// The last day; null: no end is known.
    pub ends_on: Option<Date>,
    /// The day on which the client agreed; null: the client has not agreed.
    pub agreed_on: Option<Date>,
    /// `proposed`, `current` or `earlier`.
    pub state: &'static str,
    /// The areas, in their order.
    pub areas: Vec<AreaView>,
}

/// An area of a care plan.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AreaView {
    /// The name.
    pub name: String,
    /// The situation; empty: not described.
    pub situation: String,
    /// The goals.
    pub goals: Vec<GoalView>,
}

/// A goal of a care plan.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct GoalView {
    /// What is to be reached.
    pub text: String,
    /// `active`, `reached` or `stopped`.
    pub state: &'static str,
    /// What is done to reach the goal.
    pub actions: Vec<String>,
}

impl Kind for CarePlanView {
    const PRESETS: &'static [Preset] = &[All, Year, TwoYears, Expired, Custom];
    const PANEL_ROWS: usize = 1;
    const PANEL: Validity = Validity::Current;

    fn of(kind: content::Kind) -> Option<Self> {
        let content::Kind::CarePlan(plan) = kind else { return None };
        Some(Self {
            state: match plan.state() {
                CarePlanState::Proposed | CarePlanState::Unspecified => "proposed",
                CarePlanState::Current => "current",
                CarePlanState::Earlier => "earlier",
            },
            plan_id: plan.plan_id,
            title: plan.title,
            starts_on: day(&plan.starts_on),
            ends_on: day(&plan.ends_on),
            agreed_on: day(&plan.agreed_on),
            areas: plan.areas.into_iter().map(AreaView::from).collect(),
        })
    }

    fn row(&self) -> (String, String) {
        let areas: Vec<&str> = self.areas.iter().map(|area| area.name.as_str()).collect();
        (self.title.clone(), areas.join(", "))
    }

    fn examples() -> Vec<Self> {
        let goal = GoalView {
            text: "Mevrouw zet weer zelf koffie.".to_owned(),
            state: "active",
            actions: vec!["Elke ochtend samen oefenen.".to_owned(), long_text()],
        };
        let area = |name: String| AreaView { name, situation: long_text(), goals: vec![goal.clone()] };
        let plan = |state: &'static str| Self {
            plan_id: "P1".to_owned(),
            title: "Zorgplan voorjaar".to_owned(),
            starts_on: day("2027-01-01"),
            ends_on: if state == "earlier" { day("2027-02-28") } else { None },
            agreed_on: if state == "proposed" { None } else { day("2026-12-20") },
            state,
            areas: vec![area("Mobiliteit".to_owned()), area(long_name())],
        };
        vec![plan("current"), plan("proposed"), plan("earlier")]
    }

    fn label(&self, lasting: Lasting) -> Option<String> {
        Some(if self.state == "current" { lasting.word() } else { format!("care-plan-{}", self.state) })
    }

    fn is_in_panel(&self) -> bool {
        self.state == "current"
    }
}

impl From<CareArea> for AreaView {
    fn from(area: CareArea) -> Self {
        let goals = area.goals.into_iter().map(GoalView::from).collect();
        Self { name: area.name, situation: area.situation, goals }
    }
}

impl From<CareGoal> for GoalView {
    fn from(goal: CareGoal) -> Self {
        Self {
            state: match goal.state() {
                CareGoalState::Active | CareGoalState::Unspecified => "active",
                CareGoalState::Reached => "reached",
                CareGoalState::Stopped => "stopped",
            },
            text: goal.text,
            actions: goal.actions,
        }
    }
}
