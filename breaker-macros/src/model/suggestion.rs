//! "Did you mean": the known name that is closest to an unknown one, by edit distance.

use strsim::osa_distance;

/// The closest of the names, or `None` if none is close. A part of a name counts as well
/// (`treshold` is close to the `threshold` of `failure_threshold`), but less than a whole name.
pub(crate) fn closest<'a>(unknown: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let unknown = unknown.to_lowercase();
    let allowed = 2 * (unknown.chars().count() / 3).min(4);
    names
        .map(|name| (score(&unknown, name), name))
        .filter(|(score, _)| *score <= allowed)
        .min_by_key(|(score, _)| *score)
        .map(|(_, name)| name)
}

/// Twice the distance to the name, or one more than twice the distance to a part of it.
fn score(unknown: &str, name: &str) -> usize {
    let whole = 2 * osa_distance(unknown, name);
    let parts = parts(name).map(|part| 2 * osa_distance(unknown, part) + 1);
    parts.chain([whole]).min().unwrap_or(whole)
}

/// The words of a snake-case name, and its endings of several words.
fn parts(name: &str) -> impl Iterator<Item = &str> {
    let endings = name.match_indices('_').map(|(at, _)| &name[at + 1..]);
    // A short word is close to everything.
    endings.chain(name.split('_')).filter(move |part| part.len() > 3 && *part != name)
}
