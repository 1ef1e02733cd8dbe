//! People and an ECD that go on whatever happens, and a book of all that they were promised.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use chassis::{id::v7, secret};
use proto::dossier::v1::{
    ImportRecordsRequest, UpsertReportRequest, import_records_request::Record,
    import_records_response::Result as Outcome,
};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio_stream::StreamExt;
use tokio_util::sync::CancellationToken;

use crate::{
    Portal, Registered, System,
    ecd::{now, report_record},
    portal::{Answer, PASSWORD, text},
};

/// The longest that anybody may wait for an answer, good or bad (I-10).
const DEADLINE: Duration = Duration::from_secs(10);
/// How long a person waits before they try again.
const PAUSE: Duration = Duration::from_millis(50);
/// Records in one import.
const BATCH: usize = 40;

/// All that was promised, and all that must not happen.
#[derive(Debug, Default)]
pub struct Book {
    /// Ids of reports that the portal said it has.
    pub reports: Vec<String>,
    /// Those of them that came one by one: each is told of by an event of its own.
    pub told: Vec<String>,
    /// Traces of reads that were answered.
    pub reads: Vec<String>,
    /// Addresses of people who were registered: each was promised a welcome.
    pub welcomes: Vec<String>,
    /// How many login codes each address was promised.
    pub codes: BTreeMap<String, usize>,
    /// People who logged in to the end.
    pub logins: usize,
    /// Answers by status: 0 where none came.
    pub answers: BTreeMap<u16, usize>,
    /// What must never be.
    pub wrong: Vec<String>,
}

/// The load on one organisation of one system.
#[derive(Clone)]
pub struct Load {
    system: Arc<System>,
    portal: Portal,
    reader: Registered,
    session: String,
    book: Arc<Mutex<Book>>,
    stop: CancellationToken,
}

impl Load {
    /// Prepares a reader with a session, while all is well.
    pub async fn prepare(system: &Arc<System>) -> Self {
        let portal = system.portal("thuisgenoten");
        let reader = system.ecd("thuisgenoten").register("mevrouw L. Lezer").await;
        let session = portal.first_login(system, &reader).await;
        let (system, book, stop) = (Arc::clone(system), Arc::default(), CancellationToken::new());
        Self { system, portal, reader, session, book, stop }
    }

    /// Lets everybody begin.
    #[must_use]
    pub fn start(&self) -> tokio::task::JoinSet<()> {
        let mut everybody = tokio::task::JoinSet::new();
        for _ in 0..2 {
            everybody.spawn(self.clone().read_on());
        }
        for number in 0..3 {
            everybody.spawn(self.clone().log_in_on(number));
        }
        everybody.spawn(self.clone().import_on());
        everybody.spawn(self.clone().write_on());
        everybody
    }

    /// Everybody finishes what they are at; gives the book.
    pub async fn finish(self, everybody: tokio::task::JoinSet<()>) -> Book {
        self.stop.cancel();
        everybody.join_all().await;
        std::mem::take(&mut *self.book.lock().unwrap())
    }

    /// One of everything: the portal is ready, shows a page and takes a record.
    pub async fn works(&self) -> Option<()> {
        let ready = self.portal.request(reqwest::Method::GET, "/healthz/ready").send().await.ok()?;
        if !ready.status().is_success() || !self.read().await {
            return None;
        }
        self.system.ecd("thuisgenoten").report(&self.reader, "proef").await.ok()?;
        Some(())
    }

    fn note(&self, change: impl FnOnce(&mut Book)) {
        change(&mut self.book.lock().unwrap());
    }

    /// Counts an answer, and notes what must not be: an error that is ours, free text, a wait beyond the deadline.
    fn judge(&self, began: Instant, answer: Option<Answer>) -> Option<Answer> {
        let waited = began.elapsed();
        self.note(|book| {
            if waited > DEADLINE {
                book.wrong.push(format!("an answer after {waited:?}"));
            }
            let Some(answer) = &answer else {
                *book.answers.entry(0).or_default() += 1;
                return;
            };
            let status = answer.status.as_u16();
            *book.answers.entry(status).or_default() += 1;
            let title = answer.body["title"].as_str().unwrap_or_default();
            let dutch = status != 503 || title.starts_with("Dit werkt nu even niet.");
            if ![200, 503].contains(&status) || !dutch {
                book.wrong.push(format!("{answer:?}"));
            }
        });
        answer.filter(|answer| answer.status == StatusCode::OK)
    }

    async fn post(&self, path: &str, token: &str, body: &Value) -> Option<Answer> {
        let began = Instant::now();
        let answer = self.portal.try_post(path, token, body).await;
        self.judge(began, answer)
    }

    async fn read(&self) -> bool {
        let (trace, began) = (secret::hex(v7(now()).as_bytes()), Instant::now());
        let answer = self.portal.get_traced("/reports", &self.session, &trace).await;
        let answered = self.judge(began, answer).is_some();
        if answered {
            self.note(|book| book.reads.push(trace));
        }
        answered
    }

    async fn read_on(self) {
        while !self.stop.is_cancelled() {
            if !self.read().await {
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    async fn write_on(self) {
        let ecd = self.system.ecd("thuisgenoten");
        let mut number = 0;
        while !self.stop.is_cancelled() {
            number += 1;
            let Ok(mut dossier) = ecd.dossier().await else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            let report = report_record(&self.reader.external_id, &format!("W-{number}"), "Alles ging goed.");
            // The same record until it is taken: an answer that was lost must not make a second one.
            while !self.stop.is_cancelled() {
                let request = UpsertReportRequest { report: Some(report.clone()) };
                if let Ok(answer) = dossier.upsert_report(request).await {
                    let id = answer.into_inner().report_id;
                    self.note(|book| {
                        book.reports.push(id.clone());
                        book.told.push(id);
                    });
                    break;
                }
                tokio::time::sleep(PAUSE).await;
                if let Ok(fresh) = ecd.dossier().await {
                    dossier = fresh;
                }
            }
        }
    }

    async fn import_on(self) {
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
                    ImportRecordsRequest { record: Some(Record::Report(report)), ..Default::default() }
                })
                .collect();
            let Ok(answers) = dossier.import_records(tokio_stream::iter(records)).await else { continue };
            let mut answers = answers.into_inner();
            while let Some(Ok(answer)) = answers.next().await {
                match answer.result {
                    Some(Outcome::Imported(record)) => self.note(|book| book.reports.push(record.id)),
                    other => self.note(|book| book.wrong.push(format!("{other:?}"))),
                }
            }
        }
    }

    /// Registers a person, who logs in to the end; the next one begins when this one is in or gives up.
    async fn log_in_on(self, lane: usize) {
        let ecd = self.system.ecd("thuisgenoten");
        while !self.stop.is_cancelled() {
            let Ok(person) = ecd.try_register(&format!("de heer {lane}. Nieuw")).await else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            self.note(|book| book.welcomes.push(person.email.clone()));
            if self.log_in(&person).await.is_some() {
                self.note(|book| book.logins += 1);
            }
        }
    }

    /// `None` where the person gives up: an answer was lost, or the run is over.
    async fn log_in(&self, person: &Registered) -> Option<()> {
        let password = self.mailed(person, "Uw wachtwoord voor de eerste keer: ").await?;
        let credentials = json!({ "username": person.email, "password": password });
        let started = self.post("/login", "", &credentials).await?;
        self.note(|book| *book.codes.entry(person.email.clone()).or_default() += 1);
        let login = text(&started.body["login_token"]);
        let code = self.mailed(person, "Uw code: ").await?;
        let verified = self.post("/login/code", &login, &json!({ "code": code })).await?;
        let login = text(&verified.body["login_token"]);
        let own =
            json!({ "current_password": password, "new_password": PASSWORD, "repeat_password": PASSWORD });
        let done = self.post("/login/password", &login, &own).await?;
        (done.body["step"] == "done").then_some(())
    }

    /// The rest of the line after a label in a mail to a person, once it is there.
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
