//! The months that an operator has exported and removed.

use chassis::Ctx;
use proto::event::v1::{AuditFaultKind, LeftMonth, VerifyAuditResponse};

use super::found::add_event_fault;
use crate::{Db, Mode, StoreError, audit::export::LeftNote};

/// Adds the months that have left to the answer, and checks that their notes were not changed.
pub(super) async fn list(db: &Db, ctx: &Ctx, found: &mut VerifyAuditResponse) -> Result<(), StoreError> {
    let mut tx = db.in_organisation(ctx, Mode::Read).await?;
    let rows = sqlx::query!(
        "SELECT month, records, chains, heads_sha256, mac FROM audit_left WHERE organisation_id = $1
         ORDER BY month",
        ctx.organisation.uuid(),
    )
    .fetch_all(tx.connection())
    .await?;
    for row in rows {
        let note = LeftNote {
            organisation: ctx.organisation.uuid(),
            month: row.month.to_jiff(),
            records: row.records,
            chains: row.chains,
            heads_sha256: row.heads_sha256,
        };
        if !note.matches(db.trail(), &row.mac) {
            add_event_fault(found, 0, None, AuditFaultKind::LeftChanged);
        }
        found.left_months.push(LeftMonth {
            month: note.month.strftime("%Y-%m").to_string(),
            records: note.records,
            chains: note.chains,
            heads_sha256: note.heads_sha256,
        });
    }
    Ok(())
}
