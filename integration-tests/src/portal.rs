//! The portal over plain HTTP: JSON as a program uses it, and pages as text.

use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, redirect::Policy};
use serde_json::{Value, json};

use crate::{Registered, System, eventually};

/// The password that people of the tests choose.
pub const PASSWORD: &str = "Vier woorden op rij";

/// The portal of one organisation.
#[derive(Clone)]
pub struct Portal {
    http: Client,
    address: String,
    host: String,
}

/// An answer: its status and its document.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The document; null where there is none.
    pub body: Value,
}

impl System {
    /// The portal of an organisation.
    #[must_use]
    pub fn portal(&self, organisation: &str) -> Portal {
        let address = self.facts["gateway"].as_str().unwrap();
        Portal::new(address, &format!("{organisation}.localhost"))
    }
}

impl Portal {
    pub(crate) fn new(address: &str, host: &str) -> Self {
        let http = Client::builder().redirect(Policy::none()).build().unwrap();
        Self { http, address: address.to_owned(), host: host.to_owned() }
    }

    /// The same portal by another host.
    #[must_use]
    pub fn at_host(&self, host: &str) -> Self {
        Self { host: host.to_owned(), ..self.clone() }
    }

    /// A request to a path, with the organisation's host.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.address)).header("host", &self.host)
    }

    /// A page, as whoever has no cookies.
    pub async fn page(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    /// A JSON resource.
    pub async fn get(&self, path: &str, token: &str) -> Answer {
        let request = self.request(Method::GET, &format!("/api/v1{path}"));
        answer(request.bearer_auth(token).send().await.unwrap()).await.unwrap()
    }

    /// A JSON resource, asked for within a trace of the caller's own; `None` where nothing came back.
    pub async fn get_traced(&self, path: &str, token: &str, trace: &str) -> Option<Answer> {
        let request = self.request(Method::GET, &format!("/api/v1{path}")).bearer_auth(token);
        let request = request.header("traceparent", format!("00-{trace}-00000000000000aa-01"));
        answer(request.send().await.ok()?).await
    }

    /// Waits until the reports are there again.
    pub async fn recovers(&self, session: &str) {
        eventually("the reports", async || {
            let answer =
                self.request(Method::GET, "/api/v1/reports").bearer_auth(session).send().await.ok()?;
            answer.status().is_success().then_some(())
        })
        .await;
    }

    /// A JSON write.
    pub async fn post(&self, path: &str, token: &str, body: &Value) -> Answer {
        self.try_post(path, token, body).await.unwrap()
    }

    /// The same; `None` where nothing came back.
    pub async fn try_post(&self, path: &str, token: &str, body: &Value) -> Option<Answer> {
        let mut request = self.request(Method::POST, &format!("/api/v1{path}")).json(body);
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        answer(request.send().await.ok()?).await
    }

    /// Logs in up to the code; gives the login token. T8–T14.
    pub async fn start_login(&self, username: &str, password: &str) -> Answer {
        self.post("/login", "", &json!({ "username": username, "password": password })).await
    }

    /// The whole first login: welcome password, code, own password and whatever else the organisation asks. Gives the
    /// session token. T8–T24.
    pub async fn first_login(&self, system: &System, person: &Registered) -> String {
        let password = system.welcome_password(&person.email).await;
        let done = self.log_in(system, person, &person.email, &password).await;
        text(&done["session_token"])
    }

    /// A login of any organisation to its end, step by step as it is asked; gives the last document.
    pub async fn log_in(
        &self,
        system: &System,
        person: &Registered,
        username: &str,
        password: &str,
    ) -> Value {
        let mut seen = Seen::now(system, person).await;
        let started = self.start_login(username, password).await;
        assert_eq!(started.status, StatusCode::OK, "{started:?}");
        let mut at = started.body;
        while at["step"] != "done" {
            let login = text(&at["login_token"]);
            let (path, body) = match at["step"].as_str().unwrap() {
                "send_code" => ("/login/code/send", json!({ "phone": person.phone })),
                "code" => ("/login/code", json!({ "code": seen.code(system, person).await })),
                "device_code" => ("/login/device", json!({ "code": seen.code(system, person).await })),
                "own_password" => ("/login/password", own_password(password)),
                "terms" => ("/login/terms", json!({ "version": at["terms_version"] })),
                "invitation" => {
                    let waiting = self.get("/login/invitation", &login).await.body;
                    let id = text(&waiting["invitations"][0]["id"]);
                    ("/login/invitation", json!({ "invitation": id }))
                }
                other => panic!("an unknown step {other}"),
            };
            let answer = self.post(path, &login, &body).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}: {answer:?}");
            at = answer.body;
        }
        at
    }
}

/// What people of the tests choose in place of a password that was sent.
#[must_use]
pub fn own_password(current: &str) -> Value {
    json!({ "current_password": current, "new_password": PASSWORD, "repeat_password": PASSWORD })
}

/// How many messages somebody had, so that the next code is told from an older one.
pub struct Seen {
    mails: usize,
    texts: usize,
}

impl Seen {
    /// As it is now.
    pub async fn now(system: &System, person: &Registered) -> Self {
        let mails = system.mailbox(Some(&person.email)).await.len();
        Self { mails, texts: system.mailbox(Some(&person.phone)).await.len() }
    }

    /// The next code, by whichever way it comes.
    pub async fn code(&mut self, system: &System, person: &Registered) -> String {
        tokio::select! {
            code = system.code_beyond(&person.email, self.mails) => code,
            code = system.code_beyond(&person.phone, self.texts) => code,
        }
    }
}

/// A text of a document.
#[must_use]
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

async fn answer(response: Response) -> Option<Answer> {
    let status = response.status();
    let body = response.bytes().await.ok()?;
    Some(Answer { status, body: serde_json::from_slice(&body).unwrap_or_default() })
}
