//! What the panel answers over HTTP: the page, the JSON, the feed and the commands.

mod bounds;
mod controls;
mod feed;
mod fleet;
mod hostile;
mod json;
mod page;
mod peer;
mod refusals;
mod support;
