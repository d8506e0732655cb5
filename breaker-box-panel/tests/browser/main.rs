//! The page in a real browser, against a real service under load.
//!
//! Needs Debian's `chromium` and `chromium-driver`, and axe-core, which `npm` brings: `./test`
//! fetches them all (`install`). With `PANEL_SCREENSHOTS` naming a folder, the page is pictured
//! there in both themes and sizes.

mod accessibility;
mod browser;
mod controls;
mod layout;
mod live;
mod many;
mod service;
mod text;
mod views;
