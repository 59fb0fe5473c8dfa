//! The rules of reconciling, as pure functions: no file system, clock, environment, process or thread.

pub mod fingerprint;
pub mod lineage;
pub mod plan;
pub mod schedule;
pub mod stage;
