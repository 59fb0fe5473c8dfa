//! What the fuzz targets run; `tests/fuzzed.rs` runs the same.

pub mod areas;
pub mod host;
