//! Reads messages of the contract from JSON documents (ProtoJSON): fields and enum values by their names in
//! the contract, times as RFC 3339.

use chassis::contract;
use prost::{Message, Name};
use prost_reflect::DynamicMessage;

use crate::terminal::BoxError;

/// The byte-order mark, which some programs put before a text.
pub const BOM: &[u8] = b"\xef\xbb\xbf";

/// Reads one message from its JSON document.
///
/// # Errors
/// An unknown field, a value of another type or an unknown enum value. The error names the field.
pub fn read<M: Message + Name + Default>(text: &str) -> Result<M, BoxError> {
    let descriptor = contract::pool().get_message_by_name(&M::full_name());
    let descriptor = descriptor.ok_or_else(|| format!("the contract has no {}", M::full_name()))?;
    let mut document = serde_json::Deserializer::from_str(text.trim_start_matches('\u{feff}'));
    let message = DynamicMessage::deserialize(descriptor, &mut document)?;
    document.end()?;
    Ok(message.transcode_to()?)
}

/// A message as a JSON document.
///
/// # Errors
/// When the contract does not have the message.
pub fn write<M: Message + Name>(message: &M) -> Result<String, BoxError> {
    let descriptor = contract::pool().get_message_by_name(&M::full_name());
    let descriptor = descriptor.ok_or_else(|| format!("the contract has no {}", M::full_name()))?;
    let mut document = DynamicMessage::new(descriptor);
    document.transcode_from(message)?;
    Ok(serde_json::to_string_pretty(&document)?)
}

#[cfg(test)]
mod tests {
    use proto::{
        dossier::v1::{ImportRecordsRequest, content::Kind, import_records_request::Item},
        identity::v1::RegisterAccountRequest,
    };

    use super::*;

    #[test]
    fn a_bad_document_is_refused_and_its_fault_is_named() {
        let good = r#"{"record": {"origin": {"source": "ecd", "external_id": "1", "version": 1},
            "client_external_id": "c", "content": {"report": {"text": "t", "author": "a", "author_role": "r",
            "written_at": "2027-05-03T08:00:00Z", "kind": "REPORT_KIND_DAILY"}}}, "historic": true}"#;
        let read_record = read::<ImportRecordsRequest>;
        let record = read_record(good).unwrap();
        assert!(record.historic);
        assert_eq!(read_record(&write(&record).unwrap()).unwrap(), record);
        let Some(Item::Record(record)) = record.item else { panic!("{record:?}") };
        let Some(Kind::Report(report)) = record.content.unwrap().kind else { panic!("no report") };
        assert_eq!(report.written_at.unwrap().seconds, 1_809_331_200);
        for (right, wrong, named) in [
            ("\"text\": \"t\"", "\"text\": 5", "string"),
            ("REPORT_KIND_DAILY", "daily", "daily"),
            ("2027-05-03", "3 mei", "timestamp"),
            ("\"historic\": true", "\"secret\": true", "secret"),
            ("\"historic\": true}", "\"historic\": true} {}", "trailing"),
        ] {
            assert!(good.contains(right), "{right}");
            let error = read_record(&good.replace(right, wrong)).unwrap_err().to_string();
            assert!(error.to_lowercase().contains(named), "{wrong}: {error}");
        }
    }

    #[test]
    fn a_registration_is_read_with_its_grants_and_consent() {
        let text = r#"{"account_id": "0198", "grants": [{"section": "SECTION_REPORTS", "actions": ["ACTION_VIEW"]}],
            "consent": {"given_by": "Jan", "given_at": "2027-05-03T08:00:00Z"}}"#;
        let read: RegisterAccountRequest = read(text).unwrap();
        assert_eq!((read.grants[0].section, read.grants[0].actions.as_slice()), (1, [1].as_slice()));
        assert_eq!(read.consent.unwrap().given_by, "Jan");
    }
}
