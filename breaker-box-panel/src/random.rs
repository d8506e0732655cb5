//! Identifiers that nobody can guess.

/// Random bytes of an identifier: 128 bits.
const BYTES: usize = 16;

/// A random number of 128 bits as 32 lower-case hexadecimal digits.
pub(crate) fn random_hex() -> Result<String, getrandom::Error> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().fold(String::with_capacity(2 * BYTES), |mut digits, byte| {
        for half in [byte >> 4, byte & 15] {
            digits.push(char::from(b"0123456789abcdef"[usize::from(half)]));
        }
        digits
    }))
}
