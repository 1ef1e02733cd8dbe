//! The names of sections and actions as text: in settings files, URL paths, Fluent keys and live updates.

use std::sync::LazyLock;

use prost_reflect::EnumDescriptor;
use proto::access::v1::{Action, Section};

use crate::contract;

/// Every section of the contract with its name, in the order of the section numbers.
static NAMES: LazyLock<Vec<(Section, String)>> = LazyLock::new(|| {
    let sections = contract::pool().get_enum_by_name("zorgportaal.access.v1.Section");
    let numbers = sections.iter().flat_map(EnumDescriptor::values).map(|value| value.number());
    let sections = numbers.filter_map(|number| Section::try_from(number).ok());
    sections
        .filter(|section| *section != Section::Unspecified)
        .map(|section| {
            let name = section.as_str_name().trim_start_matches("SECTION_");
            (section, name.to_ascii_lowercase().replace('_', "-"))
        })
        .collect()
});

/// Every section, in the order of the section numbers.
pub fn all() -> impl Iterator<Item = Section> {
    NAMES.iter().map(|(section, _)| *section)
}

/// The name of a section, such as `care-plans`; empty for `SECTION_UNSPECIFIED`.
#[must_use]
pub fn name(section: Section) -> &'static str {
    NAMES.iter().find(|(known, _)| *known == section).map_or("", |(_, name)| name)
}

/// The section with this name; `None` where no section has this name.
#[must_use]
pub fn of_name(name: &str) -> Option<Section> {
    NAMES.iter().find(|(_, known)| known == name).map(|(section, _)| *section)
}

/// Every action.
pub const ACTIONS: [Action; 3] = [Action::View, Action::Write, Action::Sign];

/// The name of an action, such as `view`; empty for `ACTION_UNSPECIFIED`.
#[must_use]
pub const fn action_name(action: Action) -> &'static str {
    match action {
        Action::Unspecified => "",
        Action::View => "view",
        Action::Write => "write",
        Action::Sign => "sign",
    }
}

/// The action with this name; `None` where no action has this name.
#[must_use]
pub fn action_of_name(name: &str) -> Option<Action> {
    ACTIONS.into_iter().find(|action| action_name(*action) == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_section_and_action_is_found_by_its_name() {
        assert!(all().count() >= 20);
        assert!(all().all(|section| of_name(name(section)) == Some(section)));
        assert_eq!(name(Section::CarePlans), "care-plans");
        assert_eq!((name(Section::Unspecified), of_name(""), of_name("kitchen")), ("", None, None));
        assert!(ACTIONS.into_iter().all(|action| action_of_name(action_name(action)) == Some(action)));
        assert_eq!(action_of_name(""), None);
    }
}
