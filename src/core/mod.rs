//! The rules of reconciling, as pure functions: no file system, clock, environment, process or thread.

pub mod anchor;
pub mod environment;
pub mod fingerprint;
pub mod location;
pub mod mention;
pub mod name;
pub mod stage;
