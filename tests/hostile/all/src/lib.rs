//! What is annotated in the other crates, called from `tests/`.
