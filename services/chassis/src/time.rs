//! Converts instants between the contract (`google.protobuf.Timestamp`) and the domain (jiff).

use jiff::Timestamp;

/// An instant as the contract carries it.
#[must_use]
pub fn to_proto(at: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds: at.as_second(), nanos: at.subsec_nanosecond() }
}

/// An instant of the contract, in whole microseconds, because Postgres stores no finer time. `None` where the
/// field is missing or out of range.
#[must_use]
pub fn from_proto(at: Option<&prost_types::Timestamp>) -> Option<Timestamp> {
    let at = Timestamp::new(at?.seconds, at?.nanos).ok()?;
    Timestamp::from_microsecond(at.as_microsecond()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_survives_conversion_to_proto_and_back() {
        for text in ["2027-05-03T08:00:00.123456Z", "1969-12-31T23:59:59.5Z", "1900-01-01T00:00:00Z"] {
            let at: Timestamp = text.parse().unwrap();
            assert_eq!(from_proto(Some(&to_proto(at))), Some(at), "{text}");
        }
        assert_eq!(from_proto(None), None);
        assert_eq!(from_proto(Some(&prost_types::Timestamp { seconds: i64::MAX, nanos: 0 })), None);
    }
}
