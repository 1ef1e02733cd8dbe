//! The organisation of a request, found by its host or by the name that the person typed.

use std::{sync::Arc, time::Duration};

use chassis::secret::ScopedToken;
use moka::future::Cache;
use proto::identity::v1::{FindOrganisationRequest, OrganisationSettings};
use tonic::Code;

use crate::{i18n::BothLanguages, live::Live, problem::Problem, services::Services};

/// How long an organisation is cached, where no event empties the cache before.
const CACHE_LIFE: Duration = Duration::from_mins(1);
/// The longest name, in bytes. No organisation has a longer name, so a longer text is neither looked up nor
/// cached.
const NAME_LIMIT: usize = 400;

/// An organisation with its settings.
#[derive(Debug)]
pub struct Organisation {
    /// Its id.
    pub id: String,
    /// Its settings.
    pub settings: OrganisationSettings,
    /// The texts of its pages.
    pub words: BothLanguages,
}

/// Whether a token may be used on the host of an organisation, or on a host of several: the organisation that a login,
/// a link or a session names must be that of the host. A text that is no token names none.
#[must_use]
pub fn is_of(organisation: Option<&Organisation>, token: &str) -> bool {
    let (here, of_token) = (organisation.map(|it| it.id.parse()), ScopedToken::parse(token));
    here.zip(of_token).is_none_or(|(here, token)| here == Ok(token.organisation()))
}

/// A cache of organisations, by host and by name.
pub struct Organisations {
    services: Services,
    by_host: Cache<String, Option<Arc<Organisation>>>,
    /// On a host of several organisations, each page looks its organisation up by the typed name.
    by_name: Cache<String, Option<Arc<Organisation>>>,
}

impl Organisations {
    /// An empty cache. It is emptied again when an organisation is configured, and when events may have been
    /// lost.
    pub fn new(services: Services, live: &Live) -> Self {
        let cache = || Cache::builder().max_capacity(1000).time_to_live(CACHE_LIFE).build();
        let (by_host, by_name): (Cache<_, _>, Cache<_, _>) = (cache(), cache());
        let caches = [by_host.clone(), by_name.clone()];
        live.on_organisation(move || caches.iter().for_each(Cache::invalidate_all));
        Self { services, by_host, by_name }
    }

    /// The organisation of a host, if the cache has it.
    pub async fn known_by_host(&self, host: &str) -> Option<Arc<Organisation>> {
        self.by_host.get(host).await.flatten()
    }

    /// The organisation of a host without its port; `None` where the host does not belong to exactly one organisation.
    pub async fn by_host(&self, host: &str) -> Result<Option<Arc<Organisation>>, Problem> {
        if let Some(kept) = self.by_host.get(host).await {
            return Ok(kept);
        }
        let request = FindOrganisationRequest { host: host.to_owned(), ..Default::default() };
        let found = self.by_host.try_get_with(host.to_owned(), self.find(request)).await;
        found.map_err(|problem| Problem::clone(&problem))
    }

    /// The organisation with the typed name; `None` where there is none.
    pub async fn by_name(&self, name: &str) -> Result<Option<Arc<Organisation>>, Problem> {
        if name.len() > NAME_LIMIT {
            return Ok(None);
        }
        let request = FindOrganisationRequest { name: name.to_owned(), ..Default::default() };
        let found = self.by_name.try_get_with(name.to_owned(), self.find(request)).await;
        found.map_err(|problem| Problem::clone(&problem))
    }

    async fn find(&self, request: FindOrganisationRequest) -> Result<Option<Arc<Organisation>>, Problem> {
        match self.services.identity()?.find_organisation(request).await {
            Ok(found) => {
                let found = found.into_inner();
                let settings = found.settings.unwrap_or_default();
                let words = BothLanguages::new(Some(&settings));
                Ok(Some(Arc::new(Organisation { id: found.organisation_id, settings, words })))
            }
            Err(status) if status.code() == Code::NotFound => Ok(None),
            Err(status) => Err(status.into()),
        }
    }
}
