//! The portal over plain HTTP: JSON resources, as a program uses them, and pages as text.

use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, redirect::Policy};
use serde_json::{Value, json};

use crate::{Registered, System, eventually};

/// The password that every person in the tests chooses.
pub const PASSWORD: &str = "Vier woorden op rij";

/// The portal of one organisation.
#[derive(Clone)]
pub struct Portal {
    http: Client,
    address: String,
    host: String,
}

/// The answer of a JSON resource.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The id under which the request is in logs and in the audit trail.
    pub id: String,
    /// The JSON document; null where the answer has none.
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

    /// The same portal, asked under another host name.
    #[must_use]
    pub fn at_host(&self, host: &str) -> Self {
        Self { host: host.to_owned(), ..self.clone() }
    }

    /// A request to a path, with the organisation's host name.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.address)).header("host", &self.host)
    }

    /// Gets a page without cookies.
    pub async fn page(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    /// Gets a JSON resource.
    pub async fn get(&self, path: &str, token: &str) -> Answer {
        let request = self.request(Method::GET, &format!("/api/v1{path}"));
        answer(request.bearer_auth(token).send().await.unwrap()).await.unwrap()
    }

    /// The same; `None` when no answer came.
    pub async fn try_get(&self, path: &str, token: &str) -> Option<Answer> {
        let request = self.request(Method::GET, &format!("/api/v1{path}")).bearer_auth(token);
        answer(request.send().await.ok()?).await
    }

    /// Waits until the portal answers with the reports again.
    pub async fn wait_until_up(&self, session: &str) {
        eventually("the reports", async || {
            let answer =
                self.request(Method::GET, "/api/v1/reports").bearer_auth(session).send().await.ok()?;
            answer.status().is_success().then_some(())
        })
        .await;
    }

    /// Posts a JSON document.
    pub async fn post(&self, path: &str, token: &str, body: &Value) -> Answer {
        self.try_post(path, token, body).await.unwrap()
    }

    /// The same; `None` when no answer came.
    pub async fn try_post(&self, path: &str, token: &str, body: &Value) -> Option<Answer> {
        let mut request = self.request(Method::POST, &format!("/api/v1{path}")).json(body);
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        answer(request.send().await.ok()?).await
    }

    /// The first step of a login; the answer holds the login token. T8–T14.
    pub async fn start_login(&self, username: &str, password: &str) -> Answer {
        self.post("/login", "", &json!({ "username": username, "password": password })).await
    }

    /// The complete first login: welcome password, code, own password and any further step of the
    /// organisation. Gives the session token. T8–T24.
    pub async fn first_login(&self, system: &System, person: &Registered) -> String {
        let password = system.welcome_password(&person.email).await;
        let done = self.log_in(system, person, &person.email, &password).await;
        text(&done["session_token"])
    }

    /// A complete login at any organisation: does each step that the answer asks for. Gives the last answer's
    /// document.
    pub async fn log_in(
        &self,
        system: &System,
        person: &Registered,
        username: &str,
        password: &str,
    ) -> Value {
        let mut mark = MailboxMark::now(system, person).await;
        let started = self.start_login(username, password).await;
        assert_eq!(started.status, StatusCode::OK, "{started:?}");
        let mut progress = started.body;
        while progress["step"] != "done" {
            let login = text(&progress["login_token"]);
            let (path, body) = match progress["step"].as_str().unwrap() {
                "send_code" => ("/login/code/send", json!({ "phone": person.phone })),
                "code" => ("/login/code", json!({ "code": mark.next_code(system, person).await })),
                "device_code" => ("/login/device", json!({ "code": mark.next_code(system, person).await })),
                "own_password" => ("/login/password", own_password(password)),
                "terms" => ("/login/terms", json!({ "version": progress["terms_version"] })),
                "invitation" => {
                    let waiting = self.get("/login/invitation", &login).await.body;
                    let id = text(&waiting["invitations"][0]["id"]);
                    ("/login/invitation", json!({ "invitation": id }))
                }
                other => panic!("an unknown step {other}"),
            };
            let answer = self.post(path, &login, &body).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}: {answer:?}");
            progress = answer.body;
        }
        progress
    }
}

/// The document that replaces the current password by [`PASSWORD`].
#[must_use]
pub fn own_password(current: &str) -> Value {
    json!({ "current_password": current, "new_password": PASSWORD, "repeat_password": PASSWORD })
}

/// The number of messages that a person has at one moment, so that a later code is not confused with an
/// earlier.
pub struct MailboxMark {
    mails: usize,
    texts: usize,
}

impl MailboxMark {
    /// Counts the person's messages now.
    pub async fn now(system: &System, person: &Registered) -> Self {
        let mails = system.mailbox(Some(&person.email)).await.len();
        Self { mails, texts: system.mailbox(Some(&person.phone)).await.len() }
    }

    /// Waits for a code in a message after the mark, by e-mail or by SMS.
    pub async fn next_code(&mut self, system: &System, person: &Registered) -> String {
        tokio::select! {
            code = system.code_beyond(&person.email, self.mails) => code,
            code = system.code_beyond(&person.phone, self.texts) => code,
        }
    }
}

/// The text of a JSON value; fails where the value is no text.
#[must_use]
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

async fn answer(response: Response) -> Option<Answer> {
    let status = response.status();
    let id = response.headers().get("x-request-id").and_then(|id| id.to_str().ok()).unwrap_or_default();
    let id = id.to_owned();
    let body = response.bytes().await.ok()?;
    Some(Answer { status, id, body: serde_json::from_slice(&body).unwrap_or_default() })
}
