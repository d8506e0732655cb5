//! Chromium, driven over `WebDriver`. Each test starts its own, with a fresh
//! profile.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

/// Reached only if something hangs: a browser that shares one core with compilers takes half a
/// minute to start.
pub(crate) const PATIENCE: Duration = Duration::from_secs(180);

/// Size and theme of the screen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) dark: bool,
    pub(crate) phone: bool,
}

impl Look {
    pub(crate) const DESKTOP: Self = Self { width: 1_440, height: 900, dark: false, phone: false };
    pub(crate) const PHONE: Self = Self { width: 390, height: 844, dark: false, phone: true };

    pub(crate) const fn dark(mut self) -> Self {
        self.dark = true;
        self
    }
}

pub(crate) struct Browser {
    pub(crate) client: Client,
    session: String,
    driver: Child,
    port: u16,
    _profile: TempDir,
}

impl Browser {
    /// Opens an address and waits until the page is live.
    pub(crate) async fn open(look: Look, url: &str) -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver starts; `./test` installs it");
        let port = port_of(&mut driver);
        let profile = TempDir::new().unwrap();
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
            &format!("--user-data-dir={}", profile.path().display()),
        ];
        let options = json!({ "args": arguments });
        let mut capabilities = Capabilities::new();
        capabilities.insert("goog:chromeOptions".to_owned(), options);
        capabilities.insert("goog:loggingPrefs".to_owned(), json!({ "browser": "ALL" }));
        let client = start(capabilities, port).await;
        let session = client.session_id().await.unwrap().expect("a session");
        let browser = Self { client, session, driver, port, _profile: profile };
        browser.look(look).await;
        browser.go(url).await;
        browser
    }

    pub(crate) async fn look(&self, look: Look) {
        let Look { width, height, dark, phone } = look;
        let scale = if phone { 2 } else { 1 };
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": scale, "mobile": phone });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
        let scheme = if dark { "dark" } else { "light" };
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.devtools("Emulation.setEmulatedMedia", features).await;
    }

    pub(crate) async fn go(&self, url: &str) {
        self.client.goto(url).await.unwrap();
        self.until("the page is live", "return document.getElementById('live').dataset.state === 'live'").await;
    }

    /// Runs a script and returns its result.
    pub(crate) async fn run(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Runs a script until it returns something true.
    pub(crate) async fn until(&self, what: &str, script: &str) -> Value {
        let give_up = Instant::now() + PATIENCE;
        loop {
            let value = self.run(script).await;
            if !matches!(value, Value::Null | Value::Bool(false)) {
                return value;
            }
            if Instant::now() > give_up {
                self.picture(Path::new(env!("CARGO_TARGET_TMPDIR")), "failed").await;
                panic!("never: {what}; see failed.png in {}", env!("CARGO_TARGET_TMPDIR"));
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until a script returns this.
    pub(crate) async fn until_is(&self, script: &str, wanted: &str) {
        let wanted = Value::from(wanted);
        self.until(&format!("{script} is {wanted}"), &format!("return (() => {{ {script} }})() === {wanted}")).await;
    }

    /// Waits until an element's text contains this.
    pub(crate) async fn until_text(&self, selector: &str, text: &str) {
        let (selector, text) = (Value::from(selector), Value::from(text));
        let script = format!("return Boolean(document.querySelector({selector})?.innerText.includes({text}))");
        self.until(&format!("{text} in {selector}"), &script).await;
    }

    pub(crate) async fn click(&self, selector: &str) {
        self.client.find(Locator::Css(selector)).await.unwrap().click().await.unwrap();
    }

    /// Types on the keyboard, wherever the focus is.
    pub(crate) async fn keys(&self, keys: &str) {
        self.client.active_element().await.unwrap().send_keys(keys).await.unwrap();
    }

    pub(crate) async fn type_into(&self, selector: &str, text: &str) {
        self.client.find(Locator::Css(selector)).await.unwrap().send_keys(text).await.unwrap();
    }

    pub(crate) async fn picture(&self, folder: &Path, name: &str) {
        let picture = self.client.screenshot().await.unwrap();
        std::fs::write(folder.join(format!("{name}.png")), picture).unwrap();
    }

    /// Errors of scripts, and violations of the content security policy.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let entries = self.client.issue_cmd(Log).await.unwrap();
        let messages = entries.as_array().unwrap().iter().map(|entry| entry["message"].as_str().unwrap().to_owned());
        messages.collect()
    }

    /// The seconds that the page has worked since it was opened, by kind of work.
    pub(crate) async fn work(&self) -> BTreeMap<String, f64> {
        self.devtools("Performance.enable", json!({})).await;
        let answer = self.devtools("Performance.getMetrics", json!({})).await;
        let metrics = answer["metrics"].as_array().unwrap().iter();
        metrics.map(|metric| (metric["name"].as_str().unwrap().to_owned(), metric["value"].as_f64().unwrap())).collect()
    }

    async fn devtools(&self, command: &'static str, parameters: Value) -> Value {
        self.client.issue_cmd(DevTools { command, parameters }).await.unwrap()
    }
}

impl Drop for Browser {
    /// Ends the session and the driver, even after a failed test.
    fn drop(&mut self) {
        if let Ok(mut driver) = TcpStream::connect(("127.0.0.1", self.port)) {
            let _ = driver.set_read_timeout(Some(Duration::from_secs(5)));
            let request = format!("DELETE /session/{} HTTP/1.1\r\nHost: localhost\r\n\r\n", self.session);
            let _ = driver.write_all(request.as_bytes());
            // The response comes when the browser has ended.
            let _ = driver.read(&mut [0; 16]);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// Starts the browser. The driver gives up on one that takes longer than a minute, as it may while
/// compilers run. The next attempt is faster, because the system has cached its files by then.
async fn start(capabilities: Capabilities, port: u16) -> Client {
    let mut attempts = 0;
    loop {
        let mut builder = ClientBuilder::new(HttpConnector::new());
        match builder.capabilities(capabilities.clone()).connect(&format!("http://127.0.0.1:{port}")).await {
            Ok(client) => return client,
            Err(error) if attempts == 2 => panic!("chromium starts; `./test` installs it: {error}"),
            Err(_) => attempts += 1,
        }
    }
}

/// The port that the driver prints.
fn port_of(driver: &mut Child) -> u16 {
    let lines = BufReader::new(driver.stdout.take().unwrap()).lines();
    let mut said = lines.map_while(Result::ok).filter_map(|line| {
        let (_, port) = line.split_once("started successfully on port ")?;
        port.trim_end_matches('.').parse().ok()
    });
    said.next().expect("the driver prints its port")
}

/// A command of the browser's own protocol.
#[derive(Debug)]
struct DevTools {
    command: &'static str,
    parameters: Value,
}

/// The browser's console.
#[derive(Debug)]
struct Log;

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(json!({ "cmd": self.command, "params": self.parameters }).to_string()))
    }
}

impl WebDriverCompatibleCommand for Log {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(json!({ "type": "browser" }).to_string()))
    }
}
