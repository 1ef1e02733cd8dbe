//! Example messages of the contract with a value in every field. They are built from the descriptors, so that
//! new fields are filled too.

use chassis::contract;
use jiff::Timestamp;
use prost::{Message, Name};
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, Value};

/// A message with `text` in every text and `at` in every timestamp. Numbers are 1. Lists have two elements:
/// in the first, booleans are true and enums have their first value after zero; in the second, booleans are
/// false and enums have their last value.
#[must_use]
pub fn message<M: Message + Name + Default>(text: &str, at: Timestamp) -> M {
    let descriptor = contract::pool().get_message_by_name(&M::full_name()).unwrap();
    filled(&descriptor, text, at, true).transcode_to().unwrap()
}

/// The encoded response of a method, filled as by [`message`]; `None` if the contract has no such method.
#[must_use]
pub fn answer(path: &str, text: &str, at: Timestamp) -> Option<Vec<u8>> {
    let (service, name) = path.trim_start_matches('/').split_once('/')?;
    let service = contract::pool().get_service_by_name(service)?;
    let method = service.methods().find(|method| method.name() == name)?;
    Some(filled(&method.output(), text, at, true).encode_to_vec())
}

/// A message of this kind, with a value in every field as [`message`] gives.
#[must_use]
pub fn filled(descriptor: &MessageDescriptor, text: &str, at: Timestamp, flag: bool) -> DynamicMessage {
    if descriptor.full_name() == "google.protobuf.Timestamp" {
        let mut instant = DynamicMessage::new(descriptor.clone());
        instant.transcode_from(&chassis::time::to_proto(at)).unwrap();
        return instant;
    }
    let mut message = DynamicMessage::new(descriptor.clone());
    for field in descriptor.fields() {
        let value = |flag| single_value(&field, text, at, flag);
        let value = if field.is_map() {
            let entry = field.kind();
            let value_field = entry.as_message().unwrap().map_entry_value_field();
            let key = MapKey::String(text.to_owned());
            Value::Map([(key, single_value(&value_field, text, at, flag))].into())
        } else if field.is_list() {
            Value::List(vec![value(true), value(false)])
        } else {
            value(flag)
        };
        message.set_field(&field, value);
    }
    message
}

fn single_value(field: &FieldDescriptor, text: &str, at: Timestamp, flag: bool) -> Value {
    match field.kind() {
        Kind::String => Value::String(text.to_owned()),
        Kind::Bytes => Value::Bytes(text.as_bytes().to_vec().into()),
        Kind::Bool => Value::Bool(flag),
        Kind::Enum(values) => {
            let numbers: Vec<i32> =
                values.values().map(|value| value.number()).filter(|it| *it != 0).collect();
            Value::EnumNumber(if flag { numbers[0] } else { *numbers.last().unwrap() })
        }
        Kind::Message(descriptor) => Value::Message(filled(&descriptor, text, at, flag)),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Value::I32(1),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(1),
        Kind::Uint32 | Kind::Fixed32 => Value::U32(1),
        Kind::Uint64 | Kind::Fixed64 => Value::U64(1),
        Kind::Float => Value::F32(1.0),
        Kind::Double => Value::F64(1.0),
    }
}

#[cfg(test)]
mod tests {
    use proto::{
        access::v1::Section,
        identity::v1::{ListAccessResponse, OrganisationSettings},
    };

    use super::*;
    use crate::monday_morning;

    #[test]
    fn every_field_is_filled() {
        let list: ListAccessResponse = message("<b>", monday_morning());
        assert_eq!(list.entries.len(), 2);
        assert_eq!((list.entries[0].name.as_str(), list.entries[0].may_change), ("<b>", true));
        assert!(!list.entries[1].may_change);
        assert_eq!(
            (list.givable[0].section(), list.givable[1].section()),
            (Section::Reports, Section::Users)
        );
        let settings: OrganisationSettings = message("<b>", monday_morning());
        assert_eq!(settings.labels.get("<b>").map(String::as_str), Some("<b>"));
        let path = "/zorgportaal.identity.v1.IdentityService/ListAccess";
        assert_eq!(answer(path, "<b>", monday_morning()).unwrap(), list.encode_to_vec());
        assert_eq!(answer("/zorgportaal.identity.v1.IdentityService/Nothing", "", monday_morning()), None);
    }
}
