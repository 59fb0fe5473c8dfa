//! betterform runs a graph of infrastructure stages, and only those where something changed.

pub mod core;
pub mod error;
pub mod observe;
pub mod system;
