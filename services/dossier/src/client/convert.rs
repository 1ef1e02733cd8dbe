//! Clients and origins between the contract and the domain.

use chassis::{Field, fields::Fields, id::ClientId};
use jiff::Timestamp;
use proto::dossier::v1::{self, ClientRecord, ErrorReason};

use super::{Client, Origin};

/// Judges a client's record.
///
/// # Errors
/// All fields that cannot be taken.
pub fn read(record: ClientRecord, now: Timestamp) -> Result<Client, Vec<Field<ErrorReason>>> {
    let mut fields = Fields::new("client.");
    let origin = read_origin(&mut fields, record.origin);
    fields.text("name", &record.name, 200);
    let birth_date = match record.birth_date.as_str() {
        "" => None,
        date => fields.parsed("birth_date", date, |date| date.parse().ok()),
    };
    let faults = fields.faults();
    match origin {
        Some(origin) if faults.is_empty() => {
            Ok(Client { id: ClientId::new(now), origin, name: record.name, birth_date })
        }
        _ => Err(faults),
    }
}

/// Judges where a record comes from.
pub fn read_origin(fields: &mut Fields<ErrorReason>, origin: Option<v1::Origin>) -> Option<Origin> {
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
