//! The scripts that run in the server.

use std::sync::Arc;

use redis::Script as Hashed;

/// A script, and the hash by which a server knows it once it has run.
#[derive(Debug)]
pub(super) struct Script {
    pub(super) text: String,
    pub(super) hash: String,
}

#[derive(Debug)]
pub(super) struct Scripts {
    pub(super) read: Arc<Script>,
    pub(super) beat: Arc<Script>,
    pub(super) propose: Arc<Script>,
    pub(super) lease: Arc<Script>,
    pub(super) report: Arc<Script>,
    pub(super) withdraw: Arc<Script>,
    pub(super) active: Arc<Script>,
    pub(super) count: Arc<Script>,
}

impl Scripts {
    #[cfg(test)]
    pub(super) fn all(&self) -> [&Script; 8] {
        let Self { read, beat, propose, lease, report, withdraw, active, count } = self;
        [read, beat, propose, lease, report, withdraw, active, count]
    }

    pub(super) fn new() -> Self {
        Self::edited(|text| text)
    }

    /// The scripts as they are after some change, which only tests make.
    pub(super) fn edited(edit: impl Fn(String) -> String) -> Self {
        let script = |text: &str| {
            let text = edit([include_str!("scripts/prelude.lua"), text].concat());
            Arc::new(Script { hash: Hashed::new(&text).get_hash().to_owned(), text })
        };
        Self {
            read: script(include_str!("scripts/read.lua")),
            beat: script(include_str!("scripts/beat.lua")),
            propose: script(include_str!("scripts/propose.lua")),
            lease: script(include_str!("scripts/lease.lua")),
            report: script(include_str!("scripts/report.lua")),
            withdraw: script(include_str!("scripts/withdraw.lua")),
            active: script(include_str!("scripts/active.lua")),
            count: script(include_str!("scripts/count.lua")),
        }
    }
}
