//! Finds and configures organisations.

use chassis::{Ctx, id::OrganisationId};
use proto::identity::v1::{
    ConfigureOrganisationRequest, ConfigureOrganisationResponse, ErrorReason, FindOrganisationRequest,
    FindOrganisationResponse, OrganisationConfigured, OrganisationSettings, Terms,
};
use store::{About, Mode, organisation};
use tonic::{Request, Response};
use uuid::Uuid;

use super::{has_host, is_named, read};
use crate::{error::Error, state::State};

/// FindOrganisation.
pub async fn find(
    state: &State,
    request: Request<FindOrganisationRequest>,
) -> Result<Response<FindOrganisationResponse>, Error> {
    let request = request.into_inner();
    let no_organisation = Ctx::of_service("identity", OrganisationId(Uuid::nil()), state.clock.now());
    let found = organisation::list(&state.db, &no_organisation).await?.into_iter().find(|known| {
        if request.host.is_empty() {
            is_named(&known.settings, &request.name)
        } else {
            has_host(&known.settings, &request.host)
        }
    });
    let found = found.ok_or(ErrorReason::OrganisationUnknown)?;
    let (organisation_id, settings) = (found.id.to_string(), Some(found.settings));
    Ok(Response::new(FindOrganisationResponse { organisation_id, settings }))
}

/// ConfigureOrganisation.
pub async fn configure(
    state: &State,
    request: Request<ConfigureOrganisationRequest>,
) -> Result<Response<ConfigureOrganisationResponse>, Error> {
    let settings = read(&request.get_ref().toml)?;
    let caller = Ctx::from_request(&request)?;
    let no_organisation = Ctx::of_service("identity", OrganisationId(Uuid::nil()), caller.now);
    let all = organisation::list(&state.db, &no_organisation).await?;
    let taken = all.iter().any(|known| {
        known.settings.key != settings.key
            && settings.hosts.iter().any(|host| has_host(&known.settings, host))
    });
    if taken {
        return Err(Error::setting("hosts"));
    }
    let known = all.into_iter().find(|known| known.settings.key == settings.key);
    if known.as_ref().is_some_and(|known| changes_accepted_terms(&known.settings, &settings)) {
        return Err(Error::setting("terms.version"));
    }
    let (id, version) = match known {
        Some(known) if known.settings == settings => {
            caller.within("identity", known.id).concerns("organisation", known.id);
            let organisation_id = known.id.to_string();
            let response = ConfigureOrganisationResponse { organisation_id, version: known.version };
            return Ok(Response::new(response));
        }
        Some(known) => (known.id, known.version + 1),
        None => (OrganisationId::new(caller.now), 1),
    };
    let ctx = caller.within("identity", id);
    ctx.concerns("organisation", id);
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    if organisation::save_if_newer(&mut tx, id, version, &settings).await? {
        let event = OrganisationConfigured { settings: Some(settings) };
        tx.emit(About::new(id.uuid(), version), &event).await?;
    }
    tx.commit().await?;
    Ok(Response::new(ConfigureOrganisationResponse { organisation_id: id.to_string(), version }))
}

/// Whether the text of terms changes without a new version: the text that people have accepted would be lost.
fn changes_accepted_terms(before: &OrganisationSettings, after: &OrganisationSettings) -> bool {
    after.terms.iter().any(|new| {
        let is_same = |old: &&Terms| old.entity == new.entity && old.version == new.version;
        before.terms.iter().find(is_same).is_some_and(|old| old != new)
    })
}
