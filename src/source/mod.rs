//! The desired state: the library's graph of stages, the configuration, and how both are to be treated.

pub mod lexical;
pub mod project;
pub mod settings;
