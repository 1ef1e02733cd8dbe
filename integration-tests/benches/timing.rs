//! Measures answers whose time must not reveal whether a name, number or account exists. Kinds of requests
//! (such as a known and an unknown name) take turns; the slowest kind is compared with the fastest.

use std::{collections::BTreeMap, time::Instant};

use chassis::channel;
use integration_tests::{Registered, System};
use proto::identity::v1::{
    SendCodeRequest, StartLoginRequest, StartPasswordResetRequest,
    identity_service_client::IdentityServiceClient,
};
use serde_json::json;

use crate::{
    harness::{ROUNDS, Report, Row, Target, median},
    login::identity_as_gateway,
    people::People,
};

/// The number of people who ask for codes, and of people who are invited.
const PEOPLE: usize = 16;

/// The kind of request that is timed.
#[derive(Clone, Copy)]
enum Request {
    Login,
    Reset,
}

type Identity = IdentityServiceClient<channel::Channel>;

async fn time_request(identity: &mut Identity, ask: Request, organisation: &str, username: &str) -> f64 {
    let began = Instant::now();
    match ask {
        Request::Login => {
            let request = StartLoginRequest {
                organisation_id: organisation.to_owned(),
                username: username.to_owned(),
                password: "een verkeerd wachtwoord".to_owned(),
                ..StartLoginRequest::default()
            };
            identity.start_login(request).await.expect_err("a wrong password");
        }
        Request::Reset => {
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

/// The median time in milliseconds of a refused request: known name, unknown name, unknown organisation.
async fn refusal_times(system: &System, people: &People, what: Request) -> [f64; 3] {
    let mut identity = identity_as_gateway(system);
    let here = people.organisation.to_string();
    let mut times = [Vec::new(), Vec::new(), Vec::new()];
    for (number, person) in people.all.iter().enumerate() {
        let nobody = format!("niemand.{number}@voorbeeld.example");
        let kinds = [(&*here, &*person.username), (&*here, &*nobody), ("", &*person.username)];
        for step in 0..kinds.len() {
            // Each kind is the first one equally often.
            let kind = (number + step) % kinds.len();
            times[kind].push(time_request(&mut identity, what, kinds[kind].0, kinds[kind].1).await);
        }
    }
    times.map(|times| median(&times))
}

/// The median time in milliseconds of asking for a code: with the registered number, and with another one
/// (R13).
async fn code_times(system: &System, people: &[(Registered, String)], round: usize) -> [f64; 2] {
    let mut identity = identity_as_gateway(system);
    let organisation = rozelaar(system).await;
    let mut times = [Vec::new(), Vec::new()];
    for (index, (person, welcome)) in people.iter().enumerate() {
        for step in 0..2 {
            let kind = (index + step + round) % 2;
            let request = StartLoginRequest {
                organisation_id: organisation.clone(),
                username: person.email.clone(),
                password: welcome.clone(),
                ..StartLoginRequest::default()
            };
            let started = identity.start_login(request).await.unwrap().into_inner().progress.unwrap();
            let number = if kind == 0 { person.phone.as_str() } else { "+31687654321" };
            let request = SendCodeRequest {
                login_token: started.login_token,
                phone: number.to_owned(),
                ..SendCodeRequest::default()
            };
            let began = Instant::now();
            identity.send_code(request).await.unwrap();
            times[kind].push(began.elapsed().as_secs_f64() * 1000.0);
        }
    }
    times.map(|times| median(&times))
}

async fn rozelaar(system: &System) -> String {
    let id: uuid::Uuid =
        sqlx::query_scalar("SELECT organisation_id FROM organisation WHERE key = 'rozelaar'")
            .fetch_one(&mut system.as_superuser("dossier").await)
            .await
            .unwrap();
    id.to_string()
}

/// The median time in milliseconds of inviting: a person with an account, and a person without. Each round
/// invites for a new client, because a second invitation of the same person is another case.
async fn invitation_times(system: &System, known: &[Registered], round: usize) -> [f64; 2] {
    let portal = system.portal("vivre");
    let client = system.ecd("vivre").register(&format!("de heer {round}. Gast")).await;
    let session = portal.first_login(system, &client).await;
    let mut times = [Vec::new(), Vec::new()];
    for (index, person) in known.iter().enumerate() {
        for step in 0..2 {
            let kind = (index + step + round) % 2;
            let nobody = format!("niemand.{round}.{index}@voorbeeld.example");
            let email = if kind == 0 { person.email.as_str() } else { nobody.as_str() };
            let guest =
                json!({ "name": "Gast", "email": email, "phone": person.phone, "relation": "relative" });
            let began = Instant::now();
            let answer = portal.post("/users/new", &session, &guest).await;
            times[kind].push(began.elapsed().as_secs_f64() * 1000.0);
            assert!(answer.status.is_success(), "{answer:?}");
        }
    }
    times.map(|times| median(&times))
}

/// Adds a row that compares, in each round, the slowest kind with the fastest.
async fn compare<const KINDS: usize>(
    report: &mut Report,
    name: &'static str,
    against: &'static str,
    mut round: impl AsyncFnMut(usize) -> [f64; KINDS],
) {
    let (mut floor, mut product) = (Vec::new(), Vec::new());
    round(0).await;
    for number in 1..=ROUNDS {
        let times = round(number).await;
        floor.push(times.into_iter().fold(f64::MAX, f64::min));
        product.push(times.into_iter().fold(0.0, f64::max));
    }
    let (target, cpu_ms) = (Target::AtMost(1.1), BTreeMap::new());
    report.add(Row { name, unit: "ms", against, floor, product, target, cpu_ms });
}

pub async fn run(system: &System, people: &People, report: &mut Report) {
    let (mut code_askers, mut known) = (Vec::new(), Vec::new());
    for number in 0..PEOPLE {
        let person = system.ecd("rozelaar").register(&format!("mevrouw {number}. Deur")).await;
        let welcome = system.welcome_password(&person.email).await;
        code_askers.push((person, welcome));
        known.push(system.ecd("vivre").register(&format!("mevrouw {number}. Bekend")).await);
    }
    compare(
        report,
        "InviteUser through the gateway: the slower kind",
        "the faster of with and without an account",
        async |round| invitation_times(system, &known, round).await,
    )
    .await;
    system.signal("messaging", "STOP");
    for (name, what) in [
        ("StartLogin, refused: the slowest kind", Request::Login),
        ("StartPasswordReset: the slowest kind", Request::Reset),
    ] {
        let against = "the fastest of known, unknown, no such organisation";
        compare(report, name, against, async |_| refusal_times(system, people, what).await).await;
    }
    compare(report, "SendCode: the slower kind", "the faster of the own number and another", async |round| {
        code_times(system, &code_askers, round).await
    })
    .await;
    system.signal("messaging", "CONT");
}
