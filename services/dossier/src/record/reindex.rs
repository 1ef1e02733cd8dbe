//! Judges stored content again, after a change of what a kind says of its records: times and codes follow the content.

use chassis::{Ctx, fields::Fields, id::OrganisationId};
use jiff::Timestamp;
use store::{Db, Mode, organisation, service::BoxError};
use uuid::Uuid;

use super::{content, table};

/// Judges every record of every organisation again, 500 in one transaction; gives the number of records whose times or
/// code changed. Content that the rules of today refuse stays as it is.
///
/// # Errors
/// When the database cannot be reached or content cannot be read.
pub async fn reindex(db: Db, now: Timestamp) -> Result<u64, BoxError> {
    let nobody = Ctx::of_service("dossier", OrganisationId(Uuid::nil()), now);
    let mut changed = 0;
    for organisation in organisation::list(&db, &nobody).await? {
        let ctx = Ctx::of_service("dossier", organisation.id, now);
        let mut after = Uuid::nil();
        loop {
            let mut tx = db.in_organisation(&ctx, Mode::Write).await?;
            let records = table::page_of_all(&mut tx, after).await?;
            let Some((last, ..)) = records.last() else { break };
            after = *last;
            for (id, bytes, stored) in records {
                let mut content = content::decode(&bytes)?;
                let mut fields = Fields::new("");
                let judged = content::judge(&mut content, &mut fields);
                let is_sound = fields.faults().is_empty();
                let Some((_, facts)) = judged.filter(|_| is_sound) else {
                    tracing::warn!(%id, "the rules of today refuse this content: the record stays as it is");
                    continue;
                };
                if facts != stored {
                    table::set_facts(&mut tx, id, &facts).await?;
                    changed += 1;
                }
            }
            tx.commit().await?;
        }
    }
    Ok(changed)
}
