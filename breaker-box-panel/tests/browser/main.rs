//! The page in a real browser, against a real service under load.
//!
//! Needs Debian's `chromium` and `chromium-driver`, and axe-core from npm: `./test` fetches
//! them all (`install`). The ignored test `pictures` takes pictures of the page in both themes and
//! sizes, into the folder that `PANEL_SCREENSHOTS` names.

mod accessibility;
mod browser;
mod controls;
mod fleet;
mod layout;
mod live;
mod many;
#[path = "../interface/peer.rs"]
mod peer;
mod service;
mod text;
mod views;
