//! What is on disk and in the environment, as digests: makes what `core` compares.

mod alone;
pub mod cache;
pub mod configuration;
pub mod detail;
pub mod environment;
pub mod examine;
mod files;
mod inputs;
mod library;
pub mod observer;
pub mod outputs;
pub mod own;
pub mod patterns;
mod report;
pub mod shared;
pub mod tree;
mod variables;

#[cfg(test)]
mod tests;
