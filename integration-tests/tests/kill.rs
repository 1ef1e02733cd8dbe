//! The kill run (I-1 to I-3, I-8 to I-11): logins, imports and reads go on while one process after the other
//! is killed. The run prints its seed. `ZORGPORTAAL_KILL_SEED` sets the seed, `ZORGPORTAAL_KILL_SECONDS` the
//! length.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use integration_tests::{Load, Observations, System, system::Message, within};
use proto::{SERVICES, dossier::v1::RecordAdded};
use uuid::Uuid;

const PROCESSES: [&str; 6] = ["identity", "dossier", "messaging", "gateway", "nats", "postgres"];
/// How long a mail may take. When messaging dies while it sends a mail, the delivery stays locked for one
/// minute.
const MAIL_LIMIT: Duration = Duration::from_mins(2);

/// A number that a person sets for a longer run or another order.
#[expect(clippy::disallowed_methods, reason = "a person sets these variables for a longer run")]
pub fn env_number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name)
        .map_or(otherwise, |value| value.parse().unwrap_or_else(|_| panic!("{name} is {value}")))
}

/// How long the system may take until everything works again after a process was killed (I-9).
fn recovery_limit(process: &str) -> Duration {
    Duration::from_secs(if process == "postgres" { 30 } else { 10 })
}

fn kill(system: &System, process: &str) {
    let signal = if process == "postgres" { "QUIT" } else { "KILL" };
    // The process may be down already, from the kill before: ignore the result.
    let _ = system.try_signal(process, signal);
}

async fn is_mailed(system: &System, address: &str) -> Option<()> {
    (!system.mailbox(Some(address)).await.is_empty()).then_some(())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_acknowledged_work_is_lost_or_doubled_by_kills() {
    let seed = env_number("ZORGPORTAAL_KILL_SEED", 2027);
    let length = Duration::from_secs(env_number("ZORGPORTAAL_KILL_SECONDS", 60));
    println!("ZORGPORTAAL_KILL_SEED={seed}");
    let mut dice = fastrand::Rng::with_seed(seed);
    // All of these hundreds of logins come from one IP address: raise its daily limit of codes.
    let many = ("ZORGPORTAAL_LIMITS__CODES_PER_ADDRESS", "1000000");
    let system = Arc::new(System::start_with(&[many]).await);
    let load = Load::prepare(&system).await;
    let everybody = load.start();
    let began = Instant::now();
    let (mut kills, mut slowest) = (BTreeMap::<&str, usize>::new(), BTreeMap::<&str, Duration>::new());
    // First each process once, in random order; then random processes, until the time is over.
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
        let works_again = format!("all works again after {process} was killed");
        within(recovery_limit(process), &works_again, || load.works()).await;
        // Mail works again too: a newly registered person gets the welcome message.
        let person = system.ecd("thuisgenoten").register("mevrouw N. Proef").await;
        let left = recovery_limit(process).saturating_sub(killed.elapsed());
        within(left, &format!("a mail after {process} was killed"), || is_mailed(&system, &person.email))
            .await;
        let slow = slowest.entry(process).or_default();
        *slow = killed.elapsed().max(*slow);
    }
    // At the end, kill all processes at once.
    for process in PROCESSES {
        kill(&system, process);
    }
    within(recovery_limit("postgres"), "all works again after all was killed", || load.works()).await;
    let observed = load.finish(everybody).await;
    println!("kills {kills:?}; slowest until all worked again {slowest:?}; answers {:?}", observed.answers);
    println!(
        "{} reports, {} reads, {} people, {} of them logged in",
        observed.reports.len(),
        observed.reads.len(),
        observed.welcomes.len(),
        observed.logins
    );
    check(&system, &observed, &kills).await;
}

async fn check(system: &System, observed: &Observations, kills: &BTreeMap<&str, usize>) {
    assert_eq!(observed.violations, Vec::<String>::new(), "I-10");
    let is_enough = observed.reports.len() > 100 && observed.reads.len() > 100 && observed.logins > 5;
    assert!(is_enough, "{observed:?}");
    every_read_is_audited(system, observed).await;
    no_event_is_stuck(system).await;
    every_write_is_stored_and_announced_once(system, observed).await;
    every_mail_came_once(system, observed, kills).await;
    system.logs_hold_none_of(&[
        "mevrouw L. Lezer",
        "mevrouw N. Proef",
        "Nieuw",
        "Alles ging goed",
        "@voorbeeld.example",
        "panicked",
    ]);
}

/// I-1 and I-2: every acknowledged report is stored, and each report that was written one by one has one
/// event.
async fn every_write_is_stored_and_announced_once(system: &System, observed: &Observations) {
    let ids: Vec<Uuid> = observed.reports.iter().map(|id| id.parse().unwrap()).collect();
    let distinct: HashSet<_> = ids.iter().collect();
    let stored: i64 = sqlx::query_scalar("SELECT count(*) FROM record WHERE id = ANY($1)")
        .bind(&ids)
        .fetch_one(&mut system.as_superuser("dossier").await)
        .await
        .unwrap();
    assert_eq!(usize::try_from(stored).unwrap(), distinct.len(), "I-1");
    let added = system.ecd("thuisgenoten").events::<RecordAdded>("dossier").await;
    let announced: HashSet<_> = added.iter().map(|event| &event.record_id).collect();
    let missing: Vec<_> = observed.announced.iter().filter(|id| !announced.contains(id)).collect();
    let count = observed.announced.len();
    assert!(count > 10 && missing.is_empty(), "without an event: {missing:?} of {count}");
    assert_eq!(announced.len(), added.len(), "I-2: two events for one report");
}

/// I-3: every answered read has exactly one audit record, and `audit verify` finds no fault.
async fn every_read_is_audited(system: &System, observed: &Observations) {
    let missing: Vec<String> = sqlx::query_scalar(
        "SELECT read FROM unnest($1::text[]) AS read LEFT JOIN (
             SELECT correlation_id AS read, count(*) AS records FROM audit_record
             WHERE outcome = 1 AND method LIKE '%/ListReports' GROUP BY correlation_id
         ) AS counted USING (read) WHERE records IS DISTINCT FROM 1",
    )
    .bind(&observed.reads)
    .fetch_all(&mut system.as_superuser("dossier").await)
    .await
    .unwrap();
    assert_eq!(missing, Vec::<String>::new(), "I-3");
    for service in SERVICES {
        let verified = system.command(&["audit", "verify", service, "--organisation", "thuisgenoten"]);
        assert!(verified.status.success(), "{service}: {}", String::from_utf8_lossy(&verified.stdout));
    }
}

/// I-8: every outbox is empty, there is no dead letter, and the positions in the event logs have no gap.
async fn no_event_is_stuck(system: &System) {
    system.until_outboxes_are_empty().await;
    for service in SERVICES {
        let (dead, log, last): (i64, i64, i64) = sqlx::query_as(
            "SELECT (SELECT count(*) FROM dead_letter), count(*), coalesce(max(position), 0) FROM event_log",
        )
        .fetch_one(&mut system.as_superuser(service).await)
        .await
        .unwrap();
        assert_eq!(dead, 0, "{service}: dead letters");
        assert_eq!(log, last, "{service}: a gap in the log");
    }
}

/// Every mail that an answered call promised has arrived. A mail may come twice, but nobody got two mails of
/// one kind with different message ids.
async fn every_mail_came_once(system: &System, observed: &Observations, kills: &BTreeMap<&str, usize>) {
    let kinds = [("welcome", "Uw wachtwoord voor de eerste keer: "), ("code", "Uw code: ")];
    let message_ids = |messages: &[Message], to: &str, label: &str| -> Vec<String> {
        let wanted = messages.iter().filter(|message| message.to == to && message.text.contains(label));
        wanted.map(|message| message.id.clone()).collect()
    };
    let messages = within(MAIL_LIMIT, "every mail that was promised", async || {
        let messages = system.mailbox(None).await;
        let welcome = observed.welcomes.iter().all(|to| !message_ids(&messages, to, kinds[0].1).is_empty());
        let mut codes = observed.codes.iter();
        let codes = codes.all(|(to, promised)| message_ids(&messages, to, kinds[1].1).len() >= *promised);
        (welcome && codes).then_some(messages)
    })
    .await;
    let mut repeats = 0;
    for to in &observed.welcomes {
        for (kind, label) in kinds {
            let ids = message_ids(&messages, to, label);
            assert!(ids.iter().all(|id| !id.is_empty()));
            let distinct: HashSet<_> = ids.iter().collect();
            // Each person is registered once and logs in once, also when the answer was lost.
            assert!(distinct.len() <= 1, "{kind} for {to}: {ids:?}");
            repeats += ids.len() - distinct.len();
        }
    }
    // A message may come twice, with the same id, when a process dies after the sending and before the
    // commit.
    let died: usize = ["messaging", "postgres"].iter().filter_map(|process| kills.get(process)).sum();
    println!("{repeats} repeats of {} mails", messages.len());
    assert!(repeats <= 8 * (died + 1), "{repeats} repeats");
}
