//! The RPCs of dossier: connects each to the handler of its aggregate.

use chassis::Ctx;
use proto::{
    access::v1::Section,
    dossier::v1::{self, dossier_service_server::DossierService},
};
use tonic::{Request, Response, Status, Streaming};

use crate::{client, import, record, state::State};

/// Implements the contract's trait. `records`: a line per section, with the methods that list and get its records. `calls`:
/// a line per other method, with its handler.
macro_rules! serve {
    (
        records { $($section:ident: $list:ident($list_request:ident) -> $list_response:ident,
            $get:ident($get_request:ident) -> $get_response:ident;)* }
        calls { $($method:ident($request:ident) -> $response:ident = $handler:path;)* }
    ) => {
        #[tonic::async_trait]
        impl DossierService for State {
            type ImportRecordsStream = import::rpc::Results;

            $(async fn $list(
                &self,
                request: Request<v1::$list_request>,
            ) -> Result<Response<v1::$list_response>, Status> {
                let ctx = Ctx::from_request(&request)?;
                let selection = request.into_inner().selection;
                let listing = record::rpc::list(self, &ctx, Section::$section, selection).await?;
                Ok(Response::new(v1::$list_response { listing }))
            }

            async fn $get(
                &self,
                request: Request<v1::$get_request>,
            ) -> Result<Response<v1::$get_response>, Status> {
                let ctx = Ctx::from_request(&request)?;
                let found = record::rpc::find(self, &ctx, &request.get_ref().record_id).await?;
                Ok(Response::new(v1::$get_response { entry: Some(found.record.into()) }))
            })*

            $(async fn $method(
                &self,
                request: Request<v1::$request>,
            ) -> Result<Response<v1::$response>, Status> {
                Ok($handler(self, request).await?)
            })*

            async fn list_timeline(
                &self,
                request: Request<v1::ListTimelineRequest>,
            ) -> Result<Response<v1::ListTimelineResponse>, Status> {
                let ctx = Ctx::from_request(&request)?;
                let selection = request.into_inner().selection;
                let listing = record::rpc::list(self, &ctx, Section::Timeline, selection).await?;
                Ok(Response::new(v1::ListTimelineResponse { listing }))
            }

            async fn import_records(
                &self,
                request: Request<Streaming<v1::ImportRecordsRequest>>,
            ) -> Result<Response<Self::ImportRecordsStream>, Status> {
                Ok(import::rpc::import(self, request).map(Response::new)?)
            }
        }
    };
}

serve! {
    records {
        Reports: list_reports(ListReportsRequest) -> ListReportsResponse, get_report(GetReportRequest) -> GetReportResponse;
        Measurements: list_measurements(ListMeasurementsRequest) -> ListMeasurementsResponse, get_measurement(GetMeasurementRequest) -> GetMeasurementResponse;
        Questionnaires: list_questionnaires(ListQuestionnairesRequest) -> ListQuestionnairesResponse, get_questionnaire(GetQuestionnaireRequest) -> GetQuestionnaireResponse;
        Forms: list_forms(ListFormsRequest) -> ListFormsResponse, get_form(GetFormRequest) -> GetFormResponse;
        CarePlans: list_care_plans(ListCarePlansRequest) -> ListCarePlansResponse, get_care_plan(GetCarePlanRequest) -> GetCarePlanResponse;
        Evaluations: list_evaluations(ListEvaluationsRequest) -> ListEvaluationsResponse, get_evaluation(GetEvaluationRequest) -> GetEvaluationResponse;
        CareAgreements: list_care_agreements(ListCareAgreementsRequest) -> ListCareAgreementsResponse, get_care_agreement(GetCareAgreementRequest) -> GetCareAgreementResponse;
        Subscriptions: list_subscriptions(ListSubscriptionsRequest) -> ListSubscriptionsResponse, get_subscription(GetSubscriptionRequest) -> GetSubscriptionResponse;
        Documents: list_documents(ListDocumentsRequest) -> ListDocumentsResponse, get_document(GetDocumentRequest) -> GetDocumentResponse;
    }
    calls {
        write_report(WriteReportRequest) -> WriteReportResponse = record::write_own;
        upsert_client(UpsertClientRequest) -> UpsertClientResponse = client::rpc::upsert;
        get_client(GetClientRequest) -> GetClientResponse = client::rpc::get;
        end_care(EndCareRequest) -> EndCareResponse = client::care::end;
        resume_care(ResumeCareRequest) -> ResumeCareResponse = client::care::resume;
        upsert_record(UpsertRecordRequest) -> UpsertRecordResponse = record::rpc::upsert;
        get_record(GetRecordRequest) -> GetRecordResponse = record::rpc::get;
        retract_record(RetractRecordRequest) -> RetractRecordResponse = record::rpc::retract;
    }
}
