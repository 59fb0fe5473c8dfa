//! The rules of reconciling, as pure functions: no file system, clock, environment, process or thread.

pub mod anchor;
pub mod decode;
pub mod environment;
pub mod event;
pub mod fingerprint;
pub mod graph;
pub mod lineage;
pub mod location;
pub mod mask;
pub mod mention;
pub mod name;
pub mod plan;
pub mod record;
pub mod schedule;
pub mod stage;
pub mod suggest;
pub mod teardown;
