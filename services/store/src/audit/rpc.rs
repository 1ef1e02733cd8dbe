//! `VerifyAudit`: the check of the caller's organisation's trail, a part in each call.

use chassis::{Ctx, Failure};
use proto::event::v1::{VerifyAuditRequest, VerifyAuditResponse, audit_service_server::AuditService};
use tonic::{Request, Response, Status};

use super::verify::{Cursor, verify};
use crate::Db;

/// The RPC over one database's trail.
pub struct AuditRpc {
    db: Db,
    page: i64,
}

/// How many records are read in one call: about a second's work.
const PAGE: i64 = 20_000;

impl AuditRpc {
    /// Over this database.
    #[must_use]
    pub const fn new(db: Db) -> Self {
        Self { db, page: PAGE }
    }

    /// The same, reading so many records or events in one call.
    #[must_use]
    pub fn page(self, page: i64) -> Self {
        Self { page, ..self }
    }
}

#[tonic::async_trait]
impl AuditService for AuditRpc {
    async fn verify_audit(
        &self,
        request: Request<VerifyAuditRequest>,
    ) -> Result<Response<VerifyAuditResponse>, Status> {
        let ctx = Ctx::of(&request)?;
        let from = Cursor::decode(&request.get_ref().page_token)?;
        Ok(Response::new(verify(&self.db, &ctx, from, self.page).await.map_err(Failure::from)?))
    }
}
