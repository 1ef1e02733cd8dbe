//! Addresses as visitors have them.

use std::net::{IpAddr, Ipv6Addr};

/// The network that counts as one visitor: an IPv4 address, or the /64 network of an IPv6 address, which one household or
/// attacker has whole.
#[must_use]
pub fn of_visitor(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from(u128::from(address) >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_network_is_one_visitor() {
        let of = |address: &str| of_visitor(address.parse().unwrap()).to_string();
        assert_eq!(of("192.0.2.7"), "192.0.2.7");
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    }
}
