//! How many connections each peer has open, so that one address cannot take all of them.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use chassis::network;

use crate::edge::Proxies;

type Counts = Arc<Mutex<HashMap<IpAddr, usize>>>;

/// The open connections of each peer. An IPv6 address counts as its /64 network.
pub struct Peers {
    open: Counts,
    share: usize,
}

/// The peer has all its connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany;

/// One connection of a peer, until it is dropped; `None`: of a trusted proxy, whose visitors share its connections.
pub struct Share(Option<(Counts, IpAddr)>);

impl Peers {
    /// No peer has a connection; each may have `share`.
    #[must_use]
    pub fn new(share: usize) -> Self {
        Self { open: Arc::default(), share }
    }

    /// Counts a connection.
    ///
    /// # Errors
    /// [`TooMany`] where the peer has all its connections.
    pub fn enter(&self, peer: IpAddr, proxies: &Proxies) -> Result<Share, TooMany> {
        let peer = peer.to_canonical();
        if proxies.trust(peer) {
            return Ok(Share(None));
        }
        let peer = network::of_visitor(peer);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(peer).or_default();
        if *count >= self.share {
            return Err(TooMany);
        }
        *count += 1;
        Ok(Share(Some((Arc::clone(&self.open), peer))))
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let Some((open, peer)) = &self.0 else { return };
        let mut open = open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(peer) {
            *count -= 1;
            if *count == 0 {
                open.remove(peer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stranger_has_a_share_and_a_proxy_has_all() {
        let (peers, proxies) = (Peers::new(2), Proxies::parse(&["10.0.0.1"]).unwrap());
        let enter = |address: &str| peers.enter(address.parse().unwrap(), &proxies);
        let shares = [enter("2001:db8::1").unwrap(), enter("2001:db8::2").unwrap()];
        assert_eq!(enter("2001:db8::3").err(), Some(TooMany));
        assert!(enter("2001:db8:0:1::1").is_ok(), "another network");
        drop(shares);
        assert!(enter("2001:db8::3").is_ok());
        let all: Vec<_> = (0..5).map(|_| enter("10.0.0.1")).collect();
        assert!(all.iter().all(Result::is_ok));
    }
}
