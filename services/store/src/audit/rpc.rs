//! `VerifyAudit`: checks the audit trail of the caller's organisation, one part per call.

use chassis::{Ctx, Failure};
use proto::event::v1::{VerifyAuditRequest, VerifyAuditResponse, audit_service_server::AuditService};
use tonic::{Request, Response, Status};

use super::verify::{Cursor, verify};
use crate::Db;

/// `VerifyAudit` for the audit trail of one database.
pub struct AuditRpc {
    db: Db,
    page_size: i64,
}

/// How many records one call checks: about one second of work.
const PAGE_SIZE: i64 = 20_000;

impl AuditRpc {
    /// Checks the trail in this database.
    #[must_use]
    pub const fn new(db: Db) -> Self {
        Self { db, page_size: PAGE_SIZE }
    }

    /// Sets how many records or events one call checks.
    #[must_use]
    pub fn page_size(self, page_size: i64) -> Self {
        Self { page_size, ..self }
    }
}

#[tonic::async_trait]
impl AuditService for AuditRpc {
    async fn verify_audit(
        &self,
        request: Request<VerifyAuditRequest>,
    ) -> Result<Response<VerifyAuditResponse>, Status> {
        let ctx = Ctx::from_request(&request)?;
        let token = &request.get_ref().page_token;
        let from = Cursor::decode(token)?;
        let found = verify(&self.db, &ctx, from, token.is_empty(), self.page_size).await;
        Ok(Response::new(found.map_err(Failure::from)?))
    }
}
