//! A record as a line of text, as answers and messages have it:
//! `name version state left period openings instance cause ordered reason full_name`, times in
//! microseconds, texts percent-encoded, what is absent empty.

use std::sync::Arc;
use std::time::Duration;

use breaker_core::State;

use super::bounds;
use crate::names;
use crate::protocol::{Name, Record, StoreTime, Version};

const STATES: [(State, &str); 5] = [
    (State::Closed, "c"),
    (State::Open, "o"),
    (State::ForcedOpen, "f"),
    (State::Disabled, "d"),
    (State::MetricsOnly, "m"),
];

/// The letter of a state. The fleet has no half-open one: it is open with no time left.
pub(super) fn letter(state: State) -> &'static str {
    STATES.iter().find(|(known, _)| *known == state).map_or("o", |(_, letter)| letter)
}

/// A record from its line; `None` if it is not one of ours.
pub(super) fn parse(line: &str) -> Option<(Name, Record)> {
    let mut fields = line.split(' ');
    let mut next = || fields.next();
    let name = name(next()?)?;
    let version = number(next()?).filter(|version| *version > 0)?;
    let state = next()?;
    let state = STATES.iter().find(|(_, letter)| *letter == state)?.0;
    let (left, period) = (duration(next()?)?, duration(next()?)?);
    let record = Record {
        version: Version(version),
        state,
        left: left.min(period),
        period,
        openings: u32::try_from(number(next()?)?).map_or(bounds::openings(u32::MAX), bounds::openings),
        instance: printable(bounds::word(&names::decoded(next()?)?)),
        cause: printable(bounds::word(&names::decoded(next()?)?)),
        ordered: StoreTime(number(next()?)?),
        reason: match next()? {
            "" => None,
            reason => Some(printable(bounds::reason(&names::decoded(reason)?))),
        },
        full_name: match next()? {
            "" => None,
            full_name => Some(self::name(full_name)?.0),
        },
    };
    next().is_none().then_some((name, record))
}

/// The line of a record, as the scripts write it.
#[cfg(test)]
pub(super) fn line(name: &Name, record: &Record) -> String {
    let text = |text: &Option<Arc<str>>| text.as_deref().map(names::encoded).unwrap_or_default();
    format!(
        "{} {} {} {} {} {} {} {} {} {} {}",
        name.0,
        record.version.0,
        letter(record.state),
        record.left.as_micros(),
        record.period.as_micros(),
        record.openings,
        names::encoded(&record.instance),
        names::encoded(&record.cause),
        record.ordered.0,
        text(&record.reason),
        record.full_name.as_deref().unwrap_or_default(),
    )
}

pub(super) fn name(text: &str) -> Option<Name> {
    names::is_name(text).then(|| Name(text.into()))
}

/// A number in digits and nothing else, small enough to be one of ours.
pub(super) fn number(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| digits && bounds::is_number(*number))
}

/// A time of so many microseconds, at most the longest that we write.
pub(super) fn duration(text: &str) -> Option<Duration> {
    Some(Duration::from_micros(bounds::micros(Duration::from_micros(number(text)?))))
}

/// Text from elsewhere, as it may be shown in logs and on terminals.
fn printable(text: &str) -> Arc<str> {
    if !text.contains(char::is_control) {
        return text.into();
    }
    let mut printable = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if character.is_control() {
            printable.extend(character.escape_default());
        } else {
            printable.push(character);
        }
    }
    printable.into()
}
