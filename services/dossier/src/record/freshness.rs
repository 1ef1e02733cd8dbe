//! When the sources of an organisation last sent something. The answer is kept for ten seconds, so that a list of records
//! stays one read.

use chassis::{Ctx, id::OrganisationId};
use moka::sync::Cache;
use store::{Db, StoreError};

use super::{Sources, select};

/// For how many seconds an answer is kept.
const KEPT_SECONDS: i64 = 10;

/// The answers of the last seconds, by organisation. Cheap to clone.
#[derive(Clone)]
pub struct Freshness(Cache<(OrganisationId, i64), Sources>);

impl Freshness {
    /// No answer yet.
    #[must_use]
    pub fn new() -> Self {
        Self(Cache::new(1000))
    }

    /// The sources of the Ctx's organisation, as they were within the last ten seconds.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn sources(&self, db: &Db, ctx: &Ctx) -> Result<Sources, StoreError> {
        let key = (ctx.organisation, ctx.now.as_second().div_euclid(KEPT_SECONDS));
        if let Some(kept) = self.0.get(&key) {
            return Ok(kept);
        }
        let sources = select::sources(db, ctx).await?;
        self.0.insert(key, sources.clone());
        Ok(sources)
    }
}
