//! "Did you mean": the known name that is nearest to an unknown one, by edit distance.

/// The nearest of the names, or none where nothing is near. A part of a name counts as well
/// (`treshold` is near to the `threshold` of `failure_threshold`), but less than a whole one.
pub(crate) fn nearest<'a>(unknown: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let unknown = unknown.to_lowercase();
    let allowed = 2 * (unknown.chars().count() / 3).min(4);
    names
        .map(|name| (score(&unknown, name), name))
        .filter(|(score, _)| *score <= allowed)
        .min_by_key(|(score, _)| *score)
        .map(|(_, name)| name)
}

/// Twice the distance to the name; to a part of it, that and one.
fn score(unknown: &str, name: &str) -> usize {
    let whole = 2 * distance(unknown, name);
    let parts = parts(name).map(|part| 2 * distance(unknown, part) + 1);
    parts.chain([whole]).min().unwrap_or(whole)
}

/// The words of a snake-case name, and its ends of several words.
fn parts(name: &str) -> impl Iterator<Item = &str> {
    let ends = name.match_indices('_').map(|(at, _)| &name[at + 1..]);
    // A short word is near to everything.
    ends.chain(name.split('_')).filter(move |part| part.len() > 3 && *part != name)
}

/// How many letters have to be put in, left out, replaced or swapped with their neighbour.
pub(crate) fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=right.len()).collect();
    for row in 1..=left.len() {
        let mut current = vec![row];
        for column in 1..=right.len() {
            let replaced = above[column - 1] + usize::from(left[row - 1] != right[column - 1]);
            let mut best = replaced.min(above[column] + 1).min(current[column - 1] + 1);
            let swapped =
                row > 1 && column > 1 && left[row - 1] == right[column - 2] && left[row - 2] == right[column - 1];
            if swapped {
                best = best.min(before[column - 2] + 1);
            }
            current.push(best);
        }
        before = core::mem::replace(&mut above, current);
    }
    above[right.len()]
}
