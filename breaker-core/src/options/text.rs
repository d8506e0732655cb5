//! Names and values as errors show them. Long ones are cut, so that a long value does not make a
//! long message.

/// A text from the settings inside a message.
pub(crate) fn shortened(text: &str) -> String {
    cut(text, 80)
}

/// A value in quotes.
pub(crate) fn quoted(text: &str) -> String {
    format!("{:?}", shortened(text))
}

/// The key as TOML writes it: names with dots or blanks are quoted.
pub(crate) fn dotted<'a>(steps: impl IntoIterator<Item = &'a str>) -> String {
    let is_bare = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    let shown = steps.into_iter().map(|name| {
        let name = cut(name, 200);
        if is_bare(&name) { name } else { format!("{name:?}") }
    });
    shown.collect::<Vec<_>>().join(".")
}

/// Names, separated by commas.
pub(crate) fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// A number as people read it: `4,980`.
pub(crate) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

fn cut(text: &str, bytes: usize) -> String {
    if text.len() <= bytes {
        return text.to_owned();
    }
    let end = (0..=bytes).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
    format!("{}…", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::{dotted, grouped, shortened};

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(shortened("short"), "short");
        assert_eq!(shortened(&"ü".repeat(100)), format!("{}…", "ü".repeat(40)));
        assert_eq!(shortened(&format!("x{}", "ü".repeat(100))), format!("x{}…", "ü".repeat(39)));
        assert!(dotted(["circuits", &"k".repeat(10_000), "expiry"]).len() < 600);
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([0, 999, 1_000, 12_345, 1_234_567].map(grouped), ["0", "999", "1,000", "12,345", "1,234,567"]);
    }
}
