//! The RPCs of identity: connects each to the handler of its aggregate.

use proto::identity::v1::{self, identity_service_server::IdentityService};
use tonic::{Request, Response, Status};

use crate::{
    account, contact_change, device, grant, impersonation, invitation, login, organisation, reset, session,
    state::State, step_up, system_account,
};

/// Implements the contract's trait from one line per method: name, request, response and handler.
macro_rules! serve {
    ($($method:ident($request:ident) -> $response:ident = $handler:path;)*) => {
        #[tonic::async_trait]
        impl IdentityService for State {
            $(async fn $method(
                &self,
                request: Request<v1::$request>,
            ) -> Result<Response<v1::$response>, Status> {
                Ok($handler(self, request).await?)
            })*
        }
    };
}

serve! {
    find_organisation(FindOrganisationRequest) -> FindOrganisationResponse = organisation::rpc::find;
    start_login(StartLoginRequest) -> StartLoginResponse = login::rpc::start;
    get_login(GetLoginRequest) -> GetLoginResponse = login::rpc::get;
    send_code(SendCodeRequest) -> SendCodeResponse = login::code::send;
    resend_code(ResendCodeRequest) -> ResendCodeResponse = login::code::resend;
    verify_code(VerifyCodeRequest) -> VerifyCodeResponse = login::code::verify;
    set_own_password(SetOwnPasswordRequest) -> SetOwnPasswordResponse = login::steps::set_own_password;
    accept_terms(AcceptTermsRequest) -> AcceptTermsResponse = login::steps::accept_terms;
    accept_invitation(AcceptInvitationRequest) -> AcceptInvitationResponse = login::steps::accept_invitation;
    decline_invitation(DeclineInvitationRequest) -> DeclineInvitationResponse = login::steps::decline_invitation;
    start_password_reset(StartPasswordResetRequest) -> StartPasswordResetResponse = reset::rpc::start;
    get_password_reset(GetPasswordResetRequest) -> GetPasswordResetResponse = reset::rpc::get;
    finish_password_reset(FinishPasswordResetRequest) -> FinishPasswordResetResponse = reset::rpc::finish;
    open_impersonation(OpenImpersonationRequest) -> OpenImpersonationResponse = impersonation::rpc::open;
    resolve_session(ResolveSessionRequest) -> ResolveSessionResponse = session::rpc::resolve;
    list_my_clients(ListMyClientsRequest) -> ListMyClientsResponse = session::clients::list;
    select_client(SelectClientRequest) -> SelectClientResponse = session::clients::select;
    end_session(EndSessionRequest) -> EndSessionResponse = session::rpc::end;
    list_sessions(ListSessionsRequest) -> ListSessionsResponse = session::rpc::list;
    end_other_sessions(EndOtherSessionsRequest) -> EndOtherSessionsResponse = session::rpc::end_others;
    list_devices(ListDevicesRequest) -> ListDevicesResponse = device::rpc::list;
    forget_device(ForgetDeviceRequest) -> ForgetDeviceResponse = device::rpc::forget;
    start_step_up(StartStepUpRequest) -> StartStepUpResponse = step_up::rpc::start;
    verify_step_up(VerifyStepUpRequest) -> VerifyStepUpResponse = step_up::rpc::verify;
    get_account(GetAccountRequest) -> GetAccountResponse = account::rpc::get;
    change_password(ChangePasswordRequest) -> ChangePasswordResponse = account::rpc::change_password;
    start_email_change(StartEmailChangeRequest) -> StartEmailChangeResponse = contact_change::rpc::start_email;
    confirm_email_change(ConfirmEmailChangeRequest) -> ConfirmEmailChangeResponse = contact_change::rpc::confirm_email;
    start_phone_change(StartPhoneChangeRequest) -> StartPhoneChangeResponse = contact_change::rpc::start_phone;
    confirm_phone_change(ConfirmPhoneChangeRequest) -> ConfirmPhoneChangeResponse = contact_change::rpc::confirm_phone;
    set_preferences(SetPreferencesRequest) -> SetPreferencesResponse = account::rpc::set_preferences;
    list_access(ListAccessRequest) -> ListAccessResponse = grant::rpc::list;
    invite_user(InviteUserRequest) -> InviteUserResponse = invitation::rpc::invite;
    set_grants(SetGrantsRequest) -> SetGrantsResponse = grant::rpc::set;
    revoke_access(RevokeAccessRequest) -> RevokeAccessResponse = grant::rpc::revoke;
    withdraw_invitation(WithdrawInvitationRequest) -> WithdrawInvitationResponse = invitation::rpc::withdraw;
    resend_invitation(ResendInvitationRequest) -> ResendInvitationResponse = invitation::rpc::resend;
    register_account(RegisterAccountRequest) -> RegisterAccountResponse = account::register::register;
    list_accounts(ListAccountsRequest) -> ListAccountsResponse = account::rpc::list;
    resend_welcome(ResendWelcomeRequest) -> ResendWelcomeResponse = account::register::resend_welcome;
    start_reset(StartResetRequest) -> StartResetResponse = reset::rpc::start_for_account;
    update_account_contact(UpdateAccountContactRequest) -> UpdateAccountContactResponse = contact_change::rpc::update;
    extend_access(ExtendAccessRequest) -> ExtendAccessResponse = grant::rpc::extend;
    end_access(EndAccessRequest) -> EndAccessResponse = grant::rpc::end;
    unlock_account(UnlockAccountRequest) -> UnlockAccountResponse = account::rpc::unlock;
    start_impersonation(StartImpersonationRequest) -> StartImpersonationResponse = impersonation::rpc::start;
    configure_organisation(ConfigureOrganisationRequest) -> ConfigureOrganisationResponse = organisation::rpc::configure;
    create_system_account(CreateSystemAccountRequest) -> CreateSystemAccountResponse = system_account::rpc::create;
    replace_system_secret(ReplaceSystemSecretRequest) -> ReplaceSystemSecretResponse = system_account::rpc::replace_secret;
    disable_system_account(DisableSystemAccountRequest) -> DisableSystemAccountResponse = system_account::rpc::disable;
    issue_system_token(IssueSystemTokenRequest) -> IssueSystemTokenResponse = system_account::rpc::issue_token;
}
