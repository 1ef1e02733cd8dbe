//! The RPCs of dossier: each calls the handler of its aggregate.

use chassis::Ctx;
use proto::{
    access::v1::Section,
    dossier::v1::{
        EndCareRequest, EndCareResponse, GetClientRequest, GetClientResponse, GetRecordRequest,
        GetRecordResponse, ImportRecordsRequest, ListReportsRequest, ListReportsResponse, ResumeCareRequest,
        ResumeCareResponse, RetractRecordRequest, RetractRecordResponse, UpsertClientRequest,
        UpsertClientResponse, UpsertRecordRequest, UpsertRecordResponse,
        dossier_service_server::DossierService,
    },
};
use tonic::{Request, Response, Status, Streaming};

use crate::{client, import, record, state::State};

#[tonic::async_trait]
impl DossierService for State {
    type ImportRecordsStream = import::rpc::Results;

    async fn list_reports(
        &self,
        request: Request<ListReportsRequest>,
    ) -> Result<Response<ListReportsResponse>, Status> {
        let ctx = Ctx::from_request(&request)?;
        let selection = request.into_inner().selection;
        let listing = record::rpc::list(self, &ctx, Section::Reports, selection).await?;
        Ok(Response::new(ListReportsResponse { listing }))
    }

    async fn get_record(
        &self,
        request: Request<GetRecordRequest>,
    ) -> Result<Response<GetRecordResponse>, Status> {
        Ok(record::rpc::get(self, &request).await?)
    }

    async fn upsert_record(
        &self,
        request: Request<UpsertRecordRequest>,
    ) -> Result<Response<UpsertRecordResponse>, Status> {
        Ok(record::rpc::upsert(self, request).await?)
    }

    async fn retract_record(
        &self,
        request: Request<RetractRecordRequest>,
    ) -> Result<Response<RetractRecordResponse>, Status> {
        Ok(record::rpc::retract(self, request).await?)
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
