//! betterform runs a graph of infrastructure stages, and only those where something changed.

pub mod cli;
pub mod core;
pub mod error;
pub mod observe;
pub mod source;
pub mod stamp;
pub mod state;
pub mod system;
pub mod template;
