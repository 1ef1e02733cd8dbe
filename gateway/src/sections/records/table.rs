//! The kinds of record, one line each. Routes, menu items, panels and live names follow from the lines.

use askama::Template;
use axum::extract::{Path, Query, State};
use chassis::channel::Channel;
use proto::{
    access::v1::Section,
    dossier::v1::{self, Entry as Found, Listing, Selection, dossier_service_client::DossierServiceClient},
    identity::v1::MenuHeading,
};
use serde::Serialize;
use tonic::Status;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{
    kind::{Kind, Place},
    kinds::{
        CareAgreementView, CarePlanView, DocumentView, EvaluationView, FormView, MeasurementView,
        QuestionnaireView, ReportView, SubscriptionView,
    },
    list::{self, Filter},
    panel::panel,
    show,
    timeline::TIMELINE,
    views::{RecordPage, RecordsView},
};
use crate::{
    app::App, form::Routes, i18n::filters, page::Page, problem::Problem, sections::table::Entry,
    sessions::Viewer,
};

/// For each kind: its section, name, paths, view, heading in the menu, and the methods of dossier.
macro_rules! records {
    ($($section:ident, $name:literal, $path:literal, $one:literal, $view:ident, $heading:ident,
        $list:ident($list_request:ident), $get:ident($get_request:ident);)*) => {
        $(impl Place for $view {
            const SECTION: Section = Section::$section;
            const NAME: &'static str = $name;
            const PATH: &'static str = $path;
            const TITLE: &'static str = concat!($name, "-title");

            async fn list(
                mut dossier: DossierServiceClient<Channel>,
                selection: Selection,
            ) -> Result<Listing, Status> {
                let request = v1::$list_request { selection: Some(selection) };
                Ok(dossier.$list(request).await?.into_inner().listing.unwrap_or_default())
            }

            async fn get(
                mut dossier: DossierServiceClient<Channel>,
                record_id: String,
            ) -> Result<Found, Status> {
                let answer = dossier.$get(v1::$get_request { record_id }).await?;
                Ok(answer.into_inner().entry.unwrap_or_default())
            }
        }

        /// The records of the section, newest first.
        #[utoipa::path(get, path = $path, tag = "dossier", params(Filter), security(("session" = [])),
            responses((status = 200, body = RecordsView<$view>)))]
        async fn $list(
            State(app): State<App>,
            Viewer(session): Viewer,
            filter: Query<Filter>,
        ) -> Result<Page, Problem> {
            list::list::<$view>(&app, &session, filter).await
        }

        /// One record of the section.
        #[utoipa::path(get, path = $one, tag = "dossier", params(("id" = String, Path)), security(("session" = [])),
            responses((status = 200, body = RecordPage<$view>)))]
        async fn $get(
            State(app): State<App>,
            Viewer(session): Viewer,
            Path(id): Path<String>,
        ) -> Result<Page, Problem> {
            show::show::<$view>(&app, &session, id).await
        })*

        /// The routes of all kinds.
        pub fn routes() -> Routes {
            Routes::new()$(.page(routes!($list)).page(routes!($get)))*
        }

        /// The sections of records, in the order of the menu.
        pub const ENTRIES: &[Entry] = &[$(Entry {
            section: Section::$section,
            path: $path,
            word: concat!($name, "-menu"),
            heading: MenuHeading::$heading,
            also: &[],
            panel: Some(|app, session| Box::pin(panel::<$view>(app, session))),
        },)* TIMELINE];

        /// A record of any kind, for the timeline.
        #[derive(Clone, Debug, Serialize, Template, ToSchema)]
        #[serde(untagged)]
        #[template(path = "records/any.html")]
        pub enum AnyRecord {
            $(#[doc = concat!("A record of the section `", $name, "`.")] $section($view),)*
        }

        impl Kind for AnyRecord {
            const IS_TIMELINE: bool = true;

            fn of(kind: v1::content::Kind) -> Option<Self> {
                $(if let Some(view) = $view::of(kind.clone()) {
                    return Some(Self::$section(view));
                })*
                None
            }

            fn row(&self) -> (String, String) {
                match self { $(Self::$section(view) => view.row(),)* }
            }

            fn label(&self, is_over: bool) -> Option<String> {
                match self { $(Self::$section(view) => view.label(is_over),)* }
            }
        }
    };
}

records! {
    Reports, "reports", "/reports", "/reports/{id}", ReportView, Care,
        list_reports(ListReportsRequest), get_report(GetReportRequest);
    CarePlans, "care-plans", "/care-plans", "/care-plans/{id}", CarePlanView, Care,
        list_care_plans(ListCarePlansRequest), get_care_plan(GetCarePlanRequest);
    Evaluations, "evaluations", "/evaluations", "/evaluations/{id}", EvaluationView, Care,
        list_evaluations(ListEvaluationsRequest), get_evaluation(GetEvaluationRequest);
    Measurements, "measurements", "/measurements", "/measurements/{id}", MeasurementView, Care,
        list_measurements(ListMeasurementsRequest), get_measurement(GetMeasurementRequest);
    Questionnaires, "questionnaires", "/questionnaires", "/questionnaires/{id}", QuestionnaireView, Care,
        list_questionnaires(ListQuestionnairesRequest), get_questionnaire(GetQuestionnaireRequest);
    Forms, "forms", "/forms", "/forms/{id}", FormView, Care,
        list_forms(ListFormsRequest), get_form(GetFormRequest);
    CareAgreements, "care-agreements", "/care-agreements", "/care-agreements/{id}", CareAgreementView, Care,
        list_care_agreements(ListCareAgreementsRequest), get_care_agreement(GetCareAgreementRequest);
    Subscriptions, "subscriptions", "/subscriptions", "/subscriptions/{id}", SubscriptionView, Care,
        list_subscriptions(ListSubscriptionsRequest), get_subscription(GetSubscriptionRequest);
    Documents, "documents", "/documents", "/documents/{id}", DocumentView, Own,
        list_documents(ListDocumentsRequest), get_document(GetDocumentRequest);
}
