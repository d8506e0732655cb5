//! What the panel answers over HTTP: the page, the JSON, the feed and the commands.

mod bounds;
mod controls;
mod feed;
mod hostile;
mod json;
mod page;
mod refusals;
mod support;
