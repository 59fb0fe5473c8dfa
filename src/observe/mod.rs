//! What is on disk and in the environment, as digests.

pub mod cache;
pub mod environment;
pub mod outputs;
pub mod patterns;
pub mod shared;
pub mod tree;

#[cfg(test)]
mod tests;
