//! Durations as texts: the attribute and settings read them alike, and each says what to write
//! instead.

use std::time::Duration;

use breaker_box::{Policy, Settings, SettingsError};
use serde_json::json;

use crate::duration;

/// Reads the text as a duration in all ways, and writes the duration that the bytes are.
pub fn run(data: &[u8]) {
    written_and_read(data);
    let Ok(text) = std::str::from_utf8(data) else { return };
    let ours = of_attribute(text);
    assert_eq!(of_settings(text), ours.map(debounced), "{text:?} is {ours:?} to the attribute");
}

fn of_attribute(text: &str) -> Option<Duration> {
    let message = match duration::parse(text) {
        Ok(read) => return Some(read),
        Err(message) => message,
    };
    assert!(message.contains(text), "{message:?} says what is wrong, not with what");
    // What it says to write can be written, if it is not too long.
    let advised = message.rsplit_once("; write `").and_then(|(_, rest)| rest.split_once('`'));
    if let Some((advised, _)) = advised.filter(|_| !text.contains('`')) {
        let read = duration::parse(advised);
        assert!(read.is_ok(), "{message:?} advises {read:?}");
    }
    None
}

/// The policy with this debounce, which may be any duration.
fn of_settings(text: &str) -> Option<Policy> {
    match read(text) {
        Ok(settings) => {
            let policy = settings.default_policy().expect("the defaults are there");
            let written = serde_json::to_value(policy).expect("a policy can be written");
            assert_eq!(serde_json::from_value::<Policy>(written).ok(), Some(policy), "{text:?}");
            Some(policy)
        }
        Err(error) => {
            let [problem] = error.problems() else { panic!("{text:?} is one mistake: {error}") };
            assert_eq!((problem.key(), problem.origin()), ("defaults.debounce", "JSON text"));
            assert_eq!(problem.line(), Some(1));
            assert!(!problem.to_string().contains(char::is_control), "{error:?}");
            // What it says to write can be written.
            let (_, advised) = problem.message().rsplit_once(": write `").expect("it says what to write");
            let advised: String = serde_json::from_str(advised.trim_end_matches('`')).expect("a text in quotes");
            assert!(read(&advised).is_ok(), "{error} advises {advised:?}");
            None
        }
    }
}

fn read(text: &str) -> Result<Settings, SettingsError> {
    Settings::from_json(&json!({ "defaults": { "debounce": text } }).to_string())
}

fn debounced(duration: Duration) -> Policy {
    Policy::new().debounce(duration)
}

/// Every duration is written in a way that is read as the same one.
fn written_and_read(data: &[u8]) {
    let Some((seconds, rest)) = data.split_first_chunk() else { return };
    let Some((nanoseconds, _)) = rest.split_first_chunk() else { return };
    let nanoseconds = u32::from_le_bytes(*nanoseconds) % 1_000_000_000;
    let policy = debounced(Duration::new(u64::from_le_bytes(*seconds), nanoseconds));
    let written = serde_json::to_value(policy).expect("a policy can be written");
    assert_eq!(serde_json::from_value::<Policy>(written.clone()).ok(), Some(policy), "{written}");
}
