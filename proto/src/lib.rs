#![doc = include_str!("../README.md")]
#![allow(
    missing_docs,
    clippy::all,
    clippy::pedantic,
    clippy::allow_attributes,
    reason = "generated code; the contract's comments become its documentation"
)]

/// The descriptors of the whole contract as an encoded `FileDescriptorSet`, options included.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// The services of the product, by name. The name is also that of the service's folder, database, bus user, keys and
/// health check. Scripts read the folders; a test compares the two.
pub const SERVICES: [&str; 3] = ["identity", "dossier", "messaging"];

/// The reasons that every service's `ErrorReason` has for the fields of a request.
pub trait FieldReason: Copy + Into<Reason> {
    /// The field must be there.
    const MISSING: Self;
    /// The field is longer than can be kept.
    const TOO_LONG: Self;
    /// The field has not the form that its comment states.
    const MALFORMED: Self;
}

include!(concat!(env!("OUT_DIR"), "/reasons.rs"));

/// Who may call what.
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

/// Who is who, and who may see what.
pub mod identity {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("zorgportaal.identity.v1");
    }
}

/// What the organisation records about the client.
pub mod dossier {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("zorgportaal.dossier.v1");
    }
}

/// Reasons of the gateway's own.
pub mod gateway {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("zorgportaal.gateway.v1");
    }
}

/// Words between people, and everything that is sent out.
pub mod messaging {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("zorgportaal.messaging.v1");
    }
}
