//! The development mailbox: receives every e-mail (as an SMTP server) and every SMS (as an SMS provider), and
//! shows them on a page and as JSON. The mailbox listens on this machine alone; production sends through real
//! providers.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs::OpenOptions,
    io::Write,
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    extract::{Query, State},
    http::StatusCode,
    response::Html,
    routing::{get, post},
};
use chassis::Clock;
use jiff::Timestamp;
use mailcrab::MailMessage;
use serde::{Deserialize, Serialize};
use tokio::{net::TcpListener, sync::broadcast};
use tokio_util::sync::CancellationToken;

use crate::terminal::BoxError;

/// A message that the mailbox received.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Message {
    /// `email` or `sms`.
    pub kind: String,
    /// The sender's id of the message. A message that is sent twice keeps its id.
    #[serde(default)]
    pub id: String,
    /// The recipient's e-mail address or telephone number.
    pub to: String,
    /// The subject; empty for an SMS.
    pub subject: String,
    /// The text.
    pub text: String,
    /// When the mailbox received the message.
    pub at: Timestamp,
}

/// All received messages, the newest last. Each is also appended to a file, so that a restart still has them.
#[derive(Clone)]
struct Mailbox {
    messages: Arc<Mutex<Vec<Message>>>,
    file: PathBuf,
    clock: Clock,
}

/// The fields that the mailbox reads from mailcrab's e-mail.
#[derive(Deserialize)]
struct CaughtMail {
    headers: BTreeMap<String, String>,
    subject: String,
    text: String,
    envelope_recipients: Vec<String>,
}

/// The document that the messaging service posts to an SMS provider.
#[derive(Deserialize)]
struct Sms {
    /// The sender's id of the message.
    reference: String,
    to: String,
    text: String,
}

#[derive(Deserialize)]
struct Filter {
    to: Option<String>,
}

/// The ports of the mailbox on this machine.
pub struct Addresses {
    /// The port for e-mail.
    pub smtp: u16,
    /// The port for the page, JSON and SMS.
    pub http: u16,
}

/// Starts the mailbox, which runs until `stop` is cancelled.
///
/// # Errors
/// When a port is taken.
pub async fn start(file: PathBuf, http: u16, stop: CancellationToken) -> Result<Addresses, BoxError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, http)).await.map_err(|error| {
        format!("port {http} for the mailbox is taken ({error}); choose another with --mailbox-port")
    })?;
    let mailbox = Mailbox { messages: Arc::new(Mutex::new(read(&file))), file, clock: Clock::machine() };
    let addresses = Addresses { smtp: crate::parts::free_port()?, http: listener.local_addr()?.port() };
    let (sender, receiver) = broadcast::channel(4096);
    let local = IpAddr::V4(Ipv4Addr::LOCALHOST);
    tokio::spawn(mailcrab::mail_server(local, addresses.smtp, sender, false, stop.clone()));
    tokio::spawn(mailbox.clone().receive_mails(receiver));
    let pages = Router::new()
        .route("/", get(show_messages))
        .route("/api/messages", get(list))
        .route("/sms", post(take_sms))
        .with_state(mailbox);
    tokio::spawn(
        async move { axum::serve(listener, pages).with_graceful_shutdown(stop.cancelled_owned()).await },
    );
    Ok(addresses)
}

/// The messages that an earlier start received.
fn read(file: &PathBuf) -> Vec<Message> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

impl Mailbox {
    async fn receive_mails(self, mut mails: broadcast::Receiver<MailMessage>) {
        loop {
            match mails.recv().await {
                Ok(mail) => {
                    let caught = serde_json::to_value(&mail).and_then(serde_json::from_value::<CaughtMail>);
                    let Ok(caught) = caught else { continue };
                    for to in caught.envelope_recipients {
                        let to = to.trim_matches(['<', '>']).to_owned();
                        let id = caught.headers.get("Message-ID").map_or("", |id| id.trim()).to_owned();
                        let (subject, text) = (caught.subject.clone(), caught.text.clone());
                        self.add(Message {
                            kind: "email".to_owned(),
                            id,
                            to,
                            subject,
                            text,
                            at: self.clock.now(),
                        });
                    }
                }
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return,
            }
        }
    }

    fn add(&self, message: Message) {
        if let Ok(line) = serde_json::to_string(&message)
            && let Ok(mut file) = OpenOptions::new().create(true).append(true).open(&self.file)
        {
            let _ = writeln!(file, "{line}");
        }
        if let Ok(mut messages) = self.messages.lock() {
            messages.push(message);
        }
    }

    /// The messages to one recipient or to all, the newest first.
    fn list(&self, to: Option<&str>) -> Vec<Message> {
        let Ok(messages) = self.messages.lock() else { return Vec::new() };
        let wanted = |message: &&Message| to.is_none_or(|to| message.to.eq_ignore_ascii_case(to));
        messages.iter().rev().filter(wanted).cloned().collect()
    }
}

async fn list(State(mailbox): State<Mailbox>, Query(filter): Query<Filter>) -> Json<Vec<Message>> {
    Json(mailbox.list(filter.to.as_deref()))
}

async fn take_sms(State(mailbox): State<Mailbox>, Json(sms): Json<Sms>) -> StatusCode {
    let (kind, subject, at) = ("sms".to_owned(), String::new(), mailbox.clock.now());
    mailbox.add(Message { kind, id: sms.reference, to: sms.to, subject, text: sms.text, at });
    StatusCode::ACCEPTED
}

async fn show_messages(State(mailbox): State<Mailbox>, Query(filter): Query<Filter>) -> Html<String> {
    let escape = |text: &str| {
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
    };
    let zone = chassis::calendar::zone();
    let mut rows = String::new();
    for message in mailbox.list(filter.to.as_deref()).iter().take(100) {
        let at = message.at.to_zoned(zone.clone()).strftime("%d-%m-%Y %H:%M:%S").to_string();
        let _ = write!(
            rows,
            "<article><h2>{}</h2><p>{} · {} · {at}</p><pre>{}</pre></article>",
            escape(if message.subject.is_empty() { "(sms)" } else { &message.subject }),
            message.kind,
            escape(&message.to),
            escape(&message.text)
        );
    }
    if rows.is_empty() {
        rows.push_str("<p>No messages yet.</p>");
    }
    Html(format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Development mailbox</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><meta http-equiv=\"refresh\" content=\"3\">\
         <style>body{{font:16px/1.5 sans-serif;max-width:48rem;margin:2rem auto;padding:0 1rem}}\
         article{{border:1px solid #bbb;border-radius:8px;padding:0 1rem;margin:1rem 0}}h2{{font-size:1.1rem}}\
         pre{{white-space:pre-wrap;font:inherit}}</style></head><body><h1>Development mailbox</h1>\
         <p>Every e-mail and SMS that the portal sends on this machine. Nothing leaves it.</p>{rows}</body></html>"
    ))
}
