//! Measures the product beside its floor, in turns, for five rounds (`make bench`). Arguments such as `page
//! login` select parts; `django` runs only when asked for. A run of all parts writes `target/bench/bench.md` and
//! `bench.json`, and the table in this crate's README.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::similar_names,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a measurement that cannot go on panics; rates are approximate"
)]

mod audit;
mod autogroup;
mod harness;
mod login;
mod page;
mod peer;
mod people;
mod post;
mod process;
mod records;
mod relay;
mod tenant;
mod timing;
mod weight;

use std::path::Path;

use integration_tests::System;

use crate::{harness::Report, people::People, post::MailServer};

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    // Before any process starts: a running process keeps its group.
    let _groups_off = autogroup::GroupsOff::new();
    runtime.block_on(async {
        let asked: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
        let wants = |part: &str| asked.is_empty() || asked.iter().any(|word| word == part);
        // All of these thousands of logins and resets come from one IP address: raise the daily limits.
        let many = ("ZORGPORTAAL_LIMITS__CODES_PER_PERSON", "1000000");
        let from = ("ZORGPORTAAL_LIMITS__CODES_PER_ADDRESS", "1000000");
        let resets = ("ZORGPORTAAL_LIMITS__RESETS_PER_ADDRESS", "1000000");
        let mail_server = MailServer::start().await;
        let (smtp, port) = mail_server.setting();
        let system = System::start_with(&[many, from, resets, (smtp, &port)]).await;
        mail_server.lead_to(&system);
        let mut report = Report::default();
        if wants("process") {
            process::idle_memory(&system, &mut report);
        }
        let people = People::register_all(&system).await;
        if wants("tenant") {
            tenant::run(&system, &people, &mut report).await;
        }
        if wants("relay") {
            relay::run(&system, &mut report).await;
        }
        if wants("audit") {
            audit::run(&system, &people, &mut report).await;
        }
        if wants("page") {
            page::run(&system, &people, &mut report).await;
        }
        if asked.iter().any(|word| word == "django") {
            peer::run(&system, &people, &mut report).await;
        }
        if wants("login") {
            login::run(&system, &people, &mut report).await;
        }
        if wants("records") {
            records::run(&system, &people, &mut report).await;
        }
        if wants("post") {
            post::run(&system, &mail_server, &mut report).await;
        }
        if wants("timing") {
            timing::run(&system, &people, &mut report).await;
        }
        if wants("process") {
            process::loaded_memory(&system, &mut report);
            process::cold_start(&system, &mut report).await;
        }
        if asked.is_empty() {
            let root = Path::new(env!("CARGO_MANIFEST_DIR"));
            report.write(&root.join("../target/bench"), &root.join("README.md"));
        }
    });
}
