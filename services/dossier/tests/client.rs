use proto::dossier::v1::{
    ClientChanged, ClientName, ClientRegistered, GetClientRequest, UpsertClientRequest, UpsertOutcome,
};
use testkit::{caller, outbox, records::client_record};

use crate::support::{Service, ecd, reason};

#[tokio::test]
async fn a_client_is_told_with_its_name_sealed_to_identity() {
    let service = Service::start().await;
    let id = service.client(1, "C1").await;
    let client = Some(client_record("C1", 2, "mevrouw A. Bakker-de Vries"));
    let changed = service.calling(&ecd(1)).upsert_client(UpsertClientRequest { client }).await.unwrap();
    let changed = changed.into_inner();
    assert_eq!((changed.outcome(), changed.client_id), (UpsertOutcome::Updated, id.to_string()));

    let mut behind = service.process.database.behind().await;
    assert_eq!(outbox::of::<ClientRegistered>(&mut behind).await.len(), 1);
    let (event, message) = outbox::of::<ClientChanged>(&mut behind).await.pop().unwrap();
    assert_eq!((event.client_id, event.aggregate_version), (id.to_string(), 2));
    let name: ClientName =
        service.process.seal("identity").open(caller::organisation(1), message.name.as_ref()).unwrap();
    assert_eq!(name.name, "mevrouw A. Bakker-de Vries");
}

#[tokio::test]
async fn a_client_is_got_by_its_own_organisation_alone() {
    let service = Service::start().await;
    let client_id = service.client(1, "C1").await.to_string();
    let get = async |organisation, client_id: &str| {
        let request = GetClientRequest { client_id: client_id.to_owned() };
        service.calling(&ecd(organisation)).get_client(request).await
    };
    let own = get(1, &client_id).await.unwrap().into_inner().client.unwrap();
    assert_eq!(own.record, Some(client_record("C1", 1, "mevrouw A. de Vries")));
    let foreign = get(2, &client_id).await;
    let nobody = get(1, &caller::client(99).to_string()).await;
    assert_eq!(foreign.as_ref().unwrap_err().details(), nobody.as_ref().unwrap_err().details(), "ATT-02");
    assert_eq!(reason(foreign), "CLIENT_UNKNOWN");
    assert_eq!(reason(get(1, "x").await), "CLIENT_UNKNOWN");
}
