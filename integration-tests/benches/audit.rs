//! Measures the cost of the audit trail: the same service with and without the audit layer.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use chassis::{
    Clock,
    access::{AccessLayer, Rules},
    channel,
    id::ClientId,
    keys::{KeySettings, Keys},
    server::Listener,
    token::Signer,
};
use dossier::{Dossier, Settings};
use integration_tests::System;
use proto::{
    access::v1::{Action, Level, Section},
    dossier::v1::{ListReportsRequest, dossier_service_client::DossierServiceClient},
};
use store::{
    audit::Audit,
    due::Wake,
    housekeeping::RetentionSettings,
    service::{self, Parts, Service},
};
use testkit::caller;
use tokio_util::sync::CancellationToken;

use crate::{
    harness::{ROUNDS, Report, Row, Target, closed_loop_rate},
    people::People,
    tenant::{self, Route},
};

const IN_FLIGHT: usize = 32;

/// Starts dossier in this process, with or without the audit layer; gives the service's address.
async fn serve(system: &System, keys: &Keys, audited: bool, stop: CancellationToken) -> String {
    let db = tenant::dossier_db(system, Route::Tcp, 8);
    let seal = keys.seal().unwrap();
    let clock = Clock::machine();
    let audit = Audit::start(db.clone(), clock.clone(), seal.clone(), RetentionSettings::default());
    let parts = Parts {
        audit: audit.clone(),
        db,
        clock: clock.clone(),
        seal,
        keys: keys.clone(),
        wake: Wake::default(),
    };
    let routes = Dossier::build(parts, Settings {}).unwrap().routes;
    let access = AccessLayer::new(Arc::new(Rules::of_contract().unwrap()), keys.verifier(), clock);
    let bound = Listener::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = format!("http://{}", bound.address().unwrap());
    if audited {
        tokio::spawn(bound.serve(routes, service::layers(audit, access), stop));
    } else {
        tokio::spawn(bound.serve(routes, access, stop));
    }
    address
}

async fn read_rate(address: &str, signer: &Signer, people: &People, step: &Arc<AtomicUsize>) -> f64 {
    let channels = [channel::connect(address).unwrap(), channel::connect(address).unwrap()];
    let now = Clock::machine().now();
    let grants = [(Section::Reports, Action::View)];
    let token = |client| caller::account(people.organisation, ClientId(client), &grants, Level::Low);
    let callers: Vec<_> = people
        .all
        .iter()
        .enumerate()
        .map(|(number, person)| {
            let token = signer.sign(&token(person.client), now).unwrap();
            DossierServiceClient::new(channel::with_token(channels[number % 2].clone(), &token))
        })
        .collect();
    let step = Arc::clone(step);
    closed_loop_rate(IN_FLIGHT, move |_| {
        let mut dossier = callers[step.fetch_add(1, Ordering::Relaxed) * 7 % callers.len()].clone();
        async move {
            let answer = dossier.list_reports(ListReportsRequest::default()).await.unwrap();
            assert_eq!(answer.into_inner().listing.unwrap().entries.len(), 20);
        }
    })
    .await
}

pub async fn run(system: &System, people: &People, report: &mut Report) {
    let settings = KeySettings::new(system.data().join("keys/public"), system.data().join("keys/private"));
    let keys = Keys::open(settings.clone(), "dossier").unwrap();
    let signer = Keys::open(settings, "identity").unwrap().signer().unwrap();
    let stop = CancellationToken::new();
    let off = serve(system, &keys, false, stop.clone()).await;
    let on = serve(system, &keys, true, stop.clone()).await;
    let step = Arc::new(AtomicUsize::new(0));
    let (mut floor, mut product) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        floor.push(read_rate(&off, &signer, people, &step).await);
        product.push(read_rate(&on, &signer, people, &step).await);
        // The system's own dossier relays the events of these reads: wait, so that the next floor is not
        // slowed down.
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    stop.cancel();
    report.add(Row {
        name: "ListReports over gRPC, audited",
        unit: "calls/s",
        against: "the same without the audit layer, 32 in flight",
        floor,
        product,
        target: Target::AtLeast(0.8),
        cpu_ms: BTreeMap::new(),
    });
}
