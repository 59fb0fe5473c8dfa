//! The DAG file: what it means, every error in one as users see it, and that betterform's own parser and GNU make agree on
//! plain files.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test panics where something is wrong, and says what it could not do"
)]

mod agreement;
mod by_make;
mod errors;
mod file;
mod library;
mod make_errors;
