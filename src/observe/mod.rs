//! What is on disk and in the environment, as digests.

pub mod cache;
pub mod environment;
pub mod tree;
