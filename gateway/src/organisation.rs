//! Which organisation a request is for: by its host, or by the name that was typed.

use std::{sync::Arc, time::Duration};

use moka::future::Cache;
use proto::identity::v1::{FindOrganisationRequest, OrganisationSettings};
use tonic::Code;

use crate::{live::Live, problem::Problem, services::Services};

/// How long an answer is kept where the bus tells nothing else.
const LIFE: Duration = Duration::from_mins(1);
/// No name is longer, in bytes; nor is one kept.
const NAME_LIMIT: usize = 400;

/// An organisation, as pages need it.
#[derive(Debug, Default)]
pub struct Organisation {
    /// Its id.
    pub id: String,
    /// Its settings.
    pub settings: OrganisationSettings,
}

/// The organisations that were asked for lately.
pub struct Organisations {
    services: Services,
    by_host: Cache<String, Option<Arc<Organisation>>>,
    /// Pages of a host of several organisations ask for one by its name each time.
    by_name: Cache<String, Option<Arc<Organisation>>>,
}

impl Organisations {
    /// An empty cache, emptied again when an organisation is configured or the bus cannot tell.
    pub fn new(services: Services, live: &Live) -> Self {
        let cache = || Cache::builder().max_capacity(1000).time_to_live(LIFE).build();
        let (by_host, by_name): (Cache<_, _>, Cache<_, _>) = (cache(), cache());
        let caches = [by_host.clone(), by_name.clone()];
        live.on_organisation(move || caches.iter().for_each(Cache::invalidate_all));
        Self { services, by_host, by_name }
    }

    /// The organisation of a host; `None` where the host is of none.
    pub async fn by_host(&self, host: &str) -> Result<Option<Arc<Organisation>>, Problem> {
        let host = host.rsplit_once(':').map_or(host, |(name, _)| name).to_ascii_lowercase();
        let request = FindOrganisationRequest { host: host.clone(), ..Default::default() };
        let found = self.by_host.try_get_with(host, self.ask(request)).await;
        found.map_err(|problem| Problem::clone(&problem))
    }

    /// The organisation with a name as it was typed; `None` where there is none.
    pub async fn by_name(&self, name: &str) -> Result<Option<Arc<Organisation>>, Problem> {
        if name.len() > NAME_LIMIT {
            return Ok(None);
        }
        let request = FindOrganisationRequest { name: name.to_owned(), ..Default::default() };
        let found = self.by_name.try_get_with(name.to_owned(), self.ask(request)).await;
        found.map_err(|problem| Problem::clone(&problem))
    }

    async fn ask(&self, request: FindOrganisationRequest) -> Result<Option<Arc<Organisation>>, Problem> {
        match self.services.identity()?.find_organisation(request).await {
            Ok(found) => {
                let found = found.into_inner();
                Ok(Some(Arc::new(Organisation {
                    id: found.organisation_id,
                    settings: found.settings.unwrap_or_default(),
                })))
            }
            Err(status) if status.code() == Code::NotFound => Ok(None),
            Err(status) => Err(status.into()),
        }
    }
}
