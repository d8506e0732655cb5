//! Text without spaces, slashes or control characters.

use std::fmt::Write as _;

/// Bytes that stand for themselves. No `~`, which has a meaning in names.
const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

pub(crate) fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if is_plain(byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("a String takes everything");
        }
    }
    encoded
}

/// What [`encoded`] was given; `None` for a text that it does not return.
pub(crate) fn decoded(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let escaped = digit(bytes.next()?)? << 4 | digit(bytes.next()?)?;
                if is_plain(escaped) {
                    return None;
                }
                escaped
            }
            plain if is_plain(plain) => plain,
            _ => return None,
        });
    }
    String::from_utf8(decoded).ok()
}

const fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}
