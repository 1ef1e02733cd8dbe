//! The timeline is the merge of the lists (V33, H27).

use chassis::token::{AccountCaller, Caller};
use jiff::SignedDuration;
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use proto::{
    access::v1::Section,
    dossier::v1::{Entry, RetractRecordRequest, Selection},
};
use testkit::{
    monday_morning,
    records::{origin, record_of, sections},
};

use crate::support::{Service, ecd, list_by, methods, viewer};

/// All entries of a method, page by page.
async fn all(service: &Service, caller: &Caller, method: &str, page_size: i32) -> Vec<Entry> {
    let (mut entries, mut page_token) = (Vec::new(), String::new());
    loop {
        let selection = Selection { page_size, page_token, ..Selection::default() };
        let page = list_by(service, caller, method, selection).await.unwrap();
        entries.extend(page.entries);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return entries;
        }
    }
}

#[tokio::test]
async fn the_timeline_equals_the_merge_of_the_lists() {
    let service = Service::start().await;
    let client = service.client(1, "C1").await;
    let known: Vec<Section> = sections().collect();
    let mut runner = TestRunner::deterministic();
    let drawn = prop::collection::vec((0..known.len(), 0_i64..10), 60..61);
    let records = drawn.new_tree(&mut runner).unwrap().current();
    for (number, (index, hours)) in records.iter().enumerate() {
        let at = monday_morning() + SignedDuration::from_hours(*hours);
        let section = known[*index];
        service.report(1, record_of(section, "C1", &number.to_string(), at, "x")).await.unwrap();
        if number % 10 == 0 {
            let request = RetractRecordRequest {
                section: section.into(),
                origin: Some(origin(&number.to_string(), 2)),
            };
            service.call_as(&ecd(1)).retract_record(request).await.unwrap();
        }
    }
    for _ in 0..8 {
        let may: Vec<bool> =
            prop::collection::vec(any::<bool>(), known.len()).new_tree(&mut runner).unwrap().current();
        let granted: Vec<Section> =
            known.iter().zip(may).filter(|(_, may)| *may).map(|(section, _)| *section).collect();
        let with_timeline: Vec<_> = granted.iter().copied().chain([Section::Timeline]).collect();
        let person = viewer(client, &with_timeline);
        // A section for which the session's level is too low is in no list, and not on the timeline.
        let locked: Vec<i32> = granted.iter().take(1).map(|section| i32::from(*section)).collect();
        let person = Caller::Account(AccountCaller { step_up: locked.clone(), ..person });
        let mut merged = Vec::new();
        for (section, list, _) in methods() {
            if granted.contains(&section) && !locked.contains(&section.into()) {
                merged.extend(all(&service, &person, &list, 7).await);
            }
        }
        let key = |entry: &Entry| {
            let at = entry.at.unwrap();
            (at.seconds, at.nanos, entry.record_id.clone())
        };
        merged.sort_by_key(|entry| std::cmp::Reverse(key(entry)));
        assert_eq!(all(&service, &person, "ListTimeline", 3).await, merged);
    }
}

#[tokio::test]
async fn the_trail_names_the_sections_that_a_timeline_showed() {
    let service = Service::start().await;
    let client = service.client(1, "C1").await;
    for section in [Section::Reports, Section::CarePlans] {
        service.report(1, record_of(section, "C1", "1", monday_morning(), "x")).await.unwrap();
    }
    let known: Vec<Section> = sections().chain([Section::Timeline]).collect();
    let person = Caller::Account(viewer(client, &known));
    list_by(&service, &person, "ListTimeline", Selection::default()).await.unwrap();
    let object: (String, String) =
        sqlx::query_as("SELECT object_kind, object_id FROM audit_record WHERE method LIKE '%/ListTimeline'")
            .fetch_one(&mut service.process.database.as_superuser().await)
            .await
            .unwrap();
    assert_eq!(object, ("sections".to_owned(), "reports care-plans".to_owned()));
}
