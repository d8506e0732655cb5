//! One name for each host.

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

use http::uri::{Authority, Scheme};

/// The name of an authority's host and port, borrowed if it is written like that already. `None` if
/// no server can be reached by it.
pub(super) fn of_authority<'a>(authority: &'a Authority, scheme: Option<&Scheme>) -> Option<Cow<'a, str>> {
    let host = authority.host();
    let (_, after_user) = authority.as_str().rsplit_once('@').unwrap_or(("", authority.as_str()));
    let port = match after_user.strip_prefix(host)? {
        "" | ":" => None,
        // Without its invalid port, the authority would be another one.
        port => Some(port.strip_prefix(':')?.parse().ok()?),
    };
    name(host, port.filter(|port| !is_usual(*port, scheme)))
}

/// The name of a host, and of its port unless that is the usual one.
pub(super) fn name(host: &str, port: Option<u16>) -> Option<Cow<'_, str>> {
    let host = canonical(host)?;
    Some(match port {
        Some(port) => Cow::Owned(format!("{host}:{port}")),
        None => host,
    })
}

/// Without a scheme, as in a `Host` header, both ports are usual.
fn is_usual(port: u16, scheme: Option<&Scheme>) -> bool {
    match scheme.map(|scheme| scheme.as_str().to_ascii_lowercase()).as_deref() {
        None => matches!(port, 80 | 443),
        Some("http" | "ws") => port == 80,
        Some("https" | "wss") => port == 443,
        Some(_) => false,
    }
}

fn canonical(host: &str) -> Option<Cow<'_, str>> {
    if let Some(bracketed) = host.strip_prefix('[') {
        let (address, zone) = match bracketed.strip_suffix(']')?.split_once('%') {
            // The sign itself is written `%25` in a URI.
            Some((address, zone)) => (address, format!("%25{}", zone.strip_prefix("25").unwrap_or(zone))),
            None => (bracketed.strip_suffix(']')?, String::new()),
        };
        return Some(Cow::Owned(format!("[{}{zone}]", address.parse::<Ipv6Addr>().ok()?)));
    }
    // The dot of the root.
    let host = host.strip_suffix('.').unwrap_or(host);
    if host.is_empty() {
        return None;
    }
    // An address ends in a number, which most names do not.
    if host.ends_with(|c: char| c.is_ascii_hexdigit()) {
        if let Some(address) = ipv4(host) {
            return Some(Cow::Owned(address.to_string()));
        }
    }
    let is_lower = !host.bytes().any(|byte| byte.is_ascii_uppercase());
    Some(if is_lower { Cow::Borrowed(host) } else { Cow::Owned(host.to_ascii_lowercase()) })
}

/// An address in any of the forms that resolvers accept (`127.1`, `0x7f.0.0.1`, `2130706433`), as
/// browsers read them.
fn ipv4(host: &str) -> Option<Ipv4Addr> {
    let parts: Vec<u32> = host.split('.').take(5).map(number).collect::<Option<_>>()?;
    let (last, first) = parts.split_last().filter(|(_, first)| first.len() < 4)?;
    // The last part holds all the remaining bytes.
    let left = 8 * (4 - first.len());
    if u64::from(*last) >= 1 << left {
        return None;
    }
    let mut bits = *last;
    for (position, part) in first.iter().enumerate() {
        bits |= u32::from(u8::try_from(*part).ok()?) << (24 - 8 * position);
    }
    Some(Ipv4Addr::from_bits(bits))
}

/// A part of an address: decimal, `0x…` hexadecimal, or `0…` octal.
fn number(part: &str) -> Option<u32> {
    let (digits, radix) = match part.as_bytes() {
        [b'0', b'x' | b'X', ..] => (&part[2..], 16),
        [b'0', _, ..] => (&part[1..], 8),
        _ => (part, 10),
    };
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| char::from(byte).is_digit(radix));
    is_number.then(|| u32::from_str_radix(digits, radix).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::name;

    #[track_caller]
    fn check(host: &str, expected: &str) {
        assert_eq!(name(host, None).as_deref(), Some(expected), "{host}");
    }

    #[test]
    fn an_address_has_one_name() {
        for host in [
            "127.0.0.1",
            "127.1",
            "127.0.1",
            "2130706433",
            "0x7f000001",
            "0X7F.1",
            "0177.0.0.01",
            "127.0.0.1.",
            "127.0x1",
        ] {
            check(host, "127.0.0.1");
        }
        for host in ["0", "0x0", "0.0.0.0", "00.0"] {
            check(host, "0.0.0.0");
        }
        check("255.255.255.255", "255.255.255.255");
        check("4294967295", "255.255.255.255");
        for host in ["[::1]", "[0:0:0:0:0:0:0:1]", "[0000::0001]", "[::0.0.0.1]"] {
            check(host, "[::1]");
        }
        check("[2001:DB8:0:0::A]", "[2001:db8::a]");
        check("[::ffff:7f00:1]", "[::ffff:127.0.0.1]");
        for host in ["[fe80::1%25eth0]", "[FE80:0::1%eth0]"] {
            check(host, "[fe80::1%25eth0]");
        }
    }

    #[test]
    fn everything_else_is_a_name_as_it_is_written() {
        for host in [
            "256.0.0.1",
            "1.2.3.4.5",
            "1.2.3.4.5.6",
            "4294967296",
            "127.0.0.256",
            "1.65536.1.1",
            "0x100000000",
            "09",
            "0x",
            "0xg",
            "1..2",
            "a.1",
            "1.a",
            "dead.beef",
            "cafe",
            "-1",
            "1.+2",
        ] {
            check(host, host);
        }
        check("Api.Example.COM.", "api.example.com");
        check("XN--BCHER-KVA.example", "xn--bcher-kva.example");
        for host in ["", ".", "[]", "[::1", "[::g]", "[v1.x]", "[1.2.3.4]"] {
            assert_eq!(name(host, None), None, "{host}");
        }
    }
}
