//! The certificates that the system trusts, for TLS by rustls.
//!
//! The client would load them itself, but not if both features for TLS are enabled, and not if a
//! single one of them is broken.

use std::fmt::Write as _;

use redis::TlsCertificates;

/// The system's certificates. May be none.
pub(super) fn certificates() -> TlsCertificates {
    // Those that cannot be read are left out.
    let loaded = rustls_native_certs::load_native_certs().certs;
    // The store refuses a certificate that it cannot use, and the client then all of them.
    let usable =
        loaded.into_iter().filter(|certificate| rustls::RootCertStore::empty().add(certificate.clone()).is_ok());
    let mut pem = String::new();
    for certificate in usable {
        write_pem(&certificate, &mut pem);
    }
    TlsCertificates { client_tls: None, root_cert: Some(pem.into_bytes()) }
}

fn write_pem(der: &[u8], pem: &mut String) {
    pem.push_str("-----BEGIN CERTIFICATE-----\n");
    for line in der.chunks(48) {
        // Writing to a string does not fail.
        let _ = writeln!(pem, "{}", Base64(line));
    }
    pem.push_str("-----END CERTIFICATE-----\n");
}

/// Displays bytes in base 64.
struct Base64<'a>(&'a [u8]);

impl std::fmt::Display for Base64<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        for three in self.0.chunks(3) {
            let byte = |place: usize| u32::from(three.get(place).copied().unwrap_or(0));
            let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
            for place in 0..4 {
                let digit = DIGITS[(bits >> (18 - 6 * place) & 63) as usize];
                f.write_char(if place <= three.len() { char::from(digit) } else { '=' })?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_64_is_that_of_its_specification() {
        let encoded = |text: &str| Base64(text.as_bytes()).to_string();
        assert_eq!(["", "f", "fo", "foo", "foob"].map(encoded), ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg=="]);
    }
}
