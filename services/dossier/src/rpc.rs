//! The RPCs of dossier: each calls the handler of its aggregate.

use proto::dossier::v1::{
    EndCareRequest, EndCareResponse, GetClientRequest, GetClientResponse, GetReportRequest,
    GetReportResponse, ImportRecordsRequest, ListReportsRequest, ListReportsResponse, ResumeCareRequest,
    ResumeCareResponse, UpsertClientRequest, UpsertClientResponse, UpsertReportRequest, UpsertReportResponse,
    dossier_service_server::DossierService,
};
use tonic::{Request, Response, Status, Streaming};

use crate::{client, import, report, state::State};

#[tonic::async_trait]
impl DossierService for State {
    type ImportRecordsStream = import::rpc::Results;

    async fn list_reports(
        &self,
        request: Request<ListReportsRequest>,
    ) -> Result<Response<ListReportsResponse>, Status> {
        Ok(report::rpc::list(self, &request).await.map(Response::new)?)
    }

    async fn get_report(
        &self,
        request: Request<GetReportRequest>,
    ) -> Result<Response<GetReportResponse>, Status> {
        Ok(report::rpc::get(self, &request).await?)
    }

    async fn upsert_report(
        &self,
        request: Request<UpsertReportRequest>,
    ) -> Result<Response<UpsertReportResponse>, Status> {
        Ok(report::rpc::upsert(self, request).await?)
    }

    async fn get_client(
        &self,
        request: Request<GetClientRequest>,
    ) -> Result<Response<GetClientResponse>, Status> {
        Ok(client::rpc::get(self, &request).await?)
    }

    async fn upsert_client(
        &self,
        request: Request<UpsertClientRequest>,
    ) -> Result<Response<UpsertClientResponse>, Status> {
        Ok(client::rpc::upsert(self, request).await?)
    }

    async fn end_care(&self, request: Request<EndCareRequest>) -> Result<Response<EndCareResponse>, Status> {
        Ok(client::care::end(self, &request).await?)
    }

    async fn resume_care(
        &self,
        request: Request<ResumeCareRequest>,
    ) -> Result<Response<ResumeCareResponse>, Status> {
        Ok(client::care::resume(self, &request).await?)
    }

    async fn import_records(
        &self,
        request: Request<Streaming<ImportRecordsRequest>>,
    ) -> Result<Response<Self::ImportRecordsStream>, Status> {
        Ok(import::rpc::import(self, request).map(Response::new)?)
    }
}
