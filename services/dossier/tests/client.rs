use proto::dossier::v1::{
    ClientChanged, ClientName, ClientRegistered, GetClientRequest, UpsertClientRequest, UpsertOutcome,
};
use testkit::{caller, outbox, records::client_record};

use crate::support::{Service, ecd, reason};

#[tokio::test]
async fn client_events_seal_the_name_to_identity() {
    let service = Service::start().await;
    let id = service.client(1, "C1").await;
    let client = Some(client_record("C1", 2, "mevrouw A. Bakker-de Vries"));
    let changed = service.call_as(&ecd(1)).upsert_client(UpsertClientRequest { client }).await.unwrap();
    let changed = changed.into_inner();
    assert_eq!((changed.outcome(), changed.client_id), (UpsertOutcome::Updated, id.to_string()));

    let mut superuser = service.process.database.as_superuser().await;
    assert_eq!(outbox::events::<ClientRegistered>(&mut superuser).await.len(), 1);
    let (event, message) = outbox::events::<ClientChanged>(&mut superuser).await.pop().unwrap();
    assert_eq!((event.client_id, event.aggregate_version), (id.to_string(), 2));
    let name: ClientName =
        service.process.seal_keys("identity").open(caller::organisation(1), message.name.as_ref()).unwrap();
    assert_eq!(name.name, "mevrouw A. Bakker-de Vries");
}

#[tokio::test]
async fn only_the_own_organisation_gets_a_client() {
    let service = Service::start().await;
    let client_id = service.client(1, "C1").await.to_string();
    let get = async |organisation, client_id: &str| {
        let request = GetClientRequest { client_id: client_id.to_owned() };
        service.call_as(&ecd(organisation)).get_client(request).await
    };
    let own = get(1, &client_id).await.unwrap().into_inner().client.unwrap();
    assert_eq!(own.record, Some(client_record("C1", 1, "mevrouw A. de Vries")));
    let foreign = get(2, &client_id).await;
    let unknown = get(1, &caller::client(99).to_string()).await;
    assert_eq!(foreign.as_ref().unwrap_err().details(), unknown.as_ref().unwrap_err().details(), "ATT-02");
    assert_eq!(reason(foreign), "CLIENT_UNKNOWN");
    assert_eq!(reason(get(1, "x").await), "CLIENT_UNKNOWN");
}
