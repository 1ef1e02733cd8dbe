//! Converts clients and origins between the messages of the contract and the types of the domain.

use chassis::{FieldFault, fields::Fields, id::ClientId, typed};
use jiff::Timestamp;
use proto::dossier::v1::{self, ClientRecord, ErrorReason};

use super::{Client, Origin};

/// Validates a client's record and gives the client a new id.
///
/// # Errors
/// All fields that are missing or malformed.
pub fn parse(record: ClientRecord, now: Timestamp) -> Result<Client, Vec<FieldFault<ErrorReason>>> {
    let mut fields = Fields::new("client.");
    let origin = parse_origin(&mut fields, record.origin);
    fields.text("name", &record.name, 200);
    let birth_date = match record.birth_date.as_str() {
        "" => None,
        date => fields.parsed("birth_date", date, |date| date.parse().ok()),
    };
    let faults = fields.faults();
    match origin {
        Some(origin) if faults.is_empty() => {
            Ok(Client { id: ClientId::new(now), origin, name: typed::name(&record.name), birth_date })
        }
        _ => Err(faults),
    }
}

/// Validates the origin of a record; faults are added to `fields`. `None` when the origin is missing.
pub fn parse_origin(fields: &mut Fields<ErrorReason>, origin: Option<v1::Origin>) -> Option<Origin> {
    let Some(origin) = origin else {
        fields.fault("origin", ErrorReason::FieldMissing);
        return None;
    };
    fields.text("origin.source", &origin.source, 64);
    fields.text("origin.external_id", &origin.external_id, 128);
    if origin.version < 1 {
        fields.fault(
            "origin.version",
            if origin.version == 0 { ErrorReason::FieldMissing } else { ErrorReason::FieldMalformed },
        );
    }
    Some(Origin { source: origin.source, external_id: origin.external_id, version: origin.version })
}

impl From<Client> for v1::Client {
    fn from(client: Client) -> Self {
        Self {
            client_id: client.id.to_string(),
            record: Some(ClientRecord {
                origin: Some(v1::Origin {
                    source: client.origin.source,
                    external_id: client.origin.external_id,
                    version: client.origin.version,
                }),
                name: client.name,
                birth_date: client.birth_date.map(|date| date.to_string()).unwrap_or_default(),
            }),
        }
    }
}
