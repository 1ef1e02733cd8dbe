//! Keys and secrets change while people and an ECD go on working (OPS-09).

use std::sync::Arc;

use chassis::{
    channel,
    id::OrganisationId,
    keys::{KeySettings, Keys},
};
use integration_tests::{Load, System, eventually, portal::PASSWORD};
use prost::Message as _;
use proto::{
    event::v1::{AccessPersons, AccessRecorded, Event, SubscribeRequest, event_feed_client::EventFeedClient},
    identity::v1::{
        DisableSystemAccountRequest, IssueSystemTokenRequest, identity_service_client::IdentityServiceClient,
    },
};

/// How many seconds the processes of these tests use keys before they read the files again.
const REREAD: &str = "1";

async fn rotate(system: &Arc<System>, kind: &'static str) {
    let system = Arc::clone(system);
    let rotated = tokio::task::spawn_blocking(move || {
        system.command(&["keys", "rotate", kind, "--reread-seconds", "3", "--keep-old"])
    });
    let output = rotated.await.unwrap();
    assert!(output.status.success(), "{kind}: {output:?}");
}

/// The persons of all accesses that dossier's events tell of can be read with dossier's keys. Gives the numbers of
/// the keys that the events are sealed to.
async fn open_persons(system: &System) -> Vec<u32> {
    let folder = system.data().join("keys");
    let settings = KeySettings::new(folder.join("public"), folder.join("private"));
    let keys = Keys::open(settings, "dossier").unwrap().seal().unwrap();
    let payloads: Vec<Vec<u8>> = sqlx::query_scalar(
        "SELECT payload FROM event_log WHERE subject LIKE '%.AccessRecorded' ORDER BY position",
    )
    .fetch_all(&mut system.as_superuser("dossier").await)
    .await
    .unwrap();
    let mut numbers = Vec::new();
    for payload in payloads {
        let event = Event::decode(payload.as_slice()).unwrap();
        let organisation: OrganisationId = event.organisation_id.parse().unwrap();
        let batch: AccessRecorded = event.data.unwrap().to_msg().unwrap();
        let persons: AccessPersons = keys.open(organisation, batch.persons.as_ref()).unwrap();
        assert_eq!(persons.persons.len(), batch.records.len());
        numbers.push(batch.persons.unwrap().key_id);
    }
    numbers.dedup();
    numbers
}

async fn password_hash(system: &System, username: &str) -> String {
    sqlx::query_scalar("SELECT password_hash FROM account WHERE username = $1")
        .bind(username)
        .fetch_one(&mut system.as_superuser("identity").await)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_key_and_secret_changes_without_a_refused_request() {
    let settings =
        [("ZORGPORTAAL_KEYS__REREAD_SECONDS", REREAD), ("ZORGPORTAAL_LIMITS__CODES_PER_ADDRESS", "1000000")];
    let system = Arc::new(System::start_with(&settings).await);
    let person = system.ecd("thuisgenoten").register("mevrouw B. Blijver").await;
    let portal = system.portal("thuisgenoten");
    let session = portal.first_login(&system, &person).await;
    assert!(password_hash(&system, &person.email).await.starts_with("$argon2id$"));
    let load = Load::prepare(&system).await;
    let everybody = load.start();
    for kind in ["sign", "seal", "hash", "trail", "database", "bus"] {
        rotate(&system, kind).await;
        if kind == "bus" {
            // The gateway is not ready until it receives events again; it answers pages meanwhile.
            eventually("the gateway on the bus", async || load.works().await).await;
        } else {
            assert!(load.works().await.is_some(), "after the change of {kind}");
        }
    }
    let observed = load.finish(everybody).await;
    assert_eq!(observed.violations, Vec::<String>::new());
    assert_eq!(observed.refused, Vec::<String>::new());
    assert_eq!(observed.answers.keys().collect::<Vec<_>>(), [&200], "{:?}", observed.answers);
    let is_enough = observed.reports.len() > 50 && observed.reads.len() > 50 && observed.logins > 3;
    assert!(is_enough, "{observed:?}");

    // What began before goes on: the session, the password, what was sealed, the trail.
    assert_eq!(portal.get("/reports", &session).await.status, 200);
    portal.log_in(&system, &person, &person.email, PASSWORD).await;
    assert!(password_hash(&system, &person.email).await.starts_with("1$argon2id$"), "PW-05");
    system.until_outboxes_are_empty().await;
    assert_eq!(open_persons(&system).await, [0, 1]);
    for service in proto::SERVICES {
        let verified = system.command(&["audit", "verify", service, "--organisation", "thuisgenoten"]);
        assert!(verified.status.success(), "{service}: {}", String::from_utf8_lossy(&verified.stdout));
    }
    // Processes that start anew find every key and password.
    for process in proto::SERVICES.into_iter().chain(["gateway"]) {
        system.signal(process, "KILL");
    }
    portal.wait_until_up(&session).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn open_feed_ends_when_an_operator_disables_its_system() {
    let system = System::start().await;
    let ecd = system.ecd("thuisgenoten");
    ecd.register("mevrouw B. Blijver").await;
    let feeds = ["identity", "dossier", "messaging"].map(async |service| {
        let mut feed = EventFeedClient::new(ecd.channel_to(service).await.unwrap());
        feed.subscribe(SubscribeRequest::default()).await.unwrap().into_inner()
    });
    let feeds = futures::future::join_all(feeds).await;
    let channel = channel::connect(system.facts["services"]["identity"].as_str().unwrap()).unwrap();
    let mut identity = IdentityServiceClient::new(channel::without_token(channel.clone()));
    let secret = system.facts["operator_secret"].as_str().unwrap().to_owned();
    let request = IssueSystemTokenRequest { system_id: "operator".to_owned(), secret };
    let token = identity.issue_system_token(request).await.unwrap().into_inner().token;
    let organisation: uuid::Uuid =
        sqlx::query_scalar("SELECT organisation_id FROM organisation WHERE key = 'thuisgenoten'")
            .fetch_one(&mut system.as_superuser("identity").await)
            .await
            .unwrap();
    let request = DisableSystemAccountRequest {
        organisation_id: organisation.to_string(),
        system_id: system.facts["systems"]["thuisgenoten"]["system_id"].as_str().unwrap().to_owned(),
    };
    let mut operator = IdentityServiceClient::new(channel::with_token(channel, &token));
    operator.disable_system_account(request).await.unwrap();
    for mut feed in feeds {
        let end = async {
            while feed.message().await?.is_some() {}
            Ok::<_, tonic::Status>(())
        };
        let end = tokio::time::timeout(std::time::Duration::from_secs(30), end).await.unwrap();
        assert_eq!(end.unwrap_err().code(), tonic::Code::Unauthenticated);
    }
    assert!(ecd.dossier().await.is_err(), "the system gets no new token");
}
