//! Load during faults: people and an ECD that keep working while processes are killed, and what they observe.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use proto::dossier::v1::{
    ImportRecordsRequest, UpsertRecordRequest, import_records_request::Item,
    import_records_response::Result as Outcome,
};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio_stream::StreamExt;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::{
    Portal, Registered, System,
    ecd::report_record,
    portal::{Answer, PASSWORD, text},
};

/// The longest time until any answer, also an error (I-10).
const DEADLINE: Duration = Duration::from_secs(10);
/// The pause before a person or the ECD tries again.
const PAUSE: Duration = Duration::from_millis(50);
/// The number of records in one import.
const BATCH: usize = 40;

/// What the load saw: acknowledged writes and reads, promised messages, and answers that break a rule.
#[derive(Debug, Default)]
pub struct Observations {
    /// Ids of reports whose write was acknowledged.
    pub reports: Vec<String>,
    /// Ids of the reports that were written one by one. Each of these has its own event `RecordAdded`.
    pub announced: Vec<String>,
    /// Trace ids of reads that were answered with data.
    pub reads: Vec<String>,
    /// Addresses of people whose registration was acknowledged. Each must get a welcome message.
    pub welcomes: Vec<String>,
    /// The number of login codes that each address must get.
    pub codes: BTreeMap<String, usize>,
    /// The number of people who completed a login.
    pub logins: usize,
    /// The number of answers by HTTP status; status 0 counts requests without an answer.
    pub answers: BTreeMap<u16, usize>,
    /// The gRPC calls of the ECD that were refused or failed, as text.
    pub refused: Vec<String>,
    /// Answers that break a rule, as text. Must be empty.
    pub violations: Vec<String>,
}

/// The load on one organisation.
#[derive(Clone)]
pub struct Load {
    system: Arc<System>,
    portal: Portal,
    reader: Registered,
    session: String,
    observed: Arc<Mutex<Observations>>,
    stop: CancellationToken,
}

impl Load {
    /// Registers a reader and logs the reader in, before anything is killed.
    pub async fn prepare(system: &Arc<System>) -> Self {
        let portal = system.portal("thuisgenoten");
        let reader = system.ecd("thuisgenoten").register("mevrouw L. Lezer").await;
        let session = portal.first_login(system, &reader).await;
        let (system, observed, stop) = (Arc::clone(system), Arc::default(), CancellationToken::new());
        Self { system, portal, reader, session, observed, stop }
    }

    /// Starts two readers, three people who log in, an importer and a writer.
    #[must_use]
    pub fn start(&self) -> tokio::task::JoinSet<()> {
        let mut everybody = tokio::task::JoinSet::new();
        for _ in 0..2 {
            everybody.spawn(self.clone().keep_reading());
        }
        for number in 0..3 {
            everybody.spawn(self.clone().keep_logging_in(number));
        }
        everybody.spawn(self.clone().keep_importing());
        everybody.spawn(self.clone().keep_writing());
        everybody
    }

    /// Lets each task finish its current request and then stops. Gives what the system
    /// acknowledged to the tasks.
    pub async fn finish(self, everybody: tokio::task::JoinSet<()>) -> Observations {
        self.stop.cancel();
        everybody.join_all().await;
        std::mem::take(&mut *self.observed.lock().unwrap())
    }

    /// `Some` when the portal is ready, answers a read and accepts a record.
    pub async fn works(&self) -> Option<()> {
        self.system.is_whole().await?;
        if !self.read().await {
            return None;
        }
        self.system.ecd("thuisgenoten").report(&self.reader, "proef").await.ok()?;
        Some(())
    }

    fn note(&self, change: impl FnOnce(&mut Observations)) {
        change(&mut self.observed.lock().unwrap());
    }

    fn note_refused(&self, status: &Status) {
        self.note(|observed| observed.refused.push(format!("{:?}: {}", status.code(), status.message())));
    }

    /// Counts an answer. Notes a violation for a late answer, a status other than 200 and 503, or a 503
    /// without the Dutch text. Gives the answer if its status is 200.
    fn check_answer(&self, began: Instant, answer: Option<Answer>) -> Option<Answer> {
        let waited = began.elapsed();
        self.note(|observed| {
            if waited > DEADLINE {
                observed.violations.push(format!("an answer after {waited:?}"));
            }
            let Some(answer) = &answer else {
                *observed.answers.entry(0).or_default() += 1;
                return;
            };
            let status = answer.status.as_u16();
            *observed.answers.entry(status).or_default() += 1;
            let title = answer.body["title"].as_str().unwrap_or_default();
            let dutch = status != 503 || title.starts_with("Dit werkt nu even niet.");
            if ![200, 503].contains(&status) || !dutch {
                observed.violations.push(format!("{answer:?}"));
            }
        });
        answer.filter(|answer| answer.status == StatusCode::OK)
    }

    async fn post(&self, path: &str, token: &str, body: &Value) -> Option<Answer> {
        let began = Instant::now();
        let answer = self.portal.try_post(path, token, body).await;
        self.check_answer(began, answer)
    }

    async fn read(&self) -> bool {
        let began = Instant::now();
        let answer = self.portal.try_get("/reports", &self.session).await;
        let answered = self.check_answer(began, answer);
        if let Some(answer) = &answered {
            self.note(|observed| observed.reads.push(answer.id.clone()));
        }
        answered.is_some()
    }

    async fn keep_reading(self) {
        while !self.stop.is_cancelled() {
            if !self.read().await {
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    async fn keep_writing(self) {
        let ecd = self.system.ecd("thuisgenoten");
        let mut number = 0;
        while !self.stop.is_cancelled() {
            number += 1;
            let Ok(mut dossier) = ecd.dossier().await else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            let report = report_record(&self.reader.external_id, &format!("W-{number}"), "Alles ging goed.");
            // Send the same record until a write is acknowledged: after a lost answer it must not become two
            // reports.
            while !self.stop.is_cancelled() {
                let request = UpsertRecordRequest { record: Some(report.clone()) };
                match dossier.upsert_record(request).await {
                    Ok(answer) => {
                        let id = answer.into_inner().record_id;
                        self.note(|observed| {
                            observed.reports.push(id.clone());
                            observed.announced.push(id);
                        });
                        break;
                    }
                    Err(status) => self.note_refused(&status),
                }
                tokio::time::sleep(PAUSE).await;
                if let Ok(fresh) = ecd.dossier().await {
                    dossier = fresh;
                }
            }
        }
    }

    async fn keep_importing(self) {
        let ecd = self.system.ecd("thuisgenoten");
        let mut number = 0;
        while !self.stop.is_cancelled() {
            let Ok(mut dossier) = ecd.dossier().await else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            number += 1;
            let records: Vec<_> = (0..BATCH)
                .map(|place| {
                    let id = format!("I-{number}-{place}");
                    let report = report_record(&self.reader.external_id, &id, "Alles ging goed.");
                    ImportRecordsRequest { item: Some(Item::Record(report)), ..Default::default() }
                })
                .collect();
            let mut answers = match dossier.import_records(tokio_stream::iter(records)).await {
                Ok(answers) => answers.into_inner(),
                Err(status) => {
                    self.note_refused(&status);
                    continue;
                }
            };
            while let Some(answer) = answers.next().await {
                let answer = match answer {
                    Ok(answer) => answer,
                    Err(status) => {
                        self.note_refused(&status);
                        break;
                    }
                };
                match answer.result {
                    Some(Outcome::Imported(record)) => self.note(|observed| observed.reports.push(record.id)),
                    other => self.note(|observed| observed.violations.push(format!("{other:?}"))),
                }
            }
        }
    }

    /// Registers a person who logs in completely, then the next person, and so on.
    async fn keep_logging_in(self, lane: usize) {
        let ecd = self.system.ecd("thuisgenoten");
        while !self.stop.is_cancelled() {
            let Ok(person) = ecd.try_register(&format!("de heer {lane}. Nieuw")).await else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            self.note(|observed| observed.welcomes.push(person.email.clone()));
            if self.log_in(&person).await.is_some() {
                self.note(|observed| observed.logins += 1);
            }
        }
    }

    /// A complete first login. `None` when an answer was lost or the load stops: that person does not try
    /// again.
    async fn log_in(&self, person: &Registered) -> Option<()> {
        let password = self.mailed(person, "Uw wachtwoord voor de eerste keer: ").await?;
        let credentials = json!({ "username": person.email, "password": password });
        let started = self.post("/login", "", &credentials).await?;
        self.note(|observed| *observed.codes.entry(person.email.clone()).or_default() += 1);
        let login = text(&started.body["login_token"]);
        let code = self.mailed(person, "Uw code: ").await?;
        let verified = self.post("/login/code", &login, &json!({ "code": code })).await?;
        let login = text(&verified.body["login_token"]);
        let own =
            json!({ "current_password": password, "new_password": PASSWORD, "repeat_password": PASSWORD });
        let done = self.post("/login/password", &login, &own).await?;
        (done.body["step"] == "done").then_some(())
    }

    /// Waits for a mail to a person that contains a label; gives the rest of the line after the label.
    async fn mailed(&self, person: &Registered, label: &str) -> Option<String> {
        while !self.stop.is_cancelled() {
            for message in self.system.mailbox(Some(&person.email)).await {
                if let Some((_, rest)) = message.text.split_once(label) {
                    return Some(rest.lines().next().unwrap_or_default().trim().to_owned());
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
        None
    }
}
