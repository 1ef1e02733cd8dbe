//! The kinds of record, as pages and JSON show them.

mod answers;
mod care_agreement;
mod care_plan;
mod document;
mod evaluation;
mod form;
mod measurement;
mod questionnaire;
mod report;
mod subscription;

pub use self::{
    answers::AnswerView,
    care_agreement::CareAgreementView,
    care_plan::{AreaView, CarePlanView, GoalView},
    document::DocumentView,
    evaluation::{EvaluatedGoalView, EvaluationView},
    form::FormView,
    measurement::{MeasurementView, ValueView},
    questionnaire::QuestionnaireView,
    report::ReportView,
    subscription::SubscriptionView,
};
