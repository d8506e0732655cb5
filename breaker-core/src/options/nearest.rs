//! "Did you mean": the known name that is nearest to an unknown one, by edit distance.

/// Returns the nearest of the names, or `None` if none is near. The words of a name are compared as
/// well (`treshold` is near the `threshold` of `failure_threshold`), but count less than the whole
/// name.
#[cfg(feature = "settings")]
pub(crate) fn nearest<'a>(unknown: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Longer names are hardly typing errors, and the comparison takes quadratic time.
    if unknown.len() > MAX_BYTES {
        return None;
    }
    let unknown = unknown.to_lowercase().replace('-', "_");
    let allowed = 2 * (unknown.chars().count() / 3).min(4);
    let scored = names.into_iter().filter_map(|name| Some((score(&unknown, name, allowed)?, name)));
    scored.min_by_key(|(score, _)| *score).map(|(_, name)| name)
}

/// Without the settings readers there is no edit distance.
#[cfg(not(feature = "settings"))]
pub(crate) fn nearest<'a>(_unknown: &str, _names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    None
}

/// The longest name that is compared.
#[cfg(feature = "settings")]
const MAX_BYTES: usize = 100;

/// Twice the distance to the name; to a part of it, more. `None` if that is more than allowed.
#[cfg(feature = "settings")]
fn score(unknown: &str, name: &str, allowed: usize) -> Option<usize> {
    if name.len() > MAX_BYTES {
        return None;
    }
    let name = name.to_lowercase();
    let whole = (name.as_str(), 0);
    let endings = name.match_indices('_').map(|(at, _)| (&name[at + 1..], 1));
    let words = name.split('_').map(|word| (word, 3));
    // A short word is near to everything.
    let parts = endings.chain(words).filter(|(part, _)| part.len() > 3);
    let length = unknown.chars().count();
    let scores = parts.chain([whole]).filter_map(|(part, penalty)| {
        // Each letter of the difference in length takes one change.
        let least = 2 * length.abs_diff(part.chars().count()) + penalty;
        (least <= allowed).then(|| 2 * strsim::osa_distance(unknown, part) + penalty)
    });
    scores.min().filter(|score| *score <= allowed)
}

#[cfg(all(test, feature = "settings"))]
mod tests {
    use super::nearest;

    #[test]
    fn the_nearest_name_is_found_and_a_far_one_is_not() {
        let names = ["failure_threshold", "failures", "expiry"];
        assert_eq!(nearest("expirey", names), Some("expiry"));
        assert_eq!(nearest("exipry", names), Some("expiry"));
        assert_eq!(nearest("treshold", names), Some("failure_threshold"));
        assert_eq!(nearest("failure-treshold", names), Some("failure_threshold"));
        assert_eq!(nearest("FAILURES", names), Some("failures"));
        assert_eq!(nearest("colour", names), None);
        assert_eq!(nearest("ex", names), None);
        assert_eq!(nearest(&"x".repeat(101), names), None);
    }
}
