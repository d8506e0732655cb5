//! A strict reader of Prometheus' text format: what it does not accept is a failed test.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What was scraped.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scrape {
    pub(crate) samples: Samples,
    /// The type of each family.
    pub(crate) types: BTreeMap<String, String>,
    /// What each family means.
    pub(crate) helps: BTreeMap<String, String>,
}

/// The values by series.
pub(crate) type Samples = BTreeMap<Series, Value>;

/// A name with its labels.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) labels: BTreeMap<String, String>,
}

/// A number that is equal to what differs from it by a rounding, and to itself also where it is
/// none.
#[derive(Clone, Copy)]
pub(crate) struct Value(pub(crate) f64);

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        (self.0 - other.0).abs() <= 1e-9 * self.0.abs().max(1.0) || (self.0.is_nan() && other.0.is_nan())
    }
}

/// Fails with what differs, and leaves out the hundreds of series that do not.
#[track_caller]
pub(crate) fn assert_same(found: &Samples, expected: &Samples) {
    let all: BTreeSet<_> = found.keys().chain(expected.keys()).collect();
    let differs = |series: &&&Series| found.get(**series) != expected.get(**series);
    let difference: Vec<_> = all
        .iter()
        .filter(differs)
        .map(|series| format!("\n{series:?}: {:?}, not {:?}", found.get(*series), expected.get(*series)))
        .collect();
    assert!(difference.is_empty(), "{}", difference.concat());
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Series {
    pub(crate) fn new(name: &str, labels: &[(&str, &str)]) -> Self {
        let owned = |(label, value): &(&str, &str)| ((*label).to_owned(), (*value).to_owned());
        Self { name: name.to_owned(), labels: labels.iter().map(owned).collect() }
    }

    pub(crate) fn with(mut self, label: &str, value: &str) -> Self {
        self.labels.insert(label.to_owned(), value.to_owned());
        self
    }
}

impl fmt::Debug for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:?}", self.name, self.labels)
    }
}

impl Scrape {
    pub(crate) fn parse(text: &str) -> Self {
        let mut scrape = Self::default();
        let mut family = String::new();
        let mut closed = BTreeSet::new();
        assert!(text.is_empty() || text.ends_with('\n'), "the last line ends");
        for line in text.lines() {
            let enter = |family: &mut String, closed: &mut BTreeSet<String>, name: &str| {
                if family != name {
                    assert!(!closed.contains(name), "{name} in two places");
                    closed.insert(std::mem::replace(family, name.to_owned()));
                }
            };
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, help) = help.split_once(' ').expect(line);
                enter(&mut family, &mut closed, name);
                assert!(scrape.helps.insert(name.to_owned(), help.to_owned()).is_none(), "{line}: twice");
            } else if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').expect(line);
                enter(&mut family, &mut closed, name);
                assert!(scrape.types.insert(name.to_owned(), kind.to_owned()).is_none(), "{line}: twice");
            } else if !line.is_empty() {
                let (series, value) = sample(line);
                assert!(belongs(&series.name, &family), "{line}: outside of its family {family}");
                assert!(scrape.types.contains_key(&family), "{line}: before the type");
                assert!(scrape.samples.insert(series, Value(value)).is_none(), "{line}: twice");
            }
        }
        scrape
    }

    /// The value of one series.
    pub(crate) fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        self.samples.get(&Series::new(name, labels)).map(|value| value.0)
    }

    /// The samples of which a label has this value.
    pub(crate) fn having(&self, label: &str, value: &str) -> Samples {
        let has = |series: &Series| series.labels.get(label).is_some_and(|found| found == value);
        self.samples.iter().filter(|(series, _)| has(series)).map(|(series, value)| (series.clone(), *value)).collect()
    }
}

fn belongs(name: &str, family: &str) -> bool {
    let rest = name.strip_prefix(family);
    rest.is_some_and(|rest| ["", "_bucket", "_sum", "_count"].contains(&rest))
}

fn sample(line: &str) -> (Series, f64) {
    let end = line.find(['{', ' ']).expect(line);
    let (name, rest) = line.split_at(end);
    let mut series = Series::new(name, &[]);
    let rest = match rest.strip_prefix('{') {
        Some(mut rest) => {
            while !rest.starts_with('}') {
                let (label, value) = rest.split_once("=\"").expect(line);
                let (value, after) = unquoted(value).expect(line);
                assert!(series.labels.insert(label.to_owned(), value).is_none(), "{line}: {label} twice");
                rest = after.strip_prefix(',').unwrap_or(after);
            }
            &rest[1..]
        }
        None => rest,
    };
    let value = rest.strip_prefix(' ').expect(line);
    (series, value.parse().expect(line))
}

/// A value up to its closing quote, and what comes after that.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    loop {
        match characters.next()? {
            (end, '"') => return Some((value, &text[end + 1..])),
            (_, '\\') => value.push(match characters.next()?.1 {
                'n' => '\n',
                escaped @ ('\\' | '"') => escaped,
                _ => return None,
            }),
            (_, other) => value.push(other),
        }
    }
}
