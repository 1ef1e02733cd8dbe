//! The kill run (I-1 to I-3, I-8 to I-11): logins, imports and reads go on while one process after the other is killed.
//! The seed is printed; `ZORGPORTAAL_KILL_SEED` and `ZORGPORTAAL_KILL_SECONDS` give another one, and a longer run.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use integration_tests::{Book, Load, System, system::Message, within};
use proto::{SERVICES, dossier::v1::ReportAdded};
use uuid::Uuid;

const PROCESSES: [&str; 6] = ["identity", "dossier", "messaging", "gateway", "nats", "postgres"];
/// A delivery that was on its way when its process died is kept from others for a minute.
const MAIL: Duration = Duration::from_mins(2);

#[expect(clippy::disallowed_methods, reason = "a longer run is asked for by hand")]
fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name)
        .map_or(otherwise, |value| value.parse().unwrap_or_else(|_| panic!("{name} is {value}")))
}

/// How long a system may take until all of it works again (I-9).
fn limit(process: &str) -> Duration {
    Duration::from_secs(if process == "postgres" { 30 } else { 10 })
}

fn kill(system: &System, process: &str) {
    let signal = if process == "postgres" { "QUIT" } else { "KILL" };
    // It may be down already, from the kill before.
    let _ = system.try_signal(process, signal);
}

async fn is_mailed(system: &System, address: &str) -> Option<()> {
    (!system.mailbox(Some(address)).await.is_empty()).then_some(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_was_acknowledged_is_lost_or_done_twice_while_processes_are_killed() {
    let seed = setting("ZORGPORTAAL_KILL_SEED", 2027);
    let length = Duration::from_secs(setting("ZORGPORTAAL_KILL_SECONDS", 60));
    println!("ZORGPORTAAL_KILL_SEED={seed}");
    let mut dice = fastrand::Rng::with_seed(seed);
    // Codes are asked for by the hundred, all from one address.
    let many = ("ZORGPORTAAL_LIMITS__CODES_PER_ADDRESS", "1000000");
    let system = Arc::new(System::start_with(&[many]).await);
    let load = Load::prepare(&system).await;
    let everybody = load.start();
    let began = Instant::now();
    let (mut kills, mut slowest) = (BTreeMap::<&str, usize>::new(), BTreeMap::<&str, Duration>::new());
    // Each of them once, in an order of the dice; then whichever comes up, until the time is over.
    let mut order = PROCESSES;
    dice.shuffle(&mut order);
    let mut next = order.into_iter();
    loop {
        let process = match next.next() {
            Some(process) => process,
            None if began.elapsed() > length => break,
            None => PROCESSES[dice.usize(..PROCESSES.len())],
        };
        tokio::time::sleep(Duration::from_millis(dice.u64(200..2500))).await;
        *kills.entry(process).or_default() += 1;
        let killed = Instant::now();
        kill(&system, process);
        within(limit(process), &format!("all works again after {process} was killed"), || load.works()).await;
        // Somebody new is brought their mail, too.
        let person = system.ecd("thuisgenoten").register("mevrouw N. Proef").await;
        let left = limit(process).saturating_sub(killed.elapsed());
        within(left, &format!("a mail after {process} was killed"), || is_mailed(&system, &person.email))
            .await;
        let slow = slowest.entry(process).or_default();
        *slow = killed.elapsed().max(*slow);
    }
    // Last, all at once.
    for process in PROCESSES {
        kill(&system, process);
    }
    within(limit("postgres"), "all works again after all was killed", || load.works()).await;
    let book = load.finish(everybody).await;
    println!("kills {kills:?}; slowest until all worked again {slowest:?}; answers {:?}", book.answers);
    println!(
        "{} reports, {} reads, {} people, {} of them logged in",
        book.reports.len(),
        book.reads.len(),
        book.welcomes.len(),
        book.logins
    );
    check(&system, &book, &kills).await;
}

async fn check(system: &System, book: &Book, kills: &BTreeMap<&str, usize>) {
    assert_eq!(book.wrong, Vec::<String>::new(), "I-10");
    assert!(book.reports.len() > 100 && book.reads.len() > 100 && book.logins > 5, "{book:?}");
    reads_are_written_down(system, book).await;
    books_are_closed(system).await;
    writes_stand_once(system, book).await;
    mails_came_once(system, book, kills).await;
    system.logs_hold_none_of(&[
        "mevrouw L. Lezer",
        "mevrouw N. Proef",
        "Nieuw",
        "Alles ging goed",
        "@voorbeeld.example",
        "panicked",
    ]);
}

/// I-1 and I-2: every acknowledged report is there, and each that came by itself was told of once.
async fn writes_stand_once(system: &System, book: &Book) {
    let ids: Vec<Uuid> = book.reports.iter().map(|id| id.parse().unwrap()).collect();
    let distinct: HashSet<_> = ids.iter().collect();
    let stand: i64 = sqlx::query_scalar("SELECT count(*) FROM report WHERE id = ANY($1)")
        .bind(&ids)
        .fetch_one(&mut system.behind("dossier").await)
        .await
        .unwrap();
    assert_eq!(usize::try_from(stand).unwrap(), distinct.len(), "I-1");
    let added = system.ecd("thuisgenoten").events::<ReportAdded>("dossier").await;
    let told: HashSet<_> = added.iter().map(|event| &event.report_id).collect();
    let untold: Vec<_> = book.told.iter().filter(|id| !told.contains(id)).collect();
    assert!(book.told.len() > 10 && untold.is_empty(), "never told of: {untold:?} of {}", book.told.len());
    assert_eq!(told.len(), added.len(), "I-2: a report was told of twice");
}

/// I-3: every answered read has its one record, and every chain holds.
async fn reads_are_written_down(system: &System, book: &Book) {
    let missing: Vec<String> = sqlx::query_scalar(
        "SELECT read FROM unnest($1::text[]) AS read WHERE 1 <> (SELECT count(*) FROM audit_record
         WHERE correlation_id = read AND outcome = 1 AND method LIKE '%/ListReports')",
    )
    .bind(&book.reads)
    .fetch_all(&mut system.behind("dossier").await)
    .await
    .unwrap();
    assert_eq!(missing, Vec::<String>::new(), "I-3");
    for service in SERVICES {
        let verified = system.command(&["audit", "verify", service, "--organisation", "thuisgenoten"]);
        assert!(verified.status.success(), "{service}: {}", String::from_utf8_lossy(&verified.stdout));
    }
}

/// I-8: nothing waits in an outbox, nothing was put aside, positions have no gap.
async fn books_are_closed(system: &System) {
    system.until_all_is_told().await;
    for service in SERVICES {
        let (dead, log, last): (i64, i64, i64) = sqlx::query_as(
            "SELECT (SELECT count(*) FROM dead_letter), count(*), coalesce(max(position), 0) FROM event_log",
        )
        .fetch_one(&mut system.behind(service).await)
        .await
        .unwrap();
        assert_eq!(dead, 0, "{service}: dead letters");
        assert_eq!(log, last, "{service}: a gap in the log");
    }
}

/// Nobody waits for a mail that was promised, and nobody got two of one.
async fn mails_came_once(system: &System, book: &Book, kills: &BTreeMap<&str, usize>) {
    let kinds = [("welcome", "Uw wachtwoord voor de eerste keer: "), ("code", "Uw code: ")];
    let of = |messages: &[Message], to: &str, label: &str| -> Vec<String> {
        let wanted = messages.iter().filter(|message| message.to == to && message.text.contains(label));
        wanted.map(|message| message.id.clone()).collect()
    };
    let messages = within(MAIL, "every mail that was promised", async || {
        let messages = system.mailbox(None).await;
        let welcome = book.welcomes.iter().all(|to| !of(&messages, to, kinds[0].1).is_empty());
        let codes = book.codes.iter().all(|(to, promised)| of(&messages, to, kinds[1].1).len() >= *promised);
        (welcome && codes).then_some(messages)
    })
    .await;
    let mut repeats = 0;
    for to in &book.welcomes {
        for (kind, label) in kinds {
            let ids = of(&messages, to, label);
            assert!(ids.iter().all(|id| !id.is_empty()));
            let distinct: HashSet<_> = ids.iter().collect();
            // Each person is registered once and logs in once, whether the answer reached them or not.
            assert!(distinct.len() <= 1, "{kind} for {to}: {ids:?}");
            repeats += ids.len() - distinct.len();
        }
    }
    // The same message, under the same id, may come again where its process died between sending and writing that down.
    let died: usize = ["messaging", "postgres"].iter().filter_map(|process| kills.get(process)).sum();
    println!("{repeats} repeats of {} mails", messages.len());
    assert!(repeats <= 8 * (died + 1), "{repeats} repeats");
}
