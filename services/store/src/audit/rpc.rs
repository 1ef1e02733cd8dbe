//! `VerifyAudit`: walks every chain of the caller's organisation.

use chassis::{Ctx, Failure};
use futures::TryStreamExt;
use proto::event::v1::{
    AuditFault, AuditFaultKind, VerifyAuditRequest, VerifyAuditResponse, audit_service_server::AuditService,
};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::chain::{Hashed, START};
use crate::{Db, Mode, StoreError};

/// How many faults are told.
const TOLD: usize = 100;

/// The RPC over one database's trail.
pub struct AuditRpc {
    db: Db,
}

impl AuditRpc {
    /// Over this database.
    #[must_use]
    pub const fn new(db: Db) -> Self {
        Self { db }
    }

    async fn verify(&self, ctx: &Ctx) -> Result<VerifyAuditResponse, StoreError> {
        let mut tx = self.db.in_organisation(ctx, Mode::Read).await?;
        let mut rows = sqlx::query!(
            "SELECT organisation_id, writer_id, day, sequence, record_id, client_id, recorded_at, actor_kind,
                 actor_id, person_name, person_relation, person_ground, section, method, outcome,
                 correlation_id, hash
             FROM audit_record WHERE organisation_id = $1
             ORDER BY writer_id, day, sequence",
            ctx.organisation.uuid()
        )
        .fetch(tx.connection());
        let mut found = VerifyAuditResponse::default();
        let (mut chain, mut sequence, mut previous) = (None, 0, START);
        while let Some(row) = rows.try_next().await? {
            found.records += 1;
            if chain != Some((row.writer_id, row.day)) {
                (chain, sequence, previous) = (Some((row.writer_id, row.day)), 0, START);
                found.chains += 1;
            }
            sequence += 1;
            while sequence < row.sequence {
                tell(&mut found, row.writer_id, sequence, None, AuditFaultKind::Missing);
                sequence = if found.faults.len() < TOLD { sequence + 1 } else { row.sequence };
            }
            let stored: [u8; 32] = row.hash.as_slice().try_into().unwrap_or(START);
            let hash = Hashed {
                organisation: row.organisation_id,
                writer: row.writer_id,
                sequence: row.sequence,
                record: row.record_id,
                client: row.client_id,
                recorded_at: row.recorded_at.to_jiff(),
                actor_kind: row.actor_kind,
                section: row.section,
                outcome: row.outcome,
                texts: [
                    &row.actor_id,
                    &row.person_name,
                    &row.person_relation,
                    &row.person_ground,
                    &row.method,
                    &row.correlation_id,
                ],
            }
            .hash(&previous);
            let follows_gap = found.faults.last().is_some_and(|fault| {
                fault.kind() == AuditFaultKind::Missing && fault.sequence == row.sequence - 1
            });
            if hash != stored && !follows_gap {
                tell(&mut found, row.writer_id, sequence, Some(row.record_id), AuditFaultKind::Changed);
            }
            // Goes on from what is stored, so that one changed record is one fault.
            previous = stored;
        }
        Ok(found)
    }
}

fn tell(
    found: &mut VerifyAuditResponse,
    writer: Uuid,
    sequence: i64,
    record: Option<Uuid>,
    kind: AuditFaultKind,
) {
    if found.faults.len() < TOLD {
        found.faults.push(AuditFault {
            writer_id: writer.to_string(),
            sequence,
            record_id: record.map(|id| id.to_string()).unwrap_or_default(),
            kind: kind.into(),
        });
    }
}

#[tonic::async_trait]
impl AuditService for AuditRpc {
    async fn verify_audit(
        &self,
        request: Request<VerifyAuditRequest>,
    ) -> Result<Response<VerifyAuditResponse>, Status> {
        let ctx = Ctx::of(&request)?;
        Ok(Response::new(self.verify(&ctx).await.map_err(Failure::from)?))
    }
}
