//! Validates a registration: every field is checked, so that one answer names all faults.

use chassis::{
    fields::Fields,
    id::{AccountId, ClientId},
    mail_address::MailAddress,
    typed,
};
use jiff::Timestamp;
use proto::{
    access::v1::{Action, Grant, Section},
    identity::v1::{ErrorReason, RegisterAccountRequest, RelationKind, RepresentativeKind},
};

use super::{normalise_phone, normalise_username};
use crate::error::Error;

/// A registration whose fields are all valid.
pub struct Registration {
    pub account: AccountId,
    pub client: ClientId,
    pub username: String,
    pub display_name: String,
    pub email: String,
    pub phone: String,
    pub language: String,
    pub legal_entity: String,
    pub relation: RelationKind,
    pub representative: RepresentativeKind,
    pub grants: Vec<Grant>,
    pub given_by: String,
    pub ground: String,
    pub given_at: Timestamp,
    pub valid_from: Option<Timestamp>,
    pub valid_until: Option<Timestamp>,
}

impl Registration {
    /// Validates a request.
    ///
    /// # Errors
    /// [`Error::Fields`] with every invalid field.
    pub fn read(request: RegisterAccountRequest) -> Result<Self, Error> {
        let mut fields = Fields::new("");
        let account = fields.parsed("account_id", &request.account_id, |id| {
            let id: AccountId = id.parse().ok()?;
            (id.uuid().get_version_num() == 7).then_some(id)
        });
        let client = fields.parsed("client_id", &request.client_id, |id| id.parse().ok());
        fields.text("username", &request.username, 200);
        fields.text("display_name", &request.display_name, 200);
        let email = fields.parsed("email", &request.email, MailAddress::parse);
        let phone = match typed::word(&request.phone).as_str() {
            "" => Some(String::new()),
            typed => normalise_phone(typed),
        };
        if phone.is_none() {
            fields.fault("phone", ErrorReason::PhoneMalformed);
        }
        if !["", "nl", "en"].contains(&request.language.as_str()) {
            fields.fault("language", ErrorReason::FieldMalformed);
        }
        let (relation, representative) = (request.relation(), request.representative());
        if relation == RelationKind::Unspecified {
            fields.fault("relation", ErrorReason::FieldMissing);
        }
        let represents = relation == RelationKind::Representative;
        if represents == (representative == RepresentativeKind::Unspecified) {
            fields.fault(
                "representative",
                if represents { ErrorReason::FieldMissing } else { ErrorReason::FieldMalformed },
            );
        }
        if request.grants.is_empty() {
            fields.fault("grants", ErrorReason::FieldMissing);
        } else if !request.grants.iter().all(is_grant) {
            fields.fault("grants", ErrorReason::FieldMalformed);
        }
        let consent = request.consent.clone().unwrap_or_default();
        fields.text("consent.given_by", &consent.given_by, 200);
        fields.text("consent.ground", &consent.ground, 200);
        let given_at = fields.instant("consent.given_at", consent.given_at.as_ref());
        let mut optional =
            |name, value: Option<&_>| value.and_then(|value| fields.instant(name, Some(value)));
        let valid_from = optional("consent.valid_from", consent.valid_from.as_ref());
        let valid_until = optional("consent.valid_until", consent.valid_until.as_ref());
        let faults = fields.faults();
        match (account, client, given_at, email, phone) {
            (Some(account), Some(client), Some(given_at), Some(email), Some(phone)) if faults.is_empty() => {
                Ok(Self {
                    account,
                    client,
                    username: normalise_username(&request.username),
                    display_name: typed::name(&request.display_name),
                    email: email.as_str().to_owned(),
                    phone,
                    language: request.language,
                    legal_entity: request.legal_entity,
                    relation,
                    representative,
                    grants: request.grants,
                    given_by: typed::name(&consent.given_by),
                    ground: typed::text(&consent.ground),
                    given_at,
                    valid_from,
                    valid_until,
                })
            }
            _ => Err(Error::Fields(faults)),
        }
    }
}

/// Whether a grant names a section and at least one action, and all of them are known.
pub fn is_grant(grant: &Grant) -> bool {
    grant.section() != Section::Unspecified
        && !grant.actions.is_empty()
        && grant
            .actions
            .iter()
            .all(|action| Action::try_from(*action).is_ok_and(|action| action != Action::Unspecified))
}
