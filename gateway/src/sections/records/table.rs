//! The kinds of record, one line each. Routes, menu items, panels and live names follow from the lines.

use askama::{Template, Values};
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
    entry::RecordView,
    example,
    kind::{Kind, Lasting, Place},
    kinds::{
        CareAgreementView, CarePlanView, DocumentView, EvaluationView, FormView, MeasurementView,
        QuestionnaireView, ReportView, SubscriptionView,
    },
    list::{self, Filter},
    panel::panel,
    show,
    views::{RecordPage, RecordsView},
};
use crate::{
    app::App,
    example::{Example, days_ago},
    form::Routes,
    page::Page,
    problem::Problem,
    sections::entry::Entry,
    sessions::Viewer,
};

/// The filter of the template of [`AnyRecord`].
#[expect(clippy::inline_always, clippy::unused_self, reason = "askama prescribes the signature of a filter")]
mod filters {
    use askama::{Result, Values, filters::Safe};

    use crate::sections::records::table::AnyRecord;

    /// The inside of a record's card, whatever its kind.
    #[askama::filter_fn]
    pub fn any(record: &AnyRecord, values: &dyn Values) -> Result<Safe<String>> {
        Ok(Safe(record.html(values)?))
    }
}

/// For each kind: its section, paths, words of title and menu, view, heading in the menu, and the methods of dossier.
macro_rules! records {
    ($($section:ident, $path:literal, $one:literal, $title:literal, $menu:literal, $view:ident, $heading:ident,
        $list:ident($list_request:ident), $get:ident($get_request:ident);)*) => {
        $(impl Place for $view {
            const SECTION: Section = Section::$section;
            const PATH: &'static str = $path;
            const TITLE: &'static str = $title;

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
            word: $menu,
            heading: MenuHeading::$heading,
            also: &[],
            panel: Some(|app, session| Box::pin(panel::<$view>(app, session))),
        },)*];

        /// The states of each kind's pages, for the style guide.
        pub fn states() -> Vec<Example> {
            let first = [$((Section::$section, $view::examples().pop().map(AnyRecord::$section)),)*];
            let first = first.into_iter().zip(0..).map(|((section, content), number)| {
                RecordView::example(section, number, days_ago(number / 2), content)
            });
            let mut all = vec![$(example::list::<$view>(),)* example::list_of::<AnyRecord>(first.collect())];
            all.extend([$(example::one::<$view>(),)*].into_iter().flatten());
            all
        }

        /// A record of any kind, for the timeline.
        #[derive(Clone, Debug, Serialize, Template, ToSchema)]
        #[serde(untagged)]
        #[template(path = "records/any.html")]
        pub enum AnyRecord {
            $(#[doc = concat!("A record of the page `", $path, "`.")] $section($view),)*
        }

        impl AnyRecord {
            /// The inside of the record's card.
            fn html(&self, values: &dyn Values) -> askama::Result<String> {
                match self { $(Self::$section(view) => view.render_with_values(values),)* }
            }
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

            fn examples() -> Vec<Self> {
                Vec::new()
            }

            fn label(&self, lasting: Lasting) -> Option<String> {
                match self { $(Self::$section(view) => view.label(lasting),)* }
            }
        }
    };
}

records! {
    Reports, "/reports", "/reports/{id}", "reports-title", "reports-menu", ReportView, Care,
        list_reports(ListReportsRequest), get_report(GetReportRequest);
    CarePlans, "/care-plans", "/care-plans/{id}", "care-plans-title", "care-plans-menu", CarePlanView, Care,
        list_care_plans(ListCarePlansRequest), get_care_plan(GetCarePlanRequest);
    Evaluations, "/evaluations", "/evaluations/{id}", "evaluations-title", "evaluations-menu", EvaluationView, Care,
        list_evaluations(ListEvaluationsRequest), get_evaluation(GetEvaluationRequest);
    Measurements, "/measurements", "/measurements/{id}", "measurements-title", "measurements-menu", MeasurementView, Care,
        list_measurements(ListMeasurementsRequest), get_measurement(GetMeasurementRequest);
    Questionnaires, "/questionnaires", "/questionnaires/{id}", "questionnaires-title", "questionnaires-menu", QuestionnaireView, Care,
        list_questionnaires(ListQuestionnairesRequest), get_questionnaire(GetQuestionnaireRequest);
    Forms, "/forms", "/forms/{id}", "forms-title", "forms-menu", FormView, Care,
        list_forms(ListFormsRequest), get_form(GetFormRequest);
    CareAgreements, "/care-agreements", "/care-agreements/{id}", "care-agreements-title", "care-agreements-menu", CareAgreementView, Care,
        list_care_agreements(ListCareAgreementsRequest), get_care_agreement(GetCareAgreementRequest);
    Subscriptions, "/subscriptions", "/subscriptions/{id}", "subscriptions-title", "subscriptions-menu", SubscriptionView, Care,
        list_subscriptions(ListSubscriptionsRequest), get_subscription(GetSubscriptionRequest);
    Documents, "/documents", "/documents/{id}", "documents-title", "documents-menu", DocumentView, Own,
        list_documents(ListDocumentsRequest), get_document(GetDocumentRequest);
}

/// The names of the sections of records.
pub fn names() -> impl Iterator<Item = &'static str> {
    ENTRIES.iter().map(|entry| chassis::section::name(entry.section))
}
