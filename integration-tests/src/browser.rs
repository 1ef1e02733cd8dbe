//! A real browser for tests: Chromium, controlled over WebDriver.

use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use fantoccini::{Client, ClientBuilder, Locator, elements::Element, wd::WebDriverCompatibleCommand};
use http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use url::{ParseError, Url};

use crate::eventually;

/// The window sizes, in CSS pixels, at which pages are checked: a phone and a desktop.
pub const WIDTHS: [(u32, u32); 2] = [(360, 800), (1280, 900)];

/// A browser that one test uses.
pub struct Browser {
    /// The WebDriver connection, for what this type does not offer.
    pub client: Client,
    driver: Child,
    _profile: TempDir,
}

impl Browser {
    /// Starts a browser.
    pub async fn start() -> Self {
        Self::launch(true).await
    }

    /// Starts a browser that runs no scripts.
    pub async fn without_scripts() -> Self {
        Self::launch(false).await
    }

    async fn launch(scripts: bool) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is installed by `make test`");
        let profile = tempfile::tempdir().unwrap();
        let javascript = if scripts { 1 } else { 2 };
        let capabilities = json!({
            "goog:chromeOptions": {
                "args": [
                    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                    "--disable-background-networking", "--disable-component-update", "--disable-sync",
                    "--disable-dev-shm-usage", "--hide-scrollbars",
                    format!("--user-data-dir={}", profile.path().display()),
                ],
                "prefs": { "profile.managed_default_content_settings.javascript": javascript },
            }
        });
        let capabilities = capabilities.as_object().unwrap().clone();
        let client = eventually("a browser", async || {
            let mut builder = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new());
            builder.capabilities(capabilities.clone());
            builder.connect(&format!("http://127.0.0.1:{port}")).await.ok()
        })
        .await;
        Self { client, driver, _profile: profile }
    }

    /// Opens an address.
    pub async fn go(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    /// Waits for the element that a CSS selector names.
    pub async fn find(&self, css: &str) -> Element {
        eventually(css, async || self.client.find(Locator::Css(css)).await.ok()).await
    }

    /// Replaces the text of a field.
    pub async fn type_into(&self, css: &str, text: &str) {
        let field = self.find(css).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Clicks a button or link.
    pub async fn press(&self, css: &str) {
        self.find(css).await.click().await.unwrap();
    }

    /// Presses the Tab key until the element has the focus. Fails when the focus is not visible (A11Y-05).
    pub async fn tab_to(&self, css: &str) {
        let is_there = format!("return document.activeElement?.matches({})", json!(css));
        for _ in 0..60 {
            self.client.active_element().await.unwrap().send_keys("\u{e004}").await.unwrap();
            if self.client.execute(&is_there, Vec::new()).await.unwrap() == json!(true) {
                let outline = "const style = getComputedStyle(document.activeElement);
                    return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2";
                assert_eq!(
                    self.client.execute(outline, Vec::new()).await.unwrap(),
                    json!(true),
                    "{css}: the focus is not visible"
                );
                return;
            }
        }
        panic!("the Tab key does not reach {css}");
    }

    /// Types keys into the element that has the focus.
    pub async fn keys(&self, keys: &str) {
        self.client.active_element().await.unwrap().send_keys(keys).await.unwrap();
    }

    /// Waits until the page contains a text; gives the page's whole text.
    pub async fn sees(&self, text: &str) -> String {
        eventually(text, async || {
            let body = self.client.find(Locator::Css("body")).await.ok()?.text().await.ok()?;
            body.contains(text).then_some(body)
        })
        .await
    }

    /// Runs a script in the page; gives what the script returns.
    pub async fn run(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// The path of the page's address.
    pub async fn path(&self) -> String {
        self.client.current_url().await.unwrap().path().to_owned()
    }

    /// Makes the window this large, in CSS pixels.
    pub async fn resize(&self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// Shows the page as in another medium, and under forced colours (WCAG 1.4.11).
    pub async fn emulate(&self, medium: &str, forced_colors: bool) {
        let value = if forced_colors { "active" } else { "none" };
        let features = json!([{ "name": "forced-colors", "value": value }]);
        self.devtools("Emulation.setEmulatedMedia", json!({ "media": medium, "features": features })).await;
    }

    async fn devtools(&self, method: &str, parameters: Value) {
        let command = DevTools { method: method.to_owned(), parameters };
        self.client.issue_cmd(command).await.unwrap();
    }

    /// Takes a picture of the page at each window size, for people to look at. With scripts, also checks that
    /// the page does not scroll sideways (A11Y-04) and that axe finds no fault.
    pub async fn look(&self, name: &str, scripts: bool) {
        for (width, height) in WIDTHS {
            self.resize(width, height).await;
            if scripts {
                self.fits(&format!("{name} at {width} px"), width).await;
                self.is_accessible(name).await;
            }
            self.picture(&format!("{name}-{width}"), width, height).await;
        }
    }

    /// Takes a picture of the whole page.
    pub async fn picture(&self, name: &str, width: u32, height: u32) {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/screenshots");
        std::fs::create_dir_all(&folder).unwrap();
        let tall = self.client.execute("return document.documentElement.scrollHeight", Vec::new()).await;
        if let Ok(tall) = tall {
            self.resize(width, u32::try_from(tall.as_u64().unwrap()).unwrap().clamp(height, 6000)).await;
        }
        let picture = self.client.screenshot().await.unwrap();
        std::fs::write(folder.join(format!("{name}.png")), picture).unwrap();
        self.resize(width, height).await;
    }

    /// Checks that the page does not scroll sideways, and that no element is wider than the page (A11Y-04).
    pub async fn fits(&self, what: &str, width: u32) {
        const WIDER: &str = "
            const width = document.documentElement.clientWidth;
            const wider = [...document.body.querySelectorAll('*')].filter((element) => {
                const box = element.getBoundingClientRect();
                return box.width > 0 && box.right > width + 1 && box.left > -width;
            });
            return [document.documentElement.scrollWidth, wider.slice(0, 5).map((it) => it.outerHTML.slice(0, 200))];";
        let found = self.run(WIDER).await;
        assert!(found[0].as_u64().unwrap() <= u64::from(width), "{what} scrolls sideways: {found}");
        assert_eq!(found[1], json!([]), "{what}");
    }

    /// Checks the page with axe: the rules of WCAG 2.2 AA, including the size of buttons and links (A11Y-01,
    /// A11Y-07).
    pub async fn is_accessible(&self, name: &str) {
        const AXE: &str =
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../gateway/node_modules/axe-core/axe.min.js"));
        self.client.execute(AXE, Vec::new()).await.unwrap();
        let found = self
            .client
            .execute_async(
                "const done = arguments[arguments.length - 1];
                 axe.run({ rules: { 'target-size': { enabled: true } } }).then(
                     (result) => done(result.violations.map((fault) =>
                         fault.id + ': ' + fault.nodes.map((node) => node.html).join(' '))),
                     (error) => done([String(error)]));",
                Vec::new(),
            )
            .await
            .unwrap();
        assert_eq!(found, json!([]), "{name}");
    }
}

/// A command of the Chrome DevTools protocol, which chromedriver passes on.
#[derive(Debug)]
struct DevTools {
    method: String,
    parameters: Value,
}

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        let body = json!({ "cmd": self.method, "params": self.parameters });
        (Method::POST, Some(body.to_string()))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The browser is a child process of the driver and survives the driver: end the children first.
        let _ = Command::new("pkill").args(["-P", &self.driver.id().to_string()]).status();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
