//! The contract's descriptors at run time, for code that handles any message of the contract.

use std::sync::LazyLock;

use jiff::Timestamp;
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, Kind, Value};
use prost_types::Any;

static POOL: LazyLock<DescriptorPool> =
    LazyLock::new(|| DescriptorPool::decode(proto::DESCRIPTORS).unwrap_or_default());

/// The descriptors of the whole contract.
#[must_use]
pub fn pool() -> &'static DescriptorPool {
    &POOL
}

/// The type name of the message in an `Any`, such as `zorgportaal.dossier.v1.RecordAdded`.
#[must_use]
pub fn type_name(any: &Any) -> &str {
    any.type_url.rsplit('/').next().unwrap_or_default()
}

/// The message without its sealed fields, at any depth; `None` where the contract has no such message.
#[must_use]
pub fn without_sealed(any: &Any) -> Option<Any> {
    let descriptor = POOL.get_message_by_name(type_name(any))?;
    let mut message = DynamicMessage::decode(descriptor, any.value.as_slice()).ok()?;
    clear_sealed(&mut message);
    Some(Any { type_url: any.type_url.clone(), value: message.encode_to_vec() })
}

/// When the message of a delivery expires; `None` where the message says no such time.
#[must_use]
pub fn expires_at(any: &Any) -> Option<Timestamp> {
    let descriptor = POOL.get_message_by_name(type_name(any))?;
    let message = DynamicMessage::decode(descriptor, any.value.as_slice()).ok()?;
    if !message.has_field_by_name("expires_at") {
        return None;
    }
    let field = message.get_field_by_name("expires_at")?;
    crate::time::from_proto(Some(&field.as_message()?.transcode_to().ok()?))
}

fn clear_sealed(message: &mut DynamicMessage) {
    let fields: Vec<_> = message.fields().map(|(field, _)| field).collect();
    for field in fields {
        let Kind::Message(kind) = field.kind() else { continue };
        if kind.full_name() == "zorgportaal.event.v1.Sealed" {
            message.clear_field(&field);
            continue;
        }
        match message.get_field_mut(&field) {
            Value::Message(inner) => clear_sealed(inner),
            Value::List(list) => {
                for value in list {
                    if let Value::Message(inner) = value {
                        clear_sealed(inner);
                    }
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proto::{
        event::v1::{AccessRecord, AccessRecorded, Sealed},
        identity::v1::{AccountRemoved, LoginCode},
    };

    use super::*;

    #[test]
    fn sealed_fields_are_removed_at_any_depth() {
        let sealed = Some(Sealed { recipient: "messaging".to_owned(), ..Sealed::default() });
        let code = LoginCode { content: sealed.clone(), ..LoginCode::default() };
        let any = without_sealed(&Any::from_msg(&code).unwrap()).unwrap();
        assert_eq!(any.to_msg::<LoginCode>().unwrap(), LoginCode::default());

        let record = AccessRecord { client_id: "c".to_owned(), ..AccessRecord::default() };
        let batch = AccessRecorded { records: vec![record], persons: sealed, ..AccessRecorded::default() };
        let any = without_sealed(&Any::from_msg(&batch).unwrap()).unwrap();
        let read = any.to_msg::<AccessRecorded>().unwrap();
        assert_eq!(read.persons, None);
        assert_eq!(read.records[0].client_id, "c");
    }

    #[test]
    fn the_expiry_of_a_delivery_is_read_from_its_message() {
        let at = Timestamp::from_second(1_800_000_000).unwrap();
        let code = LoginCode { expires_at: Some(crate::time::to_proto(at)), ..LoginCode::default() };
        assert_eq!(expires_at(&Any::from_msg(&code).unwrap()), Some(at));
        for without in [Any::from_msg(&LoginCode::default()), Any::from_msg(&AccountRemoved {})] {
            assert_eq!(expires_at(&without.unwrap()), None);
        }
    }
}
