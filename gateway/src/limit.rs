//! How much one address may ask for: a limit per class of routes, before the expensive work. An IPv6 address counts as
//! its /64 network.

use std::{net::IpAddr, num::NonZeroU32, time::Duration};

use axum::http::Method;
use chassis::network;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock};
use serde::Deserialize;

use crate::problem::Problem;

/// After how many requests of a class the counts of addresses that are silent again are dropped.
const SWEEP: usize = 10_000;

/// How much one address may ask for in one class of routes.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct LimitSetting {
    /// How many requests may come at once.
    pub burst: NonZeroU32,
    /// How many requests per minute may follow.
    pub per_minute: NonZeroU32,
}

/// What one address may ask for.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct LimitSettings {
    /// Steps of a login and requests for a new password: each costs a hash, a message or a guess.
    pub login: LimitSetting,
    /// All other pages and JSON.
    pub page: LimitSetting,
}

struct Class {
    counts: DefaultKeyedRateLimiter<IpAddr>,
}

impl Class {
    fn new(setting: LimitSetting) -> Self {
        let quota = Quota::per_minute(setting.per_minute).allow_burst(setting.burst);
        Self { counts: RateLimiter::keyed(quota) }
    }

    fn check(&self, address: IpAddr) -> Result<(), Duration> {
        if self.counts.len() > SWEEP {
            self.counts.retain_recent();
        }
        let now = || governor::clock::DefaultClock::default().now();
        self.counts.check_key(&address).map_err(|refused| refused.wait_time_from(now()))
    }
}

/// The counts of all addresses.
pub struct Limits {
    login: Class,
    page: Class,
}

impl Limits {
    /// No address has asked for anything.
    #[must_use]
    pub fn new(settings: LimitSettings) -> Self {
        Self { login: Class::new(settings.login), page: Class::new(settings.page) }
    }

    /// Counts a request.
    ///
    /// # Errors
    /// "Too many requests", with the time to wait.
    pub fn count(&self, address: Option<IpAddr>, method: &Method, path: &str) -> Result<(), Problem> {
        let Some(address) = address else { return Ok(()) };
        let class = if is_login(method, path) { &self.login } else { &self.page };
        class.check(network::of_visitor(address)).map_err(Problem::too_many_requests)
    }
}

fn is_login(method: &Method, path: &str) -> bool {
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    !method.is_safe() && ["/login", "/password"].iter().any(|start| path.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        let setting = |burst| LimitSetting {
            burst: NonZeroU32::new(burst).unwrap(),
            per_minute: NonZeroU32::new(1).unwrap(),
        };
        Limits::new(LimitSettings { login: setting(2), page: setting(5) })
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_address_is_slowed_and_another_is_not() {
        let limits = limits();
        let login = |address| limits.count(Some(address), &Method::POST, "/api/v1/login");
        assert!(login(ip("192.0.2.1")).is_ok() && login(ip("192.0.2.1")).is_ok());
        let refused = login(ip("192.0.2.1")).unwrap_err();
        assert_eq!(refused.status.as_u16(), 429);
        assert!(refused.retry_after.unwrap() > Duration::from_secs(50), "{:?}", refused.retry_after);
        assert!(login(ip("192.0.2.2")).is_ok());
        assert!(limits.count(Some(ip("192.0.2.1")), &Method::GET, "/login").is_ok(), "a class of its own");
    }

    #[test]
    fn an_ipv6_network_counts_as_one_address() {
        let limits = limits();
        let login = |address| limits.count(Some(ip(address)), &Method::POST, "/login/code");
        assert!(login("2001:db8::1").is_ok() && login("2001:db8::2").is_ok());
        assert!(login("2001:db8::3").is_err() && login("2001:db8:0:1::1").is_ok());
    }
}
