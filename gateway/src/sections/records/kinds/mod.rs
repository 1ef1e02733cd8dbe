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
    care_agreement::CareAgreementView, care_plan::CarePlanView, document::DocumentView,
    evaluation::EvaluationView, form::FormView, measurement::MeasurementView,
    questionnaire::QuestionnaireView, report::ReportView, subscription::SubscriptionView,
};
