//! Names and values as errors show them. What is long is cut: a text of many bytes must not make a
//! message of as many.

/// A text from the settings inside a message.
pub(super) fn shortened(text: &str) -> String {
    cut(text, 80)
}

/// A value in quotes.
pub(super) fn quoted(text: &str) -> String {
    format!("{:?}", shortened(text))
}

/// The key as it is written in TOML: names with dots or blanks in quotes.
pub(super) fn dotted<'a>(steps: impl IntoIterator<Item = &'a str>) -> String {
    let is_bare = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    let shown = steps.into_iter().map(|name| {
        let name = cut(name, 200);
        if is_bare(&name) { name } else { format!("{name:?}") }
    });
    shown.collect::<Vec<_>>().join(".")
}

/// Names in a row.
pub(super) fn listed<'a>(names: impl Iterator<Item = &'a &'a str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// A number as people read it: `4,980`.
pub(super) fn grouped(number: usize) -> String {
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
