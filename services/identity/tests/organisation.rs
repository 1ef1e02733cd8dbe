use proto::identity::v1::{ErrorReason, FindOrganisationRequest, OrganisationConfigured};
use testkit::outbox;
use tonic_types::StatusExt;

use crate::support::{SETTINGS, Service, configure, fields, named, reason};

#[tokio::test]
async fn an_organisation_is_found_by_its_exact_host_or_name() {
    let service = Service::start().await;
    let find = async |host: &str, name: &str| {
        let request = FindOrganisationRequest { host: host.to_owned(), name: name.to_owned() };
        service.gateway().find_organisation(request).await.map(|found| found.into_inner().organisation_id)
    };
    let id = service.organisation.to_string();
    assert_eq!(find("thuisgenoten.localhost", "").await.unwrap(), id);
    assert_eq!(find("", " thuisgenoten ").await.unwrap(), id);
    assert_eq!(reason(find("elders.localhost", "").await), named(ErrorReason::OrganisationUnknown));
    assert_eq!(reason(find("", "").await), named(ErrorReason::OrganisationUnknown));
}

#[tokio::test]
async fn changed_settings_emit_an_event_and_a_fault_names_its_key() {
    let service = Service::start().await;
    let again = configure(&service.process, SETTINGS).await.unwrap();
    assert_eq!(again, service.organisation);
    let changed = SETTINGS.replace("code_life_minutes = 5", "code_life_minutes = 10");
    assert_eq!(configure(&service.process, &changed).await.unwrap(), service.organisation);
    let configured =
        outbox::events::<OrganisationConfigured>(&mut service.process.database.as_superuser().await).await;
    let versions: Vec<i64> = configured.iter().map(|(event, _)| event.aggregate_version).collect();
    assert_eq!(versions, [1, 2], "the same settings again are no change");

    let wrong = SETTINGS.replace("min_length = 10", "min_length = 5");
    let status = configure(&service.process, &wrong).await.unwrap_err();
    let details = status.get_error_details();
    assert_eq!(details.bad_request().unwrap().field_violations[0].field, "password.min_length", "P37");
    let profila = include_str!("../../../deploy/organisations/profila.toml");
    configure(&service.process, profila).await.unwrap();
    let other = profila.replace("Het is geen volledig inzicht", "Het is een volledig inzicht");
    let refused = configure(&service.process, &other).await;
    assert_eq!(fields(refused), ["terms.version"], "changed terms need a new version");
    let newer = other.replace("version = 1", "version = 2");
    configure(&service.process, &newer).await.unwrap();
    let stolen = SETTINGS.replace("key = \"thuisgenoten\"", "key = \"anders\"");
    let refused = configure(&service.process, &stolen).await;
    assert_eq!(reason(refused), named(ErrorReason::SettingsInvalid), "a host belongs to one organisation");
}
