//! The operating system, one effect a file.

pub mod clock;
pub mod environment;
pub mod fault;
pub mod files;
pub mod hardware;
pub mod inherit;
pub mod liveness;
pub mod lock;
pub mod log;
pub mod private;
pub mod process;
pub mod signal;
pub mod tree;
