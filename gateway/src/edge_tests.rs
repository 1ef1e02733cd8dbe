use axum::{body::Body, http::HeaderValue};

use super::*;

fn request(uri: &str, lines: &[(&'static str, &'static str)]) -> Request {
    let mut request = Request::builder().uri(uri);
    for (name, value) in lines {
        request = request.header(*name, HeaderValue::from_static(value));
    }
    request.body(Body::empty()).unwrap()
}

fn from(peer: &str, lines: &[(&'static str, &'static str)]) -> (String, Option<bool>) {
    let proxies = Proxies::parse(&["10.0.0.1", "10.1.0.0/16", "fd00::/8"]).unwrap();
    let mut request = request("/", lines);
    request.headers_mut().insert("host", HeaderValue::from_static("a.nl"));
    request.extensions_mut().insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 1)));
    let edge = Edge::read(&proxies, &request).unwrap();
    (edge.address.unwrap().to_string(), edge.is_https)
}

#[test]
fn the_host_is_read_once_from_authority_or_header() {
    for (uri, lines, host) in [
        ("/", &[("host", "a.nl")][..], Ok("a.nl")),
        ("/", &[("host", "A.NL")], Ok("a.nl")),
        ("/", &[("host", "a.nl.")], Ok("a.nl")),
        ("/", &[("host", "a.nl.:8080")], Ok("a.nl:8080")),
        ("/", &[("host", "a.nl:443")], Ok("a.nl")),
        ("/", &[("host", "[::1]:8080")], Ok("[::1]:8080")),
        ("http://a.nl/x", &[], Ok("a.nl")),
        ("https://A.nl:443/x", &[("host", "a.nl")], Ok("a.nl")),
        ("http://a.nl/x", &[("host", "b.nl")], Err(NoHost)),
        ("/", &[("host", "a.nl"), ("host", "b.nl")], Err(NoHost)),
        ("/", &[("host", "a.nl"), ("host", "a.nl")], Err(NoHost)),
        ("/", &[], Err(NoHost)),
        ("/", &[("host", "")], Err(NoHost)),
        ("/", &[("host", ".")], Err(NoHost)),
        ("/", &[("host", "a.nl/path")], Err(NoHost)),
        ("/", &[("host", "user@a.nl")], Err(NoHost)),
        ("/", &[("host", "a b")], Err(NoHost)),
    ] {
        let edge = Edge::read(&Proxies::default(), &request(uri, lines));
        assert_eq!(edge.map(|edge| edge.host), host.map(str::to_owned), "{uri} {lines:?}");
    }
}

#[test]
fn addresses_are_read_from_the_right_up_to_the_first_that_is_not_trusted() {
    for (peer, listed, address) in [
        ("10.0.0.1", "192.0.2.7", "192.0.2.7"),
        ("10.0.0.1", "6.6.6.6, 192.0.2.7, 10.1.2.3", "192.0.2.7"),
        ("203.0.113.9", "192.0.2.7", "203.0.113.9"),
        ("10.0.0.1", "192.0.2.7:51234", "192.0.2.7"),
        ("10.0.0.1", "[2001:db8::7]:51234", "2001:db8::7"),
        ("10.0.0.1", "2001:db8::7", "2001:db8::7"),
        ("10.0.0.1", "\"[2001:db8::7]\"", "2001:db8::7"),
        ("::ffff:10.0.0.1", "::ffff:192.0.2.7", "192.0.2.7"),
        ("fd00::1", "192.0.2.7", "192.0.2.7"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "192.0.2.7, unknown", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
    ] {
        assert_eq!(from(peer, &[("x-forwarded-for", listed)]).0, address, "ATT-09: {peer} {listed}");
    }
    let mut hidden = request("/", &[("host", "a.nl")]);
    let value = HeaderValue::from_bytes(b"\xff\xfe, 192.0.2.7").unwrap();
    hidden.headers_mut().insert("x-forwarded-for", value);
    hidden.extensions_mut().insert(ConnectInfo(SocketAddr::new("10.0.0.1".parse().unwrap(), 1)));
    let seen = Edge::read(&Proxies::parse(&["10.0.0.1"]).unwrap(), &hidden).unwrap().address;
    assert_eq!(seen, Some("192.0.2.7".parse().unwrap()), "bytes that are no text hide nothing");
    let lines = [("x-forwarded-for", "192.0.2.7"), ("x-forwarded-for", "10.1.2.3")];
    assert_eq!(from("10.0.0.1", &lines).0, "192.0.2.7", "two lines are one list");
}

#[test]
fn the_scheme_is_what_the_outermost_trusted_proxy_saw() {
    let scheme = |peer, addresses, schemes| {
        from(peer, &[("x-forwarded-for", addresses), ("x-forwarded-proto", schemes)]).1
    };
    assert_eq!(scheme("10.0.0.1", "192.0.2.7", "https"), Some(true));
    assert_eq!(scheme("10.0.0.1", "192.0.2.7", "HTTP"), Some(false));
    assert_eq!(scheme("10.0.0.1", "192.0.2.7, 10.1.0.9", "https,http"), Some(true), "two proxies");
    assert_eq!(scheme("10.0.0.1", "192.0.2.7, 10.1.0.9", "https"), Some(true), "the outer one alone says");
    assert_eq!(scheme("10.0.0.1", "192.0.2.7", "https, http"), Some(false), "a visitor's claim");
    assert_eq!(scheme("10.0.0.1", "", "https,http"), Some(true), "schemes without addresses");
    assert_eq!(scheme("203.0.113.9", "192.0.2.7", "http"), None);
    assert_eq!(from("10.0.0.1", &[("x-forwarded-for", "192.0.2.7")]).1, None);
}

#[test]
fn an_origin_is_compared_with_the_host_as_it_is_known() {
    let edge = |host: &str, is_https| Edge { host: host.to_owned(), is_https, ..Edge::default() };
    assert!(edge("a.nl", Some(true)).is_origin("https://a.nl"));
    assert!(edge("a.nl", Some(true)).is_origin("https://A.nl:443"));
    assert!(edge("a.nl:8080", None).is_origin("http://a.nl:8080"));
    assert!(!edge("a.nl", Some(true)).is_origin("http://a.nl"), "not from a page over HTTP");
    for other in ["https://b.nl", "https://a.nl:8443", "null", "", "https://a.nl@b.nl", "a.nl"] {
        assert!(!edge("a.nl", None).is_origin(other), "{other}");
    }
}

#[test]
fn a_proxy_is_an_address_or_a_network() {
    for good in ["10.0.0.1", "10.0.0.0/8", "fd00::1", "fd00::/8"] {
        assert!(Proxies::parse(&[good]).is_ok(), "{good}");
    }
    for bad in ["", "proxy", "10.0.0.0/33", "10.0.0.1:80"] {
        assert!(Proxies::parse(&[bad]).is_err(), "{bad}");
    }
}
