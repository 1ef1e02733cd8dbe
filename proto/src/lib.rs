#![doc = include_str!("../README.md")]
#![allow(
    missing_docs,
    clippy::all,
    clippy::pedantic,
    clippy::allow_attributes,
    reason = "generated code: its documentation is the comments of the contract"
)]

/// The descriptors of the whole contract with their options, as an encoded `FileDescriptorSet`.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// The names of the services. A service's folder, database, bus user, keys and health check have the same
/// name. Scripts find the services by their folders; a test compares the folders with this list.
pub const SERVICES: [&str; 3] = ["identity", "dossier", "messaging"];

/// The reasons for a faulty request field, which the `ErrorReason` of every service has.
pub trait FieldReason: Copy + Into<Reason> {
    /// The field is empty but required.
    const MISSING: Self;
    /// The field is too long.
    const TOO_LONG: Self;
    /// The field has not the form that its comment in the contract describes.
    const MALFORMED: Self;
}

include!(concat!(env!("OUT_DIR"), "/reasons.rs"));

/// Who may call which method.
pub mod access {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("zorgportaal.access.v1");
    }
}

/// The envelope of events, the change feed and the audit trail.
pub mod event {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("zorgportaal.event.v1");
    }
}

/// Accounts, logins and sessions, and who may see which dossier.
pub mod identity {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("zorgportaal.identity.v1");
    }
}

/// The dossier: what the organisation records about a client.
pub mod dossier {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("zorgportaal.dossier.v1");
    }
}

/// The reasons for which the gateway itself refuses a request.
pub mod gateway {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("zorgportaal.gateway.v1");
    }
}

/// Messages that are sent to people by e-mail and SMS.
pub mod messaging {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("zorgportaal.messaging.v1");
    }
}
