//! Identifiers with `*`, which stand for many circuits.

/// What an identifier in settings stands for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Name {
    /// One circuit.
    Exact(String),
    /// Every circuit whose identifier matches.
    Family(Pattern),
}

/// The parts of an identifier around each `*`, which stands for any number of characters, or none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pattern {
    prefix: String,
    /// What must occur between the prefix and the suffix, in this order.
    middle: Vec<String>,
    suffix: String,
}

impl Name {
    /// In an identifier with a `*`, `\*` and `\\` stand for the second character. Any other
    /// identifier is taken as it is.
    pub(super) fn read(identifier: &str) -> Self {
        if !identifier.contains('*') {
            return Self::Exact(identifier.to_owned());
        }
        let mut parts = Vec::new();
        let mut part = String::new();
        let mut characters = identifier.chars().peekable();
        while let Some(character) = characters.next() {
            match character {
                '*' => parts.push(std::mem::take(&mut part)),
                '\\' => part.push(characters.next_if(|next| matches!(next, '*' | '\\')).unwrap_or('\\')),
                _ => part.push(character),
            }
        }
        let mut parts = parts.into_iter();
        match parts.next() {
            None => Self::Exact(part),
            Some(prefix) => {
                let middle = parts.filter(|part| !part.is_empty()).collect();
                Self::Family(Pattern { prefix, middle, suffix: part })
            }
        }
    }
}

impl Pattern {
    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The number of characters that are not `*`.
    pub(super) fn literal_length(&self) -> usize {
        let parts = [&self.prefix, &self.suffix].into_iter().chain(&self.middle);
        parts.map(|part| part.chars().count()).sum()
    }

    /// Whether an identifier that begins with the prefix matches.
    pub(super) fn matches_after_prefix(&self, identifier: &str) -> bool {
        let rest = identifier.get(self.prefix.len()..).and_then(|rest| rest.strip_suffix(self.suffix.as_str()));
        let Some(mut rest) = rest else { return false };
        // The first occurrence of each part leaves the most for the others.
        self.middle.iter().all(|part| match rest.split_once(part.as_str()) {
            Some((_, after)) => {
                rest = after;
                true
            }
            None => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Name, Pattern};

    fn pattern(identifier: &str) -> Pattern {
        match Name::read(identifier) {
            Name::Family(pattern) => pattern,
            Name::Exact(name) => panic!("`{identifier}` is only `{name}`"),
        }
    }

    fn matches(family: &str, identifier: &str) -> bool {
        let pattern = pattern(family);
        identifier.starts_with(pattern.prefix()) && pattern.matches_after_prefix(identifier)
    }

    #[test]
    fn a_star_stands_for_any_characters_and_for_none() {
        for identifier in ["tenant:", "tenant:1", "tenant:1:2", "tenant:*", "tenant:𝄞"] {
            assert!(matches("tenant:*", identifier), "{identifier}");
        }
        for identifier in ["tenant", "Tenant:1", "a tenant:1", ""] {
            assert!(!matches("tenant:*", identifier), "{identifier}");
        }
        assert!(matches("*", "") && matches("*", "anything") && matches("**", "anything"));
    }

    #[test]
    fn the_parts_around_stars_do_not_overlap() {
        assert!(matches("a*a", "aa") && matches("a*a", "aba") && !matches("a*a", "a"));
        assert!(matches("a*b*c", "abc") && matches("a*b*c", "a-b-b-c") && !matches("a*b*c", "acb"));
        assert!(matches("a*bc*c", "abcc") && !matches("a*bc*c", "abc"));
        assert!(matches("*-db", "orders-db") && !matches("*-db", "orders-db2"));
        assert!(matches("ü*ü", "üü") && !matches("ü*ü", "ü"));
    }

    #[test]
    fn a_backslash_makes_a_star_literal() {
        assert_eq!(Name::read(r"cron:\*"), Name::Exact("cron:*".to_owned()));
        assert!(matches(r"\**", "*a") && !matches(r"\**", "a"));
        assert!(matches(r"DOMAIN\\*", r"DOMAIN\user") && !matches(r"DOMAIN\\*", "DOMAIN*"));
        assert!(matches(r"a\b*", r"a\b1") && matches(r"*\", r"a\"));
        assert_eq!(Name::read(r"DOMAIN\user\\"), Name::Exact(r"DOMAIN\user\\".to_owned()), "without a star");
    }

    #[test]
    fn patterns_that_mean_the_same_are_equal() {
        assert_eq!(pattern("a**b"), pattern("a*b"));
        assert_eq!(pattern("a*b*"), pattern("a***b*"));
        assert_ne!(pattern("a*b"), pattern("a*b*"));
        assert_eq!(pattern(r"a\*b*cd*").literal_length(), 5);
    }
}
