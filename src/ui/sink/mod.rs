//! The sinks: what happens in a run as prefixed lines, as one block a stage, as failures alone, or as JSON. What stages print
//! goes to stdout, everything else to stderr. Knows nothing of how a run goes.

mod json;
mod lines;
mod stream;
mod text;
mod waiting;

pub use json::Json;
pub use stream::{Stream, complain, conceal, print};
pub use text::{Style, Text};
