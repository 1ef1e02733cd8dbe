//! Starts messaging with a bus, a mail server and an SMS provider.

use std::{
    path::PathBuf,
    sync::{Arc, atomic::AtomicU16, atomic::Ordering},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use chassis::{Clock, Ctx, secret_file::SecretFile, time};
use jiff::{SignedDuration, Timestamp};
use mailcrab::MailMessage;
use messaging::{Encryption, MailSettings, Messaging, Settings, SmsSettings};
use prost::{Message, Name};
use proto::{
    event::v1::Sealed,
    identity::v1::{LoginCode, LoginCodeContent, OrganisationConfigured, Recipient},
};
use serde_json::Value;
use store::{
    About, Db,
    audit::Audit,
    due::{DueLoop, Wake},
    event::{Stream, envelope},
    housekeeping::RetentionSettings,
    service::{Parts, Service as _},
    stream,
};
use tempfile::TempDir;
use testkit::{Bus, Keys, caller, monday_morning, postgres::Database};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::{broadcast, mpsc, watch},
};
use tokio_util::sync::{CancellationToken, DropGuard};

pub const TIMEOUT: Duration = Duration::from_secs(30);

pub struct Suite {
    pub clock: Clock,
    pub database: Database,
    pub mails: broadcast::Receiver<MailMessage>,
    pub texts: mpsc::UnboundedReceiver<Value>,
    /// The HTTP status with which the SMS provider answers.
    pub sms_status: Arc<AtomicU16>,
    /// While false, the SMS provider answers nobody.
    pub sms_answers: watch::Sender<bool>,
    /// The file with the token of the SMS provider.
    pub sms_token: PathBuf,
    pub smtp_port: u16,
    mail_sender: broadcast::Sender<MailMessage>,
    keys: Keys,
    bus: Bus,
    stop: CancellationToken,
    wake: Wake,
    _folder: TempDir,
    _guard: DropGuard,
}

impl Suite {
    /// Starts messaging with the organisation Thuisgenoten. The mail server runs only after `start_mail`.
    pub async fn start() -> Self {
        let (bus, keys, clock) = (Bus::start(), Keys::generate(), Clock::fixed(monday_morning()));
        let database = Database::create(Messaging::NAME, Messaging::migrator()).await;
        let db: Db = database.db(Messaging::NAME);
        let seal = keys.of(Messaging::NAME).seal().unwrap();
        let smtp_port = free_port();
        let sms_status = Arc::new(AtomicU16::new(202));
        let (sms_answers, is_answering) = watch::channel(true);
        let (sms_port, texts) = sms_provider(Arc::clone(&sms_status), is_answering).await;
        let folder = tempfile::tempdir().unwrap();
        let sms_token = folder.path().join("sms");
        std::fs::write(&sms_token, "first").unwrap();
        let wake = Wake::default();
        let audit = Audit::start(db.clone(), clock.clone(), seal.clone(), RetentionSettings::default());
        let parts = Parts {
            audit: audit.clone(),
            db: db.clone(),
            clock: clock.clone(),
            seal,
            keys: keys.of(Messaging::NAME),
            wake: wake.clone(),
        };
        let built = Messaging::build(parts, providers(smtp_port, sms_port, sms_token.clone())).unwrap();
        let stop = CancellationToken::new();
        let due = DueLoop {
            db: db.clone(),
            clock: clock.clone(),
            audit,
            retention: RetentionSettings::default(),
            consumers: Vec::new(),
            works: built.due,
            wake: wake.clone(),
        };
        for consumer in built.consumers {
            let context = bus.context().await;
            tokio::spawn(consumer.run(db.clone(), clock.clone(), context, 1, stop.clone()));
        }
        tokio::spawn(due.run(stop.clone()));
        let (mail_sender, mails) = broadcast::channel(64);
        let suite = Self {
            clock,
            database,
            mails,
            texts,
            sms_status,
            sms_answers,
            sms_token,
            smtp_port,
            mail_sender,
            keys,
            bus,
            _folder: folder,
            _guard: stop.clone().drop_guard(),
            stop,
            wake,
        };
        suite.configure(1).await;
        suite
    }

    /// Announces an organisation.
    pub async fn configure(&self, organisation: u64) {
        let settings = proto::identity::v1::OrganisationSettings {
            key: format!("organisation-{organisation}"),
            name: "Thuisgenoten".to_owned(),
            product_name: "MijnThuisgenotenDossier".to_owned(),
            hosts: vec!["thuisgenoten.example".to_owned()],
            base_url: "https://thuisgenoten.example".to_owned(),
            sender_address: "portaal@thuisgenoten.example".to_owned(),
            language: "nl".to_owned(),
            ..Default::default()
        };
        let configured = OrganisationConfigured { settings: Some(settings) };
        self.publish_in(organisation, Stream::Events, &configured).await;
    }

    /// Starts the mail server, and waits until it listens.
    pub async fn start_mail(&self) {
        let local = "127.0.0.1".parse().unwrap();
        let sender = self.mail_sender.clone();
        tokio::spawn(mailcrab::mail_server(local, self.smtp_port, sender, false, self.stop.clone()));
        let listens = async {
            while TcpStream::connect(("127.0.0.1", self.smtp_port)).await.is_err() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(TIMEOUT, listens).await.unwrap();
    }

    pub async fn publish<M: Message + Name>(&self, channel: Stream, message: &M) {
        self.publish_in(1, channel, message).await;
    }

    async fn publish_in<M: Message + Name>(&self, organisation: u64, channel: Stream, message: &M) {
        let context = self.bus.shared_context().await;
        stream::ensure(context, 1).await.unwrap();
        let ctx = Ctx::of_service("identity", caller::organisation(organisation), self.clock.now());
        let (_, event) = envelope(&ctx, About::new(caller::uuid(1), 1), message);
        let subject = channel.subject(&M::full_name());
        context.publish(subject, event.encode_to_vec().into()).await.unwrap().await.unwrap();
    }

    pub fn seal<M: Message + Name>(&self, content: &M) -> Sealed {
        self.seal_in(1, content)
    }

    fn seal_in<M: Message + Name>(&self, organisation: u64, content: &M) -> Sealed {
        let identity = self.keys.of("identity").seal().unwrap();
        identity.seal("messaging", caller::organisation(organisation), content).unwrap()
    }

    /// Publishes a login code to an address or a number. The code expires after five minutes.
    pub async fn send_code(&self, email: &str, phone: &str, code: &str) {
        self.send_code_in(1, email, phone, code).await;
    }

    pub async fn send_code_in(&self, organisation: u64, email: &str, phone: &str, code: &str) {
        let content = LoginCodeContent {
            recipient: Some(Recipient {
                email: email.to_owned(),
                phone: phone.to_owned(),
                language: "nl".to_owned(),
                display_name: "Jan".to_owned(),
            }),
            code: code.to_owned(),
            life_minutes: 5,
        };
        let delivery = LoginCode {
            content: Some(self.seal_in(organisation, &content)),
            expires_at: Some(time::to_proto(self.in_minutes(5))),
            account_id: caller::uuid(7).to_string(),
        };
        self.publish_in(organisation, Stream::Deliveries, &delivery).await;
    }

    pub fn in_minutes(&self, minutes: i64) -> Timestamp {
        self.clock.now() + SignedDuration::from_mins(minutes)
    }

    /// Moves the clock and wakes the sender.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
        self.wake.notify();
    }

    /// The state, the number of attempts and the payload's size in bytes of each delivery.
    pub async fn deliveries(&self) -> Vec<(i32, i32, i32)> {
        sqlx::query_as("SELECT state, attempts, length(payload) FROM delivery ORDER BY id")
            .fetch_all(&mut self.database.as_superuser().await)
            .await
            .unwrap()
    }

    /// Waits until `wanted` accepts the deliveries.
    pub async fn until(&self, wanted: impl Fn(&[(i32, i32, i32)]) -> bool) -> Vec<(i32, i32, i32)> {
        let reached = async {
            loop {
                let now = self.deliveries().await;
                if wanted(&now) {
                    return now;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(TIMEOUT, reached).await.unwrap()
    }

    /// Waits until deliveries have failed this many times altogether, and every last result is recorded. Before that,
    /// the claim puts the next attempt a minute ahead.
    pub async fn until_tried(&self, attempts: i64) {
        use jiff_sqlx::ToSqlx;
        let soon = (self.clock.now() + SignedDuration::from_secs(50)).to_sqlx();
        let reached = async {
            loop {
                let tried: bool = sqlx::query_scalar(
                    "SELECT sum(attempts) >= $1 AND bool_and(next_attempt_at < $2) FROM delivery WHERE state = 1",
                )
                .bind(attempts)
                .bind(soon)
                .fetch_one(&mut self.database.as_superuser().await)
                .await
                .map(Option::unwrap_or_default)
                .unwrap();
                if tried {
                    return;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(TIMEOUT, reached).await.unwrap();
    }

    /// The next SMS.
    pub async fn text(&mut self) -> Value {
        tokio::time::timeout(TIMEOUT, self.texts.recv()).await.unwrap().unwrap()
    }

    /// The next mail, as JSON.
    pub async fn mail(&mut self) -> Value {
        let mail = tokio::time::timeout(TIMEOUT, self.mails.recv()).await.unwrap().unwrap();
        serde_json::to_value(&mail).unwrap()
    }
}

/// Settings with a mail server and an SMS provider on these ports.
pub fn providers(smtp_port: u16, sms_port: u16, sms_token: PathBuf) -> Settings {
    Settings {
        smtp: MailSettings {
            host: "127.0.0.1".to_owned(),
            port: smtp_port,
            ehlo_name: "portaal.example".to_owned(),
            encryption: Encryption::None,
            user: String::new(),
            password_file: SecretFile::default(),
        },
        sms: SmsSettings {
            url: format!("http://127.0.0.1:{sms_port}/sms"),
            token_file: SecretFile::new(sms_token),
            from: "Zorgportaal".to_owned(),
        },
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Starts a mail server that answers each command as `answers` says, by the command's start; other commands
/// get 250. An empty answer is none.
/// Returns the lines that it received.
pub fn scripted_mail_server(
    port: u16,
    answers: &'static [(&'static str, &'static str)],
) -> mpsc::UnboundedReceiver<String> {
    let (sender, lines) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        while let Ok((socket, _)) = listener.accept().await {
            let sender = sender.clone();
            tokio::spawn(async move {
                let mut socket = BufReader::new(socket);
                socket.write_all(b"220 scripted\r\n").await?;
                let (mut line, mut is_content) = (String::new(), false);
                while socket.read_line(&mut line).await? > 0 {
                    let answer = answers.iter().find(|(start, _)| line.starts_with(start));
                    let answer = answer.map_or("250 fine", |(_, answer)| *answer);
                    let command = std::mem::take(&mut line).trim().to_owned();
                    is_content &= command != ".";
                    if !is_content && !answer.is_empty() {
                        socket.write_all(format!("{answer}\r\n").as_bytes()).await?;
                    }
                    is_content |= answer.starts_with("354");
                    let _ = sender.send(command);
                }
                std::io::Result::Ok(())
            });
        }
    });
    lines
}

/// Starts a server that accepts connections and says nothing.
pub async fn silent_server(port: u16) {
    let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    tokio::spawn(async move {
        let mut connections = Vec::new();
        while let Ok(connection) = listener.accept().await {
            connections.push(connection);
        }
    });
}

#[derive(Clone)]
struct SmsProvider {
    status: Arc<AtomicU16>,
    is_answering: watch::Receiver<bool>,
    messages: mpsc::UnboundedSender<Value>,
}

async fn receive_sms(
    State(mut provider): State<SmsProvider>,
    headers: HeaderMap,
    Json(mut body): Json<Value>,
) -> StatusCode {
    provider.is_answering.wait_for(|answers| *answers).await.unwrap();
    let token = headers.get("authorization").unwrap().to_str().unwrap();
    body.as_object_mut().unwrap().insert("authorization".to_owned(), token.into());
    let status = StatusCode::from_u16(provider.status.load(Ordering::SeqCst)).unwrap();
    if status.is_success() {
        provider.messages.send(body).unwrap();
    }
    status
}

async fn sms_provider(
    status: Arc<AtomicU16>,
    is_answering: watch::Receiver<bool>,
) -> (u16, mpsc::UnboundedReceiver<Value>) {
    let (messages, texts) = mpsc::unbounded_channel();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let provider = SmsProvider { status, is_answering, messages };
    let routes = Router::new().route("/sms", post(receive_sms)).with_state(provider);
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (port, texts)
}
