//! The session and the menu in whose frame the style guide shows its pages.

use chassis::{section, time};
use jiff::{SignedDuration, Timestamp};
use proto::{
    access::v1::Section,
    identity::v1::{MenuHeading, ResolveSessionResponse},
};

use crate::{
    example::long_name,
    menu::Item,
    sections::{
        entry::Entry,
        table::{ACCOUNT, PASSWORD, START, all},
    },
    session::Session,
};

/// A person with a long name, in the own dossier or in that of a client with a long name.
#[must_use]
pub fn session(is_client: bool, is_impersonated: bool, now: Timestamp) -> Session {
    Session {
        token: String::new(),
        facts: ResolveSessionResponse {
            display_name: long_name(),
            client_id: "c".to_owned(),
            client_name: long_name(),
            clients: if is_client { 1 } else { 12 },
            is_client,
            idle_until: Some(time::to_proto(now + SignedDuration::from_mins(30))),
            impersonator: if is_impersonated { long_name() } else { String::new() },
            ..ResolveSessionResponse::default()
        },
    }
}

/// All items: those of the portal, and those of sections that come later. `named`: all items that an
/// organisation's settings may name.
#[must_use]
pub fn items(named: bool) -> Vec<Item> {
    use MenuHeading::{Contact, Own};
    let contact = [
        later(Section::Planning, "planning-menu", Contact),
        later(Section::Messages, "messages-menu", Contact),
        later(Section::CareTeam, "care-team-menu", Contact),
        later(Section::BulletinBoard, "bulletin-board-menu", Contact),
    ];
    let mut items = vec![START];
    items.extend(all().map(Entry::item).chain(contact).chain([ACCOUNT]));
    if named {
        items.extend([
            later(Section::ContactDetails, "contact-details-menu", Own),
            later(Section::Contacts, "contacts-menu", Own),
            PASSWORD,
        ]);
    }
    items
}

/// The item of a section that has no page yet.
fn later(section: Section, word: &'static str, heading: MenuHeading) -> Item {
    Item { name: section::name(section), path: "/later", word, heading, also: &[] }
}
