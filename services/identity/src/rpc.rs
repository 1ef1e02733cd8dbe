//! The RPCs of identity: each line hands over to its aggregate.

use proto::identity::v1::{
    ConfigureOrganisationRequest, ConfigureOrganisationResponse, CreateSystemAccountRequest,
    CreateSystemAccountResponse, EndSessionRequest, EndSessionResponse, FindOrganisationRequest,
    FindOrganisationResponse, IssueSystemTokenRequest, IssueSystemTokenResponse, RegisterAccountRequest,
    RegisterAccountResponse, ResendCodeRequest, ResendCodeResponse, ResolveSessionRequest,
    ResolveSessionResponse, SetOwnPasswordRequest, SetOwnPasswordResponse, StartLoginRequest,
    StartLoginResponse, VerifyCodeRequest, VerifyCodeResponse, identity_service_server::IdentityService,
};
use tonic::{Request, Response, Status};

use crate::{State, account, login, organisation, session, system_account};

#[tonic::async_trait]
impl IdentityService for State {
    async fn find_organisation(
        &self,
        request: Request<FindOrganisationRequest>,
    ) -> Result<Response<FindOrganisationResponse>, Status> {
        Ok(organisation::rpc::find(self, request.into_inner()).await.map(Response::new)?)
    }

    async fn configure_organisation(
        &self,
        request: Request<ConfigureOrganisationRequest>,
    ) -> Result<Response<ConfigureOrganisationResponse>, Status> {
        Ok(organisation::rpc::configure(self, &request.into_inner()).await.map(Response::new)?)
    }

    async fn start_login(
        &self,
        request: Request<StartLoginRequest>,
    ) -> Result<Response<StartLoginResponse>, Status> {
        Ok(login::rpc::start(self, request.into_inner()).await.map(Response::new)?)
    }

    async fn resend_code(
        &self,
        request: Request<ResendCodeRequest>,
    ) -> Result<Response<ResendCodeResponse>, Status> {
        Ok(login::rpc::resend_code(self, &request.into_inner()).await.map(Response::new)?)
    }

    async fn verify_code(
        &self,
        request: Request<VerifyCodeRequest>,
    ) -> Result<Response<VerifyCodeResponse>, Status> {
        Ok(login::rpc::verify_code(self, &request.into_inner()).await.map(Response::new)?)
    }

    async fn set_own_password(
        &self,
        request: Request<SetOwnPasswordRequest>,
    ) -> Result<Response<SetOwnPasswordResponse>, Status> {
        Ok(login::rpc::set_own_password(self, request.into_inner()).await.map(Response::new)?)
    }

    async fn resolve_session(
        &self,
        request: Request<ResolveSessionRequest>,
    ) -> Result<Response<ResolveSessionResponse>, Status> {
        Ok(session::rpc::resolve(self, &request.into_inner()).await.map(Response::new)?)
    }

    async fn end_session(
        &self,
        request: Request<EndSessionRequest>,
    ) -> Result<Response<EndSessionResponse>, Status> {
        Ok(session::rpc::end(self, &request).await.map(Response::new)?)
    }

    async fn register_account(
        &self,
        request: Request<RegisterAccountRequest>,
    ) -> Result<Response<RegisterAccountResponse>, Status> {
        account::rpc::register(self, request).await
    }

    async fn create_system_account(
        &self,
        request: Request<CreateSystemAccountRequest>,
    ) -> Result<Response<CreateSystemAccountResponse>, Status> {
        Ok(system_account::rpc::create(self, request.into_inner()).await.map(Response::new)?)
    }

    async fn issue_system_token(
        &self,
        request: Request<IssueSystemTokenRequest>,
    ) -> Result<Response<IssueSystemTokenResponse>, Status> {
        Ok(system_account::rpc::issue_token(self, &request.into_inner()).await.map(Response::new)?)
    }
}
