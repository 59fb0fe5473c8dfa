//! The desired state: the library's graph of stages, the configuration, and how both are to be treated.

pub mod config;
pub mod dag;
pub(crate) mod disk;
pub mod jsonnet;
pub mod lexical;
pub(crate) mod place;
pub mod project;
#[cfg(test)]
pub(crate) mod sandbox;
pub mod settings;
