//! "Did you mean": the known name that is nearest to an unknown one, by edit distance.

/// The nearest of the names, or none where nothing is near. A part of a name counts as well (`treshold` is near to the
/// `threshold` of `failure_threshold`), but less than a whole one.
pub(super) fn nearest<'a>(unknown: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let unknown = unknown.to_lowercase().replace('-', "_");
    let allowed = 2 * (unknown.chars().count() / 3).min(3);
    let scored = names.into_iter().map(|name| (score(&unknown, name), name));
    scored.filter(|(score, _)| *score <= allowed).min_by_key(|(score, _)| *score).map(|(_, name)| name)
}

/// Twice the distance to the name; to the end of it from some word on, that and one.
fn score(unknown: &str, name: &str) -> usize {
    let ends = name.match_indices('_').map(|(at, _)| &name[at + 1..]);
    // A short word is near to everything.
    let ends = ends.filter(|end| end.len() > 3).map(|end| 2 * distance(unknown, end) + 1);
    ends.fold(2 * distance(unknown, &name.to_lowercase()), usize::min)
}

/// How many letters have to be put in, left out, replaced or swapped with their neighbour.
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=right.len()).collect();
    for row in 1..=left.len() {
        let mut current = vec![row];
        for column in 1..=right.len() {
            let replaced = above[column - 1] + usize::from(left[row - 1] != right[column - 1]);
            let mut best = replaced.min(above[column] + 1).min(current[column - 1] + 1);
            let crossed = row > 1 && column > 1;
            if crossed && left[row - 1] == right[column - 2] && left[row - 2] == right[column - 1] {
                best = best.min(before[column - 2] + 1);
            }
            current.push(best);
        }
        before = std::mem::replace(&mut above, current);
    }
    above[right.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_nearest_name_is_found_and_a_far_one_is_not() {
        let names = ["failure_threshold", "failures", "expiry"];
        assert_eq!(nearest("expirey", names), Some("expiry"));
        assert_eq!(nearest("treshold", names), Some("failure_threshold"));
        assert_eq!(nearest("failure-treshold", names), Some("failure_threshold"));
        assert_eq!(nearest("colour", names), None);
    }
}
