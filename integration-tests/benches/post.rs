//! Measures a code's way to a telephone while the mail server, through which another organisation sends its codes, accepts
//! connections and says nothing.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU16, Ordering},
    },
    time::Duration,
};

use integration_tests::{Registered, System, portal::PASSWORD};
use proto::identity::v1::{LoginStep, SendCodeRequest, StartLoginRequest};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    time::Instant,
};
use uuid::Uuid;

use crate::{
    harness::{ROUNDS, Report, Row, Target, median},
    login::identity_as_gateway,
};

/// How many codes are sent in one measurement.
const CODES: usize = 20;
/// How many mails of the other organisation wait at the silent server.
const MAILS: usize = 60;

/// A mail server in front of the mailbox's own, which can fall silent.
#[derive(Clone)]
pub struct MailServer {
    port: u16,
    behind: Arc<AtomicU16>,
    is_silent: Arc<AtomicBool>,
}

impl MailServer {
    /// Starts the server.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = Self { port, behind: Arc::default(), is_silent: Arc::default() };
        let (behind, is_silent) = (Arc::clone(&server.behind), Arc::clone(&server.is_silent));
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let (behind, is_silent) = (behind.load(Ordering::SeqCst), Arc::clone(&is_silent));
                tokio::spawn(async move {
                    while is_silent.load(Ordering::SeqCst) {
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                    let mut mailbox = TcpStream::connect(("127.0.0.1", behind)).await?;
                    copy_bidirectional(&mut socket, &mut mailbox).await
                });
            }
        });
        server
    }

    /// The setting that makes messaging send through this server.
    pub fn setting(&self) -> (&'static str, String) {
        ("ZORGPORTAAL_SMTP__PORT", self.port.to_string())
    }

    /// Passes mail on to the mailbox of a system.
    pub fn lead_to(&self, system: &System) {
        let settings = std::fs::read_to_string(system.data().join("config/messaging.toml")).unwrap();
        let settings: toml::Table = settings.parse().unwrap();
        let port = settings["smtp"]["port"].as_integer().unwrap();
        self.behind.store(u16::try_from(port).unwrap(), Ordering::SeqCst);
    }
}

/// The milliseconds from a right password until the code is in the mailbox: the median of several codes.
async fn way_of_a_code(system: &System, organisation: Uuid, person: &Registered) -> f64 {
    let mut waits = Vec::new();
    for _ in 0..CODES {
        let before = system.mailbox(Some(&person.phone)).await.len();
        let began = Instant::now();
        let request = StartLoginRequest {
            organisation_id: organisation.to_string(),
            username: person.email.clone(),
            password: PASSWORD.to_owned(),
            ..StartLoginRequest::default()
        };
        let mut identity = identity_as_gateway(system);
        let progress = identity.start_login(request).await.unwrap().into_inner().progress.unwrap();
        if progress.step() == LoginStep::SendCode {
            let request = SendCodeRequest {
                login_token: progress.login_token,
                phone: person.phone.clone(),
                ..SendCodeRequest::default()
            };
            identity.send_code(request).await.unwrap();
        }
        while system.mailbox(Some(&person.phone)).await.len() == before {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        waits.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    median(&waits)
}

pub async fn run(system: &System, server: &MailServer, report: &mut Report) {
    let person = system.ecd("profila").register("de heer P. Bos").await;
    system.portal("profila").first_login(system, &person).await;
    let organisation: Uuid =
        sqlx::query_scalar("SELECT organisation_id FROM organisation WHERE key = 'profila'")
            .fetch_one(&mut system.as_superuser("identity").await)
            .await
            .unwrap();
    let (mut floor, mut product) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        floor.push(way_of_a_code(system, organisation, &person).await);
        server.is_silent.store(true, Ordering::SeqCst);
        for number in 0..MAILS {
            system.ecd("thuisgenoten").register(&format!("mevrouw {number}. Wacht")).await;
        }
        product.push(way_of_a_code(system, organisation, &person).await);
        server.is_silent.store(false, Ordering::SeqCst);
        system.until_all_mail_is_sent().await;
    }
    report.add(Row {
        name: "a code's way to a telephone while another organisation's mail server is silent",
        unit: "ms",
        against: "the same while the mail server answers",
        floor,
        product,
        target: Target::AtMost(2.0),
        cpu_ms: BTreeMap::new(),
    });
}
