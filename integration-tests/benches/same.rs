//! How long answers take that must tell nothing: to names that are known, that are not, and in an organisation that is not
//! there, in turns. The slowest kind beside the fastest.

use std::{collections::BTreeMap, time::Instant};

use chassis::client;
use integration_tests::System;
use proto::identity::v1::{
    StartLoginRequest, StartPasswordResetRequest, identity_service_client::IdentityServiceClient,
};

use crate::{
    harness::{ROUNDS, Report, Row, Target, median},
    login::identity,
    people::People,
};

/// What is asked.
#[derive(Clone, Copy)]
enum Ask {
    Login,
    Reset,
}

type Identity = IdentityServiceClient<client::Caller>;

async fn ask(identity: &mut Identity, ask: Ask, organisation: &str, username: &str) -> f64 {
    let began = Instant::now();
    match ask {
        Ask::Login => {
            let request = StartLoginRequest {
                organisation_id: organisation.to_owned(),
                username: username.to_owned(),
                password: "een verkeerd wachtwoord".to_owned(),
                ..StartLoginRequest::default()
            };
            identity.start_login(request).await.expect_err("a wrong password");
        }
        Ask::Reset => {
            let request = StartPasswordResetRequest {
                organisation_id: organisation.to_owned(),
                username: username.to_owned(),
                ..StartPasswordResetRequest::default()
            };
            identity.start_password_reset(request).await.unwrap();
        }
    }
    began.elapsed().as_secs_f64() * 1000.0
}

/// The middle of each kind, in milliseconds: known, unknown, no such organisation.
async fn round(system: &System, people: &People, what: Ask) -> [f64; 3] {
    let mut identity = identity(system);
    let here = people.organisation.to_string();
    let mut times = [Vec::new(), Vec::new(), Vec::new()];
    for (number, person) in people.all.iter().enumerate() {
        let nobody = format!("niemand.{number}@voorbeeld.example");
        let kinds = [(&*here, &*person.username), (&*here, &*nobody), ("", &*person.username)];
        for step in 0..kinds.len() {
            // Each kind comes first as often as the others.
            let kind = (number + step) % kinds.len();
            times[kind].push(ask(&mut identity, what, kinds[kind].0, kinds[kind].1).await);
        }
    }
    times.map(|times| median(&times))
}

pub async fn run(system: &System, people: &People, report: &mut Report) {
    system.signal("messaging", "STOP");
    for (name, what) in [
        ("StartLogin, refused: the slowest kind", Ask::Login),
        ("StartPasswordReset: the slowest kind", Ask::Reset),
    ] {
        let (mut floor, mut product) = (Vec::new(), Vec::new());
        round(system, people, what).await;
        for _ in 0..ROUNDS {
            let times = round(system, people, what).await;
            floor.push(times.into_iter().fold(f64::MAX, f64::min));
            product.push(times.into_iter().fold(0.0, f64::max));
        }
        report.add(Row {
            name,
            unit: "ms",
            against: "the fastest of known, unknown, no such organisation",
            floor,
            product,
            target: Target::AtMost(1.1),
            cpu_ms: BTreeMap::new(),
        });
    }
    system.signal("messaging", "CONT");
}
