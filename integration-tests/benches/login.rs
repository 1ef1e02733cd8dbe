//! Measures the password step beside argon2 alone, and how much slower pages are while people log in.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Instant,
};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use chassis::{
    Clock, channel,
    keys::{KeySettings, Keys},
    token::Caller,
};
use integration_tests::System;
use proto::identity::v1::{StartLoginRequest, identity_service_client::IdentityServiceClient};

use crate::{
    autogroup,
    harness::{ROUNDS, Report, Row, TURN, Target, closed_loop_rate, cpu_ms, p99},
    page::{self, Browsers},
    people::People,
};

/// The number of logins at the same time: enough to keep both hashing threads busy, too few to fill their
/// queue.
const LOGINS_AT_ONCE: usize = 16;
const CONNECTIONS: usize = 16;
/// The rate at which people log in beside a flood.
const LOGINS_PER_SECOND: f64 = 10.0;
/// How many logins of the other address run at the same time.
const FLOOD: usize = 32;

/// Argon2 hashes per second on two threads, each with memory of its own.
fn argon2_rate() -> f64 {
    let threads: Vec<_> = (0..2)
        .map(|_| {
            std::thread::spawn(|| {
                let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::DEFAULT);
                let mut memory = vec![Block::default(); Params::DEFAULT.block_count()];
                let (began, mut done) = (Instant::now(), 0_u32);
                while began.elapsed() < TURN {
                    let mut out = [0_u8; 32];
                    argon2
                        .hash_password_into_with_memory(
                            b"password",
                            b"salt-of-16-bytes",
                            &mut out,
                            &mut memory,
                        )
                        .unwrap();
                    done += 1;
                }
                f64::from(done) / began.elapsed().as_secs_f64()
            })
        })
        .collect();
    threads.into_iter().map(|thread| thread.join().unwrap()).sum()
}

/// The methods of identity, called as the gateway. The token is valid for a minute: enough for one
/// measurement.
pub fn identity_as_gateway(system: &System) -> IdentityServiceClient<channel::Channel> {
    let settings = KeySettings::new(system.data().join("keys/public"), system.data().join("keys/private"));
    let signer = Keys::open(settings, "gateway").unwrap().signer().unwrap();
    let token = signer.sign(&Caller::Gateway, Clock::machine().now()).unwrap();
    let channel = channel::connect(system.facts["services"]["identity"].as_str().unwrap()).unwrap();
    IdentityServiceClient::new(channel::with_token(channel, &token))
}

/// Each caller logs in as another person: identity lets a second login of the same person wait, as it would a
/// guesser.
async fn log_in(identity: IdentityServiceClient<channel::Channel>, people: Arc<People>, caller: usize) {
    log_in_from(identity, people, caller, "").await;
}

async fn log_in_from(
    mut identity: IdentityServiceClient<channel::Channel>,
    people: Arc<People>,
    caller: usize,
    address: &'static str,
) {
    let person = &people.all[caller];
    let request = StartLoginRequest {
        organisation_id: people.organisation.to_string(),
        username: person.username.clone(),
        password: person.password.to_owned(),
        address: address.to_owned(),
        ..StartLoginRequest::default()
    };
    identity.start_login(request).await.unwrap();
}

pub async fn run(system: &System, people: &People, report: &mut Report) {
    // Messaging is stopped: the login is measured, not the sending of the code.
    system.signal("messaging", "STOP");
    let people = Arc::new(people.clone());
    let (mut floor, mut product, mut cpu) = (Vec::new(), Vec::new(), BTreeMap::new());
    for _ in 0..ROUNDS {
        floor.push(tokio::task::block_in_place(argon2_rate));
        let (identity, everyone) = (identity_as_gateway(system), Arc::clone(&people));
        let before = system.cpu_seconds();
        let login = move |caller| log_in(identity.clone(), Arc::clone(&everyone), caller);
        let rate = closed_loop_rate(LOGINS_AT_ONCE, login).await;
        cpu = cpu_ms(&before, &system.cpu_seconds(), rate * TURN.as_secs_f64());
        product.push(rate);
    }
    report.add(Row {
        name: "password step (StartLogin)",
        unit: "logins/s",
        against: "raw argon2, two threads",
        floor,
        product,
        target: Target::AtLeast(0.8),
        cpu_ms: cpu,
    });
    beside_flood(system, &people, report).await;
    beside_pages(system, &people, report).await;
    system.signal("messaging", "CONT");
}

/// Logins from one address, first alone, then while many log in from another address at the same time.
async fn beside_flood(system: &System, people: &Arc<People>, report: &mut Report) {
    // People who log in one after the other: so few that two threads without other work hash at once.
    let alone = || {
        let (identity, people) = (identity_as_gateway(system), Arc::clone(people));
        p99(LOGINS_PER_SECOND, 2, move |caller| {
            log_in_from(identity.clone(), Arc::clone(&people), caller, "192.0.2.1")
        })
    };
    let (mut floor, mut product) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        floor.push(alone().await);
        let busy = Arc::new(AtomicBool::new(true));
        let flood: Vec<_> = (2..2 + FLOOD)
            .map(|caller| {
                let (identity, people, busy) =
                    (identity_as_gateway(system), Arc::clone(people), Arc::clone(&busy));
                tokio::spawn(async move {
                    while busy.load(Ordering::Relaxed) {
                        log_in_from(identity.clone(), Arc::clone(&people), caller, "192.0.2.2").await;
                    }
                })
            })
            .collect();
        product.push(alone().await);
        busy.store(false, Ordering::Relaxed);
        for login in flood {
            login.await.unwrap();
        }
    }
    report.add(Row {
        name: "StartLogin p99 while another address logs in 32 at a time",
        unit: "ms",
        against: "the same without the other address",
        floor,
        product,
        target: Target::AtMost(3.0),
        cpu_ms: BTreeMap::new(),
    });
}

/// Pages at half of their highest rate, first without logins, then with both hashing threads busy all the
/// time.
async fn beside_pages(system: &System, people: &Arc<People>, report: &mut Report) {
    let browsers = Browsers::open(system.facts["gateway"].as_str().unwrap(), CONNECTIONS).await;
    let step = Arc::new(AtomicUsize::new(0));
    let rate = page::rate(&browsers, people, &step).await / 2.0;
    let pages = || {
        let (browsers, people, step) = (browsers.clone(), Arc::clone(people), Arc::clone(&step));
        p99(rate, CONNECTIONS, move |caller| {
            let (browsers, people) = (browsers.clone(), Arc::clone(&people));
            let number = step.fetch_add(1, Ordering::Relaxed);
            async move { browsers.get(caller, "/reports", &people.at_step(number).session).await }
        })
    };
    let (mut floor, mut product) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        floor.push(pages().await);
        let (identity, busy) = (identity_as_gateway(system), Arc::new(AtomicBool::new(true)));
        let logins: Vec<_> = (0..LOGINS_AT_ONCE)
            .map(|caller| {
                let (identity, people, busy) = (identity.clone(), Arc::clone(people), Arc::clone(&busy));
                tokio::spawn(async move {
                    while busy.load(Ordering::Relaxed) {
                        log_in(identity.clone(), Arc::clone(&people), caller).await;
                    }
                })
            })
            .collect();
        product.push(pages().await);
        busy.store(false, Ordering::Relaxed);
        for login in logins {
            login.await.unwrap();
        }
    }
    report.add(Row {
        name: "page p99 at half rate while logins are saturated",
        unit: "ms",
        against: if autogroup::is_off() {
            "the same without logins; no autogroups"
        } else {
            "the same without logins"
        },
        floor,
        product,
        target: Target::AtMost(5.0),
        cpu_ms: BTreeMap::new(),
    });
}
