//! "Did you mean": the known name that is nearest to an unknown one, by edit distance.

/// The nearest of the names, or none where nothing is near. A part of a name counts as well
/// (`treshold` is near to the `threshold` of `failure_threshold`), but less than a whole one.
pub(super) fn nearest<'a>(unknown: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // What is longer was hardly mistyped, and to compare takes time with the square of the length.
    if unknown.len() > LONGEST {
        return None;
    }
    let unknown: Vec<char> = unknown.to_lowercase().replace('-', "_").chars().collect();
    let allowed = 2 * (unknown.len() / 3).min(3);
    let scored = names.into_iter().filter_map(|name| Some((score(&unknown, name, allowed)?, name)));
    scored.min_by_key(|(score, _)| *score).map(|(_, name)| name)
}

/// How many bytes of a name are compared.
const LONGEST: usize = 100;

/// Twice the distance to the name; to the end of it from some word on, that and one. None if that
/// is more than is allowed.
fn score(unknown: &[char], name: &str, allowed: usize) -> Option<usize> {
    if name.len() > LONGEST {
        return None;
    }
    let name: Vec<char> = name.to_lowercase().chars().collect();
    let words = name.iter().enumerate().filter(|(_, c)| **c == '_').map(|(at, _)| &name[at + 1..]);
    // A short word is near to everything.
    let ends = words.filter(|end| end.len() > 3).map(|end| (end, 1));
    let scores = ends.chain([(&name[..], 0)]).filter_map(|(end, more)| {
        // To grow by so many letters takes as many changes.
        let least = 2 * unknown.len().abs_diff(end.len()) + more;
        (least <= allowed).then(|| 2 * distance(unknown, end) + more)
    });
    scores.min().filter(|score| *score <= allowed)
}

/// How many letters have to be put in, left out, replaced or swapped with their neighbour.
fn distance(left: &[char], right: &[char]) -> usize {
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
