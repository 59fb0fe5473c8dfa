//! What users see: plans, graphs, errors, and the sinks that tell what happens. Knows nothing of how it comes about.

pub mod color;
pub mod diagnostic;
pub mod graph;
pub mod plan;
pub mod sink;
pub mod table;
