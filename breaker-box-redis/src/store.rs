//! The shared store: requests as script calls, and what comes back.

mod bounds;
mod decode;
mod encode;
mod line;
mod message;
mod scripts;

#[cfg(test)]
pub(crate) mod model;
#[cfg(test)]
mod tests;

pub(crate) use decode::answer;
pub(crate) use encode::Store;
