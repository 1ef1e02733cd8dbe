//! What holds for every kind of record. The kinds and their methods come from the contract, so that a new kind is checked
//! at once.

use chassis::{contract, token::Caller};
use jiff::{SignedDuration, Timestamp};
use prost::{Message, Name};
use prost_reflect::{DynamicMessage, Kind, Value};
use proto::{
    access::v1::Section,
    dossier::v1::{Entry, Record, Selection, UpsertOutcome, Validity},
};
use testkit::{
    monday_morning,
    records::{origin, record_of, sections},
};
use tonic::Code;

use crate::support::{Service, get_by, list_by, methods, reason, viewer};

/// One record of each kind, at this time; gives their ids.
async fn one_of_each(service: &Service, external_id: &str, at: Timestamp) -> Vec<(Section, String)> {
    let mut ids = Vec::new();
    for section in sections() {
        let stored = service.report(1, record_of(section, "C1", external_id, at, "x")).await.unwrap();
        ids.push((section, stored.record_id));
    }
    ids
}

#[tokio::test]
async fn a_section_is_seen_by_its_own_methods_and_rights_alone() {
    let service = Service::start().await;
    let client = service.client(1, "C1").await;
    // The same external id in every section: a record's key is its section, source and external id.
    let ids = one_of_each(&service, "R1", monday_morning()).await;
    assert!(ids.len() >= 9);
    for (section, list, get) in methods() {
        let person = Caller::Account(viewer(client, &[section]));
        let listing = list_by(&service, &person, &list, Selection::default()).await.unwrap();
        assert_eq!(listing.entries.iter().map(Entry::section).collect::<Vec<_>>(), [section]);
        for (other, id) in &ids {
            let got = get_by(&service, &person, &get, id).await;
            if *other == section {
                let entry = got.unwrap();
                assert_eq!((&entry.record_id, entry.section()), (id, section));
                assert!(entry.content.is_some());
            } else {
                assert_eq!(reason(got), "RECORD_UNKNOWN", "{get} of {other:?}");
            }
        }
        for (other, other_list, other_get) in methods().into_iter().filter(|(other, ..)| *other != section) {
            let listed = list_by(&service, &person, &other_list, Selection::default()).await;
            assert_eq!(reason(listed), "NOT_FOUND", "{other:?}");
            assert_eq!(reason(get_by(&service, &person, &other_get, &ids[0].1).await), "NOT_FOUND");
        }
        let seer = Caller::Account(viewer(client, &[Section::Timeline, section]));
        let timeline = list_by(&service, &seer, "ListTimeline", Selection::default()).await.unwrap();
        assert_eq!(timeline.entries.iter().map(Entry::section).collect::<Vec<_>>(), [section]);
    }
}

#[tokio::test]
async fn history_begins_at_its_first_second_in_every_answer() {
    let service = Service::start().await;
    let client = service.client(1, "C1").await;
    // Midnight in the Netherlands, so that records about days begin at the same second.
    let since: Timestamp = "2027-05-02T22:00:00Z".parse().unwrap();
    let before = one_of_each(&service, "old", since - SignedDuration::from_secs(1)).await;
    let after = one_of_each(&service, "new", since).await;
    for (index, (section, list, get)) in methods().into_iter().enumerate() {
        let sections = [Section::Timeline, section];
        let limited = viewer(client, &sections);
        let limited =
            Caller::Account(chassis::token::AccountCaller { since: Some(since.as_second()), ..limited });
        // A record without an end lasts: a person with a new access sees the plan that holds.
        let lasts = record_of(section, "C1", "x", since, "x").content.unwrap().kind.unwrap();
        let lasts = format!("{lasts:?}").contains("ends_on");
        let expected = if lasts { 2 } else { 1 };
        let counted = Selection { counted: true, ..Selection::default() };
        let listing = list_by(&service, &limited, &list, counted).await.unwrap();
        assert_eq!(
            (listing.entries.len(), listing.count),
            (expected, i32::try_from(expected).unwrap()),
            "{list}"
        );
        let timeline = list_by(&service, &limited, "ListTimeline", Selection::default()).await.unwrap();
        assert_eq!(timeline.entries.len(), expected, "{list}");
        get_by(&service, &limited, &get, &after[index].1).await.unwrap();
        let old = get_by(&service, &limited, &get, &before[index].1).await;
        assert_eq!(old.is_ok(), lasts, "R24: {get}");
        let whole = Caller::Account(viewer(client, &sections));
        let all = list_by(&service, &whole, &list, Selection::default()).await.unwrap();
        assert_eq!(all.entries.len(), 2, "{list}");
    }
}

#[tokio::test]
async fn pages_have_no_gap_and_no_repeat_while_records_come_in() {
    let service = Service::start().await;
    let client = service.client(1, "C1").await;
    for (section, list, _) in methods() {
        let mut wanted = Vec::new();
        let at = |number: i64| monday_morning() + SignedDuration::from_hours(24 * (number / 2));
        for number in 0..7 {
            let record = record_of(section, "C1", &number.to_string(), at(number), "x");
            wanted.push(service.report(1, record).await.unwrap().record_id);
        }
        let person = Caller::Account(viewer(client, &[section]));
        let (mut seen, mut page_token, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let page = list_by(
                &service,
                &person,
                &list,
                Selection { page_size: 2, page_token, ..Default::default() },
            );
            let page = page.await.unwrap();
            seen.extend(page.entries.into_iter().map(|entry| entry.record_id));
            // One record newer than all, one older than all: neither moves the records in between.
            for (name, number) in [("newer", 100 + pages), ("older", -100 - pages)] {
                let record = record_of(section, "C1", &format!("{name}{pages}"), at(number), "x");
                service.report(1, record).await.unwrap();
            }
            pages += 1;
            page_token = page.next_page_token;
            if page_token.is_empty() || pages > 5 {
                break;
            }
        }
        let seen: Vec<_> = seen.into_iter().filter(|id| wanted.contains(id)).collect();
        wanted.sort_unstable();
        let mut sorted = seen.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, wanted, "{list}");
    }
}

#[tokio::test]
async fn a_code_chooses_within_its_section_and_its_newest_words_name_it() {
    let service = Service::start().await;
    let client = service.client(1, "C1").await;
    for (number, code) in ["gewicht", "bloeddruk", "gewicht", "gewicht"].into_iter().enumerate() {
        let at = monday_morning() + SignedDuration::from_hours(i64::try_from(number).unwrap());
        let mut record = record_of(Section::Measurements, "C1", &number.to_string(), at, "x");
        if let Some(proto::dossier::v1::content::Kind::Measurement(it)) =
            &mut record.content.as_mut().unwrap().kind
        {
            (it.r#type, it.name) = (code.to_owned(), format!("{code} {number}"));
        }
        service.report(1, record).await.unwrap();
    }
    let person = Caller::Account(viewer(client, &[Section::Measurements]));
    let list = async |code: &str| {
        let selection = Selection { code: code.to_owned(), ..Selection::default() };
        list_by(&service, &person, "ListMeasurements", selection).await.unwrap()
    };
    let all = list("").await;
    let codes: Vec<_> = all.codes.iter().map(|code| (&*code.code, &*code.name)).collect();
    assert_eq!(codes.iter().map(|(_, name)| *name).collect::<Vec<_>>(), ["bloeddruk 1", "gewicht 3"], "R27");
    // The code that people's addresses hold says nothing about the care.
    assert!(codes.iter().all(|(code, _)| code.len() == 16 && !code.contains("ge")), "{codes:?}");
    assert_eq!([list(codes[1].0).await, list(codes[0].0).await].map(|it| it.entries.len()), [3, 1]);
    for unknown in ["gewicht", "0123456789abcdef", "a\0b"] {
        let listing = list(unknown).await;
        assert_eq!((listing.entries.len(), listing.codes.len()), (0, 2), "{unknown:?}");
    }
}

#[tokio::test]
async fn current_and_expired_are_told_apart_by_the_last_day() {
    let service = Service::start().await;
    let client = service.client(1, "C1").await;
    // Today is 3 May 2027.
    for (number, ends_on) in ["", "2027-05-02", "2027-05-03"].into_iter().enumerate() {
        let mut record = record_of(Section::Subscriptions, "C1", &number.to_string(), monday_morning(), "x");
        if let Some(proto::dossier::v1::content::Kind::Subscription(it)) =
            &mut record.content.as_mut().unwrap().kind
        {
            (it.starts_on, it.ends_on) = ("2027-01-01".to_owned(), ends_on.to_owned());
        }
        service.report(1, record).await.unwrap();
    }
    let person = Caller::Account(viewer(client, &[Section::Subscriptions]));
    let list = async |validity: Validity| {
        let selection = Selection { validity: validity.into(), ..Selection::default() };
        list_by(&service, &person, "ListSubscriptions", selection).await.unwrap().entries.len()
    };
    let found =
        [list(Validity::Unspecified).await, list(Validity::Current).await, list(Validity::Expired).await];
    assert_eq!(found, [3, 2, 1], "R41");
}

/// Gives a wrong value for a field of a kind; `None`: the kind has no such wrong value.
type Wrong = dyn Fn(&Kind) -> Option<Value>;

/// Changes one value somewhere in a message; `false`: there are fewer values.
fn spoil(message: &mut DynamicMessage, left: &mut usize, wrong: &Wrong) -> bool {
    let fields: Vec<_> = message.fields().map(|(field, value)| (field, value.clone())).collect();
    for (field, value) in fields {
        let replace = |one: Value, left: &mut usize| match one {
            Value::Message(mut inner) if wrong(&field.kind()).is_none() => {
                spoil(&mut inner, left, wrong).then(|| Value::Message(inner))
            }
            _ => {
                let spoiled = wrong(&field.kind())?;
                *left = left.checked_sub(1).unwrap_or(usize::MAX);
                (*left == usize::MAX).then_some(spoiled)
            }
        };
        let spoiled = match value {
            Value::List(mut items) => {
                let first = replace(items.remove(0), left);
                first.map(|first| {
                    items.insert(0, first);
                    Value::List(items)
                })
            }
            value => replace(value, left),
        };
        if let Some(spoiled) = spoiled {
            message.set_field(&field, spoiled);
            return true;
        }
    }
    false
}

#[tokio::test]
async fn every_wrong_value_of_every_kind_is_refused_by_its_field() {
    let service = Service::start().await;
    service.client(1, "C1").await;
    let text =
        |text: String| move |kind: &Kind| matches!(kind, Kind::String).then(|| Value::String(text.clone()));
    let instant = |seconds: i64| {
        move |kind: &Kind| {
            let descriptor = kind.as_message().filter(|it| it.name() == "Timestamp")?;
            let mut message = DynamicMessage::new(descriptor.clone());
            let value = prost_types::Timestamp { seconds, nanos: 0 };
            message.transcode_from(&value).unwrap();
            Some(Value::Message(message))
        }
    };
    let number = |kind: &Kind| matches!(kind, Kind::Enum(_)).then_some(Value::EnumNumber(99));
    let wrongs: [Box<Wrong>; 6] = [
        Box::new(text("x".repeat(1_000_000))),
        Box::new(text("a\0b".to_owned())),
        Box::new(instant(-62_135_596_800)),
        Box::new(instant(253_402_300_799)),
        Box::new(instant(i64::MAX)),
        Box::new(number),
    ];
    let descriptor = contract::pool().get_message_by_name(&Record::full_name()).unwrap();
    let mut tried = 0;
    for section in sections() {
        let good = record_of(section, "C1", "R1", monday_morning(), "x");
        for wrong in &wrongs {
            for index in 0.. {
                let mut record = DynamicMessage::decode(descriptor.clone(), &*good.encode_to_vec()).unwrap();
                if !spoil(&mut record, &mut { index }, wrong) {
                    break;
                }
                tried += 1;
                let answer = service.report(1, record.transcode_to().unwrap()).await;
                let status = answer.expect_err(&format!("{section:?} {index}: {record:?}"));
                assert_eq!(status.code(), Code::InvalidArgument, "{section:?} {index}: {status:?}");
            }
        }
    }
    assert!(tried > 100, "{tried}");
    for section in sections() {
        let good = record_of(section, "C1", "R1", monday_morning(), "<b>\u{202e}x</b>");
        assert_eq!(service.report(1, good.clone()).await.unwrap().outcome(), UpsertOutcome::Created);
        let own = Record {
            origin: Some(proto::dossier::v1::Origin { source: "portal".to_owned(), ..origin("R2", 1) }),
            ..good
        };
        assert_eq!(reason(service.report(1, own).await), "FIELD_MALFORMED", "the portal's own name");
    }
    let mut own = record_of(Section::Reports, "C1", "R3", monday_morning(), "x");
    if let Some(proto::dossier::v1::content::Kind::Report(it)) = &mut own.content.as_mut().unwrap().kind {
        it.set_kind(proto::dossier::v1::ReportKind::Own);
    }
    assert_eq!(reason(service.report(1, own).await), "FIELD_MALFORMED", "a kind that people alone write");
    let mut large = record_of(Section::Forms, "C1", "R3", monday_morning(), &"x".repeat(5_000));
    if let Some(proto::dossier::v1::content::Kind::Form(it)) = &mut large.content.as_mut().unwrap().kind {
        it.answers = vec![it.answers[0].clone(); 40];
    }
    assert_eq!(reason(service.report(1, large).await), "FIELD_TOO_LONG", "a content of 200 KB");
}
