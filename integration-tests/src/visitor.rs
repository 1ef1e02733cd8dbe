//! A person whose browser runs no scripts: finds links and buttons by their words, and fields by their
//! labels.

use std::collections::BTreeMap;

use reqwest::{Client, Method, Response, StatusCode, header, redirect::Policy};
use scraper::{ElementRef, Html, Selector};

use crate::System;

/// A browser without scripts, with its cookies and the page that it shows.
pub struct Visitor {
    client: Client,
    address: String,
    host: String,
    cookies: BTreeMap<String, String>,
    /// The path of the current page.
    pub path: String,
    /// The HTTP status of the current page.
    pub status: StatusCode,
    page: String,
}

impl Visitor {
    /// A visitor of an organisation's portal.
    #[must_use]
    pub fn at(system: &System, organisation: &str) -> Self {
        Self::at_host(system, &format!("{organisation}.localhost"))
    }

    /// A visitor of the portal under a host name.
    #[must_use]
    pub fn at_host(system: &System, host: &str) -> Self {
        Self {
            client: Client::builder().redirect(Policy::none()).build().unwrap(),
            address: system.facts["gateway"].as_str().unwrap().to_owned(),
            host: host.to_owned(),
            cookies: BTreeMap::new(),
            path: String::new(),
            status: StatusCode::OK,
            page: String::new(),
        }
    }

    /// Opens a page and follows its redirects.
    pub async fn open(&mut self, path: &str) -> &mut Self {
        self.go(Method::GET, path.to_owned(), None).await
    }

    async fn go(&mut self, method: Method, path: String, form: Option<Vec<(String, String)>>) -> &mut Self {
        let (mut method, mut path, mut form) = (method, path, form);
        for _ in 0..8 {
            let mut request = self.client.request(method, format!("{}{path}", self.address));
            request = request.header(header::HOST, &self.host).header("sec-fetch-site", "same-origin");
            request = request.header(header::USER_AGENT, "Mozilla/5.0 (Windows NT 10.0) Firefox/130.0");
            let cookies: Vec<String> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            if !cookies.is_empty() {
                request = request.header(header::COOKIE, cookies.join("; "));
            }
            if let Some(fields) = &form {
                request = request.form(fields);
            }
            let response = request.send().await.unwrap();
            self.keep_cookies(&response);
            self.status = response.status();
            if let Some(to) = response.headers().get(header::LOCATION) {
                (method, path, form) = (Method::GET, to.to_str().unwrap().to_owned(), None);
                continue;
            }
            self.path = path;
            self.page = response.text().await.unwrap();
            return self;
        }
        panic!("the redirects never end: {path}");
    }

    fn keep_cookies(&mut self, response: &Response) {
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let text = cookie.to_str().unwrap();
            let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
            if text.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// The value of a cookie.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    /// Closes the browser: session cookies are deleted, the cookie of the remembered device stays.
    pub fn close(&mut self) {
        self.cookies.retain(|name, _| name == "__Host-device");
    }

    /// Sets a cookie, as an attacker would.
    pub fn plant_cookie(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    /// The page's texts, one after another, as a screen reader reads them.
    #[must_use]
    pub fn text(&self) -> String {
        let page = Html::parse_document(&self.page);
        let words: Vec<&str> =
            page.root_element().text().map(str::trim).filter(|it| !it.is_empty()).collect();
        words.join(" ")
    }

    /// Fails when the page does not contain these words.
    #[track_caller]
    #[expect(clippy::must_use_candidate, reason = "the result is only for calling the next check on it")]
    pub fn sees(&self, words: &str) -> &Self {
        let text = self.text();
        assert!(text.contains(words), "no `{words}` at {}: {text}", self.path);
        self
    }

    /// Fails when the page contains these words.
    #[track_caller]
    #[expect(clippy::must_use_candidate, reason = "the result is only for calling the next check on it")]
    pub fn sees_no(&self, words: &str) -> &Self {
        let text = self.text();
        assert!(!text.contains(words), "`{words}` at {}: {text}", self.path);
        self
    }

    /// The words of the menu's links, in order.
    #[must_use]
    pub fn menu(&self) -> Vec<String> {
        let page = Html::parse_document(&self.page);
        page.select(&css("nav a")).map(|link| words(&link)).collect()
    }

    /// The labels of the page's fields, in order.
    #[must_use]
    pub fn labels(&self) -> Vec<String> {
        let page = Html::parse_document(&self.page);
        page.select(&css("main label")).map(|label| words(&label)).collect()
    }

    /// Whether the checkbox or radio button with this id is ticked.
    #[track_caller]
    #[must_use]
    pub fn is_ticked(&self, id: &str) -> bool {
        let page = Html::parse_document(&self.page);
        let found = page.select(&css(&format!("#{id}"))).next().unwrap_or_else(|| panic!("no box {id}"));
        found.attr("checked").is_some()
    }

    /// The value of the field with this name.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<String> {
        let page = Html::parse_document(&self.page);
        let field = page.select(&css(&format!("[name='{name}']"))).next()?;
        field.attr("value").map(str::to_owned)
    }

    /// Follows the link with these words.
    pub async fn follow(&mut self, link: &str) -> &mut Self {
        let to = {
            let page = Html::parse_document(&self.page);
            let found = page
                .select(&css("a[href]"))
                .find(|it| words(it) == link || it.attr("aria-label") == Some(link));
            found
                .unwrap_or_else(|| panic!("no link `{link}` at {}: {}", self.path, self.text()))
                .attr("href")
                .unwrap()
                .to_owned()
        };
        self.open(&to).await
    }

    /// Fills in fields, found by their labels, and presses the button with these words. Hidden fields, and
    /// fields that the page filled in, are sent too.
    pub async fn press(&mut self, button: &str, fields: &[(&str, &str)]) -> &mut Self {
        let (action, form) = self.form(button, fields);
        self.go(Method::POST, action, Some(form)).await
    }

    /// The same; ticks checkboxes, found by their names, instead of filling in fields.
    pub async fn tick_and_press(&mut self, button: &str, boxes: &[&str]) -> &mut Self {
        let (action, mut form) = self.form(button, &[]);
        form.extend(boxes.iter().map(|name| ((*name).to_owned(), "yes".to_owned())));
        self.go(Method::POST, action, Some(form)).await
    }

    /// Opens the stream of live updates, as an open page does. The stream ends when the portal ends it.
    pub async fn open_live_stream(&self) -> Response {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = self.client.get(format!("{}/live", self.address)).header(header::HOST, &self.host);
        let response = request.header(header::COOKIE, cookies.join("; ")).send().await.unwrap();
        assert!(response.status().is_success(), "{response:?}");
        response
    }

    /// Another tab of the same browser: the same cookies, no page yet.
    #[must_use]
    pub fn other_tab(&self) -> Self {
        Self {
            client: self.client.clone(),
            address: self.address.clone(),
            host: self.host.clone(),
            cookies: self.cookies.clone(),
            path: String::new(),
            status: StatusCode::OK,
            page: String::new(),
        }
    }

    /// The filled-in form that a button sends: its path, and the names and values of its fields.
    #[must_use]
    pub fn form(&self, button: &str, fields: &[(&str, &str)]) -> (String, Vec<(String, String)>) {
        let page = Html::parse_document(&self.page);
        let is_wanted = |it: &ElementRef<'_>| words(it) == button || it.attr("aria-label") == Some(button);
        let form = page
            .select(&css("form"))
            .find(|form| form.select(&css("button")).any(|it| is_wanted(&it)))
            .unwrap_or_else(|| panic!("no button `{button}` at {}: {}", self.path, self.text()));
        let pressed = form.select(&css("button")).find(is_wanted).unwrap();
        let mut typed: BTreeMap<String, String> = BTreeMap::new();
        for (label, value) in fields {
            let found = form.select(&css("label")).find(|it| words(it) == *label);
            let label =
                found.unwrap_or_else(|| panic!("no field `{label}` at {}: {}", self.path, self.text()));
            typed.insert(label.attr("for").unwrap().to_owned(), (*value).to_owned());
        }
        let mut sent = Vec::new();
        for input in form.select(&css("input[name]")) {
            let (name, id) = (input.attr("name").unwrap(), input.attr("id").unwrap_or_default());
            let value = input.attr("value").unwrap_or_default().to_owned();
            match (input.attr("type").unwrap_or("text"), typed.remove(id)) {
                ("checkbox", Some(tick)) if tick.is_empty() => {}
                ("checkbox" | "radio", Some(_)) => sent.push((name.to_owned(), value)),
                ("radio", None) if has_typed_sibling(&form, name, fields) => {}
                ("checkbox" | "radio", None) => {
                    if input.attr("checked").is_some() {
                        sent.push((name.to_owned(), value));
                    }
                }
                (_, typed) => sent.push((name.to_owned(), typed.unwrap_or(value))),
            }
        }
        for area in form.select(&css("textarea[name]")) {
            let value = typed.remove(area.attr("id").unwrap_or_default());
            // HTML leaves the line break after the tag out.
            let shown = || area.text().collect::<String>().trim_start_matches('\n').to_owned();
            sent.push((area.attr("name").unwrap().to_owned(), value.unwrap_or_else(shown)));
        }
        if let Some(name) = pressed.attr("name") {
            sent.push((name.to_owned(), pressed.attr("value").unwrap_or_default().to_owned()));
        }
        (form.attr("action").unwrap_or(&self.path).to_owned(), sent)
    }
}

/// Whether `fields` choose another radio button of the same name.
fn has_typed_sibling(form: &ElementRef<'_>, name: &str, fields: &[(&str, &str)]) -> bool {
    let choices: Vec<&str> =
        form.select(&css(&format!("input[name='{name}']"))).filter_map(|it| it.attr("id")).collect();
    form.select(&css("label")).any(|label| {
        let text = words(&label);
        choices.contains(&label.attr("for").unwrap_or_default())
            && fields.iter().any(|(named, _)| *named == text)
    })
}

fn css(text: &str) -> Selector {
    Selector::parse(text).unwrap()
}

fn words(element: &ElementRef<'_>) -> String {
    element.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}
