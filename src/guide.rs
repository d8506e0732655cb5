#![doc = include_str!("../docs/guide.md")]

// Pages about a feature link to items that exist only with it. Without it those links are plain
// text.

#[doc = include_str!("../docs/guide/choosing-a-policy.md")]
pub mod choosing_a_policy {}

// The picture is included here, because rustdoc copies no files. The page's own link to it is for
// readers of the repository, so it is hidden.
#[doc = include_str!("../docs/guide/fleet.md")]
#[doc = "\n<style>img[src='fleet.svg'] { display: none }</style>\n"]
#[doc = include_str!("../docs/guide/fleet.svg")]
pub mod fleet {}

#[doc = include_str!("../docs/guide/what-counts-as-a-failure.md")]
pub mod what_counts_as_a_failure {}

#[doc = include_str!("../docs/guide/over-http.md")]
#[cfg_attr(not(feature = "http"), allow(rustdoc::broken_intra_doc_links))]
pub mod over_http {}

#[doc = include_str!("../docs/guide/keyed-circuits.md")]
pub mod keyed_circuits {}

// Its code uses `breaker-box-redis`, which depends on this crate, so it is tested there.
#[cfg_attr(not(doctest), doc = include_str!("../docs/guide/shared-circuits.md"))]
pub mod shared_circuits {}

#[doc = include_str!("../docs/guide/fallbacks.md")]
pub mod fallbacks {}

#[doc = include_str!("../docs/guide/stacking.md")]
pub mod stacking {}

#[doc = include_str!("../docs/guide/testing.md")]
pub mod testing {}

#[doc = include_str!("../docs/guide/watching.md")]
pub mod watching {}

#[doc = include_str!("../docs/guide/health.md")]
pub mod health {}

#[doc = include_str!("../docs/guide/reloading.md")]
#[cfg_attr(not(feature = "settings"), allow(rustdoc::broken_intra_doc_links))]
pub mod reloading {}

#[doc = include_str!("../docs/guide/details.md")]
pub mod details {}

#[doc = include_str!("../docs/guide/what-it-costs.md")]
pub mod what_it_costs {}
